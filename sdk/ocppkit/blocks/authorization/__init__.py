"""Authorization and local lists (functional blocks C and D): decides who may charge, online and
offline.
"""

from ._authorization_block import AuthorizationBlock
from ._authorization_events import (
    AuthorizationAction,
    AuthorizationDecided,
    AuthorizationMeans,
    AuthorizationRefusal,
    EvseReservationEnded,
    EvseReserved,
    EvseServiceChanged,
    LocalListConflict,
    LocalListUpdated,
)
from ._authorization_rules import AuthorizationRules
from ._local_list import list_refusal, list_updates
from ._token_commands import (
    AuthorizeReply,
    AuthorizeReport,
    ClearCache,
    ClearCacheAnswer,
    ClearCacheStatus,
    GetLocalListVersion,
    LocalListEntry,
    LocalListStatus,
    LocalListUpdate,
    LocalListVersion,
    SendLocalList,
    SendLocalListAnswer,
)

__all__ = [
    "AuthorizationAction",
    "AuthorizationBlock",
    "AuthorizationDecided",
    "AuthorizationMeans",
    "AuthorizationRefusal",
    "AuthorizationRules",
    "AuthorizeReply",
    "AuthorizeReport",
    "ClearCache",
    "ClearCacheAnswer",
    "ClearCacheStatus",
    "EvseReservationEnded",
    "EvseReserved",
    "EvseServiceChanged",
    "GetLocalListVersion",
    "LocalListConflict",
    "LocalListEntry",
    "LocalListStatus",
    "LocalListUpdate",
    "LocalListUpdated",
    "LocalListVersion",
    "SendLocalList",
    "SendLocalListAnswer",
    "list_refusal",
    "list_updates",
]

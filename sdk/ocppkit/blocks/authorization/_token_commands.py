"""Commands and reports about tokens, the local list and the cache, in one form for all versions of
OCPP.
"""

from enum import StrEnum

from msgspec import Struct

from .._commands_and_reports import Command, CommandAnswer, Report, ReportReply
from ..transactions import IdToken, TokenInfo

__all__ = [
    "AuthorizeReply",
    "AuthorizeReport",
    "ClearCache",
    "ClearCacheAnswer",
    "ClearCacheStatus",
    "GetLocalListVersion",
    "LocalListEntry",
    "LocalListStatus",
    "LocalListUpdate",
    "LocalListVersion",
    "SendLocalList",
    "SendLocalListAnswer",
]


class AuthorizeReply(ReportReply, frozen=True, kw_only=True):
    """The CSMS's reply to an `AuthorizeReport`: what it says about a token."""

    id_token_info: TokenInfo


class AuthorizeReport(Report[AuthorizeReply], frozen=True, kw_only=True):
    """Report: asks the CSMS whether a token may be used. # C01"""

    id_token: IdToken
    evse_id: int | None = None
    """Where it was presented; the message does not tell it, so a CSMS reads `None`."""


class LocalListUpdate(StrEnum):
    """Ways to update the local list: replace it, or change some entries."""

    FULL = "Full"
    """Replaces all entries."""

    DIFFERENTIAL = "Differential"
    """Adds, changes and removes single entries."""


class LocalListStatus(StrEnum):
    """The station's answer to an update of its local list."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    VERSION_MISMATCH = "VersionMismatch"
    NOT_SUPPORTED = "NotSupported"
    """There is no local list; 2.x says Failed."""


class LocalListEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One token of a local list."""

    id_token: IdToken
    id_token_info: TokenInfo | None = None
    """What holds for it; `None` takes the token out of the list, in a differential update only."""


class SendLocalListAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `SendLocalList`."""

    status: str
    """A `LocalListStatus`."""

    reason_code: str | None = None
    """The reason code of OCPP 2.x."""

    additional_info: str | None = None


class SendLocalList(Command[SendLocalListAnswer], frozen=True, kw_only=True):
    """Command: replaces or changes the local list of a station. # D01"""

    version_number: int
    """The version that the list has afterwards; above 0, and for a differential update above the present one."""

    update_type: str
    """A `LocalListUpdate`."""

    local_authorization_list: tuple[LocalListEntry, ...] = ()
    size: int | None = None
    """How many bytes the station has received; a CSMS leaves it out."""


class LocalListVersion(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `GetLocalListVersion`: the version of its local list."""

    version_number: int
    """0 for no list; -1 in 1.6 if there cannot be one."""


class GetLocalListVersion(Command[LocalListVersion], frozen=True, kw_only=True):
    """Command: asks for the version of the local list. # D02"""


class ClearCacheStatus(StrEnum):
    """The station's answer to a request to clear its cache of tokens."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class ClearCacheAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `ClearCache`."""

    status: str
    """A `ClearCacheStatus`."""

    reason_code: str | None = None
    """The reason code of OCPP 2.x."""

    additional_info: str | None = None


class ClearCache(Command[ClearCacheAnswer], frozen=True, kw_only=True):
    """Command: removes all tokens from the station's cache. The local list stays. # C11"""

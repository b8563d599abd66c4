"""Decides about a token by two tables: one for the means of decision, one for reasons to refuse.

The first table says by what means a token is judged: by what the station knows of it, by nothing at all, or by asking
the CSMS. The second one says what refuses a token that the means accepts. A row has a requirement and a
function that is true if the row counts; the first row that counts is taken.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple, Self

from ..transactions import IdToken, TokenInfo
from ..variables import (
    AUTH_CACHE_DISABLE_POST_AUTHORIZE,
    AUTH_ENABLED,
    AUTHORIZE_REMOTE_START,
    DISABLE_REMOTE_AUTHORIZATION,
    LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_PRE_AUTHORIZE,
    MASTER_PASS_GROUP_ID,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
    DeviceModel,
)
from ._authorization_events import AuthorizationMeans, AuthorizationRefusal, EvseReserved
from ._authorization_rules import AuthorizationRules

__all__ = [
    "AuthorizationSettings",
    "TokenDecision",
    "TokenSituation",
    "decision_of",
    "is_master_pass",
    "refusal_of",
]


class TokenDecision(Enum):
    """The first decision about a token: accept, refuse or ask the CSMS."""

    ACCEPT = auto()
    REFUSE = auto()
    ASK = auto()


class AuthorizationSettings(NamedTuple):
    """The settings of the station that decide about tokens, with their present values."""

    is_enabled: bool
    authorize_remote_start: bool
    local_authorize_offline: bool
    local_pre_authorize: bool
    offline_tx_for_unknown_id: bool
    disable_remote_authorization: bool
    disable_post_authorize: bool
    """That of the list or of the cache, whichever knows the token."""

    master_pass_group_id: str

    @classmethod
    def of(cls, model: DeviceModel, source: AuthorizationMeans | None) -> Self:
        """Returns the station's authorization settings that apply to a token known from this source.

        Args:
            model: the variables of the station.
            source: what knows the token, if anything does.
        """
        post_authorize = (
            LOCAL_AUTH_LIST_DISABLE_POST_AUTHORIZE
            if source is AuthorizationMeans.LOCAL_LIST
            else AUTH_CACHE_DISABLE_POST_AUTHORIZE
        )
        return cls(
            is_enabled=model.get(AUTH_ENABLED, True),
            authorize_remote_start=model.setting(AUTHORIZE_REMOTE_START),
            local_authorize_offline=model.setting(LOCAL_AUTHORIZE_OFFLINE),
            local_pre_authorize=model.setting(LOCAL_PRE_AUTHORIZE),
            offline_tx_for_unknown_id=model.setting(OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED),
            disable_remote_authorization=model.get(DISABLE_REMOTE_AUTHORIZATION, False),
            disable_post_authorize=model.get(post_authorize, False),
            master_pass_group_id=model.get(MASTER_PASS_GROUP_ID, ""),
        )


class TokenSituation(NamedTuple):
    """A presented token, with all that decides about it."""

    evse_id: int
    id_token: IdToken
    is_remote: bool
    """Whether the CSMS wants to start."""

    stops: bool
    """Whether a driver is authorized at the EVSE, so that the token is to stop."""

    driver_group: IdToken | None
    """The group of that driver."""

    is_online: bool
    source: AuthorizationMeans | None
    """Whether the local list or the cache knows the token."""

    known: TokenInfo | None
    """What it knows."""

    reserved: EvseReserved | None
    settings: AuthorizationSettings
    rules: AuthorizationRules
    in_service: bool = True
    """Whether the EVSE takes new drivers."""

    @property
    def is_listed(self) -> bool:
        return self.source is AuthorizationMeans.LOCAL_LIST

    @property
    def is_cached(self) -> bool:
        return self.source is AuthorizationMeans.CACHE

    @property
    def is_valid(self) -> bool:
        """Whether the information about the token allows charging here."""
        known = self.known
        # C01.FR.19-21: a token may be limited to some EVSEs.
        return (
            known is not None
            and known.is_accepted
            and (not known.evse_id or self.evse_id in known.evse_id)
        )

    @property
    def needs_no_token(self) -> bool:
        return self.rules.has_token_types and self.id_token.type == "NoAuthorization"


def decision_of(case: TokenSituation) -> tuple[TokenDecision, AuthorizationMeans]:
    """Returns the first decision about a token, and the means by which it is made."""
    row = next(each for each in _MEANS if each[3](case))
    return row[0], row[1] or case.source or AuthorizationMeans.OFFLINE


def refusal_of(case: TokenSituation, info: TokenInfo | None) -> AuthorizationRefusal | None:
    """Returns the reason to refuse a token that was accepted at first; `None` if there is none.

    Args:
        case: the situation.
        info: what the means says of the token, if it says more than to accept it.
    """
    for refusal, _, counts in _REFUSALS:
        if counts(case, info):
            return refusal
    return None


def has_group(info: TokenInfo | None, group: IdToken | None) -> bool:
    """Returns whether a token is known to belong to a group. # AUT-04"""
    return (
        info is not None
        and info.group_id_token is not None
        and group is not None
        and info.group_id_token.is_same_as(group)
    )


def is_master_pass(info: TokenInfo | None, settings: AuthorizationSettings) -> bool:
    """Returns whether a token is a master pass. # C16"""
    return bool(settings.master_pass_group_id) and has_group(
        info, IdToken(settings.master_pass_group_id)
    )


def _fits_reservation(case: TokenSituation, info: TokenInfo | None) -> bool:
    reserved = case.reserved
    return (
        reserved is None
        or case.id_token.is_same_as(reserved.id_token)
        or has_group(info, reserved.group_id_token)
    )


_Counts = Callable[[TokenSituation], bool]

_MEANS: Final[Sequence[tuple[TokenDecision, AuthorizationMeans | None, str, _Counts]]] = (
    # Who need not be known.
    (
        TokenDecision.ACCEPT,
        AuthorizationMeans.NOT_NEEDED,
        "AUT-01, AuthCtrlr.Enabled",
        lambda case: not case.settings.is_enabled and not case.stops,
    ),
    (
        TokenDecision.ACCEPT,
        AuthorizationMeans.NOT_NEEDED,
        "C02.FR.01, AUT-20",
        lambda case: case.needs_no_token and not case.stops,
    ),
    (
        TokenDecision.REFUSE,
        AuthorizationMeans.NOT_NEEDED,
        "C01.FR.03, AUT-04",
        lambda case: not case.settings.is_enabled or case.needs_no_token,
    ),
    # Remote start.
    (
        TokenDecision.ACCEPT,
        AuthorizationMeans.REMOTE_START,
        "C03.FR.01, C05.FR.01, AUT-21",
        lambda case: (
            case.is_remote and case.rules.has_token_types and case.id_token.type == "Central"
        ),
    ),
    (
        TokenDecision.ACCEPT,
        AuthorizationMeans.REMOTE_START,
        "F01.FR.02, F02.FR.01, REM-01, REM-02",
        lambda case: case.is_remote and not case.settings.authorize_remote_start,
    ),
    # Stop by another token of the group.
    (
        TokenDecision.ACCEPT,
        None,
        "C09.FR.07, AUT-03",
        lambda case: case.stops and case.is_valid and has_group(case.known, case.driver_group),
    ),
    # What is known, online.
    (
        TokenDecision.ACCEPT,
        None,
        "C14.FR.02, AUT-17; in 1.6 AUT-16",
        lambda case: (
            case.is_online
            and case.is_listed
            and case.is_valid
            and (case.settings.local_pre_authorize or not case.rules.list_needs_pre_authorize)
        ),
    ),
    (
        TokenDecision.ACCEPT,
        None,
        "C10.FR.11, C12.FR.02, AUT-16",
        lambda case: (
            case.is_online
            and case.is_cached
            and case.is_valid
            and case.settings.local_pre_authorize
        ),
    ),
    (
        TokenDecision.ACCEPT,
        None,
        "AuthCtrlr.DisableRemoteAuthorization",
        lambda case: (
            case.is_online and case.settings.disable_remote_authorization and case.is_valid
        ),
    ),
    (
        TokenDecision.REFUSE,
        None,
        "AuthCacheCtrlr.DisablePostAuthorize, LocalAuthListCtrlr.DisablePostAuthorize",
        lambda case: (
            case.is_online
            and case.known is not None
            and not case.is_valid
            and case.settings.disable_post_authorize
        ),
    ),
    # What is not known, or not valid, online.
    (
        TokenDecision.REFUSE,
        AuthorizationMeans.NOT_ASKED,
        "AuthCtrlr.DisableRemoteAuthorization",
        lambda case: case.is_online and case.settings.disable_remote_authorization,
    ),
    (
        TokenDecision.ASK,
        AuthorizationMeans.CSMS,
        "C01.FR.02, C10.FR.03, C12.FR.05, C14.FR.03, AUT-02, AUT-10",
        lambda case: case.is_online,
    ),
    # Offline.
    (
        TokenDecision.ACCEPT,
        None,
        "C13.FR.02, AUT-14",
        lambda case: case.is_valid and case.settings.local_authorize_offline,
    ),
    (
        TokenDecision.REFUSE,
        None,
        "C13.FR.02, C13.FR.04-06, AUT-14, AUT-15",
        lambda case: case.known is not None,
    ),
    (
        TokenDecision.ACCEPT,
        AuthorizationMeans.OFFLINE,
        "C13.FR.04, C15.FR.08, AUT-15",
        lambda case: case.settings.offline_tx_for_unknown_id,
    ),
    (
        TokenDecision.REFUSE,
        AuthorizationMeans.OFFLINE,
        "AUT-14, AUT-15",
        lambda case: True,
    ),
)
"""Decision, means (`None` for what knows the token), requirements, and whether the row counts; the first one does."""

_Refuses = Callable[[TokenSituation, TokenInfo | None], bool]

_REFUSALS: Final[Sequence[tuple[AuthorizationRefusal, str, _Refuses]]] = (
    (
        AuthorizationRefusal.NOT_ACCEPTED,
        "C01.FR.07, AUT-01",
        lambda case, info: info is not None and not info.is_accepted,
    ),
    (
        AuthorizationRefusal.OTHER_EVSE,
        "C01.FR.19-21, AUT-18",
        lambda case, info: (
            info is not None and bool(info.evse_id) and case.evse_id not in info.evse_id
        ),
    ),
    (
        AuthorizationRefusal.MASTER_PASS,
        "C12.FR.09, C16.FR.03, AUT-22",
        lambda case, info: not case.stops and is_master_pass(info, case.settings),
    ),
    (
        AuthorizationRefusal.OTHER_DRIVER,
        "C01.FR.03, C09.FR.03/05/11, E07, AUT-04",
        lambda case, info: case.stops and not has_group(info, case.driver_group),
    ),
    (
        AuthorizationRefusal.OUT_OF_SERVICE,
        "G03.FR.06, G04.FR.07",
        lambda case, info: not case.stops and not case.in_service,
    ),
    (
        AuthorizationRefusal.RESERVED,
        "H03.FR.01-08, RES-05",
        lambda case, info: not case.stops and not _fits_reservation(case, info),
    ),
)
"""Refusal, requirements, and whether it refuses a token about which something is said, or nothing."""

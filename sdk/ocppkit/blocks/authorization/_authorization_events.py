"""Events about authorization, for the other blocks and the program."""

from enum import StrEnum

from .._commands_and_reports import Event
from ..transactions import IdToken, TokenInfo

__all__ = [
    "AuthorizationAction",
    "AuthorizationDecided",
    "AuthorizationMeans",
    "AuthorizationRefusal",
    "EvseReservationEnded",
    "EvseReserved",
    "EvseServiceChanged",
    "LocalListConflict",
    "LocalListUpdated",
]


class AuthorizationAction(StrEnum):
    """What a driver wants who presents a token: to start, or to stop."""

    START = "Start"
    STOP = "Stop"
    """To stop charging at the EVSE, where a driver is authorized."""

    MASTER_STOP = "MasterStop"
    """To stop charging at any EVSE, with a master pass."""


class AuthorizationMeans(StrEnum):
    """The means by which a token was accepted or refused, such as the local list."""

    LOCAL_LIST = "LocalList"
    CACHE = "Cache"
    CSMS = "CSMS"
    SAME_TOKEN = "SameToken"
    """It is the token that started."""

    REMOTE_START = "RemoteStart"
    """The CSMS has started it, and need not be asked."""

    NOT_NEEDED = "NotNeeded"
    """The station charges for everybody."""

    OFFLINE = "Offline"
    """Nothing is known of it, and the CSMS could not be asked."""

    NOT_ASKED = "NotAsked"
    """The CSMS was not asked: the station may not, or asks it about another token just now."""


class AuthorizationRefusal(StrEnum):
    """The reason why a token was refused."""

    NOT_ACCEPTED = "NotAccepted"
    """Its status, if anything is known of it, says more."""

    OTHER_EVSE = "OtherEvse"
    """It may charge at other EVSEs only."""

    MASTER_PASS = "MasterPass"
    """A master pass cannot start."""

    OTHER_DRIVER = "OtherDriver"
    """Another driver charges, of no common group."""

    RESERVED = "Reserved"
    """The EVSE is reserved for another driver."""

    OUT_OF_SERVICE = "OutOfService"
    """The EVSE is out of service or faulted."""

    BUSY = "Busy"
    """Another token was presented at the EVSE before, and is not decided yet."""

    OVERTAKEN = "Overtaken"
    """While the CSMS was asked, a driver was authorized at the EVSE, or had stopped."""


class AuthorizationDecided(Event, frozen=True, kw_only=True):
    """Event: the station has decided what a presented token may do."""

    evse_id: int
    id_token: IdToken
    action: AuthorizationAction
    means: AuthorizationMeans
    refusal: AuthorizationRefusal | None = None
    """`None` if the token was accepted."""

    id_token_info: TokenInfo | None = None
    """What is known of it, if anything."""

    evse_ids: tuple[int, ...] = ()
    """Where charging is to stop now; for a master pass at a station with a display, where it may be stopped."""

    remote_start_id: int | None = None
    reservation_id: int | None = None
    """The reservation that is used up."""

    @property
    def accepted(self) -> bool:
        """Whether the token was accepted."""
        return self.refusal is None


class LocalListConflict(Event, frozen=True, kw_only=True):
    """Event: the local list accepts a token that the CSMS has refused afterwards. # LAL-11

    In 1.6 the block of availability reports it as an error of the station, until the list is updated.
    """

    id_token: IdToken
    id_token_info: TokenInfo
    """What the CSMS said."""


class LocalListUpdated(Event, frozen=True, kw_only=True):
    """Event: the CSMS has changed or replaced the local list. # D01"""

    version_number: int


class EvseReserved(Event, frozen=True, kw_only=True):
    """Event: an EVSE was reserved for a driver, so other tokens are refused there. # H01, H03"""

    evse_id: int
    reservation_id: int
    id_token: IdToken
    group_id_token: IdToken | None = None


class EvseReservationEnded(Event, frozen=True, kw_only=True):
    """Event: an EVSE is no longer reserved."""

    evse_id: int
    reservation_id: int


class EvseServiceChanged(Event, frozen=True, kw_only=True):
    """Event: an EVSE went out of service or has a fault, so that nobody can start there; or it is
    in service again. # G03
    """

    evse_id: int
    in_service: bool

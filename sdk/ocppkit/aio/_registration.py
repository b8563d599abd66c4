"""Whether a station is registered with its CSMS, and what it may send until it is.

Both ends keep the same books: the station so as not to send what it may not, the CSMS so as to
refuse it. What makes the rules is data of the version: what a TriggerMessage can ask for, and which
messages are tied together by an id.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from ocppkit.core import Action, Message, Protocol, Response

__all__ = ["BOOT", "Registration", "RegistrationStatus", "StationRecord", "answered_status"]

BOOT: Final = "BootNotification"
"""The action that registers a station; the same word in every version."""


_NOTHING: Final[frozenset[str]] = frozenset()
"""One for all: an empty set of its own would cost each idle connection 216 bytes."""


class RegistrationStatus(StrEnum):
    """What the CSMS last answered to a BootNotification."""

    UNKNOWN = "Unknown"
    """Nothing yet."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class StationRecord(Struct, frozen=True, kw_only=True):
    """What a CSMS knows of a station over restarts: how its last boot was answered, and who it is."""

    identity: str
    status: RegistrationStatus
    version: str
    """The version of OCPP that it spoke, such as `2.0.1`."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    """The version of its firmware, if the boot named one."""

    time: datetime
    """When the boot was answered."""


_STATUSES: Final[dict[str, RegistrationStatus]] = {
    status.value: status for status in RegistrationStatus
}
_ACCEPTED: Final = RegistrationStatus.ACCEPTED


def answered_status(response: object) -> RegistrationStatus:
    """Returns how a response answers a boot; a status that is not known lets nobody in."""
    return _STATUSES.get(getattr(response, "status", ""), RegistrationStatus.REJECTED)


class Registration:
    """The books on one station."""

    __slots__ = ("_asked", "_protocol", "status")

    def __init__(
        self, protocol: Protocol, status: RegistrationStatus = RegistrationStatus.UNKNOWN
    ) -> None:
        self._protocol = protocol
        self._asked = _NOTHING
        self.status: RegistrationStatus = status

    @property
    def accepted(self) -> bool:
        """Whether the station is registered."""
        return self.status is _ACCEPTED

    def boot_answered(self, response: Response) -> None:
        """Notes the answer to a BootNotification."""
        self.status = answered_status(response)
        self._asked = _NOTHING

    def csms_asked(self, request: Message) -> None:
        """Notes a request of the CSMS: while Pending, the station may send what it asked for.

        # B02.FR.02, B02.FR.09
        """
        if self.accepted:
            return
        wanted = getattr(request, "requested_message", None)
        asking = self._protocol.actions[request.__ocpp_action__]
        self._asked |= {
            action.name
            for action in self._protocol.actions.values()
            if wanted in action.triggers
            or (asking.correlation is not None and action.correlation == asking.correlation)
        }

    def may_send(self, action: Action) -> bool:
        """Whether the station may send this now."""
        if self.status is _ACCEPTED or action.name == BOOT:
            return True
        return self.status is RegistrationStatus.PENDING and action.name in self._asked

"""Whether a station is registered with its CSMS, and which messages it may send until it is.

Both ends use the same rules: the station so as not to send what it must not, the CSMS so as to refuse
it. The rules come from data of the version: which messages TriggerMessage can ask for, and which
messages belong together by an id.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from ocppkit.core import Action, Message, Protocol, Response

__all__ = ["BOOT", "Registration", "RegistrationStatus", "StationRecord", "answered_status"]

BOOT: Final = "BootNotification"
"""The action that registers a station; the same in every version."""


_NOTHING: Final[frozenset[str]] = frozenset()
"""Shared by all connections, because an empty set takes 216 bytes."""


class RegistrationStatus(StrEnum):
    """The status in the CSMS's latest answer to a BootNotification."""

    UNKNOWN = "Unknown"
    """No answer yet."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class StationRecord(Struct, frozen=True, kw_only=True):
    """What a CSMS remembers of a station over restarts: its last boot, and how that was answered."""

    identity: str
    status: RegistrationStatus
    version: str
    """The version of OCPP that it spoke, such as `2.0.1`."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    """The version of its firmware; empty if the boot did not name it."""

    time: datetime
    """When the boot was answered."""


_STATUSES: Final[dict[str, RegistrationStatus]] = {
    status.value: status for status in RegistrationStatus
}
_ACCEPTED: Final = RegistrationStatus.ACCEPTED


def answered_status(response: object) -> RegistrationStatus:
    """Returns the status in the answer to a boot. A status that OCPP does not have counts as
    Rejected.
    """
    return _STATUSES.get(getattr(response, "status", ""), RegistrationStatus.REJECTED)


class Registration:
    """The registration of one station: its status, and the messages that the CSMS has asked for."""

    __slots__ = ("_asked", "_is_booting", "_protocol", "status")

    def __init__(
        self, protocol: Protocol, status: RegistrationStatus = RegistrationStatus.UNKNOWN
    ) -> None:
        self._protocol = protocol
        self._asked = _NOTHING
        self._is_booting = False
        self.status: RegistrationStatus = status

    @property
    def accepted(self) -> bool:
        """Whether the station is registered."""
        return self.status is _ACCEPTED

    def boot_received(self) -> None:
        """Notes that the station boots, which ends earlier requests of the CSMS for messages."""
        self._asked = _NOTHING
        self._is_booting = True

    def boot_answered(self, response: Response) -> None:
        """Takes the status from the answer to a BootNotification.

        What the CSMS has asked for since `boot_received`, it still wants.
        """
        if not self._is_booting:
            self._asked = _NOTHING
        self._is_booting = False
        self.status = answered_status(response)

    def csms_asked(self, request: Message) -> None:
        """Notes a request of the CSMS, as a station whose boot is Pending may send the messages
        that it asks for.

        # B02.FR.02, B02.FR.09
        """
        if self.accepted and not self._is_booting:
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
        """Returns whether the station may send this message now."""
        if self.status is _ACCEPTED or action.name == BOOT:
            return True
        return self.status is RegistrationStatus.PENDING and action.name in self._asked

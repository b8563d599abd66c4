"""Decides whether a CSMS handles the messages of a station whose boot it has not accepted, and logs
the decision.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Registration, loggable
from ocppkit.core import Action, Protocol

__all__ = ["BootGate", "UnknownStations"]

logger = logging.getLogger("ocppkit.csms")

UnknownStations: TypeAlias = Literal["serve", "refuse"]
"""What to do with the messages of a station of whose boot nothing is known."""

_REMEMBERED: Final = 1 << 17

_SERVED: Final = (
    "%s: served (%s): nothing is known of a boot of this station, as after a restart of the CSMS "
    "[Csms(registrations=SqliteRegistrations(path)) remembers boots, unknown='refuse' refuses]"
)
_UNKNOWN: Final = (
    "%s: %s refused with SecurityError: nothing is known of a boot of this station, as after a "
    "restart of the CSMS [Csms(registrations=SqliteRegistrations(path)) remembers boots, "
    "unknown='serve' serves]"
)
_NOT_ACCEPTED: Final = (
    "%s: %s refused with SecurityError: its boot was answered with %s "
    "[answer it with Accepted, or ask for the message while it is Pending]"
)


class BootGate:
    """Decides whether messages of a station are handled before its boot is accepted. # ERR-19"""

    def __init__(
        self, protocols: Sequence[Protocol], unknown: UnknownStations | None, closed: bool
    ) -> None:
        """Sets the rules.

        Args:
            protocols: the versions that are spoken.
            unknown: what to do with unknown stations; `None`: as each version allows.
            closed: whether anything is refused at all.
        """
        self._closed = closed
        self._serves_unknown: Mapping[str, bool] = {
            protocol.subprotocol: (
                protocol.serves_unknown if unknown is None else unknown == "serve"
            )
            for protocol in protocols
        }
        self._logged: OrderedDict[tuple[str, RegistrationStatus], None] = OrderedDict()

    def refuses(self, protocol: Protocol, registration: Registration, action: Action) -> bool:
        """Returns whether this message must be refused."""
        if not self._closed or registration.may_send(action):
            return False
        unknown = registration.status is RegistrationStatus.UNKNOWN
        return not (unknown and self._serves_unknown[protocol.subprotocol])

    def log_served(self, identity: str, action: Action) -> None:
        """Logs, once per station, that its messages are handled although no boot of it is known."""
        if self._closed and self._is_first_time(identity, RegistrationStatus.UNKNOWN):
            logger.info(_SERVED, loggable(identity), action.name)

    def log_refused(self, identity: str, registration: Registration, action: Action) -> None:
        """Logs, once per station and registration status, that its messages are refused, and how to
        change that.
        """
        if not self._is_first_time(identity, registration.status):
            return
        if registration.status is RegistrationStatus.UNKNOWN:
            logger.warning(_UNKNOWN, loggable(identity), action.name)
        else:
            logger.warning(_NOT_ACCEPTED, loggable(identity), action.name, registration.status)

    def _is_first_time(self, identity: str, status: RegistrationStatus) -> bool:
        key = (identity, status)
        if key in self._logged:
            return False
        self._logged[key] = None
        if len(self._logged) > _REMEMBERED:
            self._logged.popitem(last=False)
        return True

"""Decides which messages must arrive, however long it takes, by OCPP's rules and the station's
settings.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocppkit.aio.lowlevel import BOOT
from ocppkit.core import Action, Offline, Protocol, Request

from ._controls import Controls
from ._registration_state import HEARTBEAT

__all__ = ["OfflineRules", "severity_unknown"]

logger = logging.getLogger("ocppkit.station")

# At hand, as every call needs it.
_DROP: Final = Offline.DROP


def severity_unknown(monitor: int) -> int | None:
    """The default of `monitor_severity`: returns `None`, as no severity is known."""
    return None


@dataclass(slots=True, kw_only=True)
class OfflineRules:
    """Decides which messages are stored until they are delivered, even while the station is
    offline.
    """

    protocol: Protocol
    controls: Controls
    name: str
    monitor_severity: Callable[[int], int | None]

    def must_arrive(self, request: Request[Any], action: Action) -> bool:
        """Returns whether this message must arrive, so that it is stored."""
        if action.offline is _DROP and not self.controls.queue_all_messages:
            return False
        # A boot comes before all that is kept, and a heartbeat is of no use later.
        may_wait = action.name not in {BOOT, HEARTBEAT}
        return (self.controls.queue_all_messages and may_wait) or self._is_kept(
            request, action.offline
        )

    def _is_kept(self, request: Any, offline: Offline) -> bool:
        match offline:
            case Offline.DROP:
                return False
            case Offline.QUEUE:
                return True
            case Offline.QUEUE_IF_TRANSACTION:
                return getattr(request, "transaction_id", None) is not None
            case Offline.QUEUE_IF_CRITICAL:  # LOG-04
                return getattr(request, "type", None) not in self.protocol.uncritical_events
            case _:  # MON-04: by severity
                return any(self._is_severe(event) for event in getattr(request, "event_data", ()))

    def _is_severe(self, event: Any) -> bool:
        queued_severity = self.controls.queued_severity
        if queued_severity is None:
            return False
        severity: int | None = getattr(event, "severity", None)
        monitor: int | None = getattr(event, "variable_monitoring_id", None)
        if severity is None and monitor is not None:
            severity = self._severity_of(monitor)
        # What nobody can judge is better kept than lost.
        return severity is None or severity <= queued_severity

    def _severity_of(self, monitor: int) -> int | None:
        try:
            return self.monitor_severity(monitor)
        except Exception:
            logger.exception(
                "%s: the function monitor_severity failed [the event is stored until it is "
                "delivered]",
                self.name,
            )
            return None

"""The present limit of each EVSE, and the time at which a limit changes next because time passes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from .._commands_and_reports import Event
from .._moment import Moment
from ._circumstances import Circumstances
from ._composite import composite
from ._installed_profiles import InstalledProfiles
from ._load_balancing import share_limit
from ._profiles import ChargingSchedulePeriod

__all__ = ["ExternalLimitChanged", "LimitChanged", "PresentLimits"]

_LOOK_AHEAD: Final = 86_400
"""Seconds for which a change of the limit is looked for at once."""


class LimitChanged(Event, frozen=True):
    """Event: the limit of an EVSE has changed. Also told for each EVSE when the station starts."""

    evse_id: int
    limits: ChargingSchedulePeriod
    """The limits in amperes on each phase; `limit` is never absent."""

    @property
    def limit(self) -> float:
        """Amperes on each phase, or on L1 if the phases differ."""
        return self.limits.limit or 0.0


class ExternalLimitChanged(Event, frozen=True):
    """Event: another system than the CSMS has changed limits by more than LimitChangeSignificance.
    # CHP-18
    """

    evse_ids: tuple[int, ...]


class PresentLimits:
    """The limits of the EVSEs of one station, as they were last told."""

    def __init__(self, profiles: InstalledProfiles, tell: Callable[[Event], None]) -> None:
        """Starts without limits.

        Args:
            profiles: the profiles that limit.
            tell: takes events.
        """
        self._profiles = profiles
        self._tell = tell
        self._told: dict[int, ChargingSchedulePeriod] = {}
        self.next_change: datetime | None = None
        """When a limit changes next because time passes, or must be computed again; `None` if never."""

    def update(self, circumstances: Circumstances, now: Moment) -> None:
        """Queues events for limits that have changed, and notes when the next one changes
        because time passes.
        """
        # Whole seconds, as a composite schedule has them.
        begin = now.wall.replace(microsecond=0)
        changes = [begin + timedelta(seconds=_LOOK_AHEAD)]
        limits: dict[int, ChargingSchedulePeriod] = {}
        for evse_id in (0, *circumstances.evses):
            limits[evse_id], *others = composite(
                self._profiles,
                circumstances,
                evse_id=evse_id,
                start=begin,
                duration=_LOOK_AHEAD,
                max_periods=2,
            )
            changes += [begin + timedelta(seconds=each.start_period) for each in others]
        total = limits.pop(0)
        charging = {each: limits[each] for each in circumstances.transactions}
        limits.update(share_limit(charging, total))
        for evse_id, period in limits.items():
            if self._told.get(evse_id) != period:
                self._told[evse_id] = period
                self._tell(LimitChanged(evse_id=evse_id, limits=period))
        self.next_change = min(changes) if len(self._profiles) else None

    def changed_since(
        self, before: Mapping[int, ChargingSchedulePeriod], least_percentage: float
    ) -> tuple[int, ...]:
        """Returns the EVSEs whose limit has changed by more than a percentage. # CHP-18

        Args:
            before: what was told before.
            least_percentage: LimitChangeSignificance.
        """
        return tuple(
            evse_id
            for evse_id, old in before.items()
            if abs((self._told[evse_id].limit or 0.0) - (old.limit or 0.0))
            > (old.limit or 0.0) * least_percentage / 100
        )

    @property
    def told(self) -> Mapping[int, ChargingSchedulePeriod]:
        """The limits that were last told, by EVSE."""
        return dict(self._told)

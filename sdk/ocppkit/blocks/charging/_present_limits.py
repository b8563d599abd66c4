"""`PresentLimits`: what each EVSE may take now, and when that changes by itself."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from .._commands_and_reports import Event
from .._moment import Moment
from ._circumstances import Circumstances
from ._composite import composite
from ._installed_profiles import InstalledProfiles
from ._load_balancing import shared
from ._profiles import ChargingSchedulePeriod

__all__ = ["ExternalLimitChanged", "LimitChanged", "PresentLimits"]

_LOOK_AHEAD: Final = 86_400
"""Seconds for which a change of the limit is looked for at once."""


class LimitChanged(Event, frozen=True):
    """What an EVSE may take, or feed in, is another than before; told at the start for each EVSE too."""

    evse_id: int
    limits: ChargingSchedulePeriod
    """The limits in amperes on each phase; `limit` is never absent."""

    @property
    def limit(self) -> float:
        """Amperes on each phase, or on L1 where phases differ."""
        return self.limits.limit or 0.0


class ExternalLimitChanged(Event, frozen=True):
    """Another system than the CSMS has changed what EVSEs may take, by more than LimitChangeSignificance. # CHP-18"""

    evse_ids: tuple[int, ...]


class PresentLimits:
    """The limits of the EVSEs of one station, as they were told last."""

    def __init__(self, profiles: InstalledProfiles, tell: Callable[[Event], None]) -> None:
        """Begins with nothing told.

        Args:
            profiles: the profiles that limit.
            tell: takes events.
        """
        self._profiles = profiles
        self._tell = tell
        self._told: dict[int, ChargingSchedulePeriod] = {}
        self.next_change: datetime | None = None
        """When a limit changes next, or has to be looked for anew; `None` if none does by itself."""

    def look(self, circumstances: Circumstances, now: Moment) -> None:
        """Tells the limits that have changed, and notes when one changes next by itself."""
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
                most=2,
            )
            changes += [begin + timedelta(seconds=each.start_period) for each in others]
        total = limits.pop(0)
        charging = {each: limits[each] for each in circumstances.transactions}
        limits.update(shared(charging, total))
        for evse_id, period in limits.items():
            if self._told.get(evse_id) != period:
                self._told[evse_id] = period
                self._tell(LimitChanged(evse_id=evse_id, limits=period))
        self.next_change = min(changes) if len(self._profiles) else None

    def changed_since(
        self, before: Mapping[int, ChargingSchedulePeriod], least_percentage: float
    ) -> tuple[int, ...]:
        """Returns the EVSEs whose limit is another than before by more than a percentage of it. # CHP-18

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
        """What was told last, by EVSE."""
        return dict(self._told)

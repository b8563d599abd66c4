"""Sets and reports limits that other systems than the CSMS demand. [K11 to K13]"""

from collections.abc import Callable, Mapping

from ocppkit.core import LocalProtocolError

from .._commands_and_reports import Event
from .._moment import Moment
from ..variables import (
    LIMIT_CHANGE_SIGNIFICANCE,
    NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES,
    DeviceModel,
)
from ._installed_profiles import InstalledProfiles
from ._present_limits import ExternalLimitChanged, PresentLimits
from ._profile_messages import ExternalLimitCleared, ExternalLimitSet
from ._profiles import ChargingProfile, ChargingSchedulePeriod, InstalledProfile

__all__ = ["ExternalLimits"]


class ExternalLimits:
    """The limits that other systems than the CSMS have set on one station."""

    def __init__(
        self,
        model: DeviceModel,
        profiles: InstalledProfiles,
        limits: PresentLimits,
        *,
        report: Callable[[ExternalLimitSet | ExternalLimitCleared], None],
        tell: Callable[[Event], None],
        count: Callable[[], None],
        look: Callable[[Moment], None],
    ) -> None:
        """Starts without limits.

        Args:
            model: the settings.
            profiles: the profiles of the station.
            limits: what was told of the limits.
            report: takes a report.
            tell: takes an event.
            count: called when a profile has come or gone.
            look: finds and tells the limits that have changed.
        """
        self._model = model
        self._profiles = profiles
        self._limits = limits
        self._report = report
        self._tell = tell
        self._count = count
        self._look = look

    def set(
        self,
        profile: ChargingProfile,
        evse_id: int,
        now: Moment,
        *,
        source: str,
        is_grid_critical: bool | None,
    ) -> None:
        """Sets a limit, and reports it if it changes what is allowed.

        Raises:
            LocalProtocolError: the profile is no external limit.
        """
        installed = InstalledProfile(profile=profile, evse_id=evse_id)
        if not installed.is_external or profile.id >= 0:
            raise LocalProtocolError(
                "an external limit must have the purpose ChargingStationExternalConstraints and "
                "a negative id"
            )
        self._look(now)
        before = self._limits.told
        self._profiles.set_external(profile, evse_id, source=source)
        self._count()
        self._look(now)
        if self._tell_of_change(before):
            # CHP-18: the schedule goes along only where the setting asks for it.
            with_schedule = self._model.get(NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES, False)
            self._report(
                ExternalLimitSet(
                    source=source,
                    evse_id=evse_id or None,
                    schedules=profile.charging_schedule if with_schedule else (),
                    is_grid_critical=is_grid_critical,
                )
            )

    def remove(self, profile_id: int, now: Moment) -> bool:
        """Removes a limit and reports that; returns whether there was one."""
        self._look(now)
        before = self._limits.told
        removed = self._profiles.remove_external(profile_id)
        if removed is None:
            return False
        self._count()
        self._report(ExternalLimitCleared(source=removed.source, evse_id=removed.evse_id or None))
        self._look(now)
        self._tell_of_change(before)
        return True

    def _tell_of_change(self, before: Mapping[int, ChargingSchedulePeriod]) -> bool:
        least = self._model.setting(LIMIT_CHANGE_SIGNIFICANCE)
        changed = self._limits.changed_since(before, least)
        if changed:
            self._tell(ExternalLimitChanged(evse_ids=changed))
        return bool(changed)

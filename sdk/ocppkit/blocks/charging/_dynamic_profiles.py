"""Updates dynamic charging profiles, and asks the CSMS for new values when they are due. [K28]"""

from collections.abc import Callable, Iterator

from msgspec.structs import asdict, replace

from .._moment import Moment
from ._installed_profiles import InstalledProfiles
from ._profile_messages import (
    DynamicUpdateReply,
    ProfileStatus,
    PullDynamicUpdate,
    ScheduleUpdate,
    SetProfileAnswer,
    UpdateDynamicProfile,
)
from ._profiles import ChargingProfile, ProfileKind

__all__ = ["DynamicProfiles", "with_update_time"]


class DynamicProfiles:
    """Updates the dynamic profiles of one station."""

    def __init__(
        self,
        profiles: InstalledProfiles,
        *,
        report: Callable[[PullDynamicUpdate], None],
        changed: Callable[[Moment], None],
    ) -> None:
        """Starts without asking for values.

        Args:
            profiles: the profiles of the station.
            report: takes a report.
            changed: called when a profile has new values.
        """
        self._profiles = profiles
        self._report = report
        self._changed = changed
        self._asked: dict[int, float] = {}
        """When each profile's values were asked for last, on the monotonic clock."""

        self._is_accepted = False
        self._is_connected = False

    @property
    def is_online(self) -> bool:
        """Whether the CSMS can be asked."""
        return self._is_accepted and self._is_connected

    def set_accepted(self, is_accepted: bool) -> None:
        """Sets whether the CSMS has accepted the station."""
        self._is_accepted = is_accepted

    def set_connected(self, is_connected: bool) -> None:
        """Sets whether the station is connected."""
        self._is_connected = is_connected

    def update(self, command: UpdateDynamicProfile, now: Moment) -> SetProfileAnswer:
        """Applies the values in a command of the CSMS, and returns the answer."""
        problem = self._take(command.charging_profile_id, command.schedule_update, now)
        if problem is not None:
            return SetProfileAnswer(status=ProfileStatus.REJECTED, reason_code=problem)
        return SetProfileAnswer(status=ProfileStatus.ACCEPTED)

    def take(self, report: PullDynamicUpdate, reply: DynamicUpdateReply, now: Moment) -> None:
        """Applies the values in a reply of the CSMS. If it has none, the station asks again later."""
        if reply.status == ProfileStatus.ACCEPTED and reply.schedule_update is not None:
            self._take(report.charging_profile_id, reply.schedule_update, now)

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time at which new values are due, on the monotonic clock."""
        return min((due for _, due in self._dues(now)), default=None)

    def ask(self, now: Moment) -> None:
        """Asks the CSMS for the values that are due. # CHP-24"""
        for profile, due in tuple(self._dues(now)):
            if due <= now.monotonic:
                self._asked[profile.id] = now.monotonic
                self._report(PullDynamicUpdate(charging_profile_id=profile.id))

    def _dues(self, now: Moment) -> Iterator[tuple[ChargingProfile, float]]:
        if not self.is_online:
            return
        for installed in self._profiles:
            profile = installed.profile
            updated, interval = profile.dyn_update_time, profile.dyn_update_interval or 0
            if _is_dynamic(profile) and updated is not None and interval > 0:
                due = now.due_at(updated) + interval
                asked = self._asked.get(profile.id)
                yield profile, due if asked is None else max(due, asked + interval)

    def _take(self, profile_id: int, update: ScheduleUpdate, now: Moment) -> str | None:
        """Applies new values; returns the reason code if that fails, else `None`."""
        if update.has_limit_below_0:
            return "InvalidSchedule"
        for installed in self._profiles:
            if installed.profile.id == profile_id:
                if not _is_dynamic(installed.profile):
                    return "InvalidProfile"
                self._profiles.change(installed, _updated(installed.profile, update, now))
                self._changed(now)
                return None
        return "NotFound"


def with_update_time(profile: ChargingProfile, now: Moment) -> ChargingProfile:
    """Returns a profile with the present time as the time of its values, if it is dynamic."""
    if _is_dynamic(profile) and profile.dyn_update_time is None:
        return replace(profile, dyn_update_time=now.wall)
    return profile


def _is_dynamic(profile: ChargingProfile) -> bool:
    return profile.charging_profile_kind is ProfileKind.DYNAMIC


def _updated(profile: ChargingProfile, update: ScheduleUpdate, now: Moment) -> ChargingProfile:
    (schedule,) = profile.charging_schedule
    (period,) = schedule.charging_schedule_period
    given = {name: value for name, value in asdict(update).items() if value is not None}
    after = replace(schedule, charging_schedule_period=(replace(period, **given),))
    # K28: the values apply at once.
    return replace(profile, charging_schedule=(after,), dyn_update_time=now.wall)

"""Finds the period of a charging profile that applies at a moment.

Theory of operation: times are whole seconds from the beginning of the window, since the periods of a
composite schedule begin at whole seconds. A period that begins within a second counts from the next
whole second on, so what is said for a whole second is true at that second.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from math import ceil, floor
from operator import lt
from typing import Final

from ._profiles import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod, ProfileKind

__all__ = ["FOREVER", "ProfileTimeline"]

FOREVER: Final = 1 << 62
"""A moment after every other, in seconds."""


class ProfileTimeline:
    """The periods of one charging profile, placed on a window of time."""

    __slots__ = ("_begin", "_every", "_from", "_local", "_starts", "_until", "_values", "unit")

    def __init__(
        self,
        profile: ChargingProfile,
        schedule: ChargingSchedule,
        window: datetime,
        *,
        anchor: datetime,
        delays: Sequence[int] = (),
        offline_since: datetime | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        """Calculates when the periods of the schedule apply within the window of time.

        Args:
            profile: the profile.
            schedule: that of its schedules which counts.
            window: when the window begins, at a whole second.
            anchor: when a relative schedule begins.
            delays: seconds by which the periods after the first begin later.
            offline_since: when the connection to the CSMS was lost, if there is none.
            zone: the zone of the station's local time, for a schedule that follows it.
        """
        self.unit = schedule.charging_rate_unit
        """The unit of the limits."""

        self._every = _recurrence(profile)
        # CMP-03: a period counts before the end of the schedule, and of the day or week.
        length = min(
            FOREVER if schedule.duration is None else schedule.duration,
            FOREVER if self._every is None else self._every,
        )
        starts, periods = _delayed_starts(schedule, delays, length)
        self._values: list[ChargingSchedulePeriod | None] = [None, *periods, None]
        self._starts = [*starts, length, FOREVER]
        self._from, self._until = _validity(profile, window, offline_since)
        self._local: _LocalTime | None = None
        begin = _beginning(profile, schedule, anchor)
        if begin is None:
            self._begin = 0
        elif schedule.use_local_time and zone is not None:
            self._local = _LocalTime(window, zone)
            # CMP-16: the zone that is written there is ignored.
            self._begin = self._local.seconds(begin)
        else:
            self._begin = _whole_seconds(begin - window)

    def at(self, moment: int) -> tuple[ChargingSchedulePeriod | None, int]:
        """Returns the period that applies at a moment, and the moment until which it applies.

        Args:
            moment: seconds from the beginning of the window.
        """
        # CMP-01: it counts from `valid_from` on, and no longer at `valid_to`.
        if moment < self._from:
            return None, self._from
        if moment >= self._until:
            return None, FOREVER
        shift, begin, steady_until = 0, self._begin, self._until
        if self._local is not None:
            shift, changes = self._local.shift(moment)
            steady_until = min(steady_until, changes)
            begin -= shift
        if self._every is not None and moment >= begin:
            # CMP-02: a recurring schedule begins anew each day or week.
            begin = moment - (moment - begin) % self._every
            steady_until = min(steady_until, begin + self._every)
        index = bisect_right(self._starts, moment - begin)
        until = begin + self._starts[index]
        return self._values[index], until if until < steady_until else steady_until


class _LocalTime:
    """The local clock within a window, in seconds from the local time at which the window starts."""

    def __init__(self, window: datetime, zone: tzinfo) -> None:
        self._window = window.astimezone(zone)
        self._first = self._offset(0)

    def seconds(self, local: datetime) -> int:
        """Returns a local time in seconds from the start of the window; the time zone of the
        argument is ignored.
        """
        return _whole_seconds(local.replace(tzinfo=None) - self._window.replace(tzinfo=None))

    def shift(self, moment: int) -> tuple[int, int]:
        """Returns by how many seconds the local clock has been moved at a moment, and until when
        that holds.
        """
        offset = self._offset(moment)
        return offset - self._first, self._next_change(moment, offset)

    def _offset(self, moment: int) -> int:
        at = self._window.timestamp() + moment
        there = datetime.fromtimestamp(at, self._window.tzinfo).utcoffset()
        return 0 if there is None else round(there.total_seconds())

    def _next_change(self, moment: int, offset: int) -> int:
        """Returns the time within the next day at which summer time starts or ends, or the end of
        that day.
        """
        later = moment + 86_400
        if self._offset(later) == offset:
            return later
        same = moment
        while later - same > 1:
            middle = (same + later) // 2
            if self._offset(middle) == offset:
                same = middle
            else:
                later = middle
        return later


def _whole_seconds(span: timedelta) -> int:
    """Returns a time span in seconds, rounded up."""
    return ceil(span.total_seconds())


def _delayed_starts(
    schedule: ChargingSchedule, delays: Sequence[int] = (), length: int = FOREVER
) -> tuple[list[int], list[ChargingSchedulePeriod]]:
    """Returns the start times of the periods of a schedule, and which of them ever apply.

    Args:
        schedule: the schedule.
        delays: seconds by which the periods after the first begin later; none for the rest.
        length: seconds after which no period counts.
    """
    periods = schedule.charging_schedule_period
    as_written = [each.start_period for each in periods]
    if not delays and all(map(lt, as_written, as_written[1:])):
        count = bisect_left(as_written, length)
        return as_written[:count], list(periods[:count])
    starts: list[int] = []
    kept: list[ChargingSchedulePeriod] = []
    late = dict(enumerate(delays, 1))
    next_start = length
    # CMP-15: a period is skipped whose start is not before that of a later one, or the end.
    for index, period in reversed([*enumerate(periods)]):
        start = period.start_period + late.get(index, 0)
        if start < next_start:
            starts.append(start)
            kept.append(period)
            next_start = start
    return starts[::-1], kept[::-1]


def _recurrence(profile: ChargingProfile) -> int | None:
    recurs = profile.charging_profile_kind is ProfileKind.RECURRING
    return profile.recurrency_kind.seconds if recurs and profile.recurrency_kind else None


def _beginning(
    profile: ChargingProfile, schedule: ChargingSchedule, anchor: datetime
) -> datetime | None:
    """Returns the start of a schedule; `None` if it starts with the window."""
    if profile.charging_profile_kind is ProfileKind.RELATIVE:
        return anchor
    if profile.charging_profile_kind is ProfileKind.DYNAMIC:
        return profile.dyn_update_time
    return schedule.start_schedule


def _validity(
    profile: ChargingProfile, window: datetime, offline_since: datetime | None
) -> tuple[int, int]:
    begin = -FOREVER if profile.valid_from is None else _whole_seconds(profile.valid_from - window)
    end = FOREVER if profile.valid_to is None else _whole_seconds(profile.valid_to - window)
    if profile.max_offline_duration is not None and offline_since is not None:
        # CMP-01: it counts no longer once the station was offline for longer than that.
        lost = offline_since + timedelta(seconds=profile.max_offline_duration)
        end = min(end, floor((lost - window).total_seconds()) + 1)
    return begin, end

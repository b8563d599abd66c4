"""The clock for timestamps in messages: it follows the CSMS's time or the system's.

Theory of operation: a charging station may have no battery for its clock. It starts with some time of
the past, and NTP or a technician sets it while it runs; and it may sleep. So when the CSMS has told
the time, that and a monotonic clock which counts sleep (CLOCK_BOOTTIME) tell it from then on. The
system's clock is only watched: how far it moved against the monotonic clock is a jump, and an event.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import EventStreams

from ._controls import Controls
from ._lifecycle_events import ClockJumped, ClockSet

__all__ = ["StationClock", "monotonic_time"]

logger = logging.getLogger("ocppkit.station")

EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""A CSMS that tells a time outside of these is not believed."""

_JUMP: Final = timedelta(seconds=1)
"""What the system's clock may move against the monotonic one until that is a jump."""


def monotonic_time(clock: Clock | None) -> Callable[[], float]:
    """Returns a function that counts seconds without jumps: a test's clock, or one that also counts
    while the system sleeps.
    """
    if clock is not None:
        return clock.time
    if hasattr(time, "CLOCK_BOOTTIME"):
        return partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    return time.monotonic  # pragma: no cover - Linux has the better one


class StationClock:
    """Tells date and time, and is set by the CSMS."""

    def __init__(
        self,
        wall_clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        controls: Controls,
        *,
        name: str,
        events: EventStreams[Any],
    ) -> None:
        """Starts with the system's time.

        Args:
            wall_clock: the system's date and time.
            monotonic: counts seconds.
            controls: tells whose time is wanted.
            name: the station, as it may stand in a log.
            events: takes events.
        """
        self._wall_clock = wall_clock
        self._monotonic = monotonic
        self._controls = controls
        self._name = name
        self._events = events
        self._told: tuple[datetime, float] | None = None
        self._seen: tuple[datetime, float] | None = None
        self._failed = False

        self.offset = timedelta()
        """What the CSMS's clock showed more than the system's when it last told the time."""

    def now(self) -> datetime:
        """Returns the time, rounded to milliseconds."""
        now = self._now(self.detect_jump())
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def set(self, told: datetime) -> None:
        """Sets the clock to the time that the CSMS told. # BOOT-05, BOOT-06, HB-05"""
        told = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
        if not EARLIEST <= told < LATEST:
            logger.error(
                "%s: the CSMS told the time %s, which is not in the years %d to %d [the clock "
                "is not set]",
                self._name,
                told,
                EARLIEST.year,
                LATEST.year - 1,
            )
            return
        wall = self.detect_jump()
        self.offset = told - wall
        if self._events.streams and self._controls.clock_source == "csms":
            self._events.publish(ClockSet(time=told, change=told - self._now(wall)))
        self._told = told, self._monotonic()

    def detect_jump(self) -> datetime:
        """Returns the system's time; publishes an event if it has jumped since the last call."""
        try:
            wall = self._wall_clock().astimezone(UTC)
        except Exception as problem:  # noqa: BLE001 - the user's function
            wall = self._wall_clock_failed(problem)
        counted = self._monotonic()
        if self._seen is not None:
            before, then = self._seen
            jump = (wall - before) - timedelta(seconds=counted - then)
            if abs(jump) > _JUMP:
                logger.warning("%s: the system's clock was set: it jumped by %s", self._name, jump)
                self._events.publish(ClockJumped(change=jump))
        self._seen = wall, counted
        return wall

    def _now(self, wall: datetime) -> datetime:
        if self._told is None or self._controls.clock_source != "csms":
            return wall
        told, then = self._told
        return told + timedelta(seconds=self._monotonic() - then)

    def _wall_clock_failed(self, problem: Exception) -> datetime:
        if not self._failed:
            logger.error(
                "%s: the function wall_clock failed [the system's clock is used]",
                self._name,
                exc_info=problem,
            )
        self._failed = True
        return datetime.now(UTC)

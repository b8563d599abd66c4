"""A moment in time on the two clocks that blocks need."""

from datetime import datetime, timedelta

from msgspec import Struct

__all__ = ["Moment"]


class Moment(Struct, frozen=True):
    """A moment on two clocks: a monotonic one in seconds, and one with date and time.

    A CSMS may set the date and time at any moment, by an hour perhaps. So durations, such as a timeout
    or the time between two samples, are measured on the first clock; timestamps and schedules are
    read from the second.
    """

    monotonic: float
    """Seconds on a clock that nobody sets; only differences mean something."""

    wall: datetime
    """Date and time, with a zone."""

    def seconds_until(self, wall: datetime) -> float:
        """Returns the seconds until a date and time; below 0 if it has passed."""
        return (wall - self.wall).total_seconds()

    def due_at(self, wall: datetime) -> float:
        """Returns the time on the monotonic clock at a date and time, if nobody sets the clock
        meanwhile.
        """
        return self.monotonic + self.seconds_until(wall)

    def after(self, seconds: float) -> "Moment":
        """Returns the moment that is this many seconds later."""
        return Moment(self.monotonic + seconds, self.wall + timedelta(seconds=seconds))

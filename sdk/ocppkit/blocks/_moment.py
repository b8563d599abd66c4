"""A moment on the two clocks that a block needs."""

from datetime import datetime, timedelta

from msgspec import Struct

__all__ = ["Moment"]


class Moment(Struct, frozen=True):
    """A moment on two clocks: one that counts seconds, and one that tells date and time.

    A CSMS may set the date and time at any moment, by an hour perhaps. So durations, such as a timeout
    or the time between two samples, are measured on the first clock; timestamps and schedules are
    read from the second.
    """

    monotonic: float
    """Seconds on a clock that nobody sets; only differences mean something."""

    wall: datetime
    """Date and time, with a zone."""

    def seconds_until(self, wall: datetime) -> float:
        """Returns how many seconds there are until a date and time; below 0 if it has passed."""
        return (wall - self.wall).total_seconds()

    def due_at(self, wall: datetime) -> float:
        """Returns where a date and time is on the clock that counts seconds, as long as nobody sets the other."""
        return self.monotonic + self.seconds_until(wall)

    def after(self, seconds: float) -> "Moment":
        """Returns the moment that comes this many seconds later."""
        return Moment(self.monotonic + seconds, self.wall + timedelta(seconds=seconds))

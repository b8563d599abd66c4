"""A clock that a test moves: what takes an hour in life takes no time here."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

__all__ = ["FakeClock", "settle"]

_TURNS: Final = 64
"""Turns of the event loop that settle what happens in memory: far more than any chain here is long."""


async def settle() -> None:
    """Lets everything run that can run without time passing."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def ring(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class FakeClock:
    """A clock to pass to a `Csms` or a station as `clock`.

    ```python
    clock = FakeClock()
    station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", clock=clock, insecure=True)
    ...
    await clock.advance(300)  # the heartbeat has been sent and answered
    ```
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = count()

    def time(self) -> float:
        """Returns the time that the test has come to."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Timer:
        """Runs a callback when the test has come to that time."""
        timer = _Timer(callback)
        heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Moves time on, timer by timer, and lets everything run that then can."""
        goal = self._now + seconds
        await settle()
        while self._timers and self._timers[0][0] <= goal:
            when, _, timer = heappop(self._timers)
            self._now = max(self._now, when)
            timer.ring()
            await settle()
        self._now = goal

"""A clock that a test moves, so that an hour takes no time."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

__all__ = ["FakeClock", "settle"]

_TURNS: Final = 64
"""Turns of the event loop that settle what happens in memory: far more than any chain here is long."""


async def settle() -> None:
    """Runs everything in the event loop that can run without time passing."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    @property
    def cancelled(self) -> bool:
        return self._callback is None

    def cancel(self) -> None:
        self._callback = None

    def run(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class FakeClock:
    """A clock for tests. Pass it to a `Csms` or a station as `clock`.

    ```python
    clock = FakeClock()
    station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", clock=clock, insecure=True)
    ...
    await clock.advance(300)  # the heartbeat has been sent and answered
    ```

    Only what was given this clock waits on it. In a `VirtualLoop` everything does, `asyncio.sleep` in a
    handler too.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = count()
        self._loop: asyncio.AbstractEventLoop | None = None

    def time(self) -> float:
        """Returns the present time of the test."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Timer:
        """Runs a callback when the test has moved the time to that point."""
        timer = _Timer(callback)
        heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Moves time on from timer to timer, and runs everything that can run then."""
        await settle()
        if self._loop is asyncio.get_running_loop():
            # A loop in virtual time moves this clock, and its own timers with it.
            await asyncio.sleep(seconds)
            await settle()
            return
        goal = self._now + seconds
        while (when := self.next_timer()) is not None and when <= goal:
            self._run_next()
            await settle()
        self._now = goal

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Attaches this clock to an event loop in virtual time; from then on the loop moves the
        clock.
        """
        self._loop = loop

    def next_timer(self) -> float | None:
        """Returns the time of the next callback, or `None` if there is none."""
        while self._timers and self._timers[0][2].cancelled:
            heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def move_to(self, when: float) -> None:
        """Moves time on and runs the callbacks that are due, without running the event loop between
        them.
        """
        while (due := self.next_timer()) is not None and due <= when:
            self._run_next()
        self._now = max(self._now, when)

    def _run_next(self) -> None:
        when, _, timer = heappop(self._timers)
        self._now = max(self._now, when)
        timer.run()

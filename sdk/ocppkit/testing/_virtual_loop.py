"""An asyncio event loop in virtual time: when nothing can run, time jumps to the next timer.

Theory of operation: a loop waits in one place only, where it asks its selector for input and says
how long it may wait. Here the selector has no input to offer. It moves the clock to the next timer
instead, so `asyncio.sleep`, `asyncio.timeout` and everything built on them take no real time and
happen in the order of their deadlines. Threads would bring an order of their own; a function that
is handed to an executor runs at once instead.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from math import ulp
from typing import Any, TypeVar, TypeVarTuple

from ._fake_clock import FakeClock

__all__ = ["NothingLeftToHappen", "VirtualLoop"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class NothingLeftToHappen(RuntimeError):
    """Raised when all tasks are waiting and there is no timer that could wake one."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose time is that of a `FakeClock`.

    It has no sockets, pipes, signals or threads; a test that needs one of them needs a usual loop.

    ```python
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())  # `await asyncio.sleep(3600)` in it takes no time
    ```
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__()
        self.clock: FakeClock = FakeClock() if clock is None else clock
        """The time of this loop. Its `advance` lets the timers of both run, in order."""

        self.clock.bind(self)
        self._scheduled: list[asyncio.TimerHandle]
        self._clock_resolution = ulp(self.clock.time())
        # asyncio asks this attribute for input, and waits inside of it.
        self._selector = _Selector(self)

    def time(self) -> float:
        """Returns the virtual time in seconds."""
        return self.clock.time()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Runs the function at once in this thread, so that each run has the same order."""
        del executor
        future: asyncio.Future[T] = asyncio.Future(loop=self)
        try:
            future.set_result(func(*args))
        # Whatever it raises belongs to the caller, as with threads.
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future

    def move_on(self) -> None:
        """Moves the clock to the next timer of the loop or of the clock."""
        # asyncio has taken cancelled timers off the front before it asks for input.
        own = self._scheduled[0].when() if self._scheduled else None
        due = [when for when in (own, self.clock.next_timer()) if when is not None]
        if not due:
            raise NothingLeftToHappen(
                "all tasks are waiting, and there is no timer that could wake one [does a test "
                "await something that never happens?]"
            )
        self.clock.move_to(min(due))
        # asyncio runs timers that are due before `time() + resolution`. One step of a float lets
        # those run that are due now and no other; with more, a timer could find itself too early
        # and be set again for ever.
        self._clock_resolution = ulp(self.clock.time())

    # The three methods by which asyncio's base class reaches what it waits on.

    def _process_events(self, event_list: list[Any]) -> None:
        """Does nothing, as this loop has no input."""

    def _write_to_self(self) -> None:
        """Does nothing, as this loop never waits."""


class _Selector:
    """A selector for asyncio that moves virtual time instead of waiting for input."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Moves time on if the loop would wait."""
        if timeout is None or timeout > 0:
            self._loop.move_on()
        return []

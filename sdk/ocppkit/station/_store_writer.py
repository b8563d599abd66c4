"""Writes to the store: new messages in groups, and what became of messages, however long that takes.

Theory of operation: who asks for a message to be kept hears of a failure; nothing has happened then.
What became of a message that was sent is not for anybody to hear of: if the store cannot note it, that
is logged, and tried again with growing waits until the store can. Meanwhile delivery goes on; at worst
the next run sends a message again, under the same id (MID-03).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Generic, TypeVar

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import sleep

from ._background_failures import is_failure
from ._journal import JournalError, Store

__all__ = ["GroupCommit", "LaterWrites", "retry_waits"]

logger = logging.getLogger("ocppkit.station")

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


def retry_waits(failures: int) -> float:
    """Returns the seconds to wait after so many failures of the store in a row."""
    return float(min(_FIRST_WAIT * 2.0 ** min(failures - 1, 16), _LONGEST_WAIT))


T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Commits in the order of the calls, and whatever waits while a commit runs in one go."""

    def __init__(
        self, commit: Callable[[Sequence[T]], Awaitable[None]], *, lock: asyncio.Lock
    ) -> None:
        """Begins empty.

        Args:
            commit: keeps items, all or none.
            lock: held while it runs.
        """
        self._commit = commit
        self._lock = lock
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, item: T) -> None:
        """Returns when the item is kept, or raises what the store raised.

        An item whose caller stops waiting is kept all the same.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda kept: kept.cancelled() or kept.exception())
        self._waiting.append((item, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await asyncio.shield(done)

    async def _run(self) -> None:
        while self._waiting:
            async with self._lock:
                batch, self._waiting = self._waiting, []
                await self._keep(batch)

    async def _keep(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            await self._commit([item for item, _ in batch])
        except BaseException as problem:
            if not is_failure(problem):
                for _, done in batch:
                    done.cancel()
                raise
            await self._keep_alone(batch, problem)
        else:
            for _, done in batch:
                _finish(done, None)

    async def _keep_alone(
        self, batch: Sequence[tuple[T, asyncio.Future[None]]], problem: BaseException
    ) -> None:
        if len(batch) == 1:
            _finish(batch[0][1], problem)
        else:
            # One of them may be to blame.
            for each in batch:
                await self._keep([each])


def _finish(done: asyncio.Future[None], problem: BaseException | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    elif isinstance(problem, asyncio.CancelledError):
        done.set_exception(
            JournalError("the journal gave up keeping the message: it was cancelled")
        )
    else:
        done.set_exception(problem)


class LaterWrites:
    """Writes what became of messages, in order, and again until the store takes it."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._owed: dict[int, Callable[[], Awaitable[None]]] = {}
        self._more = asyncio.Event()

    @property
    def seqs(self) -> Collection[int]:
        """The numbers of messages that the store has not heard of yet."""
        return self._owed.keys()

    async def write(self, seq: int, what: str, change: Callable[[], Awaitable[None]]) -> None:
        """Tells the store that a message has left the queue; if that fails, `run` tries again.

        Args:
            seq: the number of the message.
            what: the change, for the log.
            change: makes it.
        """
        if not self._owed and await self._succeeds(what, seq, change, "will be tried again later"):
            return
        # Those that failed before come first: states change in order.
        self._owed[seq] = change
        self._more.set()

    async def try_once(self, seq: int, what: str, change: Callable[[], Awaitable[None]]) -> None:
        """Writes what is good to have; a failure is logged."""
        await self._succeeds(what, seq, change, "delivery goes on")

    async def run(self, clock: Clock) -> None:
        """Repeats what failed, for ever."""
        failures = 1
        self._more = asyncio.Event()
        while True:
            while not self._owed:
                self._more.clear()
                await self._more.wait()
            await sleep(clock, retry_waits(failures))
            failures = 1 if await self._catch_up() else failures + 1

    async def _catch_up(self) -> bool:
        while self._owed:
            seq, change = next(iter(self._owed.items()))
            if not await self._succeeds("update", seq, change, "will be tried again later"):
                return False
            del self._owed[seq]
        return True

    async def _succeeds(
        self, what: str, seq: int, change: Callable[[], Awaitable[None]], then: str
    ) -> bool:
        try:
            await change()
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: cannot %s journal entry %d: %r [%s]", self._name, what, seq, problem, then
            )
            return False
        return True

"""Writes messages and their fate to the store: new messages in groups, later changes until they
succeed.

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

__all__ = ["GroupCommit", "RepeatedWrites", "retry_waits"]

logger = logging.getLogger("ocppkit.station")

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


def retry_waits(failures: int) -> float:
    """Returns the seconds to wait after this number of failures in a row."""
    return float(min(_FIRST_WAIT * 2.0 ** min(failures - 1, 16), _LONGEST_WAIT))


T = TypeVar("T")


class GroupCommit(Generic[T]):
    """Commits items in the order of the calls; those that wait while a commit runs are committed
    together.
    """

    def __init__(
        self, commit: Callable[[Sequence[T]], Awaitable[None]], *, lock: asyncio.Lock
    ) -> None:
        """Creates an object without waiting items.

        Args:
            commit: keeps items, all or none.
            lock: held while it runs.
        """
        self._commit = commit
        self._lock = lock
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, item: T) -> None:
        """Waits until the item is stored, or raises what the store raised.

        An item whose caller stops waiting is kept all the same.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda kept: kept.cancelled() or kept.exception())
        self._waiting.append((item, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_waiting())
        await asyncio.shield(done)

    async def _commit_waiting(self) -> None:
        while self._waiting:
            async with self._lock:
                batch, self._waiting = self._waiting, []
                await self._commit_batch(batch)

    async def _commit_batch(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            await self._commit([item for item, _ in batch])
        except BaseException as problem:
            if not is_failure(problem):
                for _, done in batch:
                    done.cancel()
                raise
            await self._commit_one_by_one(batch, problem)
        else:
            for _, done in batch:
                _set_result(done, None)

    async def _commit_one_by_one(
        self, batch: Sequence[tuple[T, asyncio.Future[None]]], problem: BaseException
    ) -> None:
        if len(batch) == 1:
            _set_result(batch[0][1], problem)
        else:
            # One of them may be to blame.
            for each in batch:
                await self._commit_batch([each])


def _set_result(done: asyncio.Future[None], problem: BaseException | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    elif isinstance(problem, asyncio.CancelledError):
        done.set_exception(JournalError("the journal was cancelled while it stored the message"))
    else:
        done.set_exception(problem)


class RepeatedWrites:
    """Writes changes of stored messages in order, and repeats them until the store accepts them."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._pending: dict[int, Callable[[], Awaitable[None]]] = {}
        self._more = asyncio.Event()

    @property
    def seqs(self) -> Collection[int]:
        """The numbers of messages whose change has not been written yet."""
        return self._pending.keys()

    async def write(self, seq: int, what: str, change: Callable[[], Awaitable[None]]) -> None:
        """Writes that a message was delivered or given up; if that fails, `run` repeats it.

        Args:
            seq: the number of the message.
            what: the change, for the log.
            change: makes it.
        """
        if not self._pending and await self._try_to_write(
            what, seq, change, "will be tried again later"
        ):
            return
        # Those that failed before come first: states change in order.
        self._pending[seq] = change
        self._more.set()

    async def try_once(self, seq: int, what: str, change: Callable[[], Awaitable[None]]) -> None:
        """Writes a change that may be lost; a failure is logged only."""
        await self._try_to_write(what, seq, change, "delivery goes on")

    async def run(self, clock: Clock) -> None:
        """Repeats failed writes until it is cancelled."""
        failures = 1
        self._more = asyncio.Event()
        while True:
            while not self._pending:
                self._more.clear()
                await self._more.wait()
            await sleep(clock, retry_waits(failures))
            failures = 1 if await self._write_pending() else failures + 1

    async def _write_pending(self) -> bool:
        while self._pending:
            seq, change = next(iter(self._pending.items()))
            if not await self._try_to_write("update", seq, change, "will be tried again later"):
                return False
            del self._pending[seq]
        return True

    async def _try_to_write(
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

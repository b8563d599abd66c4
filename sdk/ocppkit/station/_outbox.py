"""The queue of messages that must arrive: journaled before they are sent, in order, with retries.

Theory of operation: an entry goes into the journal first and is acknowledged when the CSMS has
answered it; between the two it survives whatever happens. The head of the queue is sent whenever
there is a connection on which the station is registered. A CALLERROR or no answer costs an attempt,
and each wait is longer than the one before; after the last attempt the message is given up, as OCPP
has it. A lost connection costs no attempt. A retry keeps its message id, so that a CSMS which had
the message already can tell (MID-03).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocppkit.aio import Clock, Endpoint, shown, sleep
from ocppkit.core import (
    OFF,
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    InvalidMessage,
    OcppError,
    Offline,
    Policy,
    Protocol,
    QueueFull,
    RemoteProtocolError,
    Request,
    Response,
    decode_payload,
    encode_payload,
)

from ._journal import Entry, Journal
from ._membership import Membership

__all__ = ["MessageIds", "Outbox", "Retries"]

logger = logging.getLogger("ocppkit.station")

_CROWDED = 1.0
"""Seconds until a full queue of other calls is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How a message that must arrive is retried; times are in seconds."""

    attempts: int = 3
    """1.6: TransactionMessageAttempts; 2.x: MessageAttempts of TransactionEvent."""

    interval: float = 60.0
    """1.6: TransactionMessageRetryInterval; 2.x: MessageAttemptInterval of TransactionEvent. After
    the k-th attempt the wait is k times as long."""


class MessageIds:
    """Makes message ids, new ones or the one that the next message is known by already."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._next: str | None = None

    def __call__(self) -> str:
        message_id, self._next = self._next, None
        return self._new_id() if message_id is None else message_id

    def use(self, message_id: str) -> None:
        """Gives the next message this id."""
        self._next = message_id

    def forget(self) -> None:
        """Takes back what `use` said, if no message came."""
        self._next = None


@dataclass(slots=True)
class _Item:
    seq: int
    entry: Entry
    request: Request[Any]
    timeout: float | None = None
    waiter: asyncio.Future[Response] | None = None
    failures: int = 0


class Outbox:
    """The messages of one station that must arrive."""

    def __init__(
        self,
        protocol: Protocol,
        journal: Journal,
        retries: Retries,
        membership: Membership,
        *,
        ids: MessageIds,
        policy: Policy,
        identity: str,
    ) -> None:
        self._protocol = protocol
        self._journal = journal
        self._retries = retries
        self._membership = membership
        self._ids = ids
        self._policy = policy
        self._name = shown(identity)
        self._queue: deque[_Item] = deque()
        self._appending = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._queue)

    def takes(self, request: Request[Any]) -> bool:
        """Whether this message must arrive, however long it takes."""
        match self._protocol.actions[request.__ocpp_action__].offline:
            case Offline.QUEUE:
                return True
            case Offline.QUEUE_IF_TRANSACTION:
                return getattr(request, "transaction_id", None) is not None
            case _:
                return False

    async def put(self, request: Request[Any], timeout: float | None) -> Response:
        """Journals a message, and waits until it is answered or given up.

        Raises:
            CallFailed: the last attempt was answered with an error.
            CallTimedOut: the last attempt was not answered.
            InvalidOutgoing: the message breaks its schema; it was not journaled.
        """
        entry = Entry(
            version=self._protocol.version,
            action=request.__ocpp_action__,
            message_id=self._ids(),
            payload=encode_payload(request, policy=self._policy),
        )
        waiter: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        # The lock keeps the order of the calls, whatever the journal does with its time.
        async with self._appending:
            seq = await self._journal.append(entry)
            self._queue.append(_Item(seq, entry, request, timeout, waiter))
        self._membership.tell()
        return await waiter

    async def deliver(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers for ever, beginning with what an earlier run of the program left.

        Args:
            online: returns where messages can be sent now, if anywhere.
            clock: the time between attempts.
        """
        await self._load()
        while True:
            changed = self._membership.changed()
            endpoint = online()
            if endpoint is None or not self._queue:
                await asyncio.wait({changed})
            else:
                await self._attempt(self._queue[0], endpoint, clock)

    async def _load(self) -> None:
        async with self._appending:
            known = {item.seq for item in self._queue}
            left = [item for item in await self._journal.pending() if item[0] not in known]
            items = [item for seq, entry in left if (item := self._restored(seq, entry))]
            self._queue.extendleft(reversed(items))

    def _restored(self, seq: int, entry: Entry) -> _Item | None:
        action = self._protocol.actions.get(entry.action)
        if entry.version != self._protocol.version or action is None:
            logger.error(
                "%s: journal entry %d is of OCPP %s and stays", self._name, seq, entry.version
            )
            return None
        try:
            request: Any = decode_payload(action.request, entry.payload, policy=OFF)
        except InvalidMessage as problem:
            logger.error("%s: journal entry %d stays: %s", self._name, seq, problem)
            return None
        return _Item(seq, entry, request)

    async def _attempt(self, item: _Item, endpoint: Endpoint, clock: Clock) -> None:
        self._ids.use(item.entry.message_id)
        try:
            response = await endpoint.call(item.request, item.timeout)
        except ConnectionClosed:
            await endpoint.wait_ended()
        except QueueFull:
            await sleep(clock, _CROWDED)
        except (CallFailed, CallTimedOut) as problem:
            await self._failed(item, problem, clock)
        except RemoteProtocolError as problem:
            # The CSMS has it and answered it, though not readably.
            await self._done(item, problem)
        else:
            await self._done(item, response)
        finally:
            self._ids.forget()

    async def _failed(self, item: _Item, problem: OcppError, clock: Clock) -> None:
        item.failures += 1
        if item.failures >= self._retries.attempts:
            logger.error("%s: given up: %s", self._name, problem)  # QUE-05
            await self._done(item, problem)
        else:
            logger.warning("%s: attempt %d: %s", self._name, item.failures, problem)
            await sleep(clock, self._retries.interval * item.failures)  # QUE-04

    async def _done(self, item: _Item, outcome: Response | OcppError) -> None:
        await self._journal.ack(item.seq)
        self._queue.popleft()
        if item.waiter is None or item.waiter.done():
            return
        if isinstance(outcome, Response):
            item.waiter.set_result(outcome)
        else:
            item.waiter.set_exception(outcome)

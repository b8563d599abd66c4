"""The messages that must arrive: journaled before they are sent, and queued until they are delivered.

Theory of operation: an entry goes into the journal first and is acknowledged when the CSMS has
answered it; between the two it survives whatever happens. There are two queues. Messages of
transactions are delivered strictly in the order they were made (QUE-01); what else must arrive, a
security event for instance, has a queue of its own, as neither may wait for a retry of the other
(QUE-02).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Endpoint, loggable, running_beside
from ocppkit.core import (
    OFF,
    Action,
    InvalidMessage,
    Policy,
    Protocol,
    Request,
    Response,
    decode_payload,
    encode_payload,
)

from ._delivery_queue import DeliveryQueue, MessageIds, QueuedMessage, Retries
from ._journal import Entry, Journal
from ._registration_state import RegistrationState

__all__ = ["Outbox"]

logger = logging.getLogger("ocppkit.station")


class Outbox:
    """The messages of one station that must arrive."""

    def __init__(
        self,
        protocol: Protocol,
        journal: Journal,
        retries: Retries,
        registration_state: RegistrationState,
        *,
        ids: MessageIds,
        policy: Policy,
        identity: str,
    ) -> None:
        self._protocol = protocol
        self._journal = journal
        self._registration_state = registration_state
        self._ids = ids
        self._policy = policy
        self._name = loggable(identity)
        self._appending = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

        def lane(retries_errors: bool) -> DeliveryQueue:
            return DeliveryQueue(
                journal,
                retries,
                registration_state,
                ids,
                name=self._name,
                retries_errors=retries_errors,
            )

        self._transactions = lane(retries_errors=True)
        self._others = lane(retries_errors=False)

    def __len__(self) -> int:
        return len(self._transactions.queue) + len(self._others.queue)

    async def put(self, request: Request[Any], timeout: float | None) -> Response:
        """Journals a message, and waits until it is answered or given up.

        Raises:
            CallFailed: the last attempt was answered with an error.
            CallTimedOut: the last attempt was not answered.
            InvalidOutgoing: the message breaks its schema; it was not journaled.
        """
        waiter: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        try:
            await self.keep(request, timeout, waiter)
            return await waiter
        finally:
            waiter.cancel()

    async def keep(
        self,
        request: Request[Any],
        timeout: float | None = None,
        waiter: asyncio.Future[Response] | None = None,
    ) -> None:
        """Journals a message; it is delivered though nobody may wait for its answer.

        Raises:
            InvalidOutgoing: the message breaks its schema; it was not journaled.
        """
        action = self._protocol.actions[request.__ocpp_action__]
        entry = Entry(
            version=self._protocol.version,
            action=action.name,
            message_id=self._ids(),
            payload=encode_payload(request, policy=self._policy),
        )
        # What the journal has must be queued, also if nobody waits for it any more.
        task = asyncio.create_task(
            self._append(self._queue_of(action), QueuedMessage(entry, request, timeout, waiter))
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _append(self, lane: DeliveryQueue, item: QueuedMessage) -> None:
        # The lock keeps the order of the calls, whatever the journal does with its time.
        async with self._appending:
            item.seq = await self._journal.append(item.entry)
            lane.queue.append(item)
        self._registration_state.tell()

    async def deliver(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers for ever, beginning with what an earlier run of the program left.

        Args:
            online: returns where messages can be sent now, if anywhere.
            clock: the time between attempts.
        """
        await self._load()
        async with running_beside(self._others.deliver(online, clock)):
            await self._transactions.deliver(online, clock)

    def _queue_of(self, action: Action) -> DeliveryQueue:
        return self._transactions if action.transaction_related else self._others

    async def _load(self) -> None:
        async with self._appending:
            known = {item.seq for lane in (self._transactions, self._others) for item in lane.queue}
            left = [item for item in await self._journal.pending() if item[0] not in known]
            for seq, entry in reversed(left):
                item = self._restored(seq, entry)
                if item is not None:
                    lane = self._queue_of(self._protocol.actions[entry.action])
                    lane.queue.appendleft(item)

    def _restored(self, seq: int, entry: Entry) -> QueuedMessage | None:
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
        return QueuedMessage(entry, request, seq=seq)

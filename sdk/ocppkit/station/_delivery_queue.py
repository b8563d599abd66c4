"""Delivers the messages of one queue in order, with retries, over as many connections as it takes.

Theory of operation: the head of the queue is sent whenever there is a connection on which the station
is registered; while the CSMS has it Pending, that is what the CSMS asked for (BOOT-12). No answer costs an attempt, and each wait is longer than the one before; after the last
attempt the message is given up, as OCPP has it. A lost connection costs no attempt. A retry keeps its
message id, so that a CSMS which had the message already can tell (MID-03).

A message that cannot be sent for a fault of its own becomes a dead letter: the store keeps it, and the
next one goes on. So does a message at which the CSMS closes the connection again and again, but only
once a later message was delivered and this one then closed the connection again: see `next_in_order`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ocppkit.aio import Clock, RegistrationStatus
from ocppkit.aio.lowlevel import Endpoint, loggable, sleep, wait_until
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    OcppError,
    QueueFull,
    RemoteProtocolError,
    Request,
    Response,
)

from ._background_failures import is_failure
from ._controls import Controls
from ._deliveries import Delivered, DeliveryEvent, DeliveryGivenUp
from ._delivery_order import next_in_order, next_triggered
from ._journal import Entry, JournalError, Store
from ._offline_marks import OfflineMarker
from ._queued_message import QueuedMessage
from ._registration_state import RegistrationState
from ._store_writer import RepeatedWrites, retry_waits
from ._stored_messages import IN_MEMORY, StoredMessages
from ._transaction_numbers import TransactionNumbers

__all__ = ["FULL_QUEUE_WAIT", "DeliveryQueue", "MessageIdSource"]

logger = logging.getLogger("ocppkit.station")

FULL_QUEUE_WAIT: Final = 1.0
"""Seconds until a full queue of other calls is tried again."""

READ_ATTEMPTS: Final = 5
"""After so many failures to read one message from the store the next one goes on, if that can be read."""


class MessageIdSource:
    """Makes message ids. The id of the next message can be set, for a message that has an id
    already.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._next: str | None = None

    def __call__(self) -> str:
        message_id, self._next = self._next, None
        return self._new_id() if message_id is None else message_id

    def set_next(self, message_id: str) -> None:
        """Sets the id of the next message."""
        self._next = message_id

    def discard_next(self) -> None:
        """Removes the id that `set_next` has set, if no message has taken it."""
        self._next = None


class DeliveryQueue:
    """A queue of messages that must arrive, which are sent one after the other."""

    def __init__(
        self,
        store: Store,
        controls: Controls,
        registration_state: RegistrationState,
        ids: MessageIdSource,
        *,
        name: str,
        retries_errors: bool,
        messages: StoredMessages,
        numbers: TransactionNumbers,
        marks: OfflineMarker,
        writes: RepeatedWrites,
        answered: Callable[[Delivered], Awaitable[None]],
        tell: Callable[[DeliveryEvent], None],
        probe: Callable[[], Request[Any]],
    ) -> None:
        """Creates an empty queue.

        Args:
            store: where the messages are kept.
            controls: tell how they are retried.
            registration_state: tells of changes.
            ids: makes message ids.
            name: the station, as it may stand in a log.
            retries_errors: whether a CALLERROR is a failure to deliver, as OCPP has it for
                transaction messages, or an answer like any other.
            messages: reads messages from the store.
            numbers: what the CSMS calls transactions.
            marks: tells which messages waited while the station was offline.
            writes: notes in the store what became of messages.
            answered: awaited before the store forgets a message that was answered.
            tell: takes events.
            probe: makes a message that any CSMS answers.
        """
        self._store = store
        self._read_failures = 0
        self._in_doubt = False
        self._controls = controls
        self._registration_state = registration_state
        self._ids = ids
        self._name = name
        self._retries_errors = retries_errors
        self._messages = messages
        self._numbers = numbers
        self._marks = marks
        self._writes = writes
        self._when_answered = answered
        self._tell = tell
        self._probe = probe
        self.queue: deque[QueuedMessage] = deque()
        """What waits, the oldest first."""

        self.current: QueuedMessage | None = None
        """What is on its way to the CSMS now."""

    def add(self, item: QueuedMessage) -> None:
        """Adds a message at the end."""
        if len(self.queue) >= IN_MEMORY and item.triggered is None:
            item.entry = item.request = None
        self.queue.append(item)

    async def run(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers messages until it is cancelled.

        Args:
            online: returns the connection, if there is one.
            clock: the time between attempts.
        """
        while True:
            changed = self._registration_state.next_change()
            endpoint = online()
            item = None if endpoint is None else self._next_sendable()
            if endpoint is None or item is None:
                await asyncio.wait({changed})
                continue
            self.current = item
            try:
                await self._attempt_delivery(item, endpoint, clock)
            finally:
                self.current = None

    def _next_sendable(self) -> QueuedMessage | None:
        """Returns the message that may be sent now, or `None`."""
        item = self._next_in_state()
        return None if item is None or item.is_held else item

    def _next_in_state(self) -> QueuedMessage | None:
        registration = self._registration_state.registration
        if registration.accepted:
            return next_in_order(self.queue, self._numbers) if self.queue else None
        if registration.status is not RegistrationStatus.PENDING:
            return None
        return next_triggered(self.queue, self._numbers, registration)

    async def _attempt_delivery(
        self, item: QueuedMessage, endpoint: Endpoint, clock: Clock
    ) -> None:
        try:
            if item.entry is None:
                await self._messages.load(item, self.queue)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            await self._handle_read_failure(item, problem, clock)
            return
        entry = item.entry
        if entry is None:
            self._finish(item, JournalError(f"entry {item.seq} is no longer in the journal"))
            return
        try:
            request = item.request or self._messages.decode_request(entry)
        except OcppError as problem:
            await self.set_aside(item, entry, problem)
            return
        if not item.may_have_left:
            entry, request = await self._prepare_first_send(item, entry, request)
        if self._in_doubt and not endpoint.answers_received:
            # If the CSMS then closes the connection over the message, it is the message's fault.
            await self._is_answering(endpoint)
        await self._send_message(item, entry, request, endpoint, clock)

    async def _prepare_first_send(
        self, item: QueuedMessage, entry: Entry, request: Request[Any]
    ) -> tuple[Entry, Request[Any]]:
        """Returns a message in the form in which it is sent for the first time, marked if it was
        made offline.
        """
        if item.disconnections < self._marks.disconnections:
            entry, request = await self._marks.mark_stored(item.seq, entry, request)
            item.entry, item.request = entry, request
        if item is not self.queue[0]:
            await self._marks.note_sent_early(item.seq, [each.seq for each in self.queue])
        return entry, request

    async def _handle_read_failure(
        self, item: QueuedMessage, problem: BaseException, clock: Clock
    ) -> None:
        self._read_failures += 1
        logger.error(
            "%s: cannot read journal entry %d: %r [will be tried again]",
            self._name,
            item.seq,
            problem,
        )
        if self._read_failures >= READ_ATTEMPTS and await self._can_read_another(item):
            # It stays in the journal, where the next run tries it again.
            logger.error(
                "%s: journal entry %d is skipped, as it cannot be read [the next run of the "
                "program tries it again]",
                self._name,
                item.seq,
            )
            self._finish(item, JournalError(f"entry {item.seq} cannot be read: {problem!r}"))
            return
        await sleep(clock, retry_waits(self._read_failures))

    async def _can_read_another(self, item: QueuedMessage) -> bool:
        another = next((each.seq for each in self.queue if each.seq > item.seq), None)
        if another is None:
            return False
        try:
            return await self._messages.read_entry(another) is not None
        except BaseException as problem:
            if not is_failure(problem):
                raise
            return False

    async def _is_answering(self, endpoint: Endpoint) -> bool:
        """Sends a heartbeat if the station may; returns whether the connection is still open
        afterwards.
        """
        if not self._registration_state.registration.accepted:
            # While Pending, nothing is sent that the CSMS has not asked for. # BOOT-12
            return endpoint.connected
        try:
            await endpoint.call(self._probe())
        except ConnectionClosed:
            return False
        except OcppError:
            # An error is an answer as well; without any, nothing tells that the connection is lost.
            return True
        return True

    async def _send_message(
        self,
        item: QueuedMessage,
        entry: Entry,
        request: Request[Any],
        endpoint: Endpoint,
        clock: Clock,
    ) -> None:
        before, item.may_have_left = item.may_have_left, True
        try:
            request = self._numbers.with_transaction_id(entry, request)
            # From here to the frame nothing is awaited, so the id cannot go to another message.
            self._ids.set_next(entry.message_id)
            response = await endpoint.call(request, item.timeout)
        except ConnectionClosed as end:
            item.may_have_left = before or end.delivered != "no"
            await self._handle_lost_connection(item, entry, end, endpoint)
        except QueueFull:
            item.may_have_left = before
            await sleep(clock, FULL_QUEUE_WAIT)
        except CallFailed as problem:
            if self._waits_for_boot(item, problem):
                return
            await (
                self._handle_failed_attempt(item, entry, problem, clock)
                if self._retries_errors
                else self._handle_answer(item, entry, request, problem)
            )
        except CallTimedOut as problem:
            is_last = item.failures + 1 >= self._controls.retries.attempts
            if is_last and not await self._is_answering(endpoint):
                # The connection was lost and nobody knew, which is no failure of the message. # QUE-06
                logger.warning(
                    "%s: the connection was lost before %s %s was answered [the message is sent "
                    "again]",
                    self._name,
                    entry.action,
                    entry.message_id,
                )
                await endpoint.wait_ended()
            else:
                await self._handle_failed_attempt(item, entry, problem, clock)
        except RemoteProtocolError as problem:
            # The CSMS has it and answered it, though not readably.
            await self._handle_answer(item, entry, request, problem)
        except Exception as problem:  # noqa: BLE001 - one message's fault ends that message only
            await self.set_aside(item, entry, problem)
        else:
            await self._handle_answer(item, entry, request, response)
        finally:
            self._ids.discard_next()

    async def _handle_lost_connection(
        self, item: QueuedMessage, entry: Entry, end: ConnectionClosed, endpoint: Endpoint
    ) -> None:
        by_peer = end.by == "peer" and end.delivered == "unknown"
        self._in_doubt = self._in_doubt or by_peer
        # Only a CSMS that answers other calls, and says goodbye itself, may mean this message.
        if by_peer and endpoint.answers_received:
            item.losses += 1
            logger.warning(
                "%s: the CSMS closed the connection while %s %s was unanswered, %d times so far "
                "[the message is sent again]",
                self._name,
                entry.action,
                entry.message_id,
                item.losses,
            )
            if item.was_overtaken:
                await self.set_aside(item, entry, end)
        await endpoint.wait_ended()

    def _waits_for_boot(self, item: QueuedMessage, problem: CallFailed) -> bool:
        """Returns whether a message stays first in the queue until the CSMS has accepted a boot
        again.

        The first such refusal is no failure of the message; the next one is. # QUE-03
        """
        unregistered = self._registration_state.was_refused_unregistered(problem)
        first = unregistered and not item.refused_unregistered
        item.refused_unregistered |= unregistered
        return first

    async def _handle_failed_attempt(
        self, item: QueuedMessage, entry: Entry, problem: OcppError, clock: Clock
    ) -> None:
        item.failures += 1
        if item.failures >= self._controls.retries.attempts:
            # QUE-05
            logger.error(
                "%s: gave up delivering a message after %d attempts: %s",
                self._name,
                item.failures,
                problem,
            )
            await self._remove_message(item, entry, problem)
            self._tell(
                DeliveryGivenUp(
                    entry=entry,
                    problem=problem,
                    dead_letter=False,
                    earlier_run=item.delivery is None,
                )
            )
            return
        logger.warning(
            "%s: attempt %d to deliver a message failed: %s [will be tried again]",
            self._name,
            item.failures,
            problem,
        )
        await self._writes.try_once(
            item.seq,
            "note an attempt in",
            lambda: self._store.failed(item.seq, item.failures),
        )
        await self._wait_to_retry(item, clock)

    async def _wait_to_retry(self, item: QueuedMessage, clock: Clock) -> None:
        # QUE-04; the interval may be changed meanwhile.
        failed_at = clock.time()
        while clock.time() < (due := failed_at + self._controls.retries.interval * item.failures):
            await wait_until(clock, due, self._registration_state.next_change())

    async def _handle_answer(
        self, item: QueuedMessage, entry: Entry, request: Request[Any], answer: Response | OcppError
    ) -> None:
        for other in self.queue:
            if other is item:
                break
            other.note_overtaken()
        delivered = Delivered(
            entry=entry, request=request, answer=answer, earlier_run=item.delivery is None
        )
        await self._when_answered(delivered)
        await self._remove_message(item, entry, answer)
        self._in_doubt = bool(self.queue and self.queue[0].losses)
        self._tell(delivered)

    async def _remove_message(
        self, item: QueuedMessage, entry: Entry, outcome: Response | OcppError
    ) -> None:
        seq, states = item.seq, self._numbers.note_answer(entry, outcome)
        try:
            await self._writes.write(seq, "remove", lambda: self._store.ack(seq, states))
        finally:
            # Whatever becomes of that: a message is acknowledged once. If the store still has it,
            # the next run delivers it again, and the CSMS knows it by its id.
            self._finish(item, outcome)

    async def set_aside(self, item: QueuedMessage, entry: Entry, problem: Exception) -> None:
        """Moves a message that cannot be sent to the dead letters of the journal."""
        logger.error(
            "%s: %s %s is not sent: %s [kept as a dead letter in the journal, entry %d]",
            self._name,
            loggable(entry.action),
            loggable(entry.message_id),
            problem.problem if isinstance(problem, OcppError) else repr(problem),
            item.seq,
        )
        seq, reason = item.seq, str(problem) or repr(problem)
        try:
            await self._writes.write(seq, "set aside", lambda: self._store.set_aside(seq, reason))
        finally:
            self._finish(item, problem)
        self._tell(
            DeliveryGivenUp(
                entry=entry, problem=problem, dead_letter=True, earlier_run=item.delivery is None
            )
        )

    def _finish(self, item: QueuedMessage, outcome: Response | Exception) -> None:
        self._read_failures = 0
        # It may have been dropped meanwhile.
        if item in self.queue:
            self.queue.remove(item)
        if item.delivery is not None:
            item.delivery.close(outcome)

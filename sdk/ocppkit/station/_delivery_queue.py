"""One queue of journaled messages: delivered in order, with retries, over as many connections as it takes.

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
from ._deliveries import Delivered, DeliveryEvent, GivenUp
from ._delivery_order import asked_for, next_in_order
from ._journal import Entry, JournalError, Store
from ._offline_marks import OfflineMarks
from ._queued_message import QueuedMessage
from ._registration_state import RegistrationState
from ._store_writer import LaterWrites, retry_waits
from ._stored_messages import IN_MEMORY, StoredMessages
from ._transaction_numbers import TransactionNumbers

__all__ = ["FULL_QUEUE_WAIT", "DeliveryQueue", "MessageIds"]

logger = logging.getLogger("ocppkit.station")

FULL_QUEUE_WAIT: Final = 1.0
"""Seconds until a full queue of other calls is tried again."""

READ_ATTEMPTS: Final = 5
"""After so many failures to read one message from the store the next one goes on, if that can be read."""


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
        """Forgets what `use` said, if no message came."""
        self._next = None


class DeliveryQueue:
    """One queue."""

    def __init__(
        self,
        store: Store,
        controls: Controls,
        registration_state: RegistrationState,
        ids: MessageIds,
        *,
        name: str,
        retries_errors: bool,
        messages: StoredMessages,
        numbers: TransactionNumbers,
        marks: OfflineMarks,
        writes: LaterWrites,
        answered: Callable[[Delivered], Awaitable[None]],
        tell: Callable[[DeliveryEvent], None],
        probe: Callable[[], Request[Any]],
    ) -> None:
        """Begins empty.

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
        """Puts a message at the end."""
        if len(self.queue) >= IN_MEMORY and item.triggered is None:
            item.entry = item.request = None
        self.queue.append(item)

    async def deliver(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers for ever.

        Args:
            online: returns the connection, if there is one.
            clock: the time between attempts.
        """
        while True:
            changed = self._registration_state.changed()
            endpoint = online()
            item = None if endpoint is None else self._due()
            if endpoint is None or item is None:
                await asyncio.wait({changed})
                continue
            self.current = item
            try:
                await self._attempt(item, endpoint, clock)
            finally:
                self.current = None

    def _due(self) -> QueuedMessage | None:
        """Returns what may be sent now, on an open connection."""
        item = self._next()
        return None if item is None or item.is_held else item

    def _next(self) -> QueuedMessage | None:
        registration = self._registration_state.registration
        if registration.accepted:
            return next_in_order(self.queue, self._numbers) if self.queue else None
        if registration.status is not RegistrationStatus.PENDING:
            return None
        return asked_for(self.queue, self._numbers, registration)

    async def _attempt(self, item: QueuedMessage, endpoint: Endpoint, clock: Clock) -> None:
        try:
            if item.entry is None:
                await self._messages.fill(item, self.queue)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            await self._unread(item, problem, clock)
            return
        entry = item.entry
        if entry is None:
            self._close(item, JournalError(f"entry {item.seq} is no longer in the journal"))
            return
        try:
            request = item.request or self._messages.request(entry)
        except OcppError as problem:
            await self.set_aside(item, entry, problem)
            return
        if not item.may_have_left:
            entry, request = await self._prepared(item, entry, request)
        # While Pending, nothing is sent that the CSMS has not asked for. # BOOT-12
        registered = self._registration_state.registration.accepted
        if self._in_doubt and registered and not endpoint.answers_received:
            await self._probe_first(endpoint)
        await self._send(item, entry, request, endpoint, clock)

    async def _prepared(
        self, item: QueuedMessage, entry: Entry, request: Request[Any]
    ) -> tuple[Entry, Request[Any]]:
        """Returns a message as it is to be sent for the first time."""
        if item.disconnections < self._marks.disconnections:
            entry, request = await self._marks.mark(item.seq, entry, request)
            item.entry, item.request = entry, request
        if item is not self.queue[0]:
            await self._marks.note_sent_early(item.seq, [each.seq for each in self.queue])
        return entry, request

    async def _unread(self, item: QueuedMessage, problem: BaseException, clock: Clock) -> None:
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
                "%s: journal entry %d is not sent [the next one goes on]", self._name, item.seq
            )
            self._close(item, JournalError(f"entry {item.seq} cannot be read: {problem!r}"))
            return
        await sleep(clock, retry_waits(self._read_failures))

    async def _can_read_another(self, item: QueuedMessage) -> bool:
        another = next((each.seq for each in self.queue if each.seq > item.seq), None)
        if another is None:
            return False
        try:
            return await self._messages.entry(another) is not None
        except BaseException as problem:
            if not is_failure(problem):
                raise
            return False

    async def _probe_first(self, endpoint: Endpoint) -> None:
        """Makes the CSMS answer something harmless, so that a loss that follows tells of the message."""
        try:
            await endpoint.call(self._probe())
        except OcppError:
            # An error is an answer as well; without any the loss that follows does not count.
            return

    async def _send(
        self,
        item: QueuedMessage,
        entry: Entry,
        request: Request[Any],
        endpoint: Endpoint,
        clock: Clock,
    ) -> None:
        before, item.may_have_left = item.may_have_left, True
        try:
            request = self._numbers.leaving(entry, request)
            # From here to the frame nothing is awaited, so the id cannot go to another message.
            self._ids.use(entry.message_id)
            response = await endpoint.call(request, item.timeout)
        except ConnectionClosed as end:
            item.may_have_left = before or end.delivered != "no"
            await self._lost(item, entry, end, endpoint)
        except QueueFull:
            item.may_have_left = before
            await sleep(clock, FULL_QUEUE_WAIT)
        except CallFailed as problem:
            if self._is_sent_again(item, problem):
                return
            await (
                self._failed(item, entry, problem, clock)
                if self._retries_errors
                else self._answered(item, entry, request, problem)
            )
        except CallTimedOut as problem:
            await self._failed(item, entry, problem, clock)
        except RemoteProtocolError as problem:
            # The CSMS has it and answered it, though not readably.
            await self._answered(item, entry, request, problem)
        except Exception as problem:  # noqa: BLE001 - one message's fault ends that message only
            await self.set_aside(item, entry, problem)
        else:
            await self._answered(item, entry, request, response)
        finally:
            self._ids.forget()

    async def _lost(
        self, item: QueuedMessage, entry: Entry, end: ConnectionClosed, endpoint: Endpoint
    ) -> None:
        by_peer = end.by == "peer" and end.delivered == "unknown"
        self._in_doubt = self._in_doubt or by_peer
        # Only a CSMS that answers other calls, and says goodbye itself, may mean this message.
        if by_peer and endpoint.answers_received:
            item.losses += 1
            logger.warning(
                "%s: connection closed by the CSMS while %s %s was unanswered (%d times so far)",
                self._name,
                entry.action,
                entry.message_id,
                item.losses,
            )
            if item.was_passed:
                await self.set_aside(item, entry, end)
        await endpoint.wait_ended()

    def _is_sent_again(self, item: QueuedMessage, problem: CallFailed) -> bool:
        """Whether a message stays at the head until the CSMS has accepted a boot again.

        The first such refusal is no failure of the message; the next one is. # QUE-03
        """
        unregistered = self._registration_state.was_refused_unregistered(problem)
        first = unregistered and not item.refused_unregistered
        item.refused_unregistered |= unregistered
        return first

    async def _failed(
        self, item: QueuedMessage, entry: Entry, problem: OcppError, clock: Clock
    ) -> None:
        item.failures += 1
        if item.failures >= self._controls.retries.attempts:
            # QUE-05
            logger.error(
                "%s: message given up after %d attempts: %s", self._name, item.failures, problem
            )
            await self._remove(item, entry, problem)
            self._tell(
                GivenUp(
                    entry=entry,
                    problem=problem,
                    dead_letter=False,
                    earlier_run=item.delivery is None,
                )
            )
            return
        logger.warning("%s: delivery attempt %d failed: %s", self._name, item.failures, problem)
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
            await wait_until(clock, due, self._registration_state.changed())

    async def _answered(
        self, item: QueuedMessage, entry: Entry, request: Request[Any], answer: Response | OcppError
    ) -> None:
        for other in self.queue:
            if other is item:
                break
            other.passed()
        delivered = Delivered(
            entry=entry, request=request, answer=answer, earlier_run=item.delivery is None
        )
        await self._when_answered(delivered)
        await self._remove(item, entry, answer)
        self._in_doubt = bool(self.queue and self.queue[0].losses)
        self._tell(delivered)

    async def _remove(
        self, item: QueuedMessage, entry: Entry, outcome: Response | OcppError
    ) -> None:
        seq, states = item.seq, self._numbers.answered(entry, outcome)
        try:
            await self._writes.write(seq, "remove", lambda: self._store.ack(seq, states))
        finally:
            # Whatever becomes of that: a message is acknowledged once. If the store still has it,
            # the next run delivers it again, and the CSMS knows it by its id.
            self._close(item, outcome)

    async def set_aside(self, item: QueuedMessage, entry: Entry, problem: Exception) -> None:
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
            self._close(item, problem)
        self._tell(
            GivenUp(
                entry=entry, problem=problem, dead_letter=True, earlier_run=item.delivery is None
            )
        )

    def _close(self, item: QueuedMessage, outcome: Response | Exception) -> None:
        self._read_failures = 0
        # It may have been dropped meanwhile.
        if item in self.queue:
            self.queue.remove(item)
        if item.delivery is not None:
            item.delivery.close(outcome)

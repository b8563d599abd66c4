"""Stores messages that must arrive in the journal, and delivers them.

Theory of operation: an entry goes into the journal first and is acknowledged when the CSMS has
answered it; between the two it survives whatever happens. There are two queues. Messages of
transactions are delivered strictly in the order they were made (QUE-01); what else must arrive, a
security event for instance, has a queue of its own, as neither may wait for a retry of the other
(QUE-02).

The order is that in which `keep` or `put` was called, over all tasks: a message that was asked for
before another is in the journal, and leaves, before it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Sized
from typing import Any, Final, TypeVar, cast

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Endpoint, loggable, running_beside, sleep
from ocppkit.core import (
    Action,
    LocalProtocolError,
    Policy,
    Protocol,
    Request,
    Response,
    encode_payload,
)

from ._background_failures import is_failure
from ._controls import Controls
from ._deliveries import (
    Delivered,
    Delivery,
    DeliveryEvent,
    MessageDropped,
    MessagesDropped,
    MeterValuesLeftOut,
)
from ._delivery_queue import DeliveryQueue, MessageIdSource
from ._drop_policy import DropPolicy
from ._journal import Entry, Journal, JournalFull, Store, Stored
from ._journal_adapter import as_store, can_commit_groups, can_replace
from ._message_groups import MessageGroup, MessageToStore
from ._offline_marks import OfflineMarker
from ._queued_message import MessageHold, QueuedMessage
from ._registration_state import HEARTBEAT, RegistrationState
from ._store_writer import GroupCommit, RepeatedWrites, retry_waits
from ._stored_messages import IN_MEMORY, StoredMessages, check_sender
from ._transaction_numbers import TransactionNumbers

__all__ = ["Outbox"]

logger = logging.getLogger("ocppkit.station")

R = TypeVar("R", bound=Response)

_NEVER_KEPT: Final = frozenset({"BootNotification", HEARTBEAT})
"""A boot comes before all that is kept, and a heartbeat is of no use later."""


class Outbox:
    """The messages of one station that must arrive: stored in the journal, then sent in order until
    they are answered.
    """

    def __init__(
        self,
        protocol: Protocol,
        journal: Store | Journal,
        controls: Controls,
        registration_state: RegistrationState,
        *,
        ids: MessageIdSource,
        policy: Policy,
        identity: str,
    ) -> None:
        self._protocol = protocol
        self._store = as_store(journal)
        self._registration_state = registration_state
        self._ids = ids
        self._policy = policy
        self._name = loggable(identity)
        self._messages = StoredMessages(protocol, self._store)
        self._numbers = TransactionNumbers(protocol)
        self._marks = OfflineMarker(protocol, self._store, self._name)
        self._drop_policy = DropPolicy(protocol)
        self._writes = RepeatedWrites(self._store, self._name)
        self._lock = asyncio.Lock()
        self._commits = GroupCommit(self._commit_groups, lock=self._lock)
        self._is_loaded = False
        self.dropped = 0
        """How many messages a full journal has lost."""

        self.before_acknowledging: Callable[[Delivered], Awaitable[None]] | None = None
        """Awaited when a message was answered, before the store forgets it; after a power cut perhaps twice."""

        self.observer: Callable[[DeliveryEvent], None] = _ignore_event
        """Called with what happens to messages; set it before the station runs."""

        def queue(retries_errors: bool) -> DeliveryQueue:
            return DeliveryQueue(
                self._store,
                controls,
                registration_state,
                ids,
                name=self._name,
                retries_errors=retries_errors,
                messages=self._messages,
                numbers=self._numbers,
                marks=self._marks,
                writes=self._writes,
                answered=self._call_before_acknowledging,
                tell=self._publish,
                probe=cast(Callable[[], Request[Any]], protocol.actions[HEARTBEAT].request),
            )

        self._transactions = queue(retries_errors=True)
        self._others = queue(retries_errors=False)
        self._queues = (self._transactions, self._others)

    def __len__(self) -> int:
        if not self._is_loaded and isinstance(self._store, Sized):
            return len(self._store)
        return sum(len(each.queue) for each in self._queues)

    async def count(self, transaction: str | None = None) -> int:
        """Returns how many messages are waiting: those of one transaction, or all. # QUE-14

        Raises:
            JournalError: the journal cannot be read; or what else the journal raises.
        """
        if transaction is None and self._is_loaded:
            return len(self)
        return await self._store.count(transaction)

    def has_waiting(self, transaction: str | None = None) -> bool:
        """Returns whether messages are waiting, of one transaction or of any. # QUE-14"""
        waiting = (item for each in self._queues for item in each.queue)
        return any(transaction in (None, item.transaction) for item in waiting)

    def disconnected(self) -> None:
        """Notes that a connection has ended, so that messages which wait now are marked as made
        offline.
        """
        self._marks.disconnections += 1

    async def keep(
        self,
        request: Request[R],
        *,
        note: str | None = None,
        timeout: float | None = None,
        offline: bool = False,
        triggered: bool = False,
    ) -> Delivery[R]:
        """Stores a message in the journal. It is delivered even if nobody waits for its answer.

        Args:
            request: the message.
            note: what to keep with it.
            timeout: seconds that each attempt waits for the response.
            offline: whether the station is offline now; the message says so then. # QUE-08
            triggered: whether the CSMS asked for it while it has the station Pending. # BOOT-12

        Raises:
            InvalidOutgoing: the message breaks its schema; it was not journaled.
            JournalFull: there is no room, and nothing may be dropped.
            LocalProtocolError: a station does not send it, or it cannot be kept.
        """
        item = self._create_item(
            request, note, offline=offline, timeout=timeout, triggered=triggered
        )
        await self._commits.put(MessageGroup(items=[item]))
        delivery: Delivery[R] = cast(Delivery[R], item.delivery)
        return delivery

    async def keep_together(
        self,
        messages: Sequence[MessageToStore],
        states: Mapping[str, bytes | None],
        *,
        offline: bool,
        triggered: Callable[[Request[Any]], bool],
        hold: MessageHold | None = None,
    ) -> None:
        """Stores messages and changes states in one transaction.

        Args:
            messages: the messages, in order.
            states: new values by name; `None` removes a state.
            offline: whether the station is offline now.
            triggered: whether the CSMS asked for a message while it has the station Pending.
            hold: keeps the messages from leaving until it is released; see `release`.

        Raises:
            InvalidOutgoing: a message breaks its schema; nothing was journaled.
            JournalFull: there is no room, and nothing may be dropped.
            LocalProtocolError: a station does not send one of them, or it cannot be kept.
        """
        items = [
            self._create_item(
                each.request, each.note, offline=offline, triggered=triggered(each.request)
            )
            for each in messages
        ]
        for item in items:
            item.hold = hold
        await self._commits.put(MessageGroup(items=items, states=states))

    def release(self, hold: MessageHold) -> None:
        """Lets messages be sent that were held back."""
        hold.is_released = True
        self._registration_state.wake_waiters()

    async def load_states(self) -> Mapping[str, bytes]:
        """Returns the states of the program that are in the journal.

        Raises:
            JournalError: the journal cannot be read; or what else the journal raises.
            LocalProtocolError: the journal cannot commit messages and states together.
        """
        if not can_commit_groups(self._store):
            raise LocalProtocolError(
                "a journal with only append, ack and pending cannot keep messages and states "
                "together [use a Store, such as SqliteJournal(path)]"
            )
        return await self._store.load()

    def _create_item(
        self,
        request: Request[Any],
        note: str | None,
        *,
        offline: bool,
        timeout: float | None = None,
        triggered: bool,
    ) -> QueuedMessage:
        action = self._protocol.actions[request.__ocpp_action__]
        check_sender(action)
        if action.name in _NEVER_KEPT:
            raise LocalProtocolError(
                "the station sends this message by itself; it cannot be queued", action=action.name
            )
        request = self._marks.with_mark(request) if offline else request
        entry = Entry(
            version=self._protocol.version,
            action=action.name,
            message_id=self._ids(),
            payload=encode_payload(request, policy=self._policy),
            note=note,
            transaction=_transaction_of(request, note),
        )
        outcome: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        item = QueuedMessage(entry, request, timeout, Delivery(entry.message_id, outcome))
        item.disconnections = self._marks.disconnections
        item.transaction = entry.transaction
        item.triggered = action if triggered else None
        return item

    async def deliver(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers messages until it is cancelled, beginning with those that an earlier run of the
        program left.

        Args:
            online: returns the connection, if there is one.
            clock: the time between attempts.
        """
        failures = 0
        while not await self._try_to_load():
            failures += 1
            await sleep(clock, retry_waits(failures))
        async with (
            running_beside(self._writes.run(clock)),
            running_beside(self._others.run(online, clock)),
        ):
            await self._transactions.run(online, clock)

    def _queue_of(self, action: Action) -> DeliveryQueue:
        return self._transactions if action.transaction_related else self._others

    def _publish(self, event: DeliveryEvent) -> None:
        try:
            self.observer(event)
        except Exception:
            logger.exception("%s: the observer of deliveries failed [delivery goes on]", self._name)

    async def _call_before_acknowledging(self, delivered: Delivered) -> None:
        if self.before_acknowledging is None:
            return
        try:
            await self.before_acknowledging(delivered)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.exception(
                "%s: the callback before_acknowledging failed [the message is removed from the "
                "journal all the same]",
                self._name,
            )

    # What is kept.

    async def _commit_groups(self, groups: Sequence[MessageGroup]) -> None:
        items = [item for group in groups for item in group.items]
        states = {name: value for group in groups for name, value in group.states.items()}
        entries = [item.entry for item in items if item.entry is not None]
        while True:
            try:
                seqs = await self._store.commit(entries, states)
                break
            except JournalFull as problem:
                if await self._make_room(problem):
                    continue
                shorter = [self._drop_policy.without_middle(entry) or entry for entry in entries]
                if shorter == entries:
                    raise
                entries = shorter
        for item, seq, entry in zip(items, seqs, entries, strict=True):
            item.seq = seq
            if entry is not item.entry:
                item.entry, item.request = entry, None
                self._report_left_out(entry)
            self._queue_of(self._protocol.actions[entry.action]).add(item)
        self._registration_state.wake_waiters()

    async def _make_room(self, problem: JournalFull) -> bool:
        spared = {*self._seqs_being_sent(), *self._writes.seqs}
        chosen = await self._drop_policy.choose(self._store.pending(), problem.needed, spared)
        if chosen:
            await self._store.drop([each.seq for each in chosen])
            self._forget_dropped(chosen)
            return True
        if not can_replace(self._store):
            return False
        shorter = await self._drop_policy.shortened(self._store.pending(), spared)
        if shorter is None:
            return False
        await self._store.replace(shorter.seq, shorter.entry)
        for item in self._queued_messages({shorter.seq}):
            # Not `None`: the longer one may just be read from the store.
            item.entry, item.request = shorter.entry, None
        self._report_left_out(shorter.entry)
        return True

    def _report_left_out(self, entry: Entry) -> None:
        logger.warning(
            "%s: journal is full: removed all but the first and last meter values of message %s",
            self._name,
            entry.message_id,
        )  # QUE-10
        self._publish(MeterValuesLeftOut(message_id=entry.message_id))

    def _seqs_being_sent(self) -> set[int]:
        """Returns the numbers of messages that must not be changed or removed, as the CSMS may have
        them. # MID-03
        """
        items = (item for each in self._queues for item in each.queue)
        left = {item.seq for item in items if item.may_have_left}
        return left | {each.current.seq for each in self._queues if each.current is not None}

    def _forget_dropped(self, chosen: Sequence[Stored]) -> None:
        self.dropped += len(chosen)
        logger.warning(
            "%s: journal is full: removed %d messages, %d since the start",
            self._name,
            len(chosen),
            self.dropped,
        )  # QUE-09
        for item in self._queued_messages({each.seq for each in chosen}):
            for each in self._queues:
                if item in each.queue:
                    each.queue.remove(item)
            if item.delivery is not None:
                item.delivery.close(MessageDropped("the journal was full"))
        self._publish(MessagesDropped(message_ids=tuple(each.entry.message_id for each in chosen)))

    def _queued_messages(self, seqs: Collection[int]) -> list[QueuedMessage]:
        return [item for each in self._queues for item in each.queue if item.seq in seqs]

    # What an earlier run left.

    async def _try_to_load(self) -> bool:
        try:
            async with self._lock:
                await self._load_messages()
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: cannot load the journal: %r [will be tried again; no stored message is "
                "sent until then]",
                self._name,
                problem,
            )
            return False
        return True

    async def _load_messages(self) -> None:
        states = await self._store.load()
        self._numbers.restore(states)
        self._marks.restore(states)
        known = {item.seq for each in self._queues for item in each.queue}
        left: dict[DeliveryQueue, list[QueuedMessage]] = {each: [] for each in self._queues}
        unsendable: list[tuple[Stored, LocalProtocolError]] = []
        async for stored in self._store.pending():
            if stored.seq in known or stored.seq in self._writes.seqs:
                continue
            try:
                queue = self._queue_of(self._messages.action_of(stored.entry))
            except LocalProtocolError as problem:
                unsendable.append((stored, problem))
                continue
            left[queue].append(self._item_of_earlier_run(stored, len(left[queue])))
        for queue, items in left.items():
            queue.queue.extendleft(reversed(items))
        self._is_loaded = True
        for stored, fault in unsendable:
            item = QueuedMessage(stored.entry, seq=stored.seq)
            await self._transactions.set_aside(item, stored.entry, fault)

    def _item_of_earlier_run(self, stored: Stored, position: int) -> QueuedMessage:
        return QueuedMessage(
            stored.entry if position < IN_MEMORY else None,
            failures=stored.failures,
            disconnections=self._marks.earlier_run,
            may_have_left=self._marks.may_have_left(stored, is_first=position == 0),
            transaction=stored.entry.transaction,
            seq=stored.seq,
        )


def _transaction_of(request: Any, note: str | None) -> str | None:
    info = getattr(request, "transaction_info", None)
    known: object = getattr(info, "transaction_id", None)
    if known is None and note is None:
        known = getattr(request, "transaction_id", None)
    return note if known is None else str(known)


def _ignore_event(event: DeliveryEvent) -> None:
    """Ignores an event about a message."""

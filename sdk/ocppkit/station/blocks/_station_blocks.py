"""Runs functional blocks on a station.

Theory of operation: commands, answers, the passing of time, the station's own events and calls of the
program are told to the blocks one after another. After each, events go round between the blocks
until none is left; then what the blocks remember is committed together with the messages that must
arrive, the response is sent, then messages, and the program hears the events. See `_batches.py`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import (
    EventListeners,
    EventStream,
    Listener,
    Timer,
    answered_status,
    loggable,
)
from ocppkit.blocks import (
    Block,
    BootAccepted,
    BootNotAccepted,
    ClockChanged,
    Command,
    CommandHandler,
    CommandMapping,
    CsmsConnected,
    CsmsDisconnected,
    Dialect,
    Event,
    Moment,
    Report,
    ReportMapping,
    StationStarted,
    dialect_of,
)
from ocppkit.blocks.variables import VariablesBlock
from ocppkit.core import (
    OFF,
    LocalProtocolError,
    OcppError,
    Request,
    Response,
    decode_payload,
)

from .._deliveries import Delivered, DeliveryEvent, DeliveryGivenUp
from .._journal import Entry, JournalError
from .._lifecycle_events import (
    Accepted,
    Booted,
    ClockJumped,
    ClockSet,
    Connected,
    Disconnected,
    EventsMissed,
    LifecycleEvent,
    Restarting,
)
from .._message_groups import MessageToStore
from .._queued_message import MessageHold
from .._station import Station
from ._batches import Batch, Batches, OutgoingMessage
from ._block_failures import BlockFailures
from ._controls_of_variables import follow_variables

__all__ = ["StationBlocks"]

logger = logging.getLogger("ocppkit.station")

T = TypeVar("T")
E = TypeVar("E", bound=Event)

_STATE: Final = "block:"
"""What the names of blocks' states in the store begin with."""

_CLOCK_CHANGE: Final = timedelta(seconds=1)
"""How far the clock is set before blocks hear of it: each heartbeat sets it by some milliseconds."""

_MOST_ROUNDS: Final = 10_000
"""Events that one thing may lead to among the blocks; more are a circle."""


class StationBlocks:
    """Runs functional blocks on one station.

    ```python
    blocks = StationBlocks(station, VariablesBlock(...), TransactionsBlock(...))
    async with blocks, websockets.connect(station, url):
        blocks.do(lambda now: transactions.plugged_in(1, now))
    ```

    Their handlers are defaults: a handler that the program registers with `station.on` goes first. With a
    `VariablesBlock`, the controls of the station follow its variables.
    """

    def __init__(self, station: Station, *blocks: Block, dialect: Dialect | None = None) -> None:
        """Connects blocks to a station, which must not run yet.

        Args:
            station: the station. Its journal must be able to keep messages and states together, as
                the one in memory and `ocppkit.journals.SqliteJournal` are.
            blocks: the blocks.
            dialect: how the version says what they have; by default its `blocks.DIALECT`.

        Raises:
            LocalProtocolError: two blocks have one name, or obey one command; or the version has no
                functional blocks.
        """
        names = [block.name for block in blocks]
        if len(set(names)) < len(names):
            raise LocalProtocolError(
                f"two functional blocks have the same name: {', '.join(names)}"
            )
        self._station = station
        self._access = station.block_access
        self._blocks = blocks
        self._dialect = dialect_of(station.protocol) if dialect is None else dialect
        self._name = loggable(station.identity)
        self._listeners = EventListeners(logger, self._name)
        self._failures = BlockFailures(self._name)
        self._timer: Timer | None = None
        self._clock_change = timedelta()
        self._batches: Batches | None = None
        self._events: EventStream[LifecycleEvent | DeliveryEvent] | None = None
        self._background: list[asyncio.Task[None]] = []
        self._register_handlers()
        for block in blocks:
            if isinstance(block, VariablesBlock):
                follow_variables(block.model, station.controls)

    def _register_handlers(self) -> None:
        owners: dict[type[Command[Any]], Block] = {}
        for block in self._blocks:
            for command in block.commands:
                if command in owners:
                    raise LocalProtocolError(
                        f"two functional blocks handle {command.__name__}: {owners[command].name} "
                        f"and {block.name}"
                    )
                owners[command] = block
        # One command may come in several messages, such as TriggerMessage and its extended form (1.6).
        for mapping in self._dialect.command_of.values():
            owner = owners.get(mapping.command)
            if owner is not None:
                handler = owner.commands[mapping.command]
                self._access.set_default_handler(
                    mapping.request, partial(self._handle_command, mapping, handler)
                )

    # What a program calls.

    def on(self, event: type[E]) -> Callable[[Listener[E]], Listener[E]]:
        """Returns a decorator; the function is called with each event of the given type, plain or
        async.

        Events of its subclasses are told too. A plain function runs inside the event loop and must not
        block. What it raises is logged.
        """
        return self._listeners.on(event)

    def do(self, action: Callable[[Moment], T]) -> T:
        """Calls a function that tells a block what has happened, and returns its result.

        What follows from it is kept and sent afterwards, in order; `flush` waits for it to be kept.

        Args:
            action: calls a method of a block with the present moment.

        Raises:
            LocalProtocolError: the blocks do not run; or what the method raises.
        """
        self._require_running()
        now = self._catch_up()
        try:
            return action(now)
        finally:
            self._collect_batch(now)

    async def flush(self) -> None:
        """Waits until the journal has stored what the blocks have produced so far, or has failed to
        once.
        """
        batches = self._require_running()
        self._catch_up()
        await batches.flush()

    def now(self) -> Moment:
        """Returns the present time, as the blocks' methods take it."""
        return Moment(self._access.clock().time(), self._station.now())

    async def __aenter__(self) -> Self:
        """Restores the states of the blocks, and starts running them.

        Raises:
            JournalError: the journal cannot be read, or what it has of a block is torn, of another
                program or of a later release; it is left as it is.
            LocalProtocolError: the journal cannot keep messages and states together, or the blocks
                run already.
        """
        if self._batches is not None:
            raise LocalProtocolError(f"the blocks of {self._station.identity!r} run already")
        states = await self._access.load_states()
        now = self.now()
        for block in self._blocks:
            state = states.get(_STATE + block.name)
            if state is not None:
                self._restore_block(block, state, now)
        self._batches = Batches(
            self._access, self._name, answered=self._on_answer, tell=self._listeners.publish
        )
        self._access.before_acknowledging(self._kept_message_answered)
        self._events = self._access.open_events()
        self._background = [
            asyncio.create_task(self._batches.run()),
            asyncio.create_task(self._handle_station_events(self._events)),
        ]
        self._notify_blocks(StationStarted())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stores what is not stored yet, and stops the blocks."""
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self._batches = None
        self._events = None
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._listeners.cancel()

    def _restore_block(self, block: Block, state: bytes, now: Moment) -> None:
        try:
            block.restore(state, now)
        except ValueError as problem:
            raise JournalError(
                f"{self._name}: cannot restore the functional block {block.name!r} from the journal: "
                f"{problem} [use the release that has written it, or begin with another journal]"
            ) from problem

    def _require_running(self) -> Batches:
        if self._batches is None:
            raise LocalProtocolError(
                f"the functional blocks of {self._station.identity!r} do not run "
                "[enter `async with blocks` before the station connects]"
            )
        return self._batches

    # What is told to the blocks.

    async def _handle_command(
        self, mapping: CommandMapping[Any, Any, Any, Any], handler: CommandHandler, request: Any
    ) -> Response:
        batches = self._require_running()
        now = self._catch_up()
        command = mapping.read_request(request)
        hold = MessageHold()
        try:
            try:
                answer = handler(command, now)
            finally:
                batch = self._collect_batch(now, hold)
            await asyncio.wait({batch.written})
            response: Response = mapping.write_response(request, answer)
            return response
        finally:
            # In this step of the event loop the call is answered, by this response or an error.
            asyncio.get_running_loop().call_soon(batches.release, hold)

    async def _kept_message_answered(self, delivered: Delivered) -> None:
        mapping = self._dialect.report_of.get(type(delivered.request))
        if self._batches is None or mapping is None:
            return
        report = mapping.read_request(delivered.request).with_journal_note(delivered.entry.note)
        now = self._catch_up()
        self._handle_answer(report, mapping, delivered.answer, now)
        await asyncio.wait({self._collect_batch(now).written})

    def _on_answer(self, message: OutgoingMessage, answer: Response | OcppError) -> None:
        mapping = self._dialect.report_of.get(type(message.request))
        if self._batches is not None and mapping is not None:
            now = self._catch_up()
            self._handle_answer(message.report, mapping, answer, now)
            self._collect_batch(now)

    def _handle_answer(
        self,
        report: Report[Any],
        mapping: ReportMapping[Any, Any, Any],
        answer: Response | OcppError,
        now: Moment,
    ) -> None:
        for block in self._blocks:
            with self._failures.logged(block):
                if isinstance(answer, OcppError):
                    block.failed(report, now)
                else:
                    block.replied(report, mapping.read_response(answer), now)

    async def _handle_station_events(
        self, events: AsyncIterator[LifecycleEvent | DeliveryEvent]
    ) -> None:
        async for event in events:
            self._handle_or_log(event)

    def _catch_up(self) -> Moment:
        """Tells the blocks what has happened to the station until now, and returns the present time.

        Otherwise a program that acts right after `wait_accepted`, or a command right after the boot,
        would find blocks that do not know yet that the station is accepted.
        """
        if self._events is not None:
            while (event := self._events.next_event()) is not None:
                self._handle_or_log(event)
        return self.now()

    def _handle_or_log(self, event: LifecycleEvent | DeliveryEvent) -> None:
        try:
            self._handle_station_event(event)
        except Exception:
            logger.exception(
                "%s: handling the event %r in the functional blocks failed [the next event is handled]",
                self._name,
                event,
            )

    def _handle_station_event(self, event: LifecycleEvent | DeliveryEvent) -> None:
        match event:
            case Connected(profile=profile, offline_for=seconds):
                self._notify_blocks(CsmsConnected(offline_for=seconds, slot=profile.slot))
            case Disconnected():
                self._notify_blocks(CsmsDisconnected())
            case Accepted():
                self._notify_blocks(BootAccepted())
            case Booted(response=response):
                if answered_status(response) is not RegistrationStatus.ACCEPTED:
                    self._notify_blocks(BootNotAccepted())
            case Restarting():
                self._notify_blocks(BootNotAccepted())
            case ClockSet(change=change) | ClockJumped(change=change):
                self._clock_changed(change)
            case DeliveryGivenUp(entry=entry):
                self._handle_given_up(entry)
            case EventsMissed():
                self._notify_blocks(
                    CsmsConnected() if self._station.connected else CsmsDisconnected()
                )
            case _:
                pass  # What else happens to the station concerns no block.

    def _clock_changed(self, change: timedelta) -> None:
        """Tells the blocks that the clock was set, once the changes add up to a noticeable one."""
        self._clock_change += change
        if abs(self._clock_change) >= _CLOCK_CHANGE:
            self._notify_blocks(ClockChanged(change=self._clock_change))
            self._clock_change = timedelta()

    def _handle_given_up(self, entry: Entry) -> None:
        action = self._station.protocol.actions.get(entry.action)
        mapping = self._dialect.report_of.get(cast(Any, action.request)) if action else None
        if mapping is None:
            return
        try:
            request = decode_payload(mapping.request, entry.payload, policy=OFF)
        except OcppError:
            return  # A dead letter that nobody can read: the station has logged it.
        now = self.now()
        for block in self._blocks:
            with self._failures.logged(block):
                block.failed(mapping.read_request(request).with_journal_note(entry.note), now)
        self._collect_batch(now)

    def _notify_blocks(self, event: Event) -> None:
        now = self.now()
        for block in self._blocks:
            with self._failures.logged(block):
                block.notice(event, now)
        self._collect_batch(now)

    def _on_timeout(self) -> None:
        self._timer = None
        now = self._catch_up()
        for block in self._blocks:
            self._failures.handle_timeout_of(block, now)
        self._collect_batch(now)

    # What follows from it.

    def _collect_batch(self, now: Moment, hold: MessageHold | None = None) -> Batch:
        """Exchanges events between the blocks, and collects all they have produced into one batch."""
        events = tuple(self._exchange_events(now))
        kept: list[MessageToStore] = []
        sent: list[OutgoingMessage] = []
        states: dict[str, bytes | None] = {}
        for block in self._blocks:
            for report, request in self._take_messages(block, now):
                if self._access.must_arrive(request):
                    kept.append(MessageToStore(request=request, note=report.journal_note))
                else:
                    sent.append(OutgoingMessage(report, request))
            if block.has_changed:
                with self._failures.logged(block):
                    states[_STATE + block.name] = block.state()
                    block.has_changed = False
        self._set_timer(now)
        batch = Batch(kept=kept, states=states, sent=sent, events=events, hold=hold)
        self._require_running().add(batch)
        return batch

    def _take_messages(
        self, block: Block, now: Moment
    ) -> Sequence[tuple[Report[Any], Request[Any]]]:
        """Takes the reports of a block; returns the messages that express them."""
        messages: list[tuple[Report[Any], Request[Any]]] = []
        unsaid: list[Report[Any]] = []
        while (report := block.next_report()) is not None:
            try:
                messages += ((report, request) for request in self._dialect.messages(report))
            except Exception:
                logger.exception(
                    "%s: OCPP %s has no message for %s of the functional block %r [it is not sent]",
                    self._name,
                    self._station.protocol.version,
                    type(report).__name__,
                    block.name,
                )
                unsaid.append(report)
        # Not before: a block may report again at once, and that may be as impossible.
        for report in unsaid:
            with self._failures.logged(block):
                block.failed(report, now)
        return messages

    def _exchange_events(self, now: Moment) -> Iterator[Event]:
        event: Event | None = None
        for _ in range(_MOST_ROUNDS):
            told = next(self._next_events(), None)
            if told is None:
                return
            block, event = told
            yield event
            for other in self._blocks:
                if other is not block:
                    with self._failures.logged(other):
                        other.notice(event, now)
        logger.error(
            "%s: functional blocks send each other events without end, such as %r [the rest is "
            "handled later]",
            self._name,
            event,
        )

    def _next_events(self) -> Iterator[tuple[Block, Event]]:
        for block in self._blocks:
            event = block.next_event()
            if event is not None:
                yield block, event

    def _set_timer(self, now: Moment) -> None:
        if self._timer is not None:
            self._timer.cancel()
        dues = [
            due
            for each in self._blocks
            if (due := self._failures.deadline_of(each, now)) is not None
        ]
        self._timer = None
        if dues:
            due = max(now.monotonic, min(dues))
            self._timer = self._access.clock().call_at(due, self._on_timeout)

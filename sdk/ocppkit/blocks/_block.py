"""The base class of the functional blocks of a station: state machines that do no I/O (no network,
no clock).

Theory of operation: everything that happens is told to a block by calling one of its methods with the
present moment. What the block wants to happen it leaves in two queues: reports for the CSMS, and
events for the other blocks and the program. A driver (`ocppkit.station.blocks`) calls the methods and
empties the queues. So a test needs neither a network nor a clock, and one commit to the store can
hold what a block remembers together with the messages that go with it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from ._commands_and_reports import Command, CommandAnswer, Event, Report, ReportReply
from ._moment import Moment

__all__ = ["Block", "CommandHandler", "CommandRegistrar", "ReplyHandler", "ReplyRegistrar"]

C_co = TypeVar("C_co", bound=Command[Any], covariant=True)
A = TypeVar("A", bound=CommandAnswer)
P = TypeVar("P", bound=ReportReply)
E = TypeVar("E", bound=Event)
T = TypeVar("T", bound=Report[Any])
T_co = TypeVar("T_co", bound=Report[Any], covariant=True)

CommandHandler = Callable[[Any, Moment], CommandAnswer]
"""Obeys one type of command: takes the command and the present moment."""

ReplyHandler = Callable[[Any, Any, Moment], None]
"""Handles the reply to one type of report: takes the report, the reply and the present moment."""


class CommandRegistrar(Generic[C_co]):
    """A decorator that registers the method that handles one type of command; a type checker
    compares the answer's type.
    """

    def __init__(self, register: Callable[[CommandHandler], None]) -> None:
        self._register = register

    def __call__(
        self: "CommandRegistrar[Command[A]]", handler: Callable[[C_co, Moment], A]
    ) -> None:
        """Registers the method."""
        self._register(handler)


class ReplyRegistrar(Generic[T_co]):
    """A decorator that registers the method that handles the reply to one type of report; a type
    checker compares the reply's type.
    """

    def __init__(self, register: Callable[[ReplyHandler], None]) -> None:
        self._register = register

    def __call__(
        self: "ReplyRegistrar[Report[P]]", handler: Callable[[T_co, P, Moment], None]
    ) -> None:
        """Registers the method."""
        self._register(handler)


class Block:
    """Base class of the functional blocks of a station. Subclasses say what it does."""

    name: ClassVar[str]
    """The name of its state in the store."""

    def __init__(self) -> None:
        self._command_handlers: dict[type[Command[Any]], CommandHandler] = {}
        self._event_handlers: dict[type[Event], Callable[[Any, Moment], None]] = {}
        self._reply_handlers: dict[type[Report[Any]], ReplyHandler] = {}
        self._failure_handlers: dict[type[Report[Any]], Callable[[Any, Moment], None]] = {}
        self._reports: deque[Report[Any]] = deque()
        self._events: deque[Event] = deque()

        self.has_changed: bool = False
        """Whether `state()` may differ from what it was when this was last set to False."""

    # What a subclass calls: in its constructor, to say what it handles; then, to say what it wants.

    def _on_command(self, command: type[C_co]) -> CommandRegistrar[C_co]:
        """Returns a decorator; the method handles commands of one type."""

        def register(handler: CommandHandler) -> None:
            self._command_handlers[command] = handler

        return CommandRegistrar[C_co](register)

    def _on_event(self, event: type[E], handler: Callable[[E, Moment], None]) -> None:
        """Registers the method that handles events of one type, from other blocks or the driver."""
        self._event_handlers[event] = handler

    def _on_reply(self, report: type[T_co]) -> "ReplyRegistrar[T_co]":
        """Returns a decorator; the method handles the CSMS's replies to reports of one type."""

        def register(handler: ReplyHandler) -> None:
            self._reply_handlers[report] = handler

        return ReplyRegistrar[T_co](register)

    def _on_failure(self, report: type[T], handler: Callable[[T, Moment], None]) -> None:
        """Registers the method that is called when a report of one type was not delivered, or was
        refused.
        """
        self._failure_handlers[report] = handler

    def _report(self, report: Report[Any]) -> None:
        """Queues a report for the CSMS."""
        self._reports.append(report)

    def _tell(self, event: Event) -> None:
        """Queues an event for the other blocks and the program."""
        self._events.append(event)

    def _note_change(self) -> None:
        """Notes that `state()` may return another value from now on."""
        self.has_changed = True

    # What a driver calls.

    @property
    def commands(self) -> Mapping[type[Command[Any]], CommandHandler]:
        """The methods that handle commands, by the type of command."""
        return self._command_handlers

    def notice(self, event: Event, now: Moment) -> None:
        """Handles an event of another block or of the driver."""
        handler = self._event_handlers.get(type(event))
        if handler is not None:
            handler(event, now)

    def replied(self, report: Report[P], reply: P, now: Moment) -> None:
        """Handles the CSMS's reply to a report. After a power cut it may be called twice for one
        report.
        """
        handler = self._reply_handlers.get(type(report))
        if handler is not None:
            handler(report, reply, now)

    def failed(self, report: Report[Any], now: Moment) -> None:
        """Handles the failure of a report: it was not delivered, or the CSMS refused it."""
        handler = self._failure_handlers.get(type(report))
        if handler is not None:
            handler(report, now)

    def next_report(self) -> Report[Any] | None:
        """Removes the oldest report from the queue and returns it; `None` if the queue is empty."""
        return self._reports.popleft() if self._reports else None

    def next_event(self) -> Event | None:
        """Removes the oldest event from the queue and returns it; `None` if the queue is empty."""
        return self._events.popleft() if self._events else None

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time at which `handle_timeout` must be called, in seconds on the monotonic
        clock; `None` for never.

        It is asked again after each call of another method, and whenever the date is set.
        """
        return None

    def handle_timeout(self, now: Moment) -> None:
        """Does what is due at this time. Called when the deadline has passed."""

    def state(self) -> bytes | None:
        """Returns the state to keep over a restart of the program, or `None` if there is none."""
        return None

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the state that an earlier run has stored. Called once, before all other methods.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """

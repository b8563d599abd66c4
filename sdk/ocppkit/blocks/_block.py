"""`Block`: one functional block of a station, as a state machine without input and output.

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
    """Registers the method that obeys one type of command, so that a type checker compares its answer."""

    def __init__(self, register: Callable[[CommandHandler], None]) -> None:
        self._register = register

    def __call__(
        self: "CommandRegistrar[Command[A]]", handler: Callable[[C_co, Moment], A]
    ) -> None:
        """Registers the method."""
        self._register(handler)


class ReplyRegistrar(Generic[T_co]):
    """Registers the method that handles the reply to one type of report, with its type checked."""

    def __init__(self, register: Callable[[ReplyHandler], None]) -> None:
        self._register = register

    def __call__(
        self: "ReplyRegistrar[Report[P]]", handler: Callable[[T_co, P, Moment], None]
    ) -> None:
        """Registers the method."""
        self._register(handler)


class Block:
    """One functional block of a station. Subclasses say what it does."""

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
        """Returns what takes the method that obeys a type of command."""

        def register(handler: CommandHandler) -> None:
            self._command_handlers[command] = handler

        return CommandRegistrar[C_co](register)

    def _on_event(self, event: type[E], handler: Callable[[E, Moment], None]) -> None:
        """Registers what is done when another block, or the driver, tells an event."""
        self._event_handlers[event] = handler

    def _on_reply(self, report: type[T_co]) -> "ReplyRegistrar[T_co]":
        """Returns what takes the method that handles the CSMS's reply to a type of report."""

        def register(handler: ReplyHandler) -> None:
            self._reply_handlers[report] = handler

        return ReplyRegistrar[T_co](register)

    def _on_failure(self, report: type[T], handler: Callable[[T, Moment], None]) -> None:
        """Registers what is done when a report could not be delivered, or was refused."""
        self._failure_handlers[report] = handler

    def _report(self, report: Report[Any]) -> None:
        """Leaves a report for the CSMS."""
        self._reports.append(report)

    def _tell(self, event: Event) -> None:
        """Leaves an event for the other blocks and the program."""
        self._events.append(event)

    def _note_change(self) -> None:
        """Notes that `state()` may differ from now on."""
        self.has_changed = True

    # What a driver calls.

    @property
    def commands(self) -> Mapping[type[Command[Any]], CommandHandler]:
        """What the block obeys: the method for each type of command."""
        return self._command_handlers

    def notice(self, event: Event, now: Moment) -> None:
        """Handles an event of another block, or of the driver."""
        handler = self._event_handlers.get(type(event))
        if handler is not None:
            handler(event, now)

    def replied(self, report: Report[P], reply: P, now: Moment) -> None:
        """Handles the CSMS's reply to a report; after a power cut, perhaps a second time."""
        handler = self._reply_handlers.get(type(report))
        if handler is not None:
            handler(report, reply, now)

    def failed(self, report: Report[Any], now: Moment) -> None:
        """Handles that a report could not be delivered, or that the CSMS refused it."""
        handler = self._failure_handlers.get(type(report))
        if handler is not None:
            handler(report, now)

    def next_report(self) -> Report[Any] | None:
        """Removes the oldest report from its queue and returns it; `None` if there is none."""
        return self._reports.popleft() if self._reports else None

    def next_event(self) -> Event | None:
        """Removes the oldest event from its queue and returns it; `None` if there is none."""
        return self._events.popleft() if self._events else None

    def next_deadline(self, now: Moment) -> float | None:
        """Returns when `handle_timeout` is to be called, in seconds on the monotonic clock.

        It is asked again after each call of another method, and whenever the date is set.
        """
        return None

    def handle_timeout(self, now: Moment) -> None:
        """Does what is due."""

    def state(self) -> bytes | None:
        """Returns what must be kept over a restart of the program; `None` if that is nothing."""
        return None

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores what an earlier run has kept; called once, before anything else.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """

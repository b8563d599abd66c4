"""Tells an observer when calls and connections start and end, with sizes and durations."""

import json
import re
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from ocppkit.core import (
    CallCancelled,
    CallEnded,
    CallFailed,
    CallReceived,
    CallTimedOut,
    ConnectionClosed,
    Event,
    FrameRefused,
    InvalidCallReceived,
    MessageKind,
    NoReply,
    Protocol,
    Request,
    ResultReceived,
    Role,
    SendReceived,
)

from ._clock import Clock
from ._handlers import AnyHandler

__all__ = ["CallObserver", "ObservedCall", "ObservedCalls", "ObservedConnection", "Outcome"]

Outcome: TypeAlias = Literal["answered", "refused", "timed out", "lost", "cancelled", "sent"]
"""How a call ended: `answered` with a result, `refused` with an error, `timed out` without an answer,
`lost` with its connection, `cancelled` by its caller. A SEND of OCPP 2.1 is `sent`, also when received."""

_HEAD: Final = re.compile(r'\[(\d),"((?:[^"\\]|\\.)*)"(?:,"([^"\\]*)")?')
"""Finds message type, message id and the text after it in a frame of ours."""


class ObservedCall(Struct, kw_only=True, eq=False):
    """One call on a connection, or one SEND of OCPP 2.1. Times are seconds of the connection's
    clock.
    """

    identity: str
    """The station's identity, whichever end this is."""

    protocol: Protocol
    role: Role
    """Which end of the connection this is."""

    outgoing: bool
    """Whether we made the call; otherwise the peer did."""

    action: str
    message_id: str

    started_at: float
    """When our program made the call, or when it was received."""

    sent_at: float | None = None
    """When a call of ours was sent; until then it waits for the call before it."""

    request_bytes: int = 0
    """Size of its frame in bytes; zero if it was never sent."""

    response_bytes: int = 0
    """Size of the answer's frame in bytes; zero without an answer."""

    duration: float = 0.0
    """Seconds from start to end; for a call of the peer the time that its handler took."""

    outcome: Outcome | None = None
    """How it ended; `None` while it lasts."""

    error_code: str | None = None
    """The error code of the answer, if it is an error."""

    context: Any = None
    """Free for use by the observer, for example for a span."""


class ObservedConnection(Struct, kw_only=True, eq=False):
    """One connection, with the numbers of frames and bytes since it was opened."""

    identity: str
    protocol: Protocol
    role: Role
    started_at: float
    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    duration: float = 0.0
    """Seconds from start to end; zero while it lasts."""

    end: ConnectionClosed | None = None
    """How it ended; `None` while it lasts."""


class CallObserver:
    """Base class of observers of calls and connections; override the methods that you need.

    All methods are called on the event loop and must be quick. Exceptions that they raise are logged.
    """

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Called with each frame and its direction, `in` or `out`. Secrets are not removed."""

    def event(self, identity: str, event: Event) -> None:
        """Called with each event of the connection."""

    def connection_started(self, connection: ObservedConnection) -> None:
        """Called when a station has connected."""

    def connection_ended(self, connection: ObservedConnection) -> None:
        """Called when a connection has ended."""

    def call_started(self, call: ObservedCall) -> None:
        """Called when a call has started.

        For a call of ours it runs in the context (`contextvars`) of the task that makes the call, for a
        call of the peer in the context of its handler, which therefore sees variables that are set here.
        """

    def call_ended(self, call: ObservedCall) -> None:
        """Called when a call has ended. It is called once for each call that was started."""


class ObservedCalls:
    """Follows the calls on one connection and tells a `CallObserver` about them."""

    __slots__ = ("_clock", "_connection", "_failed", "_incoming", "_observer", "_outgoing", "_told")

    def __init__(
        self,
        observer: CallObserver,
        failed: Callable[[str], None],
        identity: str,
        protocol: Protocol,
        role: Role,
        clock: Clock,
    ) -> None:
        """Starts with an open connection.

        Args:
            observer: the observer to tell.
            failed: called with the name of a method of the observer that has raised, while the
                exception is being handled.
            identity: the station's identity.
            protocol: the version that is spoken.
            role: which end of the connection this is.
            clock: where time comes from.
        """
        self._observer = observer
        self._failed = failed
        self._clock = clock
        self._connection = ObservedConnection(
            identity=identity, protocol=protocol, role=role, started_at=clock.time()
        )
        self._outgoing: dict[str, ObservedCall] = {}
        self._incoming: dict[str, ObservedCall] = {}
        # Ids of received calls whose handlers have told the observer, or will.
        self._told: set[str] = set()
        self._call_observer(observer.connection_started, self._connection)

    def frame(self, direction: str, data: str | bytes) -> None:
        """Counts a frame; a sent frame may also start or end a call."""
        size = _byte_length(data)
        if direction == "in":
            self._connection.frames_in += 1
            self._connection.bytes_in += size
            return
        self._connection.frames_out += 1
        self._connection.bytes_out += size
        head = _HEAD.match(data) if isinstance(data, str) else None
        if head is not None:
            self._handle_sent_frame(int(head[1]), _unescaped(head[2]), head[3], size)

    def handle_event(self, event: Event) -> None:
        """Starts or ends the call that an event is about."""
        match event:
            case CallReceived():
                call = self._create_call(event.message_id, event.action.name, outgoing=False)
                call.request_bytes = _byte_length(event.data)
                self._incoming[event.message_id] = call
            case InvalidCallReceived():
                # A function of the program decides how it is answered.
                call = self._create_call(
                    event.message_id, event.error.action or "unknown", outgoing=False
                )
                call.request_bytes = len(event.raw)
                self._incoming[event.message_id] = call
            case SendReceived():
                call = self._create_call(event.message_id, event.action.name, outgoing=False)
                call.request_bytes = len(event.raw)
                self._report_start(call)
                self._report_end(call, "sent")
            case ResultReceived():
                self._end_outgoing(event.message_id, "answered", size=len(event.raw))
            case CallEnded(error=error):
                self._end_outgoing(event.message_id, _outcome_of(error), _error_code(error))
            case CallCancelled():
                self._end_outgoing(event.message_id, "cancelled")
            case FrameRefused(kind=MessageKind.CALL, deferred=False):
                self._report_refused(event)
            case FrameRefused(kind=MessageKind.CALL):
                # Its CALLERROR has told the observer already, if it got one.
                self._end_incoming(
                    event.error.message_id or "", "refused", str(event.reply.reaction)
                )
            case _:
                pass

    def call_starting(self, message_id: str, request: Request[Any]) -> None:
        """Tells the observer that a call of ours starts."""
        call = self._create_call(message_id, request.__ocpp_action__, outgoing=True)
        self._outgoing[message_id] = call
        self._call_observer(self._observer.call_started, call)

    def with_announcement(self, message_id: str, handler: AnyHandler) -> AnyHandler:
        """Returns a handler that first tells the observer, in the handler's context, that the call
        starts.
        """
        call = self._incoming.get(message_id)
        if call is None:
            return handler
        self._told.add(message_id)

        def announced(payload: Any) -> Any:
            self._call_observer(self._observer.call_started, call)
            return handler(payload)

        return announced

    def ended(self, end: ConnectionClosed) -> None:
        """Tells the observer that all calls and the connection have ended."""
        for message_id in [*self._outgoing]:
            self._end_outgoing(message_id, "lost")
        for message_id in [*self._incoming]:
            self._end_incoming(message_id, "lost")
        self._connection.duration = self._clock.time() - self._connection.started_at
        self._connection.end = end
        self._call_observer(self._observer.connection_ended, self._connection)

    def _create_call(self, message_id: str, action: str, *, outgoing: bool) -> ObservedCall:
        return ObservedCall(
            identity=self._connection.identity,
            protocol=self._connection.protocol,
            role=self._connection.role,
            outgoing=outgoing,
            action=action,
            message_id=message_id,
            started_at=self._clock.time(),
        )

    def _handle_sent_frame(self, kind: int, message_id: str, word: str | None, size: int) -> None:
        if kind == MessageKind.CALL:
            call = self._outgoing.get(message_id)
            if call is not None:
                call.sent_at = self._clock.time()
                call.request_bytes = size
        elif kind == MessageKind.SEND:
            call = self._create_call(message_id, word or "", outgoing=True)
            call.sent_at, call.request_bytes = call.started_at, size
            self._call_observer(self._observer.call_started, call)
            self._report_end(call, "sent")
        elif kind == MessageKind.CALL_RESULT:
            self._end_incoming(message_id, "answered", size=size)
        elif kind == MessageKind.CALL_ERROR:
            self._end_incoming(message_id, "refused", word, size)

    def _end_outgoing(
        self, message_id: str, outcome: Outcome, code: str | None = None, size: int = 0
    ) -> None:
        call = self._outgoing.pop(message_id, None)
        if call is not None:
            call.response_bytes = size
            self._report_end(call, outcome, code)

    def _end_incoming(
        self, message_id: str, outcome: Outcome, code: str | None = None, size: int = 0
    ) -> None:
        call = self._incoming.pop(message_id, None)
        if call is None:
            return
        if message_id in self._told:
            self._told.remove(message_id)
        else:
            # It was refused without a handler, which would have told the observer.
            self._report_start(call)
        call.response_bytes = size
        self._report_end(call, outcome, code)

    def _report_refused(self, event: FrameRefused) -> None:
        """Tells the observer about a call that was refused because of its content."""
        error = event.error
        if error.message_id is None or error.action is None:
            return
        # A peer may send any text as action, but the names of metrics must be few.
        known = error.action in self._connection.protocol.actions
        call = self._create_call(
            error.message_id, error.action if known else "unknown", outgoing=False
        )
        self._report_start(call)
        reaction = event.reply.reaction
        answered = event.answer is not None
        code = None if answered or isinstance(reaction, NoReply) else str(reaction)
        self._report_end(call, "answered" if answered else "refused", code)

    def _call_observer(self, method: Callable[[Any], None], about: object) -> None:
        try:
            method(about)
        except Exception:  # noqa: BLE001 - an observer must not end a connection
            self._failed(method.__name__)

    def _report_start(self, call: ObservedCall) -> None:
        # Variables that the observer sets must not remain in the context of the reader.
        copy_context().run(self._call_observer, self._observer.call_started, call)

    def _report_end(self, call: ObservedCall, outcome: Outcome, code: str | None = None) -> None:
        call.outcome = outcome
        call.error_code = code
        call.duration = self._clock.time() - call.started_at
        self._call_observer(self._observer.call_ended, call)


def _outcome_of(error: Exception) -> Outcome:
    match error:
        case CallTimedOut():
            return "timed out"
        case ConnectionClosed():
            return "lost"
        case _:
            return "refused"


def _error_code(error: Exception) -> str | None:
    return str(error.code) if isinstance(error, CallFailed) else None


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"')) if "\\" in text else text


def _byte_length(data: str | bytes) -> int:
    return len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode())

"""Tells an observer of each call on a connection, from its begin to its end, and of the connection."""

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
"""How a call ended: with a result, with an error, without an answer in time, with its connection, by
whoever had made it, or, a SEND of OCPP 2.1, by being sent or received."""

_HEAD: Final = re.compile(r'\[(\d),"((?:[^"\\]|\\.)*)"(?:,"([^"\\]*)")?')
"""Kind, message id and the text after it, in a frame that we write."""


class ObservedCall(Struct, kw_only=True, eq=False):
    """One call, or SEND of OCPP 2.1, on a connection. Times are the connection's clock's, in seconds."""

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
    """When our program asked for it, or when it came in."""

    sent_at: float | None = None
    """When a call of ours went out; before, it waited for the one before it."""

    request_bytes: int = 0
    """Size of its frame; zero if it was never sent."""

    response_bytes: int = 0
    """Size of the answer's frame; zero without one."""

    duration: float = 0.0
    """Seconds from its start to its end; of an incoming call, the time that its handler took."""

    outcome: Outcome | None = None
    """How it ended; `None` until then."""

    error_code: str | None = None
    """The code of the error that it was answered with."""

    context: Any = None
    """For the observer: what it wants to remember of the call, such as a span."""


class ObservedConnection(Struct, kw_only=True, eq=False):
    """One connection, counted from its opening."""

    identity: str
    protocol: Protocol
    role: Role
    started_at: float
    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    duration: float = 0.0
    """Seconds, once it has ended."""

    end: ConnectionClosed | None = None
    """How it ended; `None` until then."""


class CallObserver:
    """An observer that hears of calls and connections; derive from it what you need of it.

    All methods are called on the event loop and must be quick. What they raise is logged.
    """

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Sees a frame, `in` or `out`, as it is: secrets are not taken out."""

    def event(self, identity: str, event: Event) -> None:
        """Sees an event of the connection."""

    def connection_started(self, connection: ObservedConnection) -> None:
        """Learns that a station is connected."""

    def connection_ended(self, connection: ObservedConnection) -> None:
        """Learns that a connection has ended."""

    def call_started(self, call: ObservedCall) -> None:
        """Learns of a call.

        A call of ours is told in the context (`contextvars`) of the task that makes it, one of the
        peer's in the context of its handler: what is set there, the handler sees.
        """

    def call_ended(self, call: ObservedCall) -> None:
        """Learns how a call ended. Each call that was told of ends once."""


class ObservedCalls:
    """Follows each call on a connection, for an observer that wants to hear of calls."""

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
        """Begins with an open connection.

        Args:
            observer: whom to tell.
            failed: called with the name of the observer's method that has raised, while the exception
                is handled.
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
        # Ids of incoming calls that the observer knows of, or is going to.
        self._told: set[str] = set()
        self._tell(observer.connection_started, self._connection)

    def frame(self, direction: str, data: str | bytes) -> None:
        """Counts a frame, and follows what is sent."""
        size = _size(data)
        if direction == "in":
            self._connection.frames_in += 1
            self._connection.bytes_in += size
            return
        self._connection.frames_out += 1
        self._connection.bytes_out += size
        head = _HEAD.match(data) if isinstance(data, str) else None
        if head is not None:
            self._sent(int(head[1]), _unescaped(head[2]), head[3], size)

    def event(self, event: Event) -> None:
        """Follows what happens to calls."""
        match event:
            case CallReceived():
                call = self._call(event.message_id, event.action.name, outgoing=False)
                call.request_bytes = _size(event.data)
                self._incoming[event.message_id] = call
            case SendReceived():
                call = self._call(event.message_id, event.action.name, outgoing=False)
                call.request_bytes = len(event.raw)
                self._tell_apart(call)
                self._end(call, "sent")
            case ResultReceived():
                self._answered(event.message_id, "answered", size=len(event.raw))
            case CallEnded(error=error):
                self._answered(event.message_id, _outcome(error), _code(error))
            case CallCancelled():
                self._answered(event.message_id, "cancelled")
            case FrameRefused(kind=MessageKind.CALL):
                self._refused(event)
            case _:
                pass

    def calling(self, message_id: str, request: Request[Any]) -> None:
        """Tells of a call of ours."""
        call = self._call(message_id, request.__ocpp_action__, outgoing=True)
        self._outgoing[message_id] = call
        self._tell(self._observer.call_started, call)

    def announcing(self, message_id: str, handler: AnyHandler) -> AnyHandler:
        """Returns the handler of a call, which tells of the call in its own context first."""
        call = self._incoming.get(message_id)
        if call is None:
            return handler
        self._told.add(message_id)

        def told(payload: Any) -> Any:
            self._tell(self._observer.call_started, call)
            return handler(payload)

        return told

    def ended(self, end: ConnectionClosed) -> None:
        """Tells of the end: of calls that are not answered any more, and of the connection."""
        for message_id in [*self._outgoing]:
            self._answered(message_id, "lost")
        for message_id in [*self._incoming]:
            self._replied(message_id, "lost")
        self._connection.duration = self._clock.time() - self._connection.started_at
        self._connection.end = end
        self._tell(self._observer.connection_ended, self._connection)

    def _call(self, message_id: str, action: str, *, outgoing: bool) -> ObservedCall:
        return ObservedCall(
            identity=self._connection.identity,
            protocol=self._connection.protocol,
            role=self._connection.role,
            outgoing=outgoing,
            action=action,
            message_id=message_id,
            started_at=self._clock.time(),
        )

    def _sent(self, kind: int, message_id: str, word: str | None, size: int) -> None:
        if kind == MessageKind.CALL:
            call = self._outgoing.get(message_id)
            if call is not None:
                call.sent_at = self._clock.time()
                call.request_bytes = size
        elif kind == MessageKind.SEND:
            call = self._call(message_id, word or "", outgoing=True)
            call.sent_at, call.request_bytes = call.started_at, size
            self._tell(self._observer.call_started, call)
            self._end(call, "sent")
        elif kind == MessageKind.CALL_RESULT:
            self._replied(message_id, "answered", size=size)
        elif kind == MessageKind.CALL_ERROR:
            self._replied(message_id, "refused", word, size)

    def _answered(
        self, message_id: str, outcome: Outcome, code: str | None = None, size: int = 0
    ) -> None:
        call = self._outgoing.pop(message_id, None)
        if call is not None:
            call.response_bytes = size
            self._end(call, outcome, code)

    def _replied(
        self, message_id: str, outcome: Outcome, code: str | None = None, size: int = 0
    ) -> None:
        call = self._incoming.pop(message_id, None)
        if call is None:
            return
        if message_id in self._told:
            self._told.remove(message_id)
        else:
            # It had no handler that could have told of it.
            self._tell_apart(call)
        call.response_bytes = size
        self._end(call, outcome, code)

    def _refused(self, event: FrameRefused) -> None:
        """Tells of a call whose content could not be used."""
        error = event.error
        if error.message_id is None or error.action is None:
            return
        # What a peer calls an action may be anything; names of metrics must be few.
        known = error.action in self._connection.protocol.actions
        call = self._call(error.message_id, error.action if known else "unknown", outgoing=False)
        self._tell_apart(call)
        reaction = event.reply.reaction
        answered = event.answer is not None
        code = None if answered or isinstance(reaction, NoReply) else str(reaction)
        self._end(call, "answered" if answered else "refused", code)

    def _tell(self, method: Callable[[Any], None], about: object) -> None:
        try:
            method(about)
        except Exception:  # noqa: BLE001 - an observer must not end a connection
            self._failed(method.__name__)

    def _tell_apart(self, call: ObservedCall) -> None:
        # What the observer sets must not stay in the context that reads from the connection.
        copy_context().run(self._tell, self._observer.call_started, call)

    def _end(self, call: ObservedCall, outcome: Outcome, code: str | None = None) -> None:
        call.outcome = outcome
        call.error_code = code
        call.duration = self._clock.time() - call.started_at
        self._tell(self._observer.call_ended, call)


def _outcome(error: Exception) -> Outcome:
    match error:
        case CallTimedOut():
            return "timed out"
        case ConnectionClosed():
            return "lost"
        case _:
            return "refused"


def _code(error: Exception) -> str | None:
    return str(error.code) if isinstance(error, CallFailed) else None


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"')) if "\\" in text else text


def _size(data: str | bytes) -> int:
    return len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode())

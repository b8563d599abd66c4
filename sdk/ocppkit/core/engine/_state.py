"""The state of one connection, and the operations that change it.

Both halves of the engine use it: `_incoming.py` (messages of the peer) and `_connection.py` (messages of
our side). It makes no decisions.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from ..frames._call_readers import FastCall
from ..frames._envelopes import encode_message, wrap
from ..frames._frames import CallError, CallResultError, encode_frame
from ..frames._limits import MAX_UTF8_BYTES, Limits
from ..model._errors import (
    ConnectionClosed,
    InvalidMessage,
    InvalidOutgoing,
    LocalProtocolError,
    OcppError,
)
from ..model._failures import Failure, MessageKind
from ..model._fast_path import FastPath
from ..model._issues import NO_ISSUES, Issues, Rule
from ..model._json import reason
from ..model._messages import Response
from ..model._protocol import Action, ErrorCode, Protocol, Role
from ..payloads._codec import message_class, write_payload
from ..payloads._normalise import NotEncodable, normalise_untyped
from ..payloads._policy import Mode, Policy
from ..payloads._repair import Outcome
from ._answer_cache import AnswerCache
from ._calls import LOST, Calls, OutgoingCall, Recent
from ._events import CallEnded, EndedBy, Event, MessageAltered, OpenCall
from ._replies import spell_code

__all__ = ["DEFERRED", "NO_DETAILS", "ConnectionState", "Deferred", "OnInvalid"]


class Deferred(Enum):
    """The class of the value `DEFERRED`."""

    DEFERRED = "deferred"


DEFERRED: Final = Deferred.DEFERRED
"""What a hook returns to answer a call later: then the call is reported as `InvalidCallReceived`."""

OnInvalid = Callable[[InvalidMessage], Response | Deferred | None]
"""Sees a call whose content cannot be used, and may answer it, at once or later; with `None` it is
answered by the reply table. It must be pure: no I/O, no clock."""

NO_DETAILS: Final[Mapping[str, Any]] = MappingProxyType({})


class ConnectionState:
    """The state of one connection, which receiving and sending share."""

    __slots__ = (
        "answered",
        "answers",
        "batch",
        "calls",
        "countable_size",
        "events",
        "fast_calls",
        "fast_path",
        "fast_size",
        "handled",
        "harmless_size",
        "id_limit",
        "inbound",
        "input_closed",
        "limits",
        "on_invalid",
        "open",
        "out",
        "outbound",
        "outcome",
        "peer",
        "place",
        "protocol",
        "refused",
        "results",
        "role",
        "strict",
    )

    def __init__(
        self,
        role: Role,
        protocol: Protocol,
        *,
        limits: Limits,
        inbound: Policy,
        outbound: Policy,
        handled: Callable[[Action], bool],
        on_invalid: OnInvalid | None,
        answers: AnswerCache | None,
        fast_path: FastPath[FastCall],
    ) -> None:
        self.role = role
        self.peer = role.peer
        self.fast_path = fast_path
        self.fast_calls = fast_path.by_characters
        """The dictionary of the fast path, to save an attribute per frame."""

        # 0 turns the fast path off: with an answer cache every call is compared with earlier ones.
        self.fast_size = limits.frame_bytes // MAX_UTF8_BYTES if answers is None else 0
        """Longest text for the fast path, in characters: it keeps to `Limits.frame_bytes` even if each
        character has four bytes."""

        self.countable_size = min(self.fast_size, limits.elements)
        """Longest text for the fast path that cannot have more elements than the limit."""

        self.harmless_size = min(limits.digits, 2 * limits.nesting - 1)
        """Longest text that can exceed neither the limit of digits nor that of nesting."""

        self.place = fast_path.place
        """Position of the action in the peer's latest CALL."""

        self.protocol = protocol
        self.limits = limits
        self.handled = handled
        self.on_invalid = on_invalid
        self.answers = answers
        self.read_with(inbound)
        self.calls = Calls(limits)
        self.write_with(outbound)
        self.open: dict[str, OpenCall] = {}
        self.answered: Recent[Action] | None = None
        """Our latest results, if the version lets the peer refuse them. # ERR-06"""

        self.results: Recent[Action] | None = None
        """The peer's latest results, if the version lets us refuse them. # ERR-06"""

        if MessageKind.CALL_RESULT_ERROR in protocol.message_types:
            self.answered = Recent(limits.remembered)
            self.results = Recent(limits.remembered)
        self.out: list[str] = []
        self.batch = 0
        self.events: list[Event] = []
        self.refused: dict[Failure | Rule, int] = {}
        self.outcome: Outcome | None = None
        """What was built of the payload that is being received, if it was read in steps before."""

        self.input_closed = False
        """Whether nothing more is read: a frame has ended the connection, or it was lost."""

    def read_with(self, inbound: Policy) -> None:
        """Sets the policy for decoding the peer's messages."""
        self.inbound = inbound
        self.strict = inbound.mode is Mode.STRICT
        self.id_limit = self.limits.id_sent if self.strict else self.limits.id_read

    def write_with(self, outbound: Policy) -> None:
        """Sets the policy for encoding our messages."""
        self.outbound = outbound
        self.calls.use_order([request.__ocpp_action__ for request in outbound.order])

    def must_be_open(self) -> None:
        """Raises `ConnectionClosed` if the connection was lost."""
        if self.calls.state is LOST:
            raise ConnectionClosed("the connection has ended", delivered="no")

    def open_call(self, message_id: str) -> OpenCall:
        """Returns the call of the peer that waits for a reply; raises if there is none with this
        id.
        """
        call = self.open.get(message_id)
        if call is None:
            self.must_be_open()
            raise LocalProtocolError(
                "no call of the peer with this message id waits for a reply: it was answered "
                "before, or never received",
                message_id=message_id,
            )
        return call

    def close_call(self, message_id: str, text: str, now: float) -> None:
        """Sends the reply to a call of the peer, which ends the call."""
        call = self.open.pop(message_id)
        self.out.append(text)
        if self.answers is not None:
            self.answers.keep(message_id, call, text, now)

    def note_result(self, message_id: str, action: Action) -> None:
        """Remembers a result of ours as long as the peer may refuse it."""
        if self.answered is not None:
            self.answered.remember(message_id, action)

    def transmit(self, call: OutgoingCall) -> None:
        """Sends a call of ours."""
        self.out.append(call.text)
        call.batch = self.batch

    def delivered(self, call: OutgoingCall) -> Literal["no", "unknown"]:
        """Returns whether the peer may have received a call of ours that was not answered."""
        return "unknown" if 0 <= call.batch < self.batch else "no"

    def end(self, call: OutgoingCall, error: EndedBy, issues: Issues = NO_ISSUES) -> None:
        """Adds the event that a call of ours ended without a response."""
        error.action = call.action.name
        error.message_id = call.message_id
        self.events.append(CallEnded(call.message_id, call.action, error, issues))

    def send_next_call(self, now: float) -> None:
        """Sends the next call of the queue, unless a call waits for its answer."""
        call = self.calls.next_to_send(now)
        if call is not None:
            if call.overtaken:
                self.note_changes(call.message_id, call.action, [f"sent before {call.overtaken}"])
            self.transmit(call)

    def note_changes(self, message_id: str, action: Action, changes: list[str]) -> None:
        """Adds the event that a message of ours was changed before sending."""
        self.events.append(MessageAltered(message_id, action, tuple(changes)))

    def result_text(self, message_id: str, action: Action, response: Response) -> str:
        """Returns the text of a CALLRESULT with a response.

        Raises:
            InvalidOutgoing: it is not a response of the action, or cannot be encoded.
        """
        cls = type(response)
        if cls is not action.response and not _belongs_to(cls, action.response):
            expected = action.response.__name__ if action.response else "nothing"
            raise InvalidOutgoing(
                f"the response is a {type(response).__name__}, but it must be {expected}",
                action=action.name,
                message_id=message_id,
            )
        try:
            if self.outbound.alterations:
                changes: list[str] = []
                payload = write_payload(response, self.outbound, changes)
                if changes:
                    self.note_changes(message_id, action, changes)
                return wrap(message_id, cls, payload).decode()
            return encode_message(message_id, response, self.outbound).decode()
        except OcppError as error:
            error.message_id = message_id
            raise

    def error_text(
        self,
        frame: type[CallError | CallResultError],
        message_id: str,
        code: ErrorCode,
        description: str,
        details: Mapping[str, Any] = NO_DETAILS,
    ) -> str:
        """Returns the text of an error frame.

        Raises:
            InvalidOutgoing: code or description is no text, or the details are no JSON object.
        """
        # Handlers choose these values, and untyped code may pass anything.
        texts: tuple[Any, ...] = (code, description)
        if not all(isinstance(text, str) for text in texts):
            raise InvalidOutgoing(
                "code and description of an error must be texts", message_id=message_id
            )
        # FRM-10
        cut = description[: self.limits.description]
        spelt = spell_code(self.protocol, code)
        members = _normalise_details(message_id, _as_dict(message_id, details))
        return encode_frame(frame(message_id, spelt, cut, members)).decode()


def _belongs_to(cls: type[Any], expected: type[Response] | None) -> bool:
    """Returns whether a class is a subclass of the action's response class, and of no other message
    class.
    """
    return expected is not None and issubclass(cls, expected) and message_class(cls) is expected


def _normalise_details(message_id: str, details: dict[str, Any]) -> dict[str, Any]:
    """Returns the details of an error in the form in which payloads are encoded."""
    try:
        normalised: dict[str, Any] = normalise_untyped(details, None)
        return normalised
    except NotEncodable as error:
        raise InvalidOutgoing(
            f"the details of the error cannot be sent: {error}",
            issues=[error.issue],
            message_id=message_id,
        ) from error
    # Objects of the user may raise anything, and may contain themselves.
    except Exception as error:
        raise InvalidOutgoing(
            f"the details of the error cannot be read: {reason(error)}", message_id=message_id
        ) from error


def _as_dict(message_id: str, details: Any) -> dict[str, Any]:
    if not isinstance(details, Mapping):
        raise InvalidOutgoing(
            f"the details of an error must be a mapping, not {type(details).__name__}",
            message_id=message_id,
        )
    try:
        return dict(cast(Mapping[str, Any], details))
    # A mapping of the user may raise anything.
    except Exception as error:
        raise InvalidOutgoing(
            f"the details of the error cannot be read: {reason(error)}", message_id=message_id
        ) from error

"""What one connection knows, and the few ways in which that changes.

Both halves of the engine stand on it: `_reception.py` (what the peer sends) and `_connection.py` (what
our side asks for). It judges nothing.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from ..frames._call_readers import FastCall
from ..frames._envelopes import encode_message
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
from ..payloads._codec import message_class
from ..payloads._normalise import NotEncodable, normalise_untyped
from ..payloads._policy import Mode, Policy
from ._answer_cache import AnswerCache
from ._calls import LOST, Calls, OutgoingCall, Recent
from ._events import CallEnded, EndedBy, Event, OpenCall
from ._replies import spell_code

__all__ = ["DEFERRED", "NO_DETAILS", "ConnectionState", "Deferred", "OnInvalid"]


class Deferred(Enum):
    """The type of `DEFERRED`."""

    DEFERRED = "deferred"


DEFERRED: Final = Deferred.DEFERRED
"""What a hook returns to answer a call later: then the call is reported as `InvalidCallReceived`."""

OnInvalid = Callable[[InvalidMessage], Response | Deferred | None]
"""Sees a call whose content cannot be used, and may answer it, at once or later; with `None` it is
answered by the reply table. It must be pure: no I/O, no clock."""

NO_DETAILS: Final[Mapping[str, Any]] = MappingProxyType({})


class ConnectionState:
    """The memory of a connection."""

    __slots__ = (
        "answered",
        "answers",
        "batch",
        "calls",
        "countable",
        "events",
        "fast_calls",
        "fast_path",
        "handled",
        "id_limit",
        "inbound",
        "input_closed",
        "limits",
        "on_invalid",
        "open",
        "out",
        "outbound",
        "peer",
        "place",
        "protocol",
        "refused",
        "results",
        "role",
        "straight",
        "strict",
        "unsuspicious",
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
        """The entries of the fast path, one step nearer."""

        # A memory of answers has to see each call closely.
        self.straight = limits.frame_bytes // MAX_UTF8_BYTES if answers is None else 0
        """A text of so many characters may go the straight way: it keeps to the limit of a frame,
        however many bytes each has."""

        self.countable = min(self.straight, limits.elements)
        """A text of so many characters may go the straight way, and has not too many elements."""

        self.unsuspicious = min(limits.digits, 2 * limits.nesting - 1)
        """So many characters hold neither a number that is too long nor what is nested too deep."""

        self.place = fast_path.place
        """Where the peer's calls have their action, as far as is known."""

        self.protocol = protocol
        self.limits = limits
        self.outbound = outbound
        self.handled = handled
        self.on_invalid = on_invalid
        self.answers = answers
        self.read_with(inbound)
        self.calls = Calls(limits)
        self.open: dict[str, OpenCall] = {}
        self.answered: Recent[Action] | None = None
        """Our latest results, where the version lets the peer refuse them. # ERR-06"""

        self.results: Recent[Action] | None = None
        """The peer's latest results, where the version lets us refuse them. # ERR-06"""

        if MessageKind.CALL_RESULT_ERROR in protocol.message_types:
            self.answered = Recent(limits.remembered)
            self.results = Recent(limits.remembered)
        self.out: list[str] = []
        self.batch = 0
        self.events: list[Event] = []
        self.refused: dict[Failure | Rule, int] = {}
        self.input_closed = False
        """Whether nothing more is read: a frame has ended the connection, or it was lost."""

    def read_with(self, inbound: Policy) -> None:
        """Reads the peer's messages by this policy from now on."""
        self.inbound = inbound
        self.strict = inbound.mode is Mode.STRICT
        self.id_limit = self.limits.id_sent if self.strict else self.limits.id_read

    def must_be_open(self) -> None:
        """Raises `ConnectionClosed` if the connection was lost."""
        if self.calls.state is LOST:
            raise ConnectionClosed("the connection was lost before", delivered="no")

    def open_call(self, message_id: str) -> OpenCall:
        """Returns a call of the peer that is owed a reply; raises if there is none with this id."""
        call = self.open.get(message_id)
        if call is None:
            self.must_be_open()
            raise LocalProtocolError(
                "no such call of the peer is open: it was answered, or never came",
                message_id=message_id,
            )
        return call

    def close_call(self, message_id: str, text: str, now: float) -> None:
        """Sends the one reply that a call of the peer is owed."""
        call = self.open.pop(message_id)
        self.out.append(text)
        if self.answers is not None:
            self.answers.keep(message_id, call, text, now)

    def note_result(self, message_id: str, action: Action) -> None:
        """Remembers a result of ours for as long as the peer may refuse it."""
        if self.answered is not None:
            self.answered.remember(message_id, action)

    def transmit(self, call: OutgoingCall) -> None:
        """Sends a call of ours."""
        self.out.append(call.text)
        call.batch = self.batch

    def delivered(self, call: OutgoingCall) -> Literal["no", "unknown"]:
        """Says whether the peer may have seen a call of ours that was not answered."""
        return "unknown" if 0 <= call.batch < self.batch else "no"

    def end(self, call: OutgoingCall, error: EndedBy, issues: Issues = NO_ISSUES) -> None:
        """Tells that a call of ours ended without a result."""
        error.action = call.action.name
        error.message_id = call.message_id
        self.events.append(CallEnded(call.message_id, call.action, error, issues))

    def take_turns(self, now: float) -> None:
        """Sends the next waiting call, if it is its turn."""
        call = self.calls.turn(now)
        if call is not None:
            self.transmit(call)

    def result_text(self, message_id: str, action: Action, response: Response) -> str:
        """Encodes the CALLRESULT of a response.

        Raises:
            InvalidOutgoing: it is no response of the action, or cannot be encoded.
        """
        cls = type(response)
        if cls is not action.response and not _belongs_to(cls, action.response):
            due = action.response.__name__ if action.response else "nothing"
            raise InvalidOutgoing(
                f"a {type(response).__name__} in place of {due}",
                action=action.name,
                message_id=message_id,
            )
        try:
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
        """Encodes an error frame.

        Raises:
            InvalidOutgoing: code or description is no text, or the details are no JSON object.
        """
        # Handlers choose all three, and untyped code may choose anything.
        texts: tuple[Any, ...] = (code, description)
        if not all(isinstance(text, str) for text in texts):
            raise InvalidOutgoing("code and description must be texts", message_id=message_id)
        # FRM-10
        cut = description[: self.limits.description]
        spelt = spell_code(self.protocol, code)
        members = _normalised(message_id, _as_dict(message_id, details))
        return encode_frame(frame(message_id, spelt, cut, members)).decode()


def _belongs_to(cls: type[Any], due: type[Response] | None) -> bool:
    """Returns whether a class is a subclass of an action's response, and of no other message."""
    return due is not None and issubclass(cls, due) and message_class(cls) is due


def _normalised(message_id: str, details: dict[str, Any]) -> dict[str, Any]:
    """Returns the details of an error in the form in which payloads are written."""
    try:
        normalised: dict[str, Any] = normalise_untyped(details, None)
        return normalised
    except NotEncodable as error:
        raise InvalidOutgoing(
            f"details cannot be sent: {error}", issues=[error.issue], message_id=message_id
        ) from error
    # Objects of the user's may raise what they like, and may contain themselves.
    except Exception as error:
        raise InvalidOutgoing(
            f"details cannot be read: {reason(error)}", message_id=message_id
        ) from error


def _as_dict(message_id: str, details: Any) -> dict[str, Any]:
    if not isinstance(details, Mapping):
        raise InvalidOutgoing(
            f"details must be a mapping, not {type(details).__name__}", message_id=message_id
        )
    try:
        return dict(cast(Mapping[str, Any], details))
    # A mapping of the user's may raise what it likes.
    except Exception as error:
        raise InvalidOutgoing(
            f"details cannot be read: {reason(error)}", message_id=message_id
        ) from error

"""What a frame of the peer becomes: an event, a reply, or both."""

from collections.abc import Mapping
from typing import Any, Final

from ._calls import OutgoingCall
from ._codec import read_payload
from ._errors import CallFailed, FrameFault, InvalidFrame, InvalidMessage
from ._events import (
    AnswerIgnored,
    CallReceived,
    CallRepeated,
    ResultReceived,
    ResultRefused,
    SendReceived,
    Stray,
)
from ._failures import Failure, MessageKind
from ._frames import Call, CallError, CallResult, CallResultError, SendFrame, read_frame
from ._issues import Issue, Rule
from ._limits import (
    BYTES,
    exceeded,
    holds_deeper,
    holds_long_number,
    is_deeper,
    may_be_deep,
)
from ._protocol import Action
from ._refusals import Refusals
from ._replies import describe, read_code
from ._session import Session

__all__ = ["Reception"]

_FAULTS: Final[Mapping[FrameFault, Failure]] = {
    FrameFault.NOT_JSON: Failure.NOT_JSON,
    FrameFault.NOT_AN_ARRAY: Failure.NOT_AN_ARRAY,
    FrameFault.UNREADABLE_ID: Failure.UNREADABLE_ID,
    FrameFault.UNKNOWN_TYPE: Failure.UNKNOWN_TYPE,
    FrameFault.MALFORMED: Failure.MALFORMED,
}


# At hand, see `_calls.py`.
_CALL: Final = MessageKind.CALL


class Reception:
    """Takes the peer's frames."""

    __slots__ = ("_refusals", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._refusals = Refusals(session)

    def receive(self, data: str | bytes, now: float, binary: bool) -> None:
        """Takes one text; whatever it is, it ends as events and replies."""
        session = self._session
        limits = session.limits
        if (binary or len(data) * BYTES > limits.frame_bytes) and self._is_unread(
            data, now, binary
        ):
            return
        issues: list[Issue] = []
        try:
            frame = read_frame(data, session.inbound, issues)
        except InvalidFrame as error:
            if not self._is_unread(data, now, False):
                self._refusals.refuse_frame(_FAULTS[error.fault], error, data, now)
            return
        # Frames are told apart by their exact type: an `isinstance` of structs that says no is slow.
        if type(frame) is CallError or type(frame) is CallResultError:
            self._take_error(frame, data, now, issues)
            return
        # Nothing in front of the payload can be a number but the type, which is one digit.
        raw = bytes(frame.payload)
        if len(raw) > limits.digits and holds_long_number(raw, limits):
            self._refusals.refuse_text(Failure.NUMBER_TOO_LONG, data, now)
        elif type(frame) is Call:
            self._on_call(frame, raw, now, issues)
        elif type(frame) is CallResult:
            self._on_result(frame, raw, now, issues)
        else:
            self._on_send(frame, raw, now, issues)

    def _is_unread(self, data: str | bytes, now: float, binary: bool) -> bool:
        """Whether a text is refused before anybody looks for a frame in it; if so, it was."""
        session = self._session
        failure = exceeded(data, session.limits)
        if failure is None and binary and session.strict:
            failure = Failure.BINARY
        if failure is None:
            return False
        self._refusals.refuse_text(failure, data, now)
        return True

    # What the peer asks for.

    def _on_call(self, frame: Call, raw: bytes, now: float, issues: list[Issue]) -> None:
        session = self._session
        message_id = frame.message_id
        known = message_id in session.open or session.answers is not None
        if known and self._is_repeated(frame, raw, now):
            return
        taken = self._take(frame, _CALL, raw, issues)
        if taken is None:
            return
        action, request = taken
        call = CallReceived(message_id, action, raw, request, tuple(issues), now)
        session.open[message_id] = call
        session.events.append(call)

    def _on_send(self, frame: SendFrame, raw: bytes, now: float, issues: list[Issue]) -> None:
        if not self._has(MessageKind.SEND, frame, now):
            return
        taken = self._take(frame, MessageKind.SEND, raw, issues)
        if taken is not None:
            action, message = taken
            event = SendReceived(frame.message_id, action, raw, message, tuple(issues), now)
            self._session.events.append(event)

    def _take(
        self, frame: Call | SendFrame, kind: MessageKind, raw: bytes, issues: list[Issue]
    ) -> tuple[Action, Any] | None:
        """Returns action and message, or `None` after the frame was refused."""
        message_id = frame.message_id
        if len(message_id) > self._session.id_limit:
            self._refuse_long_id(frame, kind)
            return None
        action = self._refusals.find_action(frame.action, kind)
        if not isinstance(action, Action):
            self._refusals.refuse_named(action, kind, message_id, frame.action)
            return None
        try:
            message = self._read(action.request, raw, issues)
        except InvalidMessage as error:
            self._refusals.refuse_payload(kind, error, message_id)
            return None
        return action, message

    def _read(self, cls: type[Any], raw: bytes, issues: list[Issue]) -> Any:
        """Returns a payload; raises `InvalidMessage`."""
        session = self._session
        message = read_payload(cls, raw, session.inbound, issues)
        if session.strict and not may_be_deep(cls, raw, session.limits):
            return message
        if is_deeper(raw, session.limits):
            deep = Issue("$", Rule.JSON, expected=f"{session.limits.nesting} levels at most")
            raise InvalidMessage(issues=[deep], raw=raw, action=cls.__ocpp_action__)
        return message

    def _is_repeated(self, frame: Call, raw: bytes, now: float) -> bool:
        """Deals with the id of a call that is in work, or was answered not long ago."""
        session = self._session
        message_id, name = frame.message_id, frame.action
        call = session.open.get(message_id)
        if call is not None and (
            session.answers is None or call.action.name != name or call.raw != raw
        ):
            self._refusals.refuse_named(Failure.DUPLICATE_ID, MessageKind.CALL, message_id, name)
            return True
        if call is None:
            answers = session.answers
            text = None if answers is None else answers.find(message_id, name, raw, now)
            if text is None:
                return False
            session.out.append(text)
        action = session.protocol.actions[name]
        session.events.append(CallRepeated(message_id, action, answered=call is None))
        return True

    def _refuse_long_id(self, frame: Call | SendFrame, kind: MessageKind) -> None:
        if len(frame.message_id) > self._session.limits.id_read:
            self._refusals.refuse_named(Failure.UNREADABLE_ID, kind, None, frame.action)
        else:
            message_id = frame.message_id
            self._refusals.refuse_named(Failure.ID_TOO_LONG, kind, message_id, frame.action)

    # What the peer answers.

    def _on_result(self, frame: CallResult, raw: bytes, now: float, issues: list[Issue]) -> None:
        session = self._session
        call = session.calls.answer(frame.message_id)
        if isinstance(call, OutgoingCall):
            self._deliver_result(call, raw, now, issues)
        else:
            session.events.append(AnswerIgnored(frame.message_id, MessageKind.CALL_RESULT, call))
        session.take_turns(now)

    def _deliver_result(
        self, call: OutgoingCall, raw: bytes, now: float, issues: list[Issue]
    ) -> None:
        session = self._session
        action = call.action
        assert action.response is not None
        try:
            response = self._read(action.response, raw, issues)
        except InvalidMessage as error:
            session.end(call, error)
            self._refusals.refuse_payload(MessageKind.CALL_RESULT, error, call.message_id)
            return
        session.events.append(
            ResultReceived(call.message_id, action, raw, response, tuple(issues), now)
        )

    def _take_error(
        self,
        frame: CallError | CallResultError,
        data: str | bytes,
        now: float,
        issues: list[Issue],
    ) -> None:
        if holds_long_number(data, self._session.limits):
            self._refusals.refuse_text(Failure.NUMBER_TOO_LONG, data, now)
        elif type(frame) is CallError:
            self._on_error(frame, now, issues)
        else:
            self._on_result_error(frame, now)

    def _on_error(self, frame: CallError, now: float, issues: list[Issue]) -> None:
        session = self._session
        if self._is_deep(frame, MessageKind.CALL_ERROR, now):
            return
        call = session.calls.answer(frame.message_id)
        error = _failed(frame)
        if isinstance(call, Stray):
            kind = MessageKind.CALL_ERROR
            session.events.append(AnswerIgnored(frame.message_id, kind, call, error))
        else:
            session.end(call, error, issues)
        session.take_turns(now)

    def _on_result_error(self, frame: CallResultError, now: float) -> None:
        kind = MessageKind.CALL_RESULT_ERROR
        if not self._has(kind, frame, now) or self._is_deep(frame, kind, now):
            return
        session = self._session
        answered = session.answered
        action = None if answered is None else answered.get(frame.message_id)
        error = _failed(frame)
        if action is None:
            ignored = AnswerIgnored(frame.message_id, kind, Stray.FOREIGN, error)
            session.events.append(ignored)
            return
        error.action = action.name
        session.events.append(ResultRefused(frame.message_id, action, error))

    def _has(self, kind: MessageKind, frame: SendFrame | CallResultError, now: float) -> bool:
        """Whether the version has this kind of message; if not, the frame is refused."""
        if kind in self._session.protocol.message_types:
            return True
        fault = FrameFault.UNKNOWN_TYPE
        error = InvalidFrame(fault=fault, message_id=frame.message_id, message_type=kind)
        self._refusals.refuse_frame(Failure.UNKNOWN_TYPE, error, b"", now)
        return False

    def _is_deep(self, frame: CallError | CallResultError, kind: MessageKind, now: float) -> bool:
        """Whether the details of an error are nested too deep; if so, it is refused."""
        if not frame.details or not holds_deeper(frame.details, self._session.limits):
            return False
        error = InvalidFrame(
            describe(Failure.TOO_DEEP), message_id=frame.message_id, message_type=kind
        )
        self._refusals.refuse_frame(Failure.TOO_DEEP, error, b"", now)
        return True


def _failed(frame: CallError | CallResultError) -> CallFailed:
    code = read_code(frame.code)
    return CallFailed(code, frame.description, frame.details, message_id=frame.message_id)

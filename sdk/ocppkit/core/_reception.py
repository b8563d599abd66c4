"""What a frame of the peer becomes: an event, a reply, or both."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ._answers import IncomingCall
from ._calls import OutgoingCall
from ._codec import decode_payload
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
from ._frames import Call, CallError, CallResult, CallResultError, SendFrame, decode_frame
from ._issues import Issue
from ._limits import exceeded
from ._refusals import Refusals
from ._replies import read_code
from ._session import Session

__all__ = ["Reception"]

_FAULTS: Final[Mapping[FrameFault, Failure]] = {
    FrameFault.NOT_JSON: Failure.NOT_JSON,
    FrameFault.NOT_AN_ARRAY: Failure.NOT_AN_ARRAY,
    FrameFault.UNREADABLE_ID: Failure.UNREADABLE_ID,
    FrameFault.UNKNOWN_TYPE: Failure.UNKNOWN_TYPE,
    FrameFault.MALFORMED: Failure.MALFORMED,
}


class Reception:
    """Takes the peer's frames."""

    __slots__ = ("_refusals", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._refusals = Refusals(session)

    def receive(self, data: str | bytes, now: float, binary: bool) -> None:
        """Takes one text; whatever it is, it ends as events and replies."""
        session = self._session
        failure = exceeded(data, session.limits)
        if failure is None and binary and session.strict:
            failure = Failure.BINARY
        if failure is not None:
            self._refusals.refuse_text(failure, data, now)
            return
        try:
            frame = decode_frame(data, policy=session.inbound)
        except InvalidFrame as error:
            self._refusals.refuse_frame(_FAULTS[error.fault], error, data, now)
            return
        _WALKS[type(frame)](self, frame, now)

    # What the peer asks for.

    def _on_call(self, frame: Call, now: float) -> None:
        session = self._session
        message_id = frame.message_id
        if len(message_id) > session.id_limit:
            self._refuse_long_id(frame, MessageKind.CALL)
            return
        known = message_id in session.open or session.answers is not None
        if known and self._is_repeated(frame, now):
            return
        action = self._refusals.find_action(frame.action, MessageKind.CALL)
        if isinstance(action, Failure):
            self._refusals.refuse_named(action, MessageKind.CALL, message_id, frame.action)
            return
        issues: list[Issue] | None = None if session.strict else []
        request = self._decode(action.request, frame, MessageKind.CALL, issues)
        if request is None:
            return
        deadline = now + session.limits.handler_timeout
        session.open[message_id] = IncomingCall(action, frame.payload, now, deadline)
        repaired = tuple(issues) if issues else ()
        session.events.append(
            CallReceived(message_id, action, frame.payload, request, repaired, now)
        )

    def _on_send(self, frame: SendFrame, now: float) -> None:
        if not self._has(MessageKind.SEND, frame, now):
            return
        session = self._session
        message_id = frame.message_id
        if len(message_id) > session.id_limit:
            self._refuse_long_id(frame, MessageKind.SEND)
            return
        action = self._refusals.find_action(frame.action, MessageKind.SEND)
        if isinstance(action, Failure):
            self._refusals.refuse_named(action, MessageKind.SEND, message_id, frame.action)
            return
        issues: list[Issue] = []
        message = self._decode(action.request, frame, MessageKind.SEND, issues)
        if message is not None:
            session.events.append(
                SendReceived(message_id, action, frame.payload, message, tuple(issues), now)
            )

    def _decode(
        self,
        cls: type[Any],
        frame: Call | SendFrame,
        kind: MessageKind,
        issues: list[Issue] | None,
    ) -> Any:
        """Returns the payload of a frame, or `None` after it was refused."""
        try:
            return decode_payload(cls, frame.payload, policy=self._session.inbound, issues=issues)
        except InvalidMessage as error:
            self._refusals.refuse_payload(kind, error, frame.message_id)
            return None

    def _is_repeated(self, frame: Call, now: float) -> bool:
        """Deals with the id of a call that is in work, or was answered not long ago."""
        session = self._session
        message_id = frame.message_id
        call = session.open.get(message_id)
        if call is None:
            text = session.find_answer(frame, now)
            if text is None:
                return False
            session.out.append(text)
        elif session.answers is None or not call.is_same(frame.action, frame.payload):
            failure = Failure.DUPLICATE_ID
            self._refusals.refuse_named(failure, MessageKind.CALL, message_id, frame.action)
            return True
        action = session.protocol.actions[frame.action]
        session.events.append(CallRepeated(message_id, action, answered=call is None))
        return True

    def _refuse_long_id(self, frame: Call | SendFrame, kind: MessageKind) -> None:
        if len(frame.message_id) > self._session.limits.id_read:
            self._refusals.refuse_named(Failure.UNREADABLE_ID, kind, None, frame.action)
        else:
            message_id = frame.message_id
            self._refusals.refuse_named(Failure.ID_TOO_LONG, kind, message_id, frame.action)

    # What the peer answers.

    def _on_result(self, frame: CallResult, now: float) -> None:
        session = self._session
        call = session.calls.answer(frame.message_id)
        if isinstance(call, Stray):
            session.events.append(AnswerIgnored(frame.message_id, MessageKind.CALL_RESULT, call))
        else:
            self._deliver_result(frame, call, now)
        session.take_turns(now)

    def _deliver_result(self, frame: CallResult, call: OutgoingCall, now: float) -> None:
        session = self._session
        action = call.action
        assert action.response is not None
        issues: list[Issue] = []
        try:
            response = decode_payload(
                action.response, frame.payload, policy=session.inbound, issues=issues
            )
        except InvalidMessage as error:
            session.end(call, error)
            self._refusals.refuse_payload(MessageKind.CALL_RESULT, error, frame.message_id)
            return
        session.events.append(
            ResultReceived(frame.message_id, action, frame.payload, response, tuple(issues), now)
        )

    def _on_error(self, frame: CallError, now: float) -> None:
        session = self._session
        call = session.calls.answer(frame.message_id)
        error = _failed(frame)
        if isinstance(call, Stray):
            kind = MessageKind.CALL_ERROR
            session.events.append(AnswerIgnored(frame.message_id, kind, call, error))
        else:
            session.end(call, error)
        session.take_turns(now)

    def _on_result_error(self, frame: CallResultError, now: float) -> None:
        kind = MessageKind.CALL_RESULT_ERROR
        if not self._has(kind, frame, now):
            return
        session = self._session
        action = session.answered.get(frame.message_id)
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


def _failed(frame: CallError | CallResultError) -> CallFailed:
    code = read_code(frame.code)
    return CallFailed(code, frame.description, frame.details, message_id=frame.message_id)


_WALKS: Final[Mapping[type, Callable[[Reception, Any, float], None]]] = {
    Call: Reception._on_call,
    CallResult: Reception._on_result,
    CallError: Reception._on_error,
    CallResultError: Reception._on_result_error,
    SendFrame: Reception._on_send,
}

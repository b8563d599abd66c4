"""Turns a received frame into an event, a reply, or both."""

from typing import Any, Final

from ..frames._call_readers import fast_call_of
from ..frames._frames import (
    Call,
    CallError,
    CallResult,
    CallResultError,
    SendFrame,
    read_frame,
    trimmed,
)
from ..frames._limits import (
    MAX_UTF8_BYTES,
    exceeded,
    holds_deeper,
    holds_long_number,
    holds_many_elements,
    is_deeper,
    is_plain,
    may_be_deep,
    open_names,
)
from ..model._errors import CallFailed, InvalidFrame, InvalidMessage
from ..model._failures import Failure, MessageKind
from ..model._fast_path import SECOND
from ..model._issues import NO_ISSUES, Issue, IssueList, Issues, Rule
from ..model._json import REFUSALS, is_json
from ..model._messages import Message
from ..model._protocol import Action
from ..payloads._codec import payload_of, read_payload
from ..payloads._repair import Outcome
from ._calls import OutgoingCall
from ._events import (
    AnswerIgnored,
    CallReceived,
    CallRepeated,
    ResultReceived,
    ResultRefused,
    SendReceived,
    Stray,
)
from ._refusals import find_action, refuse_frame, refuse_named, refuse_payload, refuse_text
from ._replies import describe, read_code
from ._state import ConnectionState

__all__ = ["receive", "receive_prepared"]

# LookupError: the position is unknown to the fast path, or beyond the end of the text.
_NOT_FAST: Final = (LookupError, *REFUSALS)

# A global, because looking up a member of an enum is slow; see `_calls.py`.
_CALL: Final = MessageKind.CALL


def receive(session: ConnectionState, data: str | bytes, now: float, binary: bool) -> None:
    """Handles one message of the peer: adds events and replies. Never raises."""
    try:
        if (
            type(data) is str
            and not binary
            and (
                (size := len(data)) <= session.countable_size
                or (size <= session.fast_size and not holds_many_elements(data, session.limits))
            )
        ):
            place = session.place
            by_second = session.fast_calls.get(data[place])
            if by_second is not None:
                # The fast path: a valid CALL that is written like an earlier one.
                action, read, names = by_second[data[place + SECOND]]
                frame = read(data)
                message_id = frame.message_id
                id_size = len(message_id)
                if (
                    (
                        size - id_size <= session.harmless_size
                        or is_plain(data, names, session.limits)
                    )
                    and id_size <= session.id_limit
                    and message_id not in session.open
                ):
                    call = CallReceived(message_id, action, data, frame.payload, NO_ISSUES, now)
                    session.open[message_id] = call
                    session.events.append(call)
                    return
    except _NOT_FAST:
        pass
    _receive_slowly(session, data, now, binary)


def receive_prepared(
    session: ConnectionState, data: str | bytes, now: float, binary: bool, outcome: Outcome
) -> None:
    """Handles one message like `receive`, with a payload that was decoded before."""
    session.outcome = outcome
    try:
        _receive_slowly(session, data, now, binary)
    finally:
        session.outcome = None


def _receive_slowly(session: ConnectionState, data: str | bytes, now: float, binary: bool) -> None:
    limits = session.limits
    if (
        binary or len(data) > limits.elements or len(data) * MAX_UTF8_BYTES > limits.frame_bytes
    ) and _refuse_by_limits(session, data, now, binary):
        return
    issues = IssueList()
    try:
        frame = read_frame(data, session.inbound, issues)
    except InvalidFrame as error:
        if not _refuse_by_limits(session, data, now, False):
            refuse_frame(session, error.failure, error, data, now)
        return
    if not session.strict:
        # Everything behind it reads the frame in the text again. In the mode off no issue tells of a cut.
        data = _trimmed_text(data)
    # By exact type, because `isinstance` is slow for structs when the answer is no.
    if type(frame) is CallError or type(frame) is CallResultError:
        _on_any_error(session, frame, data, now, issues)
        return
    # Before the payload the only number is the message type, which has one digit.
    raw = bytes(frame.payload)
    if len(raw) > limits.digits and holds_long_number(raw, limits):
        failure = Failure.NUMBER_TOO_LONG if is_json(data) else Failure.NOT_JSON
        refuse_text(session, failure, data, now)
    elif type(frame) is Call:
        _on_call(session, frame, data, raw, now, issues)
    elif type(frame) is CallResult:
        _on_result(session, frame, raw, now, issues)
    else:
        _on_send(session, frame, raw, now, issues)


def _refuse_by_limits(
    session: ConnectionState, data: str | bytes, now: float, binary: bool
) -> bool:
    """Refuses a message that is binary or exceeds a limit; returns whether it was refused."""
    failure = exceeded(data, session.limits)
    if failure is Failure.NUMBER_TOO_LONG and not is_json(data):
        # Text that is no JSON is one failure, whatever digits it holds; it is found out later.
        failure = None
    if failure is None and binary and session.strict:
        failure = Failure.BINARY
    if failure is None:
        return False
    refuse_text(session, failure, data, now)
    return True


def _trimmed_text(data: str | bytes) -> str | bytes:
    """Returns the text without NULs and byte order marks around it, as `read_frame` decodes it."""
    clean = trimmed(data)
    assert isinstance(clean, str | bytes)
    return clean


def _frozen_issues(issues: IssueList) -> Issues:
    """Returns the collected issues as a value that cannot change; the shared empty one if none."""
    return Issues(issues, issues.omitted) if issues else NO_ISSUES


# Messages that the peer sends.


def _on_call(
    session: ConnectionState,
    frame: Call,
    data: str | bytes,
    raw: bytes,
    now: float,
    issues: IssueList,
) -> None:
    message_id = frame.message_id
    known = message_id in session.open or session.answers is not None
    if known and _handle_repeated(session, frame, raw, now):
        return
    taken = _decode_message(session, frame, _CALL, raw, issues, now)
    if taken is None:
        return
    action, request = taken
    if isinstance(data, str):
        # The fast path can decode the next CALL of this kind.
        place = session.fast_path.learn(data, action.name, fast_call_of(action))
        if place is not None:
            session.place = place
    call = CallReceived(message_id, action, data, request, _frozen_issues(issues), now)
    session.open[message_id] = call
    session.events.append(call)


def _on_send(
    session: ConnectionState, frame: SendFrame, raw: bytes, now: float, issues: IssueList
) -> None:
    if not _is_supported(session, MessageKind.SEND, frame, now):
        return
    taken = _decode_message(session, frame, MessageKind.SEND, raw, issues, now)
    if taken is not None:
        action, message = taken
        event = SendReceived(frame.message_id, action, raw, message, _frozen_issues(issues), now)
        session.events.append(event)


def _decode_message(
    session: ConnectionState,
    frame: Call | SendFrame,
    kind: MessageKind,
    raw: bytes,
    issues: IssueList,
    now: float,
) -> tuple[Action, Any] | None:
    """Decodes a CALL or SEND and returns its action and message; refuses it and returns `None` if
    that fails.
    """
    message_id = frame.message_id
    if len(message_id) > session.id_limit:
        _refuse_long_id(session, frame, kind)
        return None
    action = find_action(session, frame.action, kind)
    if not isinstance(action, Action):
        refuse_named(session, action, kind, message_id, frame.action)
        return None
    try:
        message = _decode_payload(session, action.request, raw, issues)
    except InvalidMessage as error:
        refuse_payload(session, kind, error, message_id, now)
        return None
    return action, message


def _decode_payload(
    session: ConnectionState, cls: type[Message], raw: bytes, issues: IssueList
) -> Any:
    """Decodes a payload; raises `InvalidMessage` if it is invalid."""
    message = (
        read_payload(cls, raw, session.inbound, issues)
        if session.outcome is None
        else payload_of(session.outcome, cls, raw, issues)
    )
    if session.strict and not may_be_deep(raw, open_names(cls), session.limits):
        return message
    if is_deeper(raw, session.limits):
        deep = Issue("$", Rule.JSON, expected=f"{session.limits.nesting} levels at most")
        raise InvalidMessage(issues=[deep], raw=raw, action=cls.__ocpp_action__)
    return message


def _handle_repeated(session: ConnectionState, frame: Call, raw: bytes, now: float) -> bool:
    """Handles a call whose id is in use or was answered lately; returns whether the call was such a
    one.
    """
    message_id, name = frame.message_id, frame.action
    call = session.open.get(message_id)
    if call is not None and (
        session.answers is None or call.action.name != name or call.raw != raw
    ):
        refuse_named(session, Failure.DUPLICATE_ID, MessageKind.CALL, message_id, name)
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


def _refuse_long_id(session: ConnectionState, frame: Call | SendFrame, kind: MessageKind) -> None:
    if len(frame.message_id) > session.limits.id_read:
        refuse_named(session, Failure.UNREADABLE_ID, kind, None, frame.action)
    else:
        message_id = frame.message_id
        refuse_named(session, Failure.ID_TOO_LONG, kind, message_id, frame.action)


# Answers of the peer.


def _on_result(
    session: ConnectionState, frame: CallResult, raw: bytes, now: float, issues: IssueList
) -> None:
    call = session.calls.answer(frame.message_id)
    if isinstance(call, OutgoingCall):
        _deliver_result(session, call, raw, now, issues)
    else:
        session.events.append(AnswerIgnored(frame.message_id, MessageKind.CALL_RESULT, call))
    session.send_next_call(now)


def _deliver_result(
    session: ConnectionState, call: OutgoingCall, raw: bytes, now: float, issues: IssueList
) -> None:
    action = call.action
    assert action.response is not None
    try:
        response = _decode_payload(session, action.response, raw, issues)
    except InvalidMessage as error:
        session.end(call, error)
        refuse_payload(session, MessageKind.CALL_RESULT, error, call.message_id, now)
        return
    if session.results is not None:
        # ERR-06: the program may still refuse it.
        session.results.remember(call.message_id, action)
    session.events.append(
        ResultReceived(call.message_id, action, raw, response, _frozen_issues(issues), now)
    )


def _on_any_error(
    session: ConnectionState,
    frame: CallError | CallResultError,
    data: str | bytes,
    now: float,
    issues: IssueList,
) -> None:
    if holds_long_number(data, session.limits):
        refuse_text(session, Failure.NUMBER_TOO_LONG, data, now)
    elif type(frame) is CallError:
        _on_error(session, frame, now, issues)
    else:
        _on_result_error(session, frame, now)


def _on_error(session: ConnectionState, frame: CallError, now: float, issues: IssueList) -> None:
    if _refuse_deep_details(session, frame, MessageKind.CALL_ERROR, now):
        return
    call = session.calls.answer(frame.message_id)
    error = _call_failed(frame)
    if isinstance(call, Stray):
        kind = MessageKind.CALL_ERROR
        session.events.append(AnswerIgnored(frame.message_id, kind, call, error))
    else:
        session.end(call, error, _frozen_issues(issues))
    session.send_next_call(now)


def _on_result_error(session: ConnectionState, frame: CallResultError, now: float) -> None:
    kind = MessageKind.CALL_RESULT_ERROR
    if not _is_supported(session, kind, frame, now) or _refuse_deep_details(
        session, frame, kind, now
    ):
        return
    answered = session.answered
    action = None if answered is None else answered.get(frame.message_id)
    error = _call_failed(frame)
    if action is None:
        ignored = AnswerIgnored(frame.message_id, kind, Stray.OTHER_ID, error)
        session.events.append(ignored)
        return
    error.action = action.name
    session.events.append(ResultRefused(frame.message_id, action, error))


def _is_supported(
    session: ConnectionState, kind: MessageKind, frame: SendFrame | CallResultError, now: float
) -> bool:
    """Returns whether the version has this kind of message; refuses the frame if not."""
    if kind in session.protocol.message_types:
        return True
    failure = Failure.UNKNOWN_TYPE
    error = InvalidFrame(failure=failure, message_id=frame.message_id, message_type=kind)
    refuse_frame(session, failure, error, b"", now)
    return False


def _refuse_deep_details(
    session: ConnectionState, frame: CallError | CallResultError, kind: MessageKind, now: float
) -> bool:
    """Refuses an error frame whose details are nested too deeply; returns whether it was refused."""
    if not frame.details or not holds_deeper(frame.details, session.limits):
        return False
    failure = Failure.TOO_DEEP
    error = InvalidFrame(
        describe(failure), failure=failure, message_id=frame.message_id, message_type=kind
    )
    refuse_frame(session, failure, error, b"", now)
    return True


def _call_failed(frame: CallError | CallResultError) -> CallFailed:
    code = read_code(frame.code)
    return CallFailed(code, frame.description, frame.details, message_id=frame.message_id)

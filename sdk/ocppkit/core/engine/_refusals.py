"""Refuses frames of the peer as the reply table says: replies, closes or does nothing."""

from typing import Final

from ..frames._frames import CallError, CallResultError
from ..frames._limits import is_deeper
from ..frames._salvage import read_head
from ..model._errors import InvalidFrame, InvalidMessage, RemoteProtocolError
from ..model._failures import Failure, MessageKind
from ..model._issues import Issue, Rule
from ..model._json import as_bytes
from ..model._messages import Response
from ..model._protocol import Action, ErrorCode, NoReply, Reply
from ._events import FrameRefused, InvalidCallReceived, Stray
from ._replies import UNREADABLE, WITHOUT_ID, describe, failed_rule, message_kind_of, reply_to
from ._state import ConnectionState, Deferred

__all__ = [
    "find_action",
    "refuse",
    "refuse_deferred",
    "refuse_frame",
    "refuse_named",
    "refuse_payload",
    "refuse_text",
]

_ANSWERS: Final = (MessageKind.CALL_RESULT, MessageKind.CALL_ERROR)

_NEED_ID: Final = frozenset(
    {
        Failure.MALFORMED,
        Failure.NUMBER_TOO_LONG,
        Failure.TOO_MANY_ELEMENTS,
        Failure.UNKNOWN_TYPE,
    }
)

_CONTENT: Final = frozenset(
    {
        Failure.NOT_JSON,
        Failure.SALVAGED,
        Failure.MALFORMED,
        Failure.NUMBER_TOO_LONG,
    }
)
"""Failures after which `on_invalid` may still answer the call, if its id and action can be read."""

# A global, because looking up a member of an enum is slow; see `_calls.py`.
_CALL: Final = MessageKind.CALL


def find_action(session: ConnectionState, name: str, kind: MessageKind) -> Action | Failure:
    """Returns the action if the peer may send it in this kind of frame and there is a handler, else
    the failure.
    """
    action = session.protocol.actions.get(name)
    if action is None:
        return Failure.UNKNOWN_ACTION
    answered = action.response is not None
    if session.peer not in action.senders or answered is not (kind is _CALL):
        return Failure.WRONG_DIRECTION
    return action if session.handled(action) else Failure.NOT_HANDLED


def refuse(
    session: ConnectionState,
    failure: Failure | Rule,
    kind: MessageKind,
    error: RemoteProtocolError,
    offer: InvalidMessage | None = None,
    now: float = 0.0,
) -> None:
    """Refuses a frame as the reply table says, unless `on_invalid` answers the call, now or later.

    Args:
        session: whose peer it is.
        failure: what is wrong.
        kind: what it is wrong with.
        error: what is known of it.
        offer: what to show to the hook, if it is to be asked.
        now: the time, if it is to be asked.
    """
    session.refused[failure] = session.refused.get(failure, 0) + 1
    answer, problem = (None, None) if offer is None else _call_on_invalid(session, offer)
    if isinstance(answer, Deferred):
        assert offer is not None
        _defer(session, failure, offer, now)
        return
    reply = reply_to(session.protocol, failure, kind)
    if answer is None:
        _apply_reply(session, reply, failure, kind, error)
    session.events.append(FrameRefused(failure, kind, reply, error, answer, problem))


def refuse_deferred(session: ConnectionState, call: InvalidCallReceived) -> None:
    """Refuses a call as the reply table says, after `on_invalid` was asked and gave no answer."""
    reply = reply_to(session.protocol, call.failure, _CALL)
    _apply_reply(session, reply, call.failure, _CALL, call.error)
    session.events.append(FrameRefused(call.failure, _CALL, reply, call.error, deferred=True))


def _defer(
    session: ConnectionState, failure: Failure | Rule, offer: InvalidMessage, now: float
) -> None:
    assert offer.action is not None
    assert offer.message_id is not None
    action = session.protocol.actions[offer.action]
    call = InvalidCallReceived(offer.message_id, action, offer, failure, now)
    session.open[offer.message_id] = call
    session.events.append(call)


def refuse_named(
    session: ConnectionState,
    failure: Failure,
    kind: MessageKind,
    message_id: str | None,
    action: str,
) -> None:
    """Refuses a well-formed frame because of its message id or action."""
    error = RemoteProtocolError(describe(failure), action=action, message_id=message_id)
    refuse(session, failure, kind, error)


def refuse_payload(
    session: ConnectionState, kind: MessageKind, error: InvalidMessage, message_id: str, now: float
) -> None:
    """Refuses a frame because its payload breaks its schema or is nested too deeply."""
    error.message_id = message_id
    failure: Failure | Rule = failed_rule(error.issues)
    if is_deeper(error.raw, session.limits):
        failure = Failure.TOO_DEEP
    elif failure is Rule.JSON:
        failure = _not_json_failure(session)
    refuse(session, failure, kind, error, error if kind is MessageKind.CALL else None, now)


def refuse_text(session: ConnectionState, failure: Failure, data: str | bytes, now: float) -> None:
    """Refuses a text that was not decoded as a frame."""
    head = read_head(data)
    error = InvalidFrame(
        describe(failure),
        failure=failure,
        action=head.action,
        message_id=head.message_id,
        message_type=head.message_type,
    )
    if failure is Failure.FRAME_TOO_BIG:
        # The connection is closed, which ends all calls, so it does not matter which call this answers.
        refuse(session, failure, MessageKind.OTHER, error)
    else:
        refuse_frame(session, failure, error, data, now)


def refuse_frame(
    session: ConnectionState, failure: Failure, error: InvalidFrame, data: str | bytes, now: float
) -> None:
    """Refuses an invalid frame. If it answers our call, the call ends."""
    kind = message_kind_of(session.protocol, error.message_type)
    failure = _precise_failure(session, failure, kind, error)
    if kind in _ANSWERS and error.message_id is not None:
        call = session.calls.answer(error.message_id)
        if isinstance(call, Stray):
            failure = Failure.STRAY
        else:
            session.end(call, error)
    asked = kind is MessageKind.CALL and failure in _CONTENT and session.on_invalid is not None
    refuse(
        session, failure, kind, error, _offered_call(session, error, data) if asked else None, now
    )
    session.send_next_call(now)


def _precise_failure(
    session: ConnectionState, failure: Failure, kind: MessageKind, error: InvalidFrame
) -> Failure:
    """Returns the failure of an invalid frame, with regard to version, limits and policy."""
    if error.message_id is not None and len(error.message_id) > session.limits.id_read:
        error.message_id = None
    if failure is Failure.NOT_JSON:
        named = error.message_id is not None and kind is not MessageKind.OTHER
        return _not_json_failure(session) if named else failure
    if failure in _NEED_ID and error.message_id is None:
        return Failure.UNREADABLE_ID
    if failure in _NEED_ID and kind is MessageKind.OTHER:
        return Failure.UNKNOWN_TYPE
    return failure


def _not_json_failure(session: ConnectionState) -> Failure:
    """Returns the failure for a text that is not JSON but whose message id can be read."""
    return Failure.NOT_JSON if session.strict else Failure.SALVAGED


def _apply_reply(
    session: ConnectionState,
    reply: Reply,
    failure: Failure | Rule,
    kind: MessageKind,
    error: RemoteProtocolError,
) -> None:
    reaction = reply.reaction
    if reaction is NoReply.CLOSE:
        session.input_closed = True
    elif isinstance(reaction, ErrorCode):
        error.error_code = reaction
        frame = CallResultError if kind is MessageKind.CALL_RESULT else CallError
        message_id = None if failure in WITHOUT_ID else error.message_id
        issues = error.issues if isinstance(error, InvalidMessage) else ()
        said = describe(failure, issues)
        session.out.append(session.error_text(frame, message_id or UNREADABLE, reaction, said))


def _offered_call(
    session: ConnectionState, error: InvalidFrame, data: str | bytes
) -> InvalidMessage | None:
    """Returns an invalid call for `on_invalid`, or `None` if the call would have been refused
    anyway.
    """
    if error.message_id is None or error.action is None or error.message_id in session.open:
        return None
    if isinstance(find_action(session, error.action, MessageKind.CALL), Failure):
        return None
    return InvalidMessage(
        issues=[Issue("$", Rule.JSON, expected=error.problem)],
        raw=as_bytes(data),
        action=error.action,
        message_id=error.message_id,
    )


def _call_on_invalid(
    session: ConnectionState, offer: InvalidMessage
) -> tuple[Response | Deferred | None, Exception | None]:
    """Calls `on_invalid`; returns its answer, or the exception that the function or its answer has
    raised.
    """
    if session.on_invalid is None or offer.action is None or offer.message_id is None:
        return None, None
    try:
        answer = session.on_invalid(offer)
        if answer is not None and not isinstance(answer, Deferred):
            action = session.protocol.actions[offer.action]
            text = session.result_text(offer.message_id, action, answer)
            session.out.append(text)
            session.note_result(offer.message_id, action)
    # The user's function may raise anything; the peer still gets an answer, and the event has the error.
    except Exception as problem:  # noqa: BLE001
        return None, problem
    return answer, None

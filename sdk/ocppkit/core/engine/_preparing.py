"""Decodes the payload of a long frame in steps, before the frame is received."""

from msgspec import Struct

from ..frames._frames import Call, CallResult, Frame, SendFrame, read_frame
from ..frames._limits import exceeded
from ..model._errors import InvalidFrame
from ..model._failures import MessageKind
from ..model._issues import IssueList
from ..model._messages import Message
from ..model._protocol import Action
from ..payloads._codec import read_in_steps
from ..payloads._repair import Outcome, Steps
from ._refusals import find_action
from ._state import ConnectionState

__all__ = ["PreparedData", "prepare"]


class PreparedData(Struct, frozen=True, eq=False):
    """The decoded payload of a frame that was not received yet. Pass it to
    `Connection.receive_data`.
    """

    outcome: Outcome
    """What was built, with its issues."""


def prepare(
    session: ConnectionState, data: str | bytes, binary: bool
) -> Steps[PreparedData | None]:
    """Decodes a payload in steps, without changing the connection. Returns `None` if the frame
    needs no such preparation.
    """
    if exceeded(data, session.limits) is not None or (binary and session.strict):
        return None
    try:
        frame = read_frame(data, session.inbound, IssueList())
    except InvalidFrame:
        return None
    cls = _payload_class_of(session, frame)
    if cls is None or not isinstance(frame, Call | CallResult | SendFrame):
        return None
    outcome = yield from read_in_steps(cls, bytes(frame.payload), session.inbound)
    return PreparedData(outcome)


def _payload_class_of(session: ConnectionState, frame: Frame) -> type[Message] | None:
    match frame:
        case Call() | SendFrame():
            kind = MessageKind.CALL if isinstance(frame, Call) else MessageKind.SEND
            action = find_action(session, frame.action, kind)
            return action.request if isinstance(action, Action) else None
        case CallResult():
            call = session.calls.current
            awaited = call is not None and call.message_id == frame.message_id
            return call.action.response if call is not None and awaited else None
        case _:
            return None

"""The events that a connection reports to its user, in order.

Every call of the peer that can be handled is one `CallReceived`. Every call of ours ends with exactly
one of `ResultReceived`, `CallEnded` and `CallCancelled`. All other events are for logs, metrics and
tests, except that `CallOverdue` and `CallEnded` are worth a reaction.
"""

from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from ..frames._frames import Call, parse
from ..model._errors import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    InvalidMessage,
    RemoteProtocolError,
)
from ..model._failures import Failure, MessageKind
from ..model._issues import NO_ISSUES, Issues, Rule
from ..model._messages import Request, Response, Send
from ..model._protocol import Action, Reply

__all__ = [
    "AnswerIgnored",
    "CallCancelled",
    "CallEnded",
    "CallOverdue",
    "CallReceived",
    "CallRepeated",
    "EndedBy",
    "Event",
    "FrameRefused",
    "InvalidCallReceived",
    "MessageAltered",
    "OpenCall",
    "ResultReceived",
    "ResultRefused",
    "SendReceived",
    "Stray",
]


class _Event(Struct, frozen=True):
    message_id: str
    action: Action

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.action.name} {self.message_id!r}>"


# gc=False: like payloads, they cannot form cycles.
class _Delivery(_Event, frozen=True, gc=False):
    """Base class of events that carry a payload."""

    raw: bytes
    """The payload as it was on the wire."""


class CallReceived(_Event, frozen=True, gc=False):
    """Event: the peer has made a call. Run a handler, then call `send_result`, `send_error` or
    `refuse`.
    """

    data: str | bytes
    """The frame as it came."""

    request: Request[Any]
    issues: Issues
    """What was repaired in it."""

    received_at: float

    @property
    def raw(self) -> bytes:
        """The payload as it was received."""
        frame = parse(self.data)
        assert isinstance(frame, Call)
        return bytes(frame.payload)


class InvalidCallReceived(_Event, frozen=True):
    """Event: the peer has made a call with an invalid payload, and `on_invalid` has deferred the
    answer.

    Answer it with `send_result` or `send_error`, or let the reply table say how by `refuse_invalid`.
    """

    error: InvalidMessage
    """What is wrong with it, and what it says."""

    failure: Failure | Rule
    received_at: float

    @property
    def raw(self) -> bytes:
        """The payload as it was received, or the whole text if the frame is not JSON."""
        return self.error.raw

    @property
    def issues(self) -> Issues:
        """All rules that the payload breaks."""
        return self.error.issues


OpenCall: TypeAlias = CallReceived | InvalidCallReceived
"""A call of the peer that is owed a reply."""


class SendReceived(_Delivery, frozen=True):
    """Event: the peer has sent a message that is never answered."""

    message: Send
    issues: Issues
    received_at: float


class ResultReceived(_Delivery, frozen=True):
    """Event: a call of ours was answered with a response."""

    response: Response
    issues: Issues
    received_at: float


EndedBy: TypeAlias = CallFailed | CallTimedOut | ConnectionClosed | RemoteProtocolError
"""Why a call ended without a result; `RemoteProtocolError` stands for an invalid answer."""


class CallEnded(_Event, frozen=True):
    """Event: a call of ours ended without a response. Raise the error in the caller."""

    error: EndedBy
    issues: Issues = NO_ISSUES
    """What was repaired in the frame that ended it."""


class CallCancelled(_Event, frozen=True):
    """Event: a call of ours was cancelled by our side."""

    sent: bool
    """Whether it had been sent: then the next call still waits for its answer or timeout."""


class CallOverdue(_Event, frozen=True):
    """Event: a handler took too long, so its call was answered with an error. Cancel the handler."""


class CallRepeated(_Event, frozen=True):
    """Event: the peer has repeated a call, which must not be handled again."""

    answered: bool
    """Whether the answer was sent again; if not, the call is still being handled."""


class ResultRefused(_Event, frozen=True):
    """Event: the peer cannot use a response of ours, so it has sent a CALLRESULTERROR."""

    error: CallFailed


class MessageAltered(_Event, frozen=True):
    """Event: a message of ours was changed or sent in another order than the program asked, by the
    outbound policy.
    """

    changes: tuple[str, ...]
    """What was done, for people: `$.value cut to 100 characters`, `sent before SetChargingProfile`."""


class Stray(StrEnum):
    """The reason why an answer belongs to no waiting call."""

    LATE = "late"
    """Its call has timed out."""

    DOUBLED = "doubled"
    """Its call was answered before."""

    CANCELLED = "cancelled"
    """Its call was cancelled."""

    UNKNOWN_ID = "unknown_id"
    """Its message id is -1: the peer could not read the id of a frame of ours."""

    OTHER_ID = "other_id"
    """No call of ours had this message id lately."""


class AnswerIgnored(Struct, frozen=True):
    """Event: an answer was ignored, because no call waits for it."""

    message_id: str
    kind: MessageKind
    stray: Stray
    error: CallFailed | None = None
    """The error, if the answer is one."""


class FrameRefused(Struct, frozen=True):
    """Event: a frame of the peer was refused, and answered as the reply table says."""

    failure: Failure | Rule
    kind: MessageKind
    reply: Reply
    """What was done about it."""

    error: RemoteProtocolError
    """The error, with message id, action and issues as far as they are known."""

    answer: Response | None = None
    """What the `on_invalid` hook answered in place of the reply."""

    problem: Exception | None = None
    """What the `on_invalid` hook raised, or why its answer could not be sent."""

    deferred: bool = False
    """Whether the call was reported as `InvalidCallReceived` before."""


Event: TypeAlias = (
    AnswerIgnored
    | CallCancelled
    | CallEnded
    | CallOverdue
    | CallReceived
    | CallRepeated
    | FrameRefused
    | InvalidCallReceived
    | MessageAltered
    | ResultReceived
    | ResultRefused
    | SendReceived
)

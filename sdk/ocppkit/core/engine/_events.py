"""Events: what a connection reports to its user, one value for each thing that happened, in order.

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
    """An event with a payload in it."""

    raw: bytes
    """The payload as it was on the wire."""


class CallReceived(_Event, frozen=True, gc=False):
    """The peer called: hand it to a handler, and answer with `send_result`, `send_error` or `refuse`."""

    data: str | bytes
    """The frame as it came."""

    request: Request[Any]
    issues: Issues
    """What was repaired in it."""

    received_at: float

    @property
    def raw(self) -> bytes:
        """The payload as it was on the wire."""
        frame = parse(self.data)
        assert isinstance(frame, Call)
        return bytes(frame.payload)


class InvalidCallReceived(_Event, frozen=True):
    """The peer called, and the call's content cannot be used; the hook has deferred its answer.

    Answer it with `send_result` or `send_error`, or let the reply table say how by `refuse_invalid`.
    """

    error: InvalidMessage
    """What is wrong with it, and what it says."""

    failure: Failure | Rule
    received_at: float

    @property
    def raw(self) -> bytes:
        """The payload as it stood on the wire; the whole text where that is no JSON."""
        return self.error.raw

    @property
    def issues(self) -> Issues:
        """Every rule that the payload breaks."""
        return self.error.issues


OpenCall: TypeAlias = CallReceived | InvalidCallReceived
"""A call of the peer that is owed a reply."""


class SendReceived(_Delivery, frozen=True):
    """The peer sent a message that is never answered."""

    message: Send
    issues: Issues
    received_at: float


class ResultReceived(_Delivery, frozen=True):
    """A call of ours was answered with a result."""

    response: Response
    issues: Issues
    received_at: float


EndedBy: TypeAlias = CallFailed | CallTimedOut | ConnectionClosed | RemoteProtocolError
"""Why a call ended without a result; `RemoteProtocolError` stands for an invalid answer."""


class CallEnded(_Event, frozen=True):
    """A call of ours ended without a result: raise the error to whoever waits for it."""

    error: EndedBy
    issues: Issues = NO_ISSUES
    """What was repaired in the frame that ended it."""


class CallCancelled(_Event, frozen=True):
    """A call of ours was cancelled by us."""

    sent: bool
    """Whether it had been sent: then the next call still waits for its answer or timeout."""


class CallOverdue(_Event, frozen=True):
    """A handler took too long; its call was answered with an error, so cancel it."""


class CallRepeated(_Event, frozen=True):
    """The peer repeated a call; no handler must run."""

    answered: bool
    """Whether the answer was sent again; if not, the call is still being handled."""


class ResultRefused(_Event, frozen=True):
    """The peer cannot use a result of ours: it answered with CALLRESULTERROR."""

    error: CallFailed


class MessageAltered(_Event, frozen=True):
    """A message of ours is not sent as the program made it: the outbound policy has changed or moved it."""

    changes: tuple[str, ...]
    """What was done, for people: `$.value cut to 100 characters`, `sent before SetChargingProfile`."""


class Stray(StrEnum):
    """Why an answer belongs to no call."""

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
    """An answer was received that no call waits for, and was ignored."""

    message_id: str
    kind: MessageKind
    stray: Stray
    error: CallFailed | None = None
    """The error, if the answer is one."""


class FrameRefused(Struct, frozen=True):
    """A frame of the peer was refused, and answered as the reply table says."""

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

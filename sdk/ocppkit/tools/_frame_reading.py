"""Reads one frame by one version of OCPP, leniently, and keeps what strict reading would refuse."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from ocppkit.core import (
    LENIENT,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Failure,
    Frame,
    InvalidFrame,
    InvalidMessage,
    Issue,
    IssueList,
    Limits,
    MessageKind,
    NoReply,
    Protocol,
    Role,
    Rule,
    SendFrame,
    decode_frame,
    decode_message,
    decode_payload,
    reply_to,
)

__all__ = ["HIDDEN", "ActionOf", "FrameReading", "answer_text", "reaction_text", "read_frame_as"]

HIDDEN: Final = "***"
"""What `ocppkit.frames` writes in place of secrets."""

ActionOf: TypeAlias = Callable[[str], str | None]
"""Returns the action of the call with a message id that waits for this answer; `None` if none does."""

_KINDS: Final[dict[type, MessageKind]] = {
    Call: MessageKind.CALL,
    CallResult: MessageKind.CALL_RESULT,
    CallError: MessageKind.CALL_ERROR,
    CallResultError: MessageKind.CALL_RESULT_ERROR,
    SendFrame: MessageKind.SEND,
}

_CALLS: Final = frozenset("26")
"""The message type numbers of CALL and SEND, behind the bracket."""

_LONGEST_ID: Final = Limits().id_sent
_RANKS: Final = {rule: rank for rank, rule in enumerate(Rule)}
_NAMES: Final = frozenset({Rule.REQUIRED, Rule.UNKNOWN_MEMBER})
_OTHER_NAMES: Final = 100
"""Objections to a member that is missing or unknown: another version is likelier than for a wrong value."""

_UNKNOWN: Final = 1_000_000
"""Objections to a frame that a version cannot have at all; more than any payload has."""


class FrameReading(Struct, frozen=True, gc=False):
    """What one version of OCPP makes of one frame."""

    protocol: Protocol

    kind: MessageKind = MessageKind.OTHER

    frame: Frame[Any] | None = None
    """The frame, its payload undecoded or not; `None` if the text is no frame."""

    message_id: str | None = None
    action: str | None = None
    """The action, that of the call for an answer, as far as it is known."""

    failure: Failure | None = None
    """Why the frame is refused, whatever is in its payload."""

    issues: Sequence[Issue] = ()
    """What is wrong with the payload."""

    is_readable: bool = True
    """Whether lenient reading reads it."""

    @property
    def is_call(self) -> bool:
        """Whether it is a CALL or SEND, and no answer."""
        return self.kind in (MessageKind.CALL, MessageKind.SEND)

    @property
    def is_clean(self) -> bool:
        """Whether strict reading accepts it."""
        return not self.issues and self.failure is None

    @property
    def objections(self) -> int:
        """How far it is from what the version accepts."""
        if self.failure is not None:
            return _UNKNOWN
        return sum(_OTHER_NAMES if each.rule in _NAMES else 1 for each in self.issues)

    @property
    def rule(self) -> Rule:
        """The rule that decides how a strict peer answers.

        Raises:
            ValueError: there are no issues.
        """
        return min((each.rule for each in self.issues), key=_RANKS.__getitem__)

    @property
    def senders(self) -> frozenset[Role]:
        """Who may send a CALL or SEND of this action; both if that is unknown."""
        action = self.protocol.actions.get(self.action or "")
        return frozenset(Role) if action is None else action.senders


def read_frame_as(protocol: Protocol, text: str, action_of: ActionOf) -> FrameReading:
    """Reads one frame.

    Args:
        protocol: the version.
        text: the frame.
        action_of: tells what an answer answers.
    """
    # Nearly all frames are written without blanks, and most of their CALLs take the fast path.
    if text[1:2] in _CALLS:
        return _read_call(protocol, text)
    issues = IssueList()
    try:
        frame = decode_frame(text, policy=LENIENT, issues=issues)
    except InvalidFrame as error:
        return _refused(protocol, error)
    if isinstance(frame, Call | SendFrame):
        return _read_call(protocol, text)
    return _read_answer(protocol, frame, action_of, issues)


def _judged(
    protocol: Protocol,
    kind: MessageKind,
    frame: Frame[Any],
    message_id: str,
    action: str | None,
    issues: Sequence[Issue],
    is_readable: bool = True,
) -> FrameReading:
    """Makes the reading of a frame whose payload was looked at."""
    failure = None
    if len(message_id) > _LONGEST_ID:
        failure = Failure.ID_TOO_LONG  # MID-01
    if kind not in protocol.message_types:
        failure, is_readable = Failure.UNKNOWN_TYPE, False
    # What the log hides cannot be judged.
    kept = tuple(each for each in issues if each.value != HIDDEN) if issues else ()
    return FrameReading(protocol, kind, frame, message_id, action, failure, kept, is_readable)


def _refused(protocol: Protocol, error: InvalidFrame) -> FrameReading:
    number = error.message_type
    return FrameReading(
        protocol,
        kind=next((kind for kind in MessageKind if kind == number), MessageKind.OTHER),
        message_id=error.message_id,
        action=error.action,
        failure=error.failure,
        is_readable=False,
    )


def _read_call(protocol: Protocol, text: str) -> FrameReading:
    """Reads a CALL or SEND, whose payload can be read without knowing what was sent before."""
    issues = IssueList()
    found: Sequence[Issue] = issues
    frame: Frame[Any]
    is_readable = True
    try:
        frame = decode_message(protocol, text, None, LENIENT, issues)
    except InvalidFrame as error:
        return _refused(protocol, error)
    except InvalidMessage as error:
        frame = decode_frame(text, policy=LENIENT)
        found, is_readable = (*issues, *error.issues), False
    assert isinstance(frame, Call | SendFrame)
    kind = _KINDS[type(frame)]
    return _judged(protocol, kind, frame, frame.message_id, frame.action, found, is_readable)


def _read_answer(
    protocol: Protocol,
    frame: CallResult | CallError | CallResultError,
    action_of: ActionOf,
    issues: IssueList,
) -> FrameReading:
    kind = _KINDS[type(frame)]
    name = action_of(frame.message_id)
    is_readable = True
    found: Sequence[Issue] = issues
    if isinstance(frame, CallResult):
        action = protocol.actions.get(name or "")
        if action is not None and action.response is not None:
            try:
                decode_payload(action.response, frame.payload, policy=LENIENT, issues=issues)
            except InvalidMessage as error:
                found, is_readable = (*issues, *error.issues), False
    return _judged(protocol, kind, frame, frame.message_id, name, found, is_readable)


def answer_text(reading: FrameReading) -> str:
    """Returns how a strict peer answers a frame that it refuses: an error code, or what it does."""
    failure = reading.rule if reading.failure is None else reading.failure
    if failure is Rule.JSON:
        # What the frame is not as a whole, its payload is not either.
        failure = Failure.NOT_JSON
    return reaction_text(reading, failure)


def reaction_text(reading: FrameReading, failure: Failure | Rule) -> str:
    """Returns how a peer answers a frame with a certain failure: an error code, or what it does."""
    reaction = reply_to(reading.protocol, failure, reading.kind).reaction
    if isinstance(reaction, ErrorCode):
        return reading.protocol.error_codes.get(reaction, reaction)
    return "closes the connection" if reaction is NoReply.CLOSE else "no answer"

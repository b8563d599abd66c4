"""Says of one frame or payload all that is wrong with it, and what strict and lenient peers do with it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    CallReceived,
    CallResult,
    Connection,
    Issue,
    LocalProtocolError,
    MessageKind,
    Policy,
    Protocol,
    Role,
    SendReceived,
    decode_payload,
    encode_payload,
)

from ._findings import failure_text, issue_text, lenient_text
from ._frame_reading import FrameReading, answer_text, read_frame_as
from ._sides import WRONG_SENDER
from ._version_guess import VersionGuess
from ._versions import VERSIONS, load_protocols

__all__ = ["PeerVerdict", "Validation", "ValidationIssue", "json_validation", "validate"]

_MESSAGE_ID: Final = "1"
"""The message id of a payload that comes without a frame."""


_ANSWERS: Final = frozenset(
    {MessageKind.CALL_RESULT, MessageKind.CALL_ERROR, MessageKind.CALL_RESULT_ERROR}
)


class ValidationIssue(Struct, frozen=True):
    """One rule that a payload breaks."""

    path: str
    text: str
    """What is wrong there, in words."""

    rule: str
    """As `Issue.rule` has it."""

    error_code: str
    """The code that stands for this rule in the version; the first rule in rank decides the answer."""

    lenient: str
    """What lenient reading does about it."""


class PeerVerdict(Struct, frozen=True):
    """What a peer does with the frame."""

    reads: bool
    """Whether its handler gets the message."""

    answer: str
    """The frame with which it refuses, or in words what happens; empty if it reads the message."""

    read_as: str | None = None
    """The payload as it was repaired; `None` if nothing was."""


class Validation(Struct, kw_only=True, frozen=True):
    """All that there is to say about one frame."""

    version: str
    because: str
    """Why it was taken for this version; empty if that was named."""

    kind: str
    """`call`, `call_result` and so on; `other` if it is no frame."""

    action: str | None
    sender: Role | None
    problem: str
    """What is wrong with the frame around the payload; empty if nothing is."""

    issues: tuple[ValidationIssue, ...]
    is_judged: bool
    """False for an answer of which nobody knows what it answers."""

    strict: PeerVerdict
    lenient: PeerVerdict

    @property
    def is_valid(self) -> bool:
        """Whether a strict peer reads it."""
        return self.is_judged and self.strict.reads


def validate(
    text: str,
    *,
    versions: Sequence[str] = VERSIONS,
    action: str | None = None,
    is_answer: bool = False,
    sender: Role | None = None,
) -> Validation:
    """Returns all that is wrong with one frame or payload.

    ```python
    found = validate('{"idTag": 4}', versions=["1.6"], action="Authorize")
    for issue in found.issues:
        print(issue.path, issue.text, issue.error_code)
    ```

    Args:
        text: the frame, or a payload without one.
        versions: the OCPP versions that it may be of; the likeliest of them is taken.
        action: the action of a payload, or of the call that a CALLRESULT answers.
        is_answer: whether a payload is that of a CALLRESULT.
        sender: who sends it, for what both may send.

    Raises:
        LocalProtocolError: a version or the action is unknown, or a payload comes without its action.
    """
    protocols = load_protocols(versions)
    guess = VersionGuess([each for each in protocols if action is None or action in each.actions])
    if not guess.protocols:
        known = " / ".join(each.version for each in protocols)
        raise LocalProtocolError(
            f"OCPP {known} has no action {action!r} [write it as on the wire, such as BootNotification]"
        )
    frame = _framed(text, action, is_answer)
    reading = guess.read(lambda protocol: read_frame_as(protocol, frame, lambda _: action), "", 1)
    who = sender or _sender(reading)
    return Validation(
        version=reading.protocol.version,
        because=_because(reading, guess.protocols, protocols),
        kind=reading.kind.name.lower(),
        action=reading.action,
        sender=who,
        problem=_problem(reading, who),
        issues=tuple(_issue(reading.protocol, each) for each in reading.issues),
        is_judged=reading.kind is not MessageKind.CALL_RESULT or reading.action is not None,
        strict=_verdict(reading, frame, who, STRICT),
        lenient=_verdict(reading, frame, who, LENIENT),
    )


def json_validation(found: Validation) -> str:
    """Returns all that `validate` found, as JSON for programs; its member `valid` is `Validation.is_valid`."""
    members = {**msgspec.to_builtins(found), "valid": found.is_valid}
    return msgspec.json.format(msgspec.json.encode(members), indent=2).decode() + "\n"


def _framed(text: str, action: str | None, is_answer: bool) -> str:
    text = text.strip()
    if not text.startswith("{"):
        return text
    if action is None:
        raise LocalProtocolError("a payload does not tell its action [name it: --action NAME]")
    if is_answer:
        return f'[3,"{_MESSAGE_ID}",{text}]'
    name = msgspec.json.encode(action).decode()
    return f'[2,"{_MESSAGE_ID}",{name},{text}]'


def _sender(reading: FrameReading) -> Role | None:
    """Returns who must have sent a frame; `None` if both may have."""
    if len(reading.senders) != 1:
        return None
    (sender,) = reading.senders
    return sender if reading.is_call else sender.peer


def _problem(reading: FrameReading, sender: Role | None) -> str:
    if reading.failure is not None:
        return failure_text(reading.failure)
    return WRONG_SENDER if reading.is_call and sender and sender not in reading.senders else ""


def _because(
    reading: FrameReading, possible: Sequence[Protocol], protocols: Sequence[Protocol]
) -> str:
    if len(protocols) == 1:
        return ""
    if not reading.is_clean:
        return "the nearest version"
    others = [each.version for each in protocols if each is not reading.protocol]
    also = [each.version for each in possible if each is not reading.protocol]
    if also:
        return f"{' and '.join(also)} would read it, too"
    return f"{' and '.join(others)} would refuse it"


def _issue(protocol: Protocol, issue: Issue) -> ValidationIssue:
    code = issue.error_code
    return ValidationIssue(
        path=issue.path,
        text=issue_text(issue),
        rule=issue.rule,
        error_code=protocol.error_codes.get(code, code),
        lenient=lenient_text(issue),
    )


def _verdict(reading: FrameReading, frame: str, sender: Role | None, policy: Policy) -> PeerVerdict:
    if reading.kind in _ANSWERS:
        return _verdict_on_answer(reading, policy)
    receiver = Role.CSMS if sender is None else sender.peer
    connection = Connection(receiver, reading.protocol, new_id=lambda: _MESSAGE_ID, inbound=policy)
    connection.receive_data(frame, now=0.0)
    sent = connection.data_to_send()
    event = connection.next_event()
    if isinstance(event, CallReceived | SendReceived):
        message: Any = event.request if isinstance(event, CallReceived) else event.message
        read_as = encode_payload(message, policy=OFF).decode() if event.issues else None
        return PeerVerdict(True, "", read_as)
    return PeerVerdict(False, sent[0] if sent else "nothing: such a frame gets no answer")


def _verdict_on_answer(reading: FrameReading, policy: Policy) -> PeerVerdict:
    """Says what becomes of an answer; the engine would have to have made the call for it."""
    if reading.is_clean:
        return PeerVerdict(True, "")
    if policy.mode is not STRICT.mode and reading.is_readable:
        return PeerVerdict(True, "", _read_as(reading, policy))
    code = answer_text(reading)
    told = "nothing" if " " in code else f"CALLRESULTERROR with {code}"
    return PeerVerdict(False, f"{told}; the call that it answers fails")


def _read_as(reading: FrameReading, policy: Policy) -> str | None:
    action = reading.protocol.actions.get(reading.action or "")
    if action is None or action.response is None or not isinstance(reading.frame, CallResult):
        return None
    payload = decode_payload(action.response, reading.frame.payload, policy=policy)
    return encode_payload(payload, policy=OFF).decode()

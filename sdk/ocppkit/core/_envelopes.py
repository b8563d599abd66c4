"""Whole messages without an engine: a frame and its typed payload, in one step each way.

For tools, tests and gateways that read or write single messages. A connection needs more (whose
turn it is, which call an answer belongs to); that is the engine's work, which writes its answers
here too.
"""

from collections.abc import Callable, Mapping
from sys import intern
from typing import Any, Final

from ._codec import HITCHES, READERS, WRITERS, read_payload, write_payload
from ._errors import FrameFault, InvalidFrame, InvalidMessage, InvalidOutgoing
from ._frames import (
    LONG,
    Call,
    CallResult,
    Frame,
    SendFrame,
    call_parser,
    parse,
    read_frame,
    skim,
)
from ._issues import Issue
from ._json import REFUSALS, UNWRITABLE, Data, write
from ._messages import Message, Request, Response, Send
from ._policy import STRICT, Mode, Policy
from ._protocol import Protocol
from ._writing import Write

__all__ = ["decode_message", "encode_message", "wrap"]

# A member of an enum is looked for at every use; a global is at hand.
_OFF: Final = Mode.OFF

_NO_GOOD_CALL: Final = (KeyError, *REFUSALS)
_NOT_AT_ONCE: Final = (KeyError, *HITCHES)

_NOTHING_ASKED: Mapping[str, type[Request[Any]]] = {}

_known: set[str] = set()
"""The actions of all versions that were read by now."""

_parse_call: Callable[[Data], Call] = call_parser(("",))
"""Reads good calls of these actions."""


# A Heartbeat is two calls of msgspec; whatever stands around them shows. The look at the length is a
# tenth of it, to tell the types of frames apart would be a twentieth, and parameters that can be given
# by keyword only an eighth. To ask whether a default is still `None` costs nothing.
def decode_message(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]] | None = None,
    policy: Policy = STRICT,
    issues: list[Issue] | None = None,
) -> tuple[Frame, Message | None]:
    """Decodes one frame and the payload within.

    ```python
    frame, message = decode_message(v201.PROTOCOL, text, answers={"7f3a": v201.ResetRequest})
    ```

    Args:
        protocol: the version that is spoken.
        data: one WebSocket message.
        answers: the requests that wait for an answer, by message id: a CALLRESULT does not say
            what it answers. Without it a CALL is expected; where others are too, they are read
            faster with it, even if it is empty.
        policy: how strictly frame and payload are read.
        issues: takes what was repaired, if anything was.

    Returns:
        The frame, and its payload, which is `None` for error frames: they say it all.

    Raises:
        InvalidFrame: no usable frame, an unknown action, or an answer that nobody waits for.
        InvalidMessage: a frame whose payload breaks its schema.
    """
    if len(data) >= LONG or answers is not None:
        return _decode_any(protocol, data, answers, policy, issues)
    try:
        # The straight way, which most frames go: a good call, and not the first of its action.
        # What is no call pays 0.6 µs for the attempt.
        frame = _parse_call(data)
        return frame, protocol.call_readers[frame.action](frame.payload)
    except _NO_GOOD_CALL:
        pass
    return _walk(protocol, data, answers, policy, issues)


def _decode_any(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]] | None,
    policy: Policy,
    issues: list[Issue] | None,
) -> tuple[Frame, Message | None]:
    """Lets a good call go straight too, if it is long or may as well be none."""
    frame: Frame | None = None
    try:
        frame = parse(data) if len(data) < LONG else skim(data)
        # Frames are told apart by their exact type: an `isinstance` of structs that says no is slow.
        if type(frame) is Call:
            return frame, protocol.call_readers[frame.action](frame.payload)
    except _NO_GOOD_CALL:
        # What was only skimmed may be no frame at all.
        frame = None
    return _walk(protocol, data, answers, policy, issues, frame)


def _walk(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]] | None,
    policy: Policy,
    issues: list[Issue] | None,
    frame: Frame | None = None,
) -> tuple[Frame, Message | None]:
    if frame is None:
        frame = read_frame(data, policy, issues)
    if type(frame) is Call or type(frame) is SendFrame:
        action = protocol.actions.get(frame.action)
        if action is None or (action.response is None) is (type(frame) is Call):
            raise _unknown(protocol, frame)
        cls: type[Message] = action.request
        if type(frame) is Call:
            _remember(protocol, frame.action, cls)
    elif type(frame) is CallResult:
        cls = _answered(protocol, frame, answers or _NOTHING_ASKED)
    else:
        return frame, None
    try:
        return frame, read_payload(cls, frame.payload, policy, issues)
    except InvalidMessage as exc:
        exc.message_id = frame.message_id
        raise


def _remember(protocol: Protocol, action: str, cls: type[Message]) -> None:
    """Lets the next call of an action go the straight way."""
    global _parse_call
    # The very string that `_parse_call` will give.
    protocol.call_readers[intern(action)] = READERS[cls]
    if action not in _known:
        _known.update(map(intern, protocol.actions))
        _parse_call = call_parser(tuple(sorted(_known)))


# `policy` may be given without its keyword for the same reason.
def encode_message(message_id: str, message: Message, policy: Policy = STRICT) -> bytes:
    """Encodes a payload within its frame: CALL for a request, CALLRESULT for a response, or SEND.

    Error frames have no payload; `encode_frame` writes them.

    Raises:
        InvalidOutgoing: the payload breaks its schema.
    """
    if policy.mode is not _OFF:
        try:
            front, middle, write_good = _PARTS[type(message)]
            # To hand msgspec a frame, with the payload as `Raw`, would cost half as much again.
            return b"".join((front, write(message_id), middle, write_good(message), b"]"))
        except _NOT_AT_ONCE:
            # The first of its class; or something is wrong, which the long way finds out.
            pass
    return wrap(message_id, type(message), write_payload(message, policy))


def wrap(message_id: str, cls: type[Message], payload: bytes) -> bytes:
    """Encodes a frame around the encoded payload of a message.

    Raises:
        InvalidOutgoing: JSON has no word for the message id.
    """
    front, middle, _ = _PARTS.get(cls) or _take_apart(cls)
    try:
        return b"".join((front, write(message_id), middle, payload, b"]"))
    except UNWRITABLE as exc:
        raise InvalidOutgoing(f"cannot be written as JSON: {exc}", message_id=message_id) from exc


def _kind_of(cls: type[Message]) -> type[Call] | type[CallResult] | type[SendFrame]:
    """Returns the frame that carries a message."""
    if issubclass(cls, Response):
        return CallResult
    return SendFrame if issubclass(cls, Send) else Call


# One that makes what is missing by itself takes twice as long over what is there.
_PARTS: Final[dict[type[Message], tuple[bytes, bytes, Write]]] = {}
"""What stands before a message id, what stands behind it, and what writes the payload, by class."""


def _take_apart(cls: type[Message]) -> tuple[bytes, bytes, Write]:
    kind = _kind_of(cls)
    front = b"[%b," % write(kind.__struct_config__.tag)
    middle = b"," if kind is CallResult else b",%b," % write(cls.__ocpp_action__)
    parts = _PARTS[cls] = front, middle, WRITERS[cls]
    return parts


def _unknown(protocol: Protocol, frame: Call | SendFrame) -> InvalidFrame:
    return InvalidFrame(
        f"OCPP {protocol.version} has no such action",
        fault=FrameFault.UNKNOWN_ACTION,
        action=frame.action,
        message_id=frame.message_id,
        message_type=2 if isinstance(frame, Call) else 6,
    )


def _answered(
    protocol: Protocol, frame: CallResult, answers: Mapping[str, type[Request[Any]]]
) -> type[Message]:
    request = answers.get(frame.message_id)
    if request is None:
        raise InvalidFrame(
            "an answer that nobody waits for",
            fault=FrameFault.UNASKED,
            message_id=frame.message_id,
            message_type=3,
        )
    response = protocol.actions[request.__ocpp_action__].response
    assert response is not None
    return response

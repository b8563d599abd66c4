"""Whole messages without an engine: a frame and its typed payload, in one step each way.

For tools, tests and gateways that read or write single messages. A connection needs more (whose
turn it is, which call an answer belongs to); that is the engine's work, which writes its answers
here too.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Raw

from ._codec import HITCHES, READERS, WRITERS, read_payload, write_payload
from ._errors import FrameFault, InvalidFrame, InvalidMessage, InvalidOutgoing
from ._frames import (
    LONG,
    Call,
    CallResult,
    Frame,
    SendFrame,
    call_parser,
    encode_frame,
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

_NOTHING_ASKED: Mapping[str, type[Request[Any]]] = {}


_parse_call: Callable[[Data], Call] = call_parser(("",))
"""Reads good frames of the actions that have been called before, in whatever version."""

_called: set[str] = set()


# Every instruction here counts: four calls of C, a tuple and no more is a Heartbeat. Parameters that
# can be given by keyword only would cost it an eighth, and so would frames of all types at the first
# try. To look whether a default is still `None` costs nothing.
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
            what it answers.
        policy: how strictly frame and payload are read.
        issues: takes what was repaired, if anything was.

    Returns:
        The frame, and its payload, which is `None` for error frames: they say it all.

    Raises:
        InvalidFrame: no usable frame, an unknown action, or an answer that nobody waits for.
        InvalidMessage: a frame whose payload breaks its schema.
    """
    if answers is not None or len(data) >= LONG:
        return _decode_any(protocol, data, answers, policy, issues)
    try:
        # The straight way, which most frames go: a good call, and not the first of its action.
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
    """Takes the straight way with long frames, and where a frame may well be no call."""
    try:
        frame = parse(data) if len(data) < LONG else skim(data)
        # Frames are told apart by their exact type: an `isinstance` of structs that says no is slow.
        if type(frame) is Call:
            return frame, protocol.call_readers[frame.action](frame.payload)
    except _NO_GOOD_CALL:
        pass
    return _walk(protocol, data, answers, policy, issues)


def _walk(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]] | None,
    policy: Policy,
    issues: list[Issue] | None,
) -> tuple[Frame, Message | None]:
    frame = read_frame(data, policy, issues)
    if type(frame) is Call or type(frame) is SendFrame:
        action = protocol.actions.get(frame.action)
        if action is None or (action.response is None) is (type(frame) is Call):
            raise _unknown(protocol, frame)
        cls: type[Message] = action.request
        if type(frame) is Call:
            _remember(protocol, action.name, cls)
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
    protocol.call_readers[action] = READERS[cls]
    if action not in _called:
        _called.update(protocol.actions)
        _parse_call = call_parser(tuple(sorted(_called)))


# `policy` may be given without its keyword for the same reason.
def encode_message(message_id: str, message: Message, policy: Policy = STRICT) -> bytes:
    """Encodes a payload within its frame: CALL for a request, CALLRESULT for a response, or SEND.

    Error frames have no payload; `encode_frame` writes them.

    Raises:
        InvalidOutgoing: the payload breaks its schema.
    """
    cls = type(message)
    if policy.mode is not _OFF:
        try:
            front, middle, write_good = _PARTS[cls]
            # To hand msgspec a frame, with the payload as `Raw`, would cost half as much again.
            return b"".join((front, write(message_id), middle, write_good(message), b"]"))
        except HITCHES:
            # What is wrong, the long way finds out.
            pass
    payload = Raw(write_payload(message, policy))
    kind = _kind_of(cls)
    if kind is CallResult:
        return encode_frame(kind(message_id, payload))
    return encode_frame(kind(message_id, cls.__ocpp_action__, payload))


def wrap(message_id: str, cls: type[Message], payload: bytes) -> bytes:
    """Encodes a frame around the encoded payload of a message.

    Raises:
        InvalidOutgoing: JSON has no word for the message id.
    """
    front, middle, _ = _PARTS[cls]
    try:
        return b"".join((front, write(message_id), middle, payload, b"]"))
    except UNWRITABLE as exc:
        raise InvalidOutgoing(f"cannot be written as JSON: {exc}", message_id=message_id) from exc


def _kind_of(cls: type[Message]) -> type[Call] | type[CallResult] | type[SendFrame]:
    """Returns the frame that carries a message."""
    if issubclass(cls, Response):
        return CallResult
    return SendFrame if issubclass(cls, Send) else Call


class _Parts(dict[type[Message], tuple[bytes, bytes, Write]]):
    """What stands before a message id, what stands behind it, and what writes the payload, by class."""

    def __missing__(self, cls: type[Message]) -> tuple[bytes, bytes, Write]:
        kind = _kind_of(cls)
        front = b"[%b," % write(kind.__struct_config__.tag)
        middle = b"," if kind is CallResult else b",%b," % write(cls.__ocpp_action__)
        parts = self[cls] = front, middle, WRITERS[cls]
        return parts


_PARTS: Final = _Parts()


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

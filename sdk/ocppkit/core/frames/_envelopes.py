"""Decodes and encodes whole messages, frame and payload together, without a connection.

For tools, tests and gateways that read or write single messages. A connection needs more (whose
turn it is, which call an answer belongs to); that is the engine's work, which writes its answers
here too.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from ..model._errors import InvalidFrame, InvalidMessage, InvalidOutgoing
from ..model._failures import Failure, MessageKind
from ..model._fast_path import SECOND
from ..model._issues import Issue
from ..model._json import UNWRITABLE, Data, reason, write
from ..model._messages import Message, Request, Response, Send
from ..model._protocol import Protocol
from ..payloads._codec import (
    ENCODE_ERRORS,
    WRITERS,
    message_class,
    read_payload,
    write_payload,
)
from ..payloads._policy import STRICT, Mode, Policy
from ..payloads._writing import Write
from ._call_readers import call_reader
from ._frames import Call, CallResult, Frame, SendFrame, read_frame

__all__ = ["decode_message", "encode_message", "wrap"]

# A global, because looking up a member of an enum is slow.
_OFF: Final = Mode.OFF

# LookupError: the position is unknown to the fast path, or beyond the end of the text.
_NOT_AT_ONCE: Final = (LookupError, *ENCODE_ERRORS)

_NOTHING_ASKED: Mapping[str, type[Request[Any]]] = {}


# Everything apart from the one call of msgspec is noticeable here. Keyword-only parameters would cost
# an eighth, and searching for the action as much as the fast path saves.
def decode_message(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]] | None = None,
    policy: Policy = STRICT,
    issues: list[Issue] | None = None,
) -> Frame[Message]:
    """Decodes one frame and its payload.

    ```python
    frame = decode_message(v201.PROTOCOL, text, answers={"7f3a": v201.ResetRequest})
    ```

    Args:
        protocol: the version that is spoken.
        data: one WebSocket message.
        answers: the requests that wait for an answer, by message id: a CALLRESULT does not say
            what it answers.
        policy: how strictly frame and payload are read.
        issues: takes what was repaired, if anything was.

    Returns:
        The frame, with the message for a payload; error frames have none.

    Raises:
        InvalidFrame: the text is not a valid frame, the action is unknown, or no call waits for the
            answer.
        InvalidMessage: a frame whose payload breaks its schema.
    """
    try:
        # The fast path: a valid CALL that is written like an earlier one.
        path = protocol.fast_path
        place = path.place
        call: Call[Message] = path.by_characters[data[place]][data[place + SECOND]](data)
        return call
    except _NOT_AT_ONCE:
        pass
    return _decode_slowly(protocol, data, answers or _NOTHING_ASKED, policy, issues)


def _decode_slowly(
    protocol: Protocol,
    data: Data,
    answers: Mapping[str, type[Request[Any]]],
    policy: Policy,
    issues: list[Issue] | None,
) -> Frame[Message]:
    frame = read_frame(data, policy, issues)
    try:
        # By exact type, because `isinstance` is slow for structs when the answer is no.
        if type(frame) is Call:
            cls = _called_action(protocol, frame)
            _teach_fast_path(protocol, data, frame.action, cls)
            message = read_payload(cls, frame.payload, policy, issues)
            return Call(frame.message_id, frame.action, message)
        if type(frame) is CallResult:
            cls = _response_class_of(protocol, frame, answers)
            return CallResult(frame.message_id, read_payload(cls, frame.payload, policy, issues))
        if type(frame) is SendFrame:
            cls = _called_action(protocol, frame)
            message = read_payload(cls, frame.payload, policy, issues)
            return SendFrame(frame.message_id, frame.action, message)
    except InvalidMessage as exc:
        exc.message_id = frame.message_id
        raise
    return frame


def _teach_fast_path(protocol: Protocol, data: Data, action: str, cls: type[Message]) -> None:
    """Makes the fast path decode the next CALL of this kind."""
    if isinstance(data, str | bytes):
        protocol.fast_path.learn(data, action, call_reader(cls))


# `policy` is not keyword-only, for the same reason.
def encode_message(message_id: str, message: Message, policy: Policy = STRICT) -> bytes:
    """Encodes a payload in its frame: a request as CALL, a response as CALLRESULT, or a SEND.

    Error frames have no payload; `encode_frame` writes them.

    Raises:
        InvalidOutgoing: the payload breaks its schema.
    """
    if policy.mode is not _OFF and not policy.alterations:
        try:
            front, middle, write_good = _PARTS[type(message)]
            # Encoding a frame with the payload as `Raw` would take half as long again.
            return b"".join((front, write(message_id), middle, write_good(message), b"]"))
        except Exception:  # noqa: BLE001 - values of the user may raise anything
            # It is the first message of its class, or invalid: `write_payload` finds out.
            pass
    return wrap(message_id, type(message), write_payload(message, policy))


def wrap(message_id: str, cls: type[Message], payload: bytes) -> bytes:
    """Encodes a frame around the encoded payload of a message.

    Raises:
        InvalidOutgoing: the message id cannot be written as JSON.
    """
    front, middle, _ = _PARTS.get(cls) or _take_apart(cls)
    try:
        return b"".join((front, write(message_id), middle, payload, b"]"))
    except UNWRITABLE as exc:
        raise InvalidOutgoing(
            f"the frame cannot be written as JSON: {reason(exc)}", message_id=message_id
        ) from exc


def _kind_of(cls: type[Message]) -> type[Call] | type[CallResult] | type[SendFrame]:
    """Returns the class of frame that carries a message."""
    if issubclass(cls, Response):
        return CallResult
    return SendFrame if issubclass(cls, Send) else Call


# An ordinary dictionary, as one with `__missing__` takes twice as long to look up.
_PARTS: Final[dict[type[Message], tuple[bytes, bytes, Write]]] = {}
"""The text before a message id, the text after it, and the encoder of the payload, by class."""


def _take_apart(cls: type[Message]) -> tuple[bytes, bytes, Write]:
    kind = _kind_of(cls)
    front = b"[%b," % write(kind.__struct_config__.tag)
    # A subclass may name another action.
    known = cast("type[Message]", message_class(cls))
    middle = b"," if kind is CallResult else b",%b," % write(known.__ocpp_action__)
    parts = _PARTS[cls] = front, middle, WRITERS[cls]
    return parts


def _called_action(protocol: Protocol, frame: Call | SendFrame) -> type[Message]:
    is_call = type(frame) is Call
    action = protocol.actions.get(frame.action)
    if action is None or action.answered is not is_call:
        raise InvalidFrame(
            f"OCPP {protocol.version} has no such action",
            failure=Failure.UNKNOWN_ACTION,
            action=frame.action,
            message_id=frame.message_id,
            message_type=MessageKind.CALL if is_call else MessageKind.SEND,
        )
    return action.request


def _response_class_of(
    protocol: Protocol, frame: CallResult, answers: Mapping[str, type[Request[Any]]]
) -> type[Message]:
    """Returns the response class of the request that a CALLRESULT answers.

    Raises:
        InvalidFrame: `answers` does not have the message id.
    """
    request = answers.get(frame.message_id)
    if request is None:
        raise InvalidFrame(
            "the message id of this answer is not in `answers`, so its action is unknown",
            failure=Failure.STRAY,
            message_id=frame.message_id,
            message_type=3,
        )
    response = protocol.actions[request.__ocpp_action__].response
    assert response is not None
    return response

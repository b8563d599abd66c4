"""Whole messages without an engine: a frame and its typed payload, in one step each way.

For tools, tests and gateways that read or write single messages. A connection needs more (whose
turn it is, which call an answer belongs to); that is the engine's work.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw

from ._codec import decode_payload, encode_payload
from ._errors import FrameFault, InvalidFrame, InvalidMessage
from ._frames import Call, CallResult, Frame, SendFrame, decode_frame, encode_frame
from ._issues import Issue
from ._json import Data
from ._messages import Message, Request, Response, Send
from ._policy import STRICT, Policy
from ._protocol import Protocol

__all__ = ["decode_message", "encode_message"]

_NOTHING_ASKED: Mapping[str, type[Request[Any]]] = {}


def decode_message(
    protocol: Protocol,
    data: Data,
    *,
    answers: Mapping[str, type[Request[Any]]] = _NOTHING_ASKED,
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
    frame = decode_frame(data, policy=policy, issues=issues)
    if not isinstance(frame, Call | CallResult | SendFrame):
        return frame, None
    cls = _class_of(protocol, frame, answers)
    try:
        return frame, decode_payload(cls, frame.payload, policy=policy, issues=issues)
    except InvalidMessage as exc:
        exc.message_id = frame.message_id
        raise


def encode_message(message_id: str, message: Message, *, policy: Policy = STRICT) -> bytes:
    """Encodes a payload within its frame: CALL for a request, CALLRESULT for a response, or SEND.

    Error frames have no payload; `encode_frame` writes them.

    Raises:
        InvalidOutgoing: the payload breaks its schema.
    """
    payload = Raw(encode_payload(message, policy=policy))
    match message:
        case Response():
            return encode_frame(CallResult(message_id, payload))
        case Send():
            return encode_frame(SendFrame(message_id, message.__ocpp_action__, payload))
        case _:
            return encode_frame(Call(message_id, message.__ocpp_action__, payload))


def _class_of(
    protocol: Protocol,
    frame: Call | CallResult | SendFrame,
    answers: Mapping[str, type[Request[Any]]],
) -> type[Message]:
    if isinstance(frame, CallResult):
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
    action = protocol.actions.get(frame.action)
    if action is None or action.answered is isinstance(frame, SendFrame):
        raise InvalidFrame(
            f"OCPP {protocol.version} has no such action",
            fault=FrameFault.UNKNOWN_ACTION,
            action=frame.action,
            message_id=frame.message_id,
            message_type=2 if isinstance(frame, Call) else 6,
        )
    return action.request

"""Frames: the JSON arrays of OCPP-J around a payload, read and written without looking into it.

Theory of operation: a frame is an array whose first element names its type. msgspec reads it as a
union tagged by that number and leaves the payload as raw bytes, so the payload is decoded once,
by the class that its action names. What is no frame ends as `InvalidFrame`, with everything an
answer needs (message id, action, type) as far as it can be read, from broken JSON too.

How long a message id may be is for the engine's limits to say; here it must be a text, not empty.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, final

import msgspec
from msgspec import Meta, Raw, Struct
from typing_extensions import TypeVar

from ._errors import FrameFault, InvalidFrame, InvalidOutgoing
from ._issues import Issue, Rule
from ._json import REFUSALS, UNWRITABLE, Data, read, scan, write
from ._policy import STRICT, Mode, Policy
from ._protocol import ErrorCode
from ._salvage import Head, read_head

__all__ = [
    "LONG",
    "Call",
    "CallError",
    "CallResult",
    "CallResultError",
    "Frame",
    "SendFrame",
    "call_parser",
    "decode_frame",
    "encode_frame",
    "parse",
    "read_frame",
    "skim",
]

MessageId: TypeAlias = Annotated[str, Meta(min_length=1)]
Name = TypeVar("Name", bound=str, default=str)


class _Array(Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """What all frames share: exact arity, no name on the wire."""


@final
class Call(_Array, Generic[Name], tag=2, frozen=True):
    """A request: `[2, id, action, payload]`."""

    message_id: MessageId
    action: Name
    payload: Raw


@final
class CallResult(_Array, tag=3, frozen=True):
    """The answer to a call: `[3, id, payload]`; which action it answers, the id tells."""

    message_id: MessageId
    payload: Raw


@final
class CallError(_Array, tag=4, frozen=True):
    """The refusal of a call: `[4, id, code, description, details]`."""

    message_id: MessageId
    code: str
    """In the spelling of the version; a peer may send any word."""

    description: str
    details: dict[str, Any]


@final
class CallResultError(_Array, tag=5, frozen=True):
    """The refusal of a call result (OCPP 2.1): `[5, id, code, description, details]`."""

    message_id: MessageId
    code: str
    description: str
    details: dict[str, Any]


@final
class SendFrame(_Array, tag=6, frozen=True):
    """A message that is never answered (OCPP 2.1): `[6, id, action, payload]`.

    `Send` is the class of what it carries.
    """

    message_id: MessageId
    action: str
    payload: Raw


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | SendFrame

parse: Callable[[Data], Frame] = msgspec.json.Decoder[Frame](Frame).decode
"""Reads a good frame; raises one of `REFUSALS` over others."""


def call_parser(actions: tuple[str, ...]) -> Callable[[Data], Call]:
    """Returns what reads good CALLs of some actions like `parse`, and raises one of `REFUSALS` over the rest.

    The action of a frame is then one of these very strings. To find it in a dictionary takes half as
    long: its hash is known, and it is the key itself.
    """
    # Type checkers want to see the words.
    words: Any = Literal
    call: Any = Call
    return msgspec.json.Decoder[Call](call[words[actions]]).decode


LONG: Final = 1024
"""From how many characters on it is faster to `skim`."""

_TYPES: Final = range(2, 7)
_ERROR_TYPES: Final[dict[int, type[CallError | CallResultError]]] = {
    4: CallError,
    5: CallResultError,
}


def skim(data: Data) -> Frame:
    """Reads a good frame like `parse`, but leaves the payload of a text's CALL to whoever reads it next.

    To find where a payload ends, `parse` reads all of it; at 10 KB that is a fifth of the work. As
    most peers write a CALL, what stands before the payload can be cut off at its quotation marks.
    If the payload is one JSON value then, the whole is a frame; if not, `parse` is to be asked.
    """
    parts = data.split('"', 4) if isinstance(data, str) else ()
    if len(parts) == 5:
        front, message_id, comma, action, rest = parts
        if (
            front == "[2,"
            and comma == ","
            and rest.startswith(",{")
            and rest.endswith("}]")
            and message_id
            and message_id.isascii()
            and message_id.isprintable()
            and "\\" not in message_id + action
        ):
            return Call(message_id, action, Raw(rest[1:-1]))
    return parse(data)


def decode_frame(
    data: Data, *, policy: Policy = STRICT, issues: list[Issue] | None = None
) -> Frame:
    """Decodes one frame; its payload stays raw.

    Args:
        data: one WebSocket message.
        policy: beyond strict, a CALLERROR that is too short or holds nulls is padded.
        issues: takes what was repaired, if anything was.

    Raises:
        InvalidFrame: the text is no frame; what could be read of it is in the exception.
    """
    return read_frame(data, policy, issues)


def read_frame(data: Data, policy: Policy, issues: list[Issue] | None) -> Frame:
    """Does what `decode_frame` does, for the walks of good frames: they have no time for keywords."""
    try:
        return parse(data)
    except REFUSALS as exc:
        problem = str(exc)
    head = read_head(data)
    fault = _fault(data, head)
    if fault is FrameFault.MALFORMED and policy.mode is not Mode.STRICT:
        padded = _padded(data, head, [] if issues is None or policy.mode is Mode.OFF else issues)
        if padded is not None:
            return padded
    raise InvalidFrame(
        f"no usable frame ({fault}): {problem}",
        fault=fault,
        action=head.action,
        message_id=head.message_id,
        message_type=head.message_type,
    )


def encode_frame(frame: Frame) -> bytes:
    """Encodes one frame around a payload that has been encoded already.

    Raises:
        InvalidOutgoing: an id, a description or details that JSON has no word for.
    """
    try:
        return write(frame)
    except UNWRITABLE as exc:
        raise InvalidOutgoing(
            f"cannot be written as JSON: {exc}", message_id=frame.message_id
        ) from exc


def _fault(data: Data, head: Head) -> FrameFault:
    try:
        text = scan(data)
    except REFUSALS:
        return FrameFault.NOT_JSON
    if not text.startswith("["):
        return FrameFault.NOT_AN_ARRAY
    if head.message_id is None:
        return FrameFault.UNREADABLE_ID
    if head.message_type is not None and head.message_type not in _TYPES:
        return FrameFault.UNKNOWN_TYPE
    return FrameFault.MALFORMED


def _padded(data: Data, head: Head, issues: list[Issue]) -> Frame | None:
    """Reads an error frame with elements missing or null, or with one object for all of them."""
    frame = _ERROR_TYPES.get(head.message_type or 0)
    if frame is None or head.message_id is None:
        return None
    try:
        elements: list[Any] = read(data)
    except REFUSALS:
        return None
    rest = elements[2:]
    details: dict[str, Any] = {}
    if rest and isinstance(rest[-1], dict):
        details = rest.pop()
    elif len(rest) == 3 and rest[-1] is None:
        rest.pop()
    if len(rest) > 2 or not all(isinstance(item, str | None) for item in rest):
        return None
    code, description = [*rest, None, None][:2]
    issues += _padding(elements)
    return frame(head.message_id, code or ErrorCode.GENERIC_ERROR, description or "", details)


def _padding(elements: list[Any]) -> list[Issue]:
    nulls = [
        Issue(f"$[{at}]", Rule.NULL, None, expected, repaired=True)
        for at, expected in enumerate(("a code", "a description", "an object"), start=2)
        if at < len(elements) and elements[at] is None
    ]
    if len(elements) == 5:
        return nulls
    return [Issue("$", Rule.MIN_ITEMS, elements, 5, repaired=True), *nulls]

"""The frames of OCPP-J, which are JSON arrays. They are decoded and encoded with their payload as
raw JSON.

Theory of operation: a frame is an array whose first element names its type. msgspec reads it as a
union tagged by that number and leaves the payload as raw bytes, so the payload is decoded once,
by the class that its action names. A text that is no frame raises `InvalidFrame`, with everything
that an answer needs (message id, action, type) as far as it can be read, from broken JSON too.

How long a message id may be is for the engine's limits to say; here it must be a text, not empty.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, TypeAlias, final

import msgspec
from msgspec import Meta, Raw, Struct
from typing_extensions import TypeVar

from ..model._errors import InvalidFrame, InvalidOutgoing
from ..model._failures import Failure
from ..model._issues import Issue, Rule
from ..model._json import REFUSALS, Data, as_bytes, is_object, read, reason, scan, write
from ..model._protocol import ErrorCode
from ..model._repairs import Repair
from ..payloads._policy import STRICT, Mode, Policy
from ._salvage import Head, read_head

__all__ = [
    "Call",
    "CallError",
    "CallResult",
    "CallResultError",
    "Frame",
    "SendFrame",
    "decode_frame",
    "encode_frame",
    "parse",
    "read_frame",
    "trimmed",
]

MessageId: TypeAlias = Annotated[str, Meta(min_length=1)]
P_co = TypeVar("P_co", covariant=True, default=Raw)
Name_co = TypeVar("Name_co", bound=str, covariant=True, default=str)


class _Array(Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """Base class of frames: arrays with a fixed number of elements."""


@final
class Call(_Array, Generic[P_co, Name_co], tag=2, frozen=True):
    """A request: `[2, id, action, payload]`."""

    message_id: MessageId
    action: Name_co
    payload: P_co
    """Raw JSON, or the decoded message."""


@final
class CallResult(_Array, Generic[P_co], tag=3, frozen=True):
    """The answer to a call: `[3, id, payload]`. The message id tells which call it answers."""

    message_id: MessageId
    payload: P_co
    """Raw JSON, or the decoded message."""


@final
class CallError(_Array, tag=4, frozen=True):
    """The refusal of a call: `[4, id, code, description, details]`."""

    message_id: MessageId
    code: str
    """The error code in the spelling of the version; a peer may send any text."""

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
class SendFrame(_Array, Generic[P_co], tag=6, frozen=True):
    """A message that is never answered (OCPP 2.1): `[6, id, action, payload]`.

    Its payload is a `Send`.
    """

    message_id: MessageId
    action: str
    payload: P_co
    """Raw JSON, or the decoded message."""


Frame: TypeAlias = Call[P_co] | CallResult[P_co] | CallError | CallResultError | SendFrame[P_co]
"""Any frame, with raw JSON as its payload; as `Frame[Message]` with a decoded message."""

# Type checkers do not accept a parameter for an alias of a union at run time.
_ALIAS: Any = Frame
parse: Callable[[Data], Frame] = msgspec.json.Decoder[Frame](_ALIAS[Raw]).decode
"""Decodes a valid frame; raises one of `REFUSALS` for other texts."""


_TYPES: Final = range(2, 7)
_ERROR_TYPES: Final[dict[int, type[CallError | CallResultError]]] = {
    4: CallError,
    5: CallResultError,
}


def decode_frame(
    data: Data, *, policy: Policy = STRICT, issues: list[Issue] | None = None
) -> Frame:
    """Decodes one frame. Its payload stays JSON.

    Args:
        data: one WebSocket message.
        policy: beyond strict, NULs and byte order marks around the frame are cut off, and a
            CALLERROR that is too short, or has elements of wrong types, is filled up.
        issues: takes what was repaired, if anything was.

    Raises:
        InvalidFrame: the text is no frame; what could be read of it is in the exception.
    """
    return read_frame(data, policy, issues)


def read_frame(data: Data, policy: Policy, issues: list[Issue] | None) -> Frame:
    """Decodes one frame like `decode_frame`, with positional arguments, which are faster."""
    try:
        return parse(data)
    except REFUSALS as exc:
        problem = str(exc)
    found: list[Issue] = [] if issues is None or policy.mode is Mode.OFF else issues
    if policy.mode is not Mode.STRICT:
        clean = trimmed(data)
        if clean is not data:
            found.append(_TRIMMED)
            return read_frame(clean, policy, issues)
    head = read_head(data)
    failure = _failure_of(data, head)
    if failure is Failure.MALFORMED and policy.mode is not Mode.STRICT:
        filled = _complete_error_frame(data, head, found)
        if filled is not None:
            return filled
    raise InvalidFrame(
        f"no usable frame ({failure}): {problem}",
        failure=failure,
        action=head.action,
        message_id=head.message_id,
        message_type=head.message_type,
    )


def trimmed(data: Data) -> Data:
    """Returns a text without NULs and byte order marks around it; the same object if there are
    none.

    RFC 8259 section 8.1 lets a parser ignore the mark; a NUL is the end of a text in C.
    """
    if isinstance(data, str):
        clean = data.strip(_AROUND)
        return data if clean == data.strip(_BLANKS) else clean
    raw = as_bytes(data)
    clean_raw = raw.strip(_AROUND.encode())
    return data if clean_raw == raw.strip(_BLANKS.encode()) else clean_raw


_BLANKS: Final = " \t\r\n"
_AROUND: Final = "\ufeff\x00" + _BLANKS
_TRIMMED: Final = Issue(
    "$",
    Rule.JSON,
    expected="a NUL or a byte order mark around it",
    repaired=True,
    repair=Repair.FRAME_TRIMMED,
)


def encode_frame(frame: Frame) -> bytes:
    """Encodes one frame around a payload that is encoded already.

    Raises:
        InvalidOutgoing: the message id, the description or the details cannot be written as JSON.
    """
    try:
        return write(frame)
    # Details may contain objects of the user, which may raise anything.
    except Exception as exc:
        raise InvalidOutgoing(
            f"the frame cannot be written as JSON: {reason(exc)}", message_id=frame.message_id
        ) from exc


def _failure_of(data: Data, head: Head) -> Failure:
    try:
        text = scan(data)
    except REFUSALS:
        return Failure.NOT_JSON
    if not text.startswith("["):
        return Failure.NOT_AN_ARRAY
    if head.message_id is None:
        return Failure.UNREADABLE_ID
    if head.message_type is not None and head.message_type not in _TYPES:
        return Failure.UNKNOWN_TYPE
    return Failure.MALFORMED


_ELEMENTS: Final = ("a code", "a description", "an object")
"""What stands behind the message id of an error frame."""


def _complete_error_frame(data: Data, head: Head, issues: list[Issue]) -> Frame | None:
    """Decodes an error frame whose elements are missing, of wrong types, or all in one object."""
    frame = _ERROR_TYPES.get(head.message_type or 0)
    if frame is None or head.message_id is None:
        return None
    try:
        elements: list[Any] = read(data)
    except REFUSALS:
        return None
    code, description, details = _split_error(elements[2:])
    if len(elements) > 5 or isinstance(code, dict | list) or isinstance(description, dict | list):
        return None
    issues += _error_issues(elements)
    return frame(
        head.message_id,
        ErrorCode.GENERIC_ERROR if code in (None, "") else _as_text(code),
        "" if description is None else _as_text(description),
        details if is_object(details) else {},
    )


def _split_error(rest: list[Any]) -> tuple[Any, Any, Any]:
    """Returns code, description and details of an error frame that may have an object in front of
    the others.
    """
    if rest and len(rest) < len(_ELEMENTS) and is_object(rest[-1]):
        *rest, details = rest
        rest = [*[*rest, None, None][:2], details]
    code, description, details = [*rest, None, None, None][:3]
    return code, description, details


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else write(value).decode()


def _error_issues(elements: list[Any]) -> list[Issue]:
    issues: list[Issue] = []
    if len(elements) < 5:
        issues.append(_error_issue("$", Rule.MIN_ITEMS, elements, 5))
    for at, (value, expected) in enumerate(zip(elements[2:], _ELEMENTS, strict=False), start=2):
        due = dict if at == 4 else str
        if value is None:
            issues.append(_error_issue(f"$[{at}]", Rule.NULL, None, expected))
        elif not isinstance(value, due) and len(elements) == 5:
            issues.append(_error_issue(f"$[{at}]", Rule.TYPE, value, expected))
    return issues


def _error_issue(path: str, rule: Rule, value: Any, expected: str | int) -> Issue:
    return Issue(path, rule, value, expected, True, repair=Repair.ERROR_FRAME_FILLED)

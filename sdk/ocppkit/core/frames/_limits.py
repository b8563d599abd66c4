"""What a connection may cost: `Limits`, and the cheap looks at each frame that keep to them.

Theory of operation: good frames must hardly notice. So each look has a screen that never misses and
is sometimes wrong, and only what a screen catches is looked at closely.

* A number of 41 digits covers five of every eighth characters in a row, so a sample of one in eight
  is enough.
* A payload that its class could read is as deep as the class, except where the class lets anything
  in. So only what was not read strictly, or names such a place, can be too deep; and then only
  if it has more brackets than the limit.

* A frame has no more elements than characters, and counting characters is cheap.

The close looks leave strings out: brackets, commas and digits may stand there as many as they like.
What a close look costs is bounded by the length of the text: it runs no Python code per character.
"""

import re
from collections.abc import Iterator
from functools import cache
from math import inf
from typing import Any, AnyStr, Final, TypeAlias

from msgspec import Struct

from ..model._errors import LocalProtocolError
from ..model._failures import Failure
from ..model._json import is_object
from ..payloads._shape import open_members, shape_of

__all__ = [
    "MAX_UTF8_BYTES",
    "Limits",
    "Names",
    "exceeded",
    "holds_deeper",
    "holds_long_number",
    "holds_many_elements",
    "is_deeper",
    "is_plain",
    "may_be_deep",
    "open_names",
]


class Limits(Struct, frozen=True, kw_only=True):
    """The bounds of one connection; times are in seconds."""

    frame_bytes: int = 1 << 20
    """The longest frame that is read; a longer one closes the connection."""

    nesting: int = 64
    """The deepest nesting of a frame's arrays and objects, the frame itself included."""

    digits: int = 40
    """The most digits in a row of a number."""

    elements: int = 1 << 16
    """The most arrays and objects of a frame together, and the most commas between their elements."""

    id_sent: int = 36
    """The longest message id of ours, and of a peer that is read strictly."""

    id_read: int = 255
    """The longest message id that can be read; a longer one counts as unreadable."""

    queue: int = 256
    """Calls that may wait for their turn; the next one raises `QueueFull`."""

    handlers: int = 32
    """Calls of the peer in work at one time; then the reader pauses."""

    frames_per_second: float = inf
    """What the peer may send on average. One that sends more is read from no faster than this."""

    frames_at_once: int = 100
    """What it may send in a burst, where `frames_per_second` bounds it."""

    bytes_per_second: float = 1 << 20
    """Bytes that the peer may send on average, counted after decompression; a frame counts as 512
    bytes more than it has. One that sends more is read from no faster than this."""

    bytes_at_once: int = 1 << 24
    """What it may send in a burst, where `bytes_per_second` bounds it."""

    call_timeout: float = 30.0
    """From the moment a call is sent until it counts as unanswered, unless the call says otherwise."""

    handler_timeout: float = 25.0
    """From the arrival of a call until it is answered with InternalError."""

    handshake_timeout: float = 10.0
    ping_interval: float = 54.0
    """Seconds between pings; 0 sends none. Two pings in a row without a pong, and the connection is dead."""

    description: int = 255
    """Longer error descriptions are cut."""

    remembered: int = 64
    """Past message ids in each direction, kept to tell late answers from foreign ones."""

    def __post_init__(self) -> None:
        """Checks the values, as a bound that is 0 or NaN by mistake stops or frees a connection.

        Raises:
            LocalProtocolError: a value is no number, or is too small; the message names it.
        """
        for name in self.__struct_fields__:
            value: Any = getattr(self, name)
            kind = (int, float) if name in _FRACTIONS else int
            if not isinstance(value, kind) or isinstance(value, bool):
                wanted = "a number" if name in _FRACTIONS else "an integer"
                raise LocalProtocolError(f"Limits.{name} must be {wanted}, not {value!r}")
            if not (value > 0 or (value == 0 and name in _MAY_BE_ZERO)):
                least = "0 or more" if name in _MAY_BE_ZERO else "more than 0"
                raise LocalProtocolError(f"Limits.{name} must be {least}, not {value!r}")


_FRACTIONS: Final = frozenset(
    {
        "bytes_per_second",
        "call_timeout",
        "frames_per_second",
        "handler_timeout",
        "handshake_timeout",
        "ping_interval",
    }
)
_MAY_BE_ZERO: Final = frozenset({"description", "ping_interval", "queue", "remembered"})


Names: TypeAlias = tuple[tuple[AnyStr, AnyStr], ...]
"""Names of members, each behind a character of it."""

MAX_UTF8_BYTES: Final = 4
"""As many bytes has a character at most."""

_STRIDE: Final = 8

_CHUNK: Final = 1 << 16
"""Bytes in which strings are told from what is between them, one after the other."""

_ONLY_DIGITS: Final = bytes(0x30 if chr(byte) in "0123456789" else 0x20 for byte in range(256))
_ONLY_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def exceeded(data: str | bytes, limits: Limits) -> Failure | None:
    """Returns which limit a frame exceeds as a text, if one."""
    if len(data) * MAX_UTF8_BYTES > limits.frame_bytes and _bytes_of(data) > limits.frame_bytes:
        return Failure.FRAME_TOO_BIG
    if holds_many_elements(data, limits):
        return Failure.TOO_MANY_ELEMENTS
    return Failure.NUMBER_TOO_LONG if holds_long_number(data, limits) else None


def holds_long_number(data: str | bytes, limits: Limits) -> bool:
    """Whether a number in a text has too many digits in a row."""
    if len(data) <= limits.digits or not _may_have_run(data, limits.digits):
        return False
    bare = _without_strings(data)
    return b"0" * (limits.digits + 1) in bare.translate(_ONLY_DIGITS)


def holds_many_elements(data: str | bytes, limits: Limits) -> bool:
    """Whether a text has too many arrays, objects or commas; looked at before anything is built."""
    if len(data) <= limits.elements or not _exceeds_elements(data, limits.elements):
        return False
    return _exceeds_elements_outside(data, limits.elements)


def _exceeds_elements(data: str | bytes, most: int) -> bool:
    if isinstance(data, str):
        return data.count("[") + data.count("{") > most or data.count(",") > most
    return data.count(b"[") + data.count(b"{") > most or data.count(b",") > most


def _exceeds_elements_outside(data: str | bytes, most: int) -> bool:
    """Whether a text has too many elements outside of its strings; it is read no further than that."""
    brackets = commas = 0
    for outside in _outside_strings(data):
        brackets += outside.count(b"[") + outside.count(b"{")
        commas += outside.count(b",")
        if brackets > most or commas > most:
            return True
    return False


def _outside_strings(data: str | bytes) -> Iterator[bytes]:
    """Yields what is between the strings of a text, some of it at a time."""
    data = _without_escapes(data)
    inside = 0
    for at in range(0, len(data), _CHUNK):
        pieces = data[at : at + _CHUNK].split(b'"')
        yield b"".join(pieces[inside::2])
        inside = (inside + len(pieces) - 1) % 2


def _bytes_of(data: str | bytes) -> int:
    if isinstance(data, bytes) or data.isascii():
        return len(data)
    return len(data.encode("utf-8", "surrogatepass"))


def _may_have_run(data: str | bytes, digits: int) -> bool:
    sample = data[::_STRIDE]
    if isinstance(sample, str):
        sample = sample.encode("utf-8", "surrogatepass")
    # `find` is three times as fast here as `in`.
    return sample.translate(_ONLY_DIGITS).find(b"0" * ((digits + 1) // _STRIDE)) >= 0


def _without_strings(data: str | bytes) -> bytes:
    """Returns a text with every string empty. What is no JSON may lose anything."""
    return b'""'.join(_without_escapes(data).split(b'"')[::2])


def _without_escapes(data: str | bytes) -> bytes:
    """Returns a text in which each quotation mark begins or ends a string."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return data


def is_plain(text: str, names: Names[str], limits: Limits) -> bool:
    """Whether a call, whose payload its class has read strictly, keeps to the limits for sure.

    Args:
        text: what was read.
        names: what `open_names` returns for the class.
        limits: what it must keep to.
    """
    return not (_may_have_run(text, limits.digits) or may_be_deep(text, names, limits))


def may_be_deep(payload: AnyStr, names: Names[AnyStr], limits: Limits) -> bool:
    """Whether a payload that its class has read strictly could still be too deep."""
    if len(payload) < 2 * limits.nesting:
        return False
    # A loop: with `any` the look would cost half as much again.
    for mark, name in names:  # noqa: SIM110
        if payload.find(mark) >= 0 and payload.rfind(name) >= 0:
            return True
    return False


@cache
def open_names(cls: type[Struct]) -> Names[bytes]:
    """Returns the names of the members that let anything in, as they may stand on the wire."""
    names = open_members(shape_of(cls))
    # A backslash may hide any of them.
    return tuple((_mark(name), name) for name in (*names, b"\\")) if names else ()


def _mark(name: bytes) -> bytes:
    """Returns a character of a name that few texts hold: a single one is found twenty times as fast."""
    capital = re.search(rb"[A-Z]", name)
    return capital[0] if capital else name[-2:-1] or name


def is_deeper(payload: bytes, limits: Limits) -> bool:
    """Whether a payload is nested deeper than the limit allows; what is no JSON may be either."""
    # The frame around it is the first level.
    nesting = limits.nesting - 1
    if payload.count(b"{") + payload.count(b"[") <= nesting:
        return False
    outside = _outside_strings(payload)
    brackets = b"".join([each.translate(_ONLY_SQUARE, _NO_BRACKETS) for each in outside])
    for _ in range(nesting):
        # Takes the innermost pairs away, all at once.
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return False
    return bool(brackets)


def holds_deeper(details: dict[str, Any], limits: Limits) -> bool:
    """Whether the details of an error are nested deeper than the limit allows."""
    level: list[Any] = [details]
    # The frame around them is the first level.
    for _ in range(limits.nesting - 1):
        items: list[Any] = []
        for each in level:
            items += each.values() if is_object(each) else each
        # By type and not by a function: there may be as many as a frame has elements.
        level = [item for item in items if type(item) is dict or type(item) is list]
        if not level:
            return False
    return True

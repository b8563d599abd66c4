"""The limits of a connection, and checks of the size, nesting, numbers and elements of a frame.

Theory of operation: checks must hardly slow down valid frames. So each check begins with a cheap test
that may give a false alarm but never misses, and only after an alarm comes an exact test.

* Long numbers: of a number with 41 digits, at least five in a sample of every eighth character are
  digits in a row. So it is enough to look at that sample.
* Nesting: a payload that was decoded strictly is not nested deeper than its class, except inside
  members that may hold any JSON. So only a payload that was not decoded strictly, or that names such
  a member, can be too deep, and only if it has more brackets than the limit.
* Elements: a frame cannot have more elements than characters, and its length is known.

The exact tests ignore strings, which may contain any number of brackets, commas and digits. They run
no Python code per character, so their cost grows only with the length of the text.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
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
    """The limits of one connection. Times are in seconds."""

    frame_bytes: int = 1 << 20
    """Longest frame that is read, in bytes; a longer one closes the connection."""

    nesting: int = 64
    """Deepest nesting of arrays and objects in a frame, the frame itself included."""

    digits: int = 40
    """Most digits in a row in a number."""

    elements: int = 1 << 16
    """Most arrays and objects in a frame together, and most commas between their elements."""

    id_sent: int = 36
    """Longest message id that we send, and that we accept in strict mode, in characters."""

    id_read: int = 255
    """Longest message id that we read, in characters; a longer one counts as unreadable."""

    queue: int = 256
    """Most calls of ours that wait for an earlier one to be answered; the next raises `QueueFull`."""

    handlers: int = 32
    """Most handlers that run at the same time; while so many do, nothing is read."""

    frames_per_second: float = inf
    """Frames per second that are read of the peer on average; reading pauses if it sends more."""

    frames_at_once: int = 100
    """Frames that may be read at once, if `frames_per_second` is set."""

    bytes_per_second: float = 1 << 20
    """Bytes per second that are read of the peer on average, after decompression; each frame counts 512
    bytes more than it has. Reading pauses if the peer sends more."""

    bytes_at_once: int = 1 << 24
    """Bytes that may be read at once, before `bytes_per_second` applies."""

    call_timeout: float = 30.0
    """Time from sending a call until it counts as unanswered; a call may give its own."""

    handler_timeout: float = 25.0
    """Time from receiving a call until it is answered with InternalError."""

    handshake_timeout: float = 10.0
    ping_interval: float = 25.0
    """Time between two pings; 0 turns pings off. Some stations give up a connection on which nothing came for
    30 seconds. Two pings in a row without a pong end the connection."""

    description: int = 255
    """Longest error description that we send, in characters; a longer one is cut."""

    remembered: int = 64
    """Message ids of past calls that are kept per direction, to recognise late and repeated answers."""

    def __post_init__(self) -> None:
        """Checks the values, as a limit of 0 or NaN would block a connection or have no effect.

        Raises:
            LocalProtocolError: a value is not a number, or too small; the message names it.
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
"""Pairs of a character and the name of a member that contains it."""

MAX_UTF8_BYTES: Final = 4
"""Largest number of bytes of a character in UTF-8."""

_STRIDE: Final = 8

_CHUNK: Final = 1 << 16
"""Bytes in which strings are told from what is between them, one after the other."""

_ONLY_DIGITS: Final = bytes(0x30 if chr(byte) in "0123456789" else 0x20 for byte in range(256))
_STEPS: Final = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def exceeded(data: str | bytes, limits: Limits) -> Failure | None:
    """Returns the limit that the text of a frame exceeds, or `None`."""
    if len(data) * MAX_UTF8_BYTES > limits.frame_bytes and _bytes_of(data) > limits.frame_bytes:
        return Failure.FRAME_TOO_BIG
    if holds_many_elements(data, limits):
        return Failure.TOO_MANY_ELEMENTS
    return Failure.NUMBER_TOO_LONG if holds_long_number(data, limits) else None


def holds_long_number(data: str | bytes, limits: Limits) -> bool:
    """Returns whether a number in a text has too many digits."""
    if len(data) <= limits.digits or not _may_have_run(data, limits.digits):
        return False
    bare = _without_strings(data)
    return b"0" * (limits.digits + 1) in bare.translate(_ONLY_DIGITS)


def holds_many_elements(data: str | bytes, limits: Limits) -> bool:
    """Returns whether a text has too many arrays, objects or commas. Does not decode it."""
    if len(data) <= limits.elements or not _exceeds_elements(data, limits.elements):
        return False
    return _exceeds_elements_outside(data, limits.elements)


def _exceeds_elements(data: str | bytes, most: int) -> bool:
    if isinstance(data, str):
        return data.count("[") + data.count("{") > most or data.count(",") > most
    return data.count(b"[") + data.count(b"{") > most or data.count(b",") > most


def _exceeds_elements_outside(data: str | bytes, most: int) -> bool:
    """Returns whether a text has too many elements outside of its strings. Stops as soon as that is
    known.
    """
    brackets = commas = 0
    for outside in _outside_strings(data):
        brackets += outside.count(b"[") + outside.count(b"{")
        commas += outside.count(b",")
        if brackets > most or commas > most:
            return True
    return False


def _outside_strings(data: str | bytes) -> Iterator[bytes]:
    """Yields the parts of a text between its strings."""
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
    # Here `find` is three times as fast as `in`.
    return sample.translate(_ONLY_DIGITS).find(b"0" * ((digits + 1) // _STRIDE)) >= 0


def _without_strings(data: str | bytes) -> bytes:
    """Returns a JSON text with all its strings emptied. The result is arbitrary for other texts."""
    return b'""'.join(_without_escapes(data).split(b'"')[::2])


def _without_escapes(data: str | bytes) -> bytes:
    """Returns a text in which each quotation mark begins or ends a string."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return data


def is_plain(text: str, names: Names[str], limits: Limits) -> bool:
    """Returns whether a strictly decoded CALL certainly respects the limits.

    Args:
        text: the frame.
        names: what `open_names` returns for the class of the payload.
        limits: the limits.
    """
    return not (_may_have_run(text, limits.digits) or may_be_deep(text, names, limits))


def may_be_deep(payload: AnyStr, names: Names[AnyStr], limits: Limits) -> bool:
    """Returns whether a strictly decoded payload may be nested too deeply."""
    if len(payload) < 2 * limits.nesting:
        return False
    # A loop, because `any` would take half as long again.
    for mark, name in names:  # noqa: SIM110
        if payload.find(mark) >= 0 and payload.rfind(name) >= 0:
            return True
    return False


@cache
def open_names(cls: type[Struct]) -> Names[bytes]:
    """Returns the JSON names of the members of a class that may contain any JSON."""
    names = open_members(shape_of(cls))
    # A name may be written with escapes, so a backslash counts as one.
    return tuple((_rarest_character(name), name) for name in (*names, b"\\")) if names else ()


def _rarest_character(name: bytes) -> bytes:
    """Returns the rarest character of a name, as searching for it is much faster than for the name."""
    capital = re.search(rb"[A-Z]", name)
    return capital[0] if capital else name[-2:-1] or name


def is_deeper(payload: bytes, limits: Limits) -> bool:
    """Returns whether a payload is nested too deeply. The result is arbitrary if it is not JSON."""
    # The frame is the first level.
    nesting = limits.nesting - 1
    if payload.count(b"{") + payload.count(b"[") <= nesting:
        return False
    outside = _outside_strings(payload)
    steps = b"".join([each.translate(_STEPS, _NO_BRACKETS) for each in outside])
    # As signed numbers, the bytes are 1 for each bracket that opens and -1 for each that closes.
    depths = accumulate(memoryview(steps).cast("b"))
    return max(depths, default=0) > nesting


def holds_deeper(details: dict[str, Any], limits: Limits) -> bool:
    """Returns whether the details of an error frame are nested too deeply."""
    level: list[Any] = [details]
    # The frame is the first level.
    for _ in range(limits.nesting - 1):
        items: list[Any] = []
        for each in level:
            items += each.values() if is_object(each) else each
        # No function call per item, because there may be as many as `Limits.elements`.
        level = [item for item in items if type(item) is dict or type(item) is list]
        if not level:
            return False
    return True

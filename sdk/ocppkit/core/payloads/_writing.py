"""Encodes payloads as JSON, with date-times in OCPP's form, and refuses values that JSON cannot
represent.

Theory of operation: few payloads have values that must be normalised before msgspec writes them (see
`_normalise.py`), and to walk all of a payload to find that out would cost more than to write it. So
field expressions look at the date-times, the integers and the untyped members of the payload itself.
Whether a member further down holds untyped JSON is seen in the written bytes: then its name is in them.

These looks, the writing and the check are one compiled expression, since each function between them
would cost a small payload a tenth more.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final, NoReturn, TypeAlias

from msgspec import UNSET

from ..model._json import write
from ._field_expression import FieldExpression, compile_expression, field_expressions
from ._normalise import normaliser_of
from ._shape import (
    AnyShape,
    DateTimeShape,
    IntegerShape,
    ObjectShape,
    Shape,
    allows_unknown_members,
    open_members,
)

__all__ = ["Write", "is_recursive", "normalised_writer_of", "write_of"]

Write: TypeAlias = Callable[[Any], bytes]
"""Returns a payload as JSON; raises `NotEncodable`, one of `UNWRITABLE`, or what its check raises."""

Check: TypeAlias = Callable[[bytes], object]
"""Sees what was written; raises if it must not be sent, and else returns something true."""

_NEEDS_NORMALISING: Final = "{0}.tzinfo is not UTC or {0}.microsecond"
"""Whether msgspec writes a date-time otherwise than OCPP wants it."""


def write_of(shape: ObjectShape, check: Check, *, integer_bits: int | None = None) -> Write:
    """Returns a function that encodes valid payloads of a class. For an invalid one it may also
    raise `AttributeError`.

    Args:
        shape: the class.
        check: is given everything that was written.
        integer_bits: integers that need more bits raise `OverflowError`. # VAL-02
    """
    normalised = normalised_writer_of(shape, check)
    if is_recursive(shape):
        # An expression cannot follow a class within itself; no class of a shipped version is one.
        return normalised
    named = {f"name{at}": name for at, name in enumerate(open_members(shape, below=True))}
    looks = [
        *_untyped_members(shape),
        *(place.find(_NEEDS_NORMALISING) for place in _fields_of_kind(shape, DateTimeShape)),
        "not (data := write(payload))",
        # Backwards: `find` takes twice as long, since every member begins with the same quotation mark.
        *(f"data.rfind({name}) >= 0" for name in named),
    ]
    text = f"normalised(payload) if {' or '.join(looks)} else check(data) and data"
    if integer_bits is not None:
        least, most = -(1 << integer_bits - 1), (1 << integer_bits - 1) - 1
        outside = f"not {least} <= {{0}} <= {most}"
        found = [place.find(outside) for place in _fields_of_kind(shape, IntegerShape)]
        text = f"too_big() if {' or '.join(found)} else {text}" if found else text
    known = {
        "UTC": UTC,
        "UNSET": UNSET,
        "write": write,
        "check": check,
        "normalised": normalised,
        "too_big": _refuse_integer,
    }
    return compile_expression(text, {**known, **named})


def normalised_writer_of(shape: ObjectShape, check: Check, *, texts: bool = False) -> Write:
    """Returns a function that normalises each payload of a class before encoding it.

    Args:
        shape: the class.
        check: is given everything that was written.
        texts: whether texts in place of date-times are written, or raise `TypeError`.
    """
    normalise = normaliser_of(shape, texts=texts)

    def write_normalised(payload: Any) -> bytes:
        data = write(payload if normalise is None else normalise(payload, None))
        check(data)
        return data

    return write_normalised


def is_recursive(shape: ObjectShape) -> bool:
    """Returns whether objects of a class can contain objects of the same class."""
    places = field_expressions(shape, lambda _: False)
    return any(isinstance(place.shape, ObjectShape) for place in places)


def _fields_of_kind(shape: ObjectShape, kind: type[Shape]) -> Iterator[FieldExpression]:
    return field_expressions(shape, lambda place: isinstance(place, kind))


def _untyped_members(shape: ObjectShape) -> Iterator[str]:
    """Yields expressions for the members of the class itself that may contain any JSON."""
    for member in shape.members.values():
        if allows_unknown_members(member.shape):
            absent = "UNSET" if isinstance(member.shape, AnyShape) else "None"
            yield f"payload.{member.name} is not {absent}"


def _refuse_integer() -> NoReturn:
    raise OverflowError("the integer is larger than this version of OCPP can send")

"""Writes payloads as JSON, dressed for the wire where they need it.

Theory of operation: few payloads need a dress (see `_outgoing.py`), and to walk all of a payload to
find that out would cost more than to write it. So the date-times are looked at in a sweep, and so are the
untyped members of the payload itself. Whether anything stands in one further down the written bytes
say: then its member's name stands in them.

The looks, the writing and the check are one compiled expression: of what a small payload costs, each
function between them would be a tenth.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from ..model._json import write
from ._field_expression import compile_expression, field_expressions
from ._normalise import normaliser_of
from ._shape import AnyShape, DateTimeShape, ObjectShape, Shape, is_open, open_members

__all__ = ["Write", "normalised_writer_of", "write_of"]

Write: TypeAlias = Callable[[Any], bytes]
"""Returns a payload as JSON; raises `NotEncodable`, one of `UNWRITABLE`, or what its check raises."""

Check: TypeAlias = Callable[[bytes], object]
"""Sees what was written; raises if it is not to leave, and else returns something true."""

_ODD: Final = "{0}.tzinfo is not UTC or {0}.microsecond"
"""Of a date-time that msgspec does not write as OCPP wants it."""


def write_of(shape: ObjectShape, check: Check) -> Write:
    """Returns what writes good payloads of a class; a bad one may also end as an `AttributeError`.

    Args:
        shape: the class.
        check: is asked before anything leaves.
    """
    dressed = normalised_writer_of(shape, check)
    moments = list(field_expressions(shape, _is_moment))
    if any(isinstance(moment.shape, ObjectShape) for moment in moments):
        # A class within itself is so rare that its payloads are dressed unseen.
        return dressed
    named = {f"name{at}": name for at, name in enumerate(open_members(shape, below=True))}
    looks = [
        *_own(shape),
        *(moment.find(_ODD) for moment in moments),
        "not (data := write(payload))",
        # Backwards: `find` takes twice as long, since every member begins with the same quotation mark.
        *(f"data.rfind({name}) >= 0" for name in named),
    ]
    text = f"dressed(payload) if {' or '.join(looks)} else check(data) and data"
    known = {"UTC": UTC, "UNSET": UNSET, "write": write, "check": check, "dressed": dressed}
    return compile_expression(text, {**known, **named})


def normalised_writer_of(shape: ObjectShape, check: Check) -> Write:
    """Returns what writes payloads of a class and dresses them unseen."""
    dress = normaliser_of(shape)

    def write_normalised(payload: Any) -> bytes:
        data = write(payload if dress is None else dress(payload, None))
        check(data)
        return data

    return write_normalised


def _own(shape: ObjectShape) -> Iterator[str]:
    """Yields the looks at the members of the class itself that let anything in."""
    for member in shape.members.values():
        if is_open(member.shape):
            absent = "UNSET" if isinstance(member.shape, AnyShape) else "None"
            yield f"payload.{member.name} is not {absent}"


def _is_moment(shape: Shape) -> bool:
    return isinstance(shape, DateTimeShape)

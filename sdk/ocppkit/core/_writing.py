"""Writes payloads as JSON, dressed for the wire where they need it.

Theory of operation: few payloads need a dress (see `_outgoing.py`), and to walk all of a payload to
find that out would cost more than to write it. So the date-times are looked at in a sweep, and so are the
untyped members of the payload itself. Whether anything stands in one further down the written bytes
say: then its member's name stands in them.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from ._json import write
from ._outgoing import dress_of
from ._shape import AnyShape, DateTimeShape, ObjectShape, Shape, is_open, open_members
from ._sweeps import look, sweeps

__all__ = ["Write", "write_of"]

Write: TypeAlias = Callable[[Any], bytes]
"""Returns a payload as JSON; raises `Undressable`, one of `UNWRITABLE`, or what its check raises."""

_ODD: Final = "{0}.tzinfo is not UTC or {0}.microsecond"
"""Of a date-time that msgspec does not write as OCPP wants it."""


def write_of(shape: ObjectShape, check: Callable[[bytes], object]) -> Write:
    """Returns what writes the payloads of a class.

    Args:
        shape: the class.
        check: sees what was written, and raises if it is not to leave.
    """
    dress = dress_of(shape)
    moments = list(sweeps(shape, _is_moment))

    def write_dressed(payload: Any) -> bytes:
        data = write(payload if dress is None else dress(payload, None))
        check(data)
        return data

    if dress is None or any(isinstance(moment.shape, ObjectShape) for moment in moments):
        # A class within itself is so rare that its payloads are dressed unseen.
        return write_dressed
    odd = [moment.find(_ODD) for moment in moments]
    needs_dress = look(" or ".join([*_own(shape), *odd]) or "None", {"UTC": UTC, "UNSET": UNSET})
    names = open_members(shape, below=True)

    def write_unless_dressed(payload: Any) -> bytes:
        try:
            dressed = needs_dress(payload)
        except (AttributeError, TypeError):
            # Something of a wrong type; the check of the outgoing bytes will name it.
            dressed = True
        if dressed:
            return write_dressed(payload)
        data = write(payload)
        # A loop: with `any` the look would cost half as much again.
        for name in names:
            if data.find(name) >= 0:
                return write_dressed(payload)
        check(data)
        return data

    return write_unless_dressed


def _own(shape: ObjectShape) -> Iterator[str]:
    """Yields the looks at the members of the class itself that let anything in."""
    for member in shape.members.values():
        if is_open(member.shape):
            absent = "UNSET" if isinstance(member.shape, AnyShape) else "None"
            yield f"payload.{member.name} is not {absent}"


def _is_moment(shape: Shape) -> bool:
    return isinstance(shape, DateTimeShape)

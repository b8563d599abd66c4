"""When two payloads say the same: the round trip's measure, place by place.

Same members, same strings, numbers equal as numbers, date-times the same instant to the
millisecond, `null` only where `null` was. A number that is written with a fraction or an exponent,
or that stands where the schema has `number`, is compared as the double that every reader makes of it.
"""

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import isfinite, nan

from corpus.literals import Json
from corpus.nodes import Node

__all__ = ["differences", "instant"]

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):?(\d\d))"
)
_MILLISECOND = Fraction(1, 1000)


def instant(text: str) -> Fraction:
    """Returns the seconds since the day before year 1, in UTC.

    Raises:
        ValueError: the text is no date-time with a zone.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    days = datetime.date(year, month, day).toordinal()
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second + Fraction(f"0{found[7] or ''}")
    if found[8] is None:
        return seconds
    offset = (int(found[9]) * 60 + int(found[10])) * 60
    return seconds + offset if found[8] == "-" else seconds - offset


def differences(node: Node | None, before: Json, after: Json, path: str = "$") -> Iterator[str]:
    """Yields what a payload lost, gained or changed; nothing when it says the same.

    Args:
        node: the schema of the place; None where the schema says nothing.
        before: the parsed value that was decoded.
        after: the parsed value that was encoded.
        path: the place.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _members(node, before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{path} has {len(after)} items after {len(before)}"
        item = node.item if node else None
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from differences(item, old, new, f"{path}[{index}]")
    elif not _same(node, before, after):
        yield f"{path} is {after!r:.80} after {before!r:.80}"


def _members(
    node: Node | None, before: dict[str, Json], after: dict[str, Json], path: str
) -> Iterator[str]:
    if lost := before.keys() - after.keys():
        yield f"{path} lost {sorted(lost)}"
    if gained := after.keys() - before.keys():
        yield f"{path} gained {sorted(gained)}"
    for name in before.keys() & after.keys():
        member = node.members.get(name) if node else None
        yield from differences(member, before[name], after[name], f"{path}.{name}")


def _same(node: Node | None, before: Json, after: Json) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        if node is not None and node.schema.get("format") == "date-time":
            return abs(instant(before) - instant(after)) < _MILLISECOND and after.endswith("Z")
        return before == after
    if not (isinstance(before, bool) or isinstance(after, bool)) and (
        isinstance(before, int | Decimal) and isinstance(after, int | Decimal)
    ):
        as_doubles = isinstance(before, Decimal) or (node is not None and node.kind == "number")
        return before == after or (as_doubles and _nearest(before) == _nearest(after))
    return type(before) is type(after) and before == after


def _nearest(value: int | Decimal) -> float:
    """Returns the double nearest to a number; beyond all doubles NaN, which equals nothing."""
    nearest = float(Decimal(value))
    return nearest if isfinite(nearest) else nan

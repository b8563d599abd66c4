"""Tells explained differences from others where payloads are random and cannot be counted.

What the entries of `explained.toml` are about is replaced by a harmless value of the same kind. If
oracle and codec agree about the mended payload, the difference hung on that alone.
"""

import re
from decimal import Decimal

from corpus.equality import instant
from corpus.literals import Json
from corpus.nodes import Node, tree
from corpus.oracle import NoJson, parse
from corpus.runner import Finding, Verdict, judge
from corpus.samples import written
from corpus.sources import Source

__all__ = ["examine"]

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?(?:([Zz])|([+-]\d\d):?(\d\d))", re.ASCII
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD_ADDRESS = re.compile(r"\[(?:V|.*[:.]0\d)")
_SECONDS_OF_ALL_YEARS = (instant("0001-01-01T00:00:00Z"), instant("9999-12-31T23:59:59Z"))


def examine(source: Source, data: bytes) -> tuple[Finding, bool]:
    """Judges an instance; returns the finding and whether a difference is explained."""
    finding = judge(source, data)
    if finding.verdict is Verdict.AGREES:
        return finding, False
    try:
        value = parse(data)
    except NoJson:
        return finding, False
    mended = written(_mend(tree(source), value)).encode()
    return finding, judge(source, mended).verdict is Verdict.AGREES


def _mend(node: Node | None, value: Json) -> Json:
    match value:
        case dict():
            return {
                _text(name): _mend(node.members.get(name) if node else None, item)
                for name, item in value.items()
            }
        case list():
            return [_mend(node.item if node else None, item) for item in value]
        case str():
            return _string(node, _text(value))
        case int() if abs(value) > 10**308 and node is not None and node.kind == "number":
            return 1
        case Decimal():
            return _number(value)
        case _:
            return value


def _text(value: str) -> str:
    return _SURROGATE.sub("x", value)


def _number(value: Decimal) -> Decimal:
    nearest = float(value)
    return Decimal(1) if abs(nearest) == float("inf") else Decimal(repr(nearest))


def _string(node: Node | None, value: str) -> str:
    match node.schema.get("format") if node else None:
        case "uri" if _ODD_ADDRESS.search(value):
            return "x:"
        case "date-time":
            return _moment(value)
        case _:
            return value


def _moment(value: str) -> str:
    found = _MOMENT.fullmatch(value)
    if found is None:
        return value
    date, clock, second, fraction, utc, hours, minutes = found.groups()
    second = "59" if second == "60" else second
    zone = "Z" if utc else f"{hours}:{minutes}"
    plain = f"{date}T{clock}:{second}{fraction or ''}{zone}"
    try:
        seconds = instant(plain)
    except ValueError:
        return plain
    first, last = _SECONDS_OF_ALL_YEARS
    return plain if first <= seconds <= last else f"{plain[:-len(zone)]}Z"

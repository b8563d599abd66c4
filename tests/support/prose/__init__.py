"""Rules for the texts in `codegen/ocppkit/codegen/prose`; each finding names a text and its fault.

A text must tell a reader something that the name beside it does not, in words that are ours. The
rules know nothing of files: they take `Entry`s, so that tests can plant faults.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ocppkit.codegen import Api, ApiMessage, Array, Datatype, Doc, Kind, Scalar, Type

__all__ = ["Entry", "copied", "entries", "findings", "repeated", "runs", "undescribed"]

LEAST_WORDS = 4
MOST_SHARERS = 3
"""How many members of different names may share one sentence."""

RUN = 8
"""So many words in a row, found elsewhere as well, are a copy."""

_WORD = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# A document's section, or a use case or requirement of OCPP 2.x or of the 1.6 security extension.
_ONE_SOURCE = (
    r"(1\.6( errata)? §\d+(\.\d+)*|(Security )?[A-Z]\d{2}(\.FR\.\d{2,3})?"
    r"|Part \d( appendix)? §\d+(\.\d+)*|Part 2 appendix \d)"
)
_SOURCE = re.compile(rf"{_ONE_SOURCE}(, {_ONE_SOURCE})*")

# Words that carry no meaning of their own.
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "have",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "may",
        "must",
        "no",
        "not",
        "of",
        "on",
        "or",
        "shall",
        "that",
        "the",
        "their",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
    ]
)

# What a number is in, or is counted from, or is the name of; `chargingRateUnit` and `transactionId` too.
_QUANTITY = re.compile(
    r"\b((?i:seconds?|minutes?|hours?|days?|milliseconds?|watts?|watt-hours?|amperes?|volts?|hertz"
    r"|percent|per cent|degrees?|bytes?|currency|tariff|numbers?|numbered|counts?|counted|id"
    r"|identifier|identifies|index|level|position|port|order|priority|precedence|factor|exponent"
    r"|fraction|ratio|share|how many|how much|how often|highest|lowest|phases?|unit|code|mask"
    r"|version)|W|Wh|kW|kWh|A|V|Hz|VA|var|\w+Unit|\w+Id|\d+)\b|[%€]|°C"
)
_TRUTH = re.compile(r"\b(true|false|whether)\b", re.IGNORECASE)
_MOMENT = re.compile(
    r"\b(moment|instant|time|date|clock|end|start|when|since|until)\b", re.IGNORECASE
)
_STATED = {
    Kind.INTEGER: (_QUANTITY, "a number states its unit or what it counts"),
    Kind.NUMBER: (_QUANTITY, "a number states its unit or what it counts"),
    Kind.BOOLEAN: (_TRUTH, "a boolean states what true or false means"),
    Kind.DATE_TIME: (_MOMENT, "a date-time states of what it is the moment"),
}


@dataclass(frozen=True)
class Entry:
    """One text, with the names and values that a reader sees beside it."""

    place: str
    """`BootReasonEnumType` or `BootReasonEnumType.Watchdog`."""

    name: str
    """What the text must say more than: the name of a class, member or word."""

    type: Type | None
    """The type of a member."""

    doc: Doc


def entries(api: Api) -> Iterator[Entry]:
    """Yields every text of a version."""
    for each in _objects(api):
        if each.doc is not None:
            yield Entry(each.name, each.name, None, each.doc)
        for field in each.fields:
            if field.doc is not None:
                yield Entry(f"{each.name}.{field.wire}", field.wire, field.type, field.doc)
    for enum in api.enums:
        if enum.doc is not None:
            yield Entry(enum.name, enum.name, None, enum.doc)
        for member in enum.members:
            if member.doc is not None:
                yield Entry(f"{enum.name}.{member.value}", member.value, None, member.doc)


def undescribed(api: Api) -> Iterator[str]:
    """Yields each message, datatype, enum and member of an object that has no text.

    What customData is for stands at its type, and not once more at each of a thousand members.
    """
    for each in _objects(api):
        if each.doc is None:
            yield each.name
        yield from (
            f"{each.name}.{field.wire}"
            for field in each.fields
            if field.doc is None and field.wire != "customData"
        )
    yield from (enum.name for enum in api.enums if enum.doc is None)


def findings(entry: Entry) -> Iterator[str]:
    """Yields the faults of one text."""
    text = entry.doc.text
    if not text.endswith("."):
        yield "ends without a full stop"
    if len(_WORD.findall(text)) < LEAST_WORDS:
        yield f"has fewer than {LEAST_WORDS} words"
    if _content(text) <= _parts(entry.name) | _parts(_type_name(entry.type)):
        yield "says nothing that the name does not"
    if not _SOURCE.fullmatch(entry.doc.source):
        yield f"has no source that one could look up: {entry.doc.source}"
    if isinstance(entry.type, Scalar) and entry.type.kind in _STATED:
        pattern, demand = _STATED[entry.type.kind]
        if not pattern.search(text):
            yield demand


def repeated(all_entries: Iterable[Entry]) -> Iterator[str]:
    """Yields each sentence that members of too many different names share."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for entry in all_entries:
        names[entry.doc.text].add(entry.name)
    for text, sharers in names.items():
        if len(sharers) > MOST_SHARERS:
            yield f"{text!r} stands beside {', '.join(sorted(sharers))}"


def copied(entry: Entry, elsewhere: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    """Yields each run of words that also stands elsewhere; `elsewhere` has the places of its `runs`."""
    for run in runs(entry.doc.text):
        if run in elsewhere:
            yield f"{' '.join(run)!r} stands in {elsewhere[run]}"


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yields every run of `RUN` words of a text, without regard to case and punctuation."""
    words = [word.lower() for word in _WORD.findall(text)]
    return (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def _objects(api: Api) -> Iterator[ApiMessage | Datatype]:
    for action in api.actions:
        yield from action.messages
    yield from api.datatypes


def _content(text: str) -> set[str]:
    return {_stem(word.lower()) for word in _WORD.findall(text)} - _SMALL


def _parts(name: str) -> set[str]:
    return {_stem(part.lower()) for part in _PART.findall(name)}


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > len("gas") else word


def _type_name(type_: Type | None) -> str:
    match type_:
        case None:
            return ""
        case Array(item):
            return _type_name(item)
        case Scalar(kind):
            return str(kind)
        case _:
            return type_.name

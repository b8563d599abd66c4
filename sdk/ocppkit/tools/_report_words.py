"""The words that all reports of an inspection share."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ocppkit.core import Role

from ._findings import FindingPlace, LogFinding
from ._inspection import InspectedFrame, Inspection, RefusedCalls
from ._latency_table import Latency
from ._logged_frames import time_text

__all__ = [
    "LATENCY_HEADINGS",
    "FindingTexts",
    "arrow_of",
    "counted",
    "finding_texts",
    "first_text",
    "latency_texts",
    "printable",
    "seconds_text",
    "summary_lines",
]

LATENCY_HEADINGS: Final = ("action", "answered by", "count", "p50", "p95", "longest")

_SHOWN_PLACES: Final = 8

_KINDS: Final = {
    "call": "calls",
    "call_result": "results",
    "call_error": "errors",
    "call_result_error": "result errors",
    "send": "sends",
    "other": "unusable",
}


class FindingTexts(NamedTuple):
    """What a report says of one finding."""

    number: str
    what: str
    places: str
    first: str
    """See `first_text`."""

    answered: str


def printable(text: str) -> str:
    """Returns a text of somebody else's with control characters escaped, so that no terminal obeys it."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def counted(count: int, noun: str) -> str:
    """Returns a number with its noun: `1 station`, `2,000 stations`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def summary_lines(result: Inspection) -> Iterator[str]:
    """Yields what the log is: how much, who, when, and which versions."""
    parts = [counted(result.frames, "frame"), counted(result.stations, "station")]
    if result.first is not None and result.last is not None:
        parts.append(_span(result.first, result.last))
    yield ", ".join(parts)
    for each in result.versions:
        who = "" if len(result.versions) == 1 else f", {counted(each.stations, 'station')}"
        because = f", {printable(each.because)}" if each.because else ""
        yield f"OCPP {each.version}{who}{because}"
    if result.frames:
        yield _counts_text(result)


def _span(first: float, last: float) -> str:
    start, end = time_text(first), time_text(last)
    date, _, _ = start.partition(" ")
    return f"{start} to {end.removeprefix(f'{date} ')}"


def _counts_text(result: Inspection) -> str:
    """Returns how many frames of each kind there are, and what else the log has."""
    parts = [f"{_KINDS[kind]} {count:,}" for kind, count in result.kinds.items()]
    if result.cut:
        parts.append(f"cut off by the logger {result.cut:,}")
    if result.open_at_end:
        parts.append(f"open at the end {result.open_at_end:,}")
    if result.other_lines:
        parts.append(f"lines without a frame {result.other_lines:,}")
    return "   ".join(parts)


def finding_texts(result: Inspection) -> Iterator[FindingTexts]:
    """Yields the texts of each finding."""
    for finding in result.findings:
        yield FindingTexts(
            number=f"{finding.count:,}",
            what=_finding_text(finding),
            places=_places_text(finding.places, finding.more_places),
            first=first_text(finding, result),
            answered=_answered_text(finding),
        )


def first_text(found: LogFinding | RefusedCalls, result: Inspection) -> str:
    """Returns the line of the first time, and the log if what was found is in several."""
    line = f"line {found.line}"
    everything: tuple[LogFinding | RefusedCalls, ...] = (*result.findings, *result.refusals)
    is_one_log = len({each.source for each in everything}) == 1
    return line if is_one_log else f"{line} of {printable(found.source)}"


def latency_texts(row: Latency) -> tuple[str, ...]:
    """Returns the cells of a table about times of answers, below `LATENCY_HEADINGS`."""
    times = map(seconds_text, (row.median, row.p95, row.longest))
    return printable(row.action), row.answered_by or "?", f"{row.count:,}", *times


def _finding_text(finding: LogFinding) -> str:
    """Returns what is wrong: `MeterValues $.meterValue[].timestamp: '12:00' is no RFC 3339 date-time`."""
    where = " ".join(part for part in (printable(finding.action), finding.path) if part)
    text = printable(finding.text)
    if not where:
        return text
    return f"{where}: {text}" if finding.path else f"{where} {text}"


def _places_text(places: Sequence[FindingPlace], more: int) -> str:
    """Returns the first few stations and connectors, and how many more there are."""
    by_station: dict[str, list[str]] = {}
    for place in places:
        connectors = by_station.setdefault(place.station, [])
        if place.connector:
            connectors.append(place.connector)
    shown = [
        f"{printable(station)} {_connectors_text(connectors)}".strip()
        for station, connectors in list(by_station.items())[:_SHOWN_PLACES]
    ]
    more += len(by_station) - len(shown)
    return f"{', '.join(shown)} and {more:,} more" if more else ", ".join(shown)


def _connectors_text(connectors: Sequence[str]) -> str:
    """Returns connectors as one word and their numbers: `connector 1/2`."""
    numbers: dict[str, list[str]] = {}
    for each in connectors:
        noun, _, number = each.partition(" ")
        numbers.setdefault(noun, []).append(number)
    return " ".join(f"{noun} {'/'.join(sorted(each))}" for noun, each in numbers.items())


def _answered_text(finding: LogFinding) -> str:
    """Returns what strict and lenient peers do; empty where it makes no difference to them."""
    if not finding.strict:
        return ""
    strict = finding.strict if " " in finding.strict else f"answered {finding.strict}"
    return f"{strict}; lenient mode {finding.lenient}" if finding.lenient else strict


def arrow_of(frame: InspectedFrame) -> str:
    """Returns an arrow between station, on the left, and CSMS."""
    if frame.sender is None:
        return "--"
    return "->" if frame.sender is Role.STATION else "<-"


def seconds_text(seconds: float) -> str:
    """Returns a time for people: `12 ms`, `1.24 s`, `2 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

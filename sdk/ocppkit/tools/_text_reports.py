"""The report of an inspection as text for a terminal, as Markdown, and as JSON."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from ._inspection import InspectedFrame, Inspection
from ._logged_frames import time_text
from ._report_words import (
    LATENCY_HEADINGS,
    arrow_of,
    counted,
    finding_texts,
    first_text,
    latency_texts,
    printable,
    summary_lines,
)

__all__ = ["frame_lines", "json_report", "markdown_report", "text_report"]

_COUNT: Final = 7
"""Columns for a number of findings."""


def text_report(
    result: Inspection, *, width: int = 80, latency: bool = False, colour: bool = False
) -> str:
    """Returns a report for a terminal.

    Args:
        result: the inspection.
        width: columns that are filled at most.
        latency: whether the times of answers are shown.
        colour: whether headings stand out.
    """
    return "".join(f"{line}\n" for line in _text_lines(result, width, latency, colour))


def _text_lines(result: Inspection, width: int, latency: bool, colour: bool) -> Iterator[str]:
    def heading(text: str) -> str:
        return f"\033[1m{text}\033[0m" if colour else text

    for line in summary_lines(result):
        yield from textwrap.wrap(line, width, subsequent_indent="    ") or [""]
    yield ""
    if result.is_clean:
        yield heading("Nothing is wrong.")
    else:
        yield heading("What is wrong")
        for each in finding_texts(result):
            details = [f"{each.places}; first in {each.first}", each.answered]
            yield from _item(each.number, each.what, details, width)
    if result.refused:
        yield ""
        yield from textwrap.wrap(_lenient_line(result), width)
    if result.refusals:
        yield ""
        yield heading("Calls that were answered with CALLERROR")
        for row in result.refusals:
            text = f"{printable(row.action)} {printable(row.code)}"
            stations = ", ".join(map(printable, row.stations[:8]))
            details = [f"{stations}; first in {first_text(row, result)}"]
            yield from _item(f"{row.count:,}", text, details, width)
    if latency and result.latencies:
        yield ""
        yield heading("How long answers took")
        yield from _table([LATENCY_HEADINGS, *map(latency_texts, result.latencies)])


def _item(count: str, text: str, details: Iterable[str], width: int) -> Iterator[str]:
    indent = " " * (_COUNT + 2)
    room = max(width - len(indent), 20)
    lines = textwrap.wrap(text, room, break_on_hyphens=False)
    yield f"{count:>{_COUNT}}  {lines[0] if lines else ''}"
    for line in lines[1:]:
        yield f"{indent}{line}"
    for detail in details:
        for line in textwrap.wrap(detail, room - 2, break_on_hyphens=False):
            yield f"{indent}  {line}"


def _lenient_line(result: Inspection) -> str:
    return (
        f"A strict peer refuses {counted(result.refused, 'frame')}; with inbound=LENIENT "
        f"{result.readable:,} of {result.refused:,} would be read."
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields lines with columns as wide as their words; numbers stand at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if number < 2 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()


def frame_lines(frame: InspectedFrame) -> Iterator[str]:
    """Yields a frame of a log as a line, and what is wrong with it below."""
    logged = frame.logged
    time = "" if logged.time is None else f"{time_text(logged.time)} "
    text = printable(logged.text)
    yield f"{logged.line:>7} {time}{printable(logged.station)} {arrow_of(frame)} {text}"
    for problem in frame.problems:
        yield f"{'':>7} ! {printable(problem)}"


def markdown_report(
    result: Inspection, frames: Sequence[InspectedFrame] = (), *, latency: bool = False
) -> str:
    """Returns a report for an issue tracker or a wiki.

    Args:
        result: the inspection.
        frames: frames to show below it.
        latency: whether the times of answers are shown.
    """
    lines = [f"{line}  " for line in summary_lines(result)]
    if result.is_clean:
        lines += ["", "Nothing is wrong."]
    else:
        lines += [
            "",
            "| count | what is wrong | who | first | strict, lenient |",
            "|--:|---|---|---|---|",
        ]
        lines += map(_row, finding_texts(result))
    if result.refused:
        lines += ["", _lenient_line(result)]
    if latency and result.latencies:
        lines += ["", _row(LATENCY_HEADINGS), "|---|---|--:|--:|--:|--:|"]
        lines += [_row(latency_texts(row)) for row in result.latencies]
    if frames:
        lines += ["", "```", *(line for frame in frames for line in frame_lines(frame)), "```"]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def json_report(result: Inspection, frames: Sequence[InspectedFrame] | None = None) -> str:
    """Returns a report for programs.

    Args:
        result: the inspection.
        frames: frames to add; `None` adds none.
    """
    members: dict[str, Any] = msgspec.to_builtins(result)
    if frames is not None:
        members["selected"] = [
            {
                "source": frame.logged.source,
                "line": frame.logged.line,
                "time": frame.logged.time,
                "station": frame.logged.station,
                "sender": frame.sender,
                "text": frame.logged.text,
                "problems": frame.problems,
            }
            for frame in frames
        ]
    return msgspec.json.format(msgspec.json.encode(members), indent=2).decode() + "\n"

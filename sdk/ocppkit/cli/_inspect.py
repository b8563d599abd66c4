"""The command `ocppkit inspect`: lists the problems in a log of OCPP frames."""

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from ocppkit.core import LocalProtocolError, OcppError
from ocppkit.tools import (
    FrameSelection,
    InspectedFrame,
    Inspection,
    Inspector,
    LoggedFrame,
    frame_lines,
    html_report,
    json_report,
    markdown_report,
    text_report,
    trace_line,
)

from ._log_options import add_log_options, read_named_logs
from ._option_values import split_words
from ._tool_output import (
    ShownProgress,
    check_output,
    has_colour,
    open_output,
    terminal_width,
    write_text,
)

__all__ = ["DESCRIPTION", "EXAMPLES", "SUMMARY", "add_options", "run"]

SUMMARY = "Shows what is wrong in a log of OCPP frames: how often, who, in which line."

DESCRIPTION = """\
Reads logs of OCPP frames and says what is wrong in them: how often, who, in which line first,
and what lenient reading would do about it. It reads the logs of ocppkit.frames and of the library
ocpp, Open OCPP Trace, JSON lines, and frames one a line; plain or gzip.

Exit status: 0 nothing is wrong, 1 something is, 2 the input cannot be used."""

EXAMPLES = (
    "ocppkit inspect frames.log",
    "ocppkit inspect /var/log/csms --station CP001 --since 08:10 --frames",
    "ocppkit inspect app.jsonl --field .msg --latency",
    r"ocppkit inspect odd.log --line-regex '(?P<station>\S+) (?P<direction>in|out) (?P<frame>\[.*)'",
    "ocppkit inspect frames.log --station CP001 --format html --output CP001.html",
)

_FORMATS: Final = ("text", "json", "markdown", "html", "trace")
_MOST_SHOWN: Final = 2000


def add_options(parser: ArgumentParser) -> None:
    """Adds the options of the command."""
    add_log_options(parser, logs="*")
    parser.add_argument("--station", action="append", metavar="ID", help="only these stations")
    parser.add_argument("--action", action="append", metavar="NAME", help="only these actions")
    parser.add_argument(
        "--since", metavar="TIME", help="only frames from this time on: 08:10, or 2026-01-05T08:10"
    )
    parser.add_argument("--frames", action="store_true", help="show the frames, too")
    parser.add_argument(
        "--latency", action="store_true", help="show how long answers took (p50, p95)"
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S",
        help="seconds after which the last call of a log counts as not answered (default: 30)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=_FORMATS, default="text",
        help="output format; trace writes the frames as Open OCPP Trace, without a report",
    )  # fmt: skip
    parser.add_argument("--output", metavar="FILE", help="output file (default: stdout)")


def run(options: Namespace) -> int:
    """Runs the command and returns its exit status.

    Raises:
        OcppError: a log cannot be read, or has no frames.
    """
    if not options.log and sys.stdin.isatty():
        raise OcppError("no log was named [name a file or a folder, or - for standard input]")
    check_output(options.output, options.log)
    progress = ShownProgress(quiet=options.frames and options.output is None)
    others = _OtherLines()
    frames: Iterable[LoggedFrame] = read_named_logs(options, other=others.add, progress=progress)
    since = None
    if options.since:
        frames, since = _frames_and_start_time(options.since, frames)
    selection = FrameSelection(
        stations=frozenset(split_words(options.station)),
        actions=frozenset(split_words(options.action)),
        since=since,
    )
    inspector = Inspector(
        versions=options.version or (), selection=selection, timeout=options.timeout
    )
    try:
        if options.format == "trace":
            return _write_trace(inspector, frames, options.output)
        shown, more = _shown(inspector, frames, options)
    finally:
        progress.clear()
    result = inspector.finish(others.count)
    if not result.frames:
        _refuse_empty(selection, others)
    write_text(_report_text(result, shown, more, options), options.output)
    return 0 if result.is_clean else 1


def _shown(
    inspector: Inspector, frames: Iterable[LoggedFrame], options: Namespace
) -> tuple[list[InspectedFrame], int]:
    """Inspects all frames; returns the frames that the report shows, and the number of the others."""
    at_once = options.frames and options.format == "text" and options.output is None
    is_kept = options.format == "html" or (options.frames and not at_once)
    shown: list[InspectedFrame] = []
    more = 0
    for logged in frames:
        frame = inspector.add(logged)
        if not frame.is_selected:
            continue
        if at_once:
            sys.stdout.writelines(f"{line}\n" for line in frame_lines(frame))
        elif is_kept and len(shown) < _MOST_SHOWN:
            shown.append(frame)
        elif is_kept:
            more += 1
    if at_once:
        sys.stdout.write("\n")
    return shown, more


def _report_text(
    result: Inspection, shown: list[InspectedFrame], more: int, options: Namespace
) -> str:
    latency = options.latency
    match options.format:
        case "json":
            return json_report(result, shown if options.frames else None)
        case "markdown":
            return markdown_report(result, shown, latency=latency)
        case "html":
            title = ", ".join(options.log) or "OCPP log"
            return html_report(result, shown, more=more, latency=latency, title=title)
        case _:
            to_file = options.output is not None
            text = text_report(
                result,
                width=terminal_width(),
                latency=latency,
                colour=has_colour() and not to_file,
            )
            return "".join(f"{line}\n" for each in shown for line in frame_lines(each)) + text


def _write_trace(inspector: Inspector, frames: Iterable[LoggedFrame], output: str | None) -> int:
    """Writes the selected frames as Open OCPP Trace; reports on stderr how many cannot be written."""
    written = left_out = 0
    with open_output(output) as write:
        for logged in frames:
            frame = inspector.add(logged)
            if not frame.is_selected:
                continue
            line = trace_line(frame)
            if line is None:
                left_out += 1
            else:
                write(f"{line}\n")
                written += 1
    if left_out:
        sys.stderr.write(
            f"ocppkit: {left_out:,} of {written + left_out:,} frames were left out: the format has none "
            "without a time, without a sender, or that are no CALL, CALLRESULT or CALLERROR\n"
        )
    return 0 if written else 2


class _OtherLines:
    """Counts lines without a frame, and keeps the first one."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def add(self, line: str) -> None:
        if not self.count:
            self.first = line.strip()[:40]
        self.count += 1


def _refuse_empty(selection: FrameSelection, others: _OtherLines) -> None:
    """Raises OcppError if the log has lines but no frames."""
    if selection != FrameSelection():
        raise OcppError("no frame is selected [check --station, --action and --since]")
    if others.count:
        raise OcppError(
            f"none of {others.count:,} lines has a frame; the first is {others.first!r} [say where the "
            "frame is: --field .NAME for JSON lines, --line-regex for others]"
        )


_TIME_OF_DAY: Final = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?\Z")
_DAY: Final = 86_400


def _frames_and_start_time(
    text: str, frames: Iterable[LoggedFrame]
) -> tuple[Iterator[LoggedFrame], float]:
    """Returns the frames, and the time from which on they are shown; a time of day means the first day."""
    match = _TIME_OF_DAY.match(text)
    if match is None:
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise LocalProtocolError(
                f"{text!r} is not a time [write 08:10, or 2026-01-05T08:10]"
            ) from error
        return iter(frames), (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    hours, minutes, seconds = (int(each or 0) for each in match.groups())
    rest = iter(frames)
    before: list[LoggedFrame] = []
    for frame in rest:
        before.append(frame)
        if frame.time is not None:
            day = frame.time // _DAY * _DAY
            return chain(before, rest), day + hours * 3600 + minutes * 60 + seconds
    raise LocalProtocolError("the log has no times [leave --since out]")

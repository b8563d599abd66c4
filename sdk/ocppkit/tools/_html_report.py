"""The report of an inspection as one HTML file: findings, and the conversation of each station as a picture.

The file needs nothing else: it has no script, and a policy that forbids the browser to fetch anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from ocppkit.core import Call, CallError, Role

from ._inspection import InspectedFrame, Inspection
from ._logged_frames import time_text
from ._report_words import (
    LATENCY_HEADINGS,
    finding_texts,
    latency_texts,
    printable,
    seconds_text,
    summary_lines,
)

__all__ = ["html_report"]

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8889; --bad: #c62828; --accent: #00796b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --accent: #4db6ac; } }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
td.n { text-align: right; }
h2 { margin-top: 2rem; }
.ends, .row { display: grid; grid-template-columns: 9rem 24rem 1fr; }
.ends { font-weight: bold; }
.ends .names { display: flex; justify-content: space-between; }
.time { color: gray; font-variant-numeric: tabular-nums; padding-top: .45rem; }
.picture { border-left: 2px solid var(--accent); border-right: 2px solid var(--accent); padding: .2rem 0; }
.label { display: block; text-align: center; }
.arrow { display: block; position: relative; border-bottom: 2px solid var(--accent); height: .3rem; }
.answer .arrow { border-bottom-style: dashed; }
.right .arrow::after, .left .arrow::after { position: absolute; bottom: -.45rem; font-size: .7rem;
  line-height: .9rem; color: var(--accent); }
.right .arrow::after { content: "\\25B6"; right: -1px; }
.left .arrow::after { content: "\\25C0"; left: -1px; }
.bad .label, .problem { color: var(--bad); }
.frame { padding: .3rem 0 .3rem 1rem; min-width: 0; }
summary, pre { font: 12px/1.4 ui-monospace, monospace; }
summary { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0; }
""".strip()

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def html_report(
    result: Inspection,
    frames: Sequence[InspectedFrame] = (),
    *,
    more: int = 0,
    latency: bool = False,
    title: str = "OCPP log",
) -> str:
    """Returns a report for a browser.

    Args:
        result: the inspection.
        frames: the frames of the pictures.
        more: how many more frames there are than the pictures have.
        latency: whether the times of answers are shown.
        title: what the page is called.
    """
    lines = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{_text(title)}</h1>",
        *(f"<p>{_text(line)}</p>" for line in summary_lines(result)),
        *_findings(result),
    ]
    if latency and result.latencies:
        lines += _latencies(result)
    for station in dict.fromkeys(frame.logged.station for frame in frames):
        lines += _conversation(station, [each for each in frames if each.logged.station == station])
    if more:
        lines.append(
            f"<p>{more:,} more frames are not shown: choose with --station, --action and --since.</p>"
        )
    return "\n".join([*lines, "</body></html>"]) + "\n"


def _text(text: str) -> str:
    return escape(printable(text))


def _findings(result: Inspection) -> Iterator[str]:
    if result.is_clean:
        yield "<p><strong>Nothing is wrong.</strong></p>"
        return
    yield "<h2>What is wrong</h2><table>"
    yield f"<tr>{_cells(('count', 'what', 'who', 'first', 'strict, lenient'), 'th')}</tr>"
    for number, *others in finding_texts(result):
        yield f'<tr><td class="n">{number}</td>{_cells(others)}</tr>'
    yield "</table>"


def _latencies(result: Inspection) -> Iterator[str]:
    yield "<h2>How long answers took</h2><table>"
    yield f"<tr>{_cells(LATENCY_HEADINGS, 'th')}</tr>"
    for row in result.latencies:
        yield f"<tr>{_cells(latency_texts(row))}</tr>"
    yield "</table>"


def _cells(texts: Iterable[str], tag: str = "td") -> str:
    return "".join(f"<{tag}>{_text(text)}</{tag}>" for text in texts)


def _conversation(station: str, frames: Sequence[InspectedFrame]) -> Iterator[str]:
    yield f"<h2>{_text(station)}</h2>"
    yield (
        f'<div class="ends"><span></span><span class="names"><span>{_text(station)}</span>'
        "<span>CSMS</span></span><span></span></div>"
    )
    for frame in frames:
        yield _frame(frame)


def _frame(frame: InspectedFrame) -> str:
    classes = ["row"]
    if frame.sender is not None:
        classes.append("right" if frame.sender is Role.STATION else "left")
    if not frame.reading.is_call:
        classes.append("answer")
    if frame.problems:
        classes.append("bad")
    logged = frame.logged
    time = f"line {logged.line}" if logged.time is None else _clock(logged.time)
    problems = "".join(f'<div class="problem">{_text(each)}</div>' for each in frame.problems)
    return (
        f'<div class="{" ".join(classes)}"><span class="time">{time}</span>'
        f'<span class="picture"><span class="label">{_text(_label(frame))}</span>'
        '<span class="arrow"></span></span>'
        f'<div class="frame">{problems}<details><summary>{_text(logged.text[:200])}</summary>'
        f"<pre>{_text(logged.text)}</pre></details></div></div>"
    )


def _clock(seconds: float) -> str:
    return f"{time_text(seconds)[-8:]}.{int(seconds % 1 * 1000):03}"


def _label(frame: InspectedFrame) -> str:
    reading = frame.reading
    action = reading.action or ""
    if isinstance(reading.frame, Call):
        return action
    if isinstance(reading.frame, CallError):
        action = f"{reading.frame.code} {action}"
    took = "" if frame.seconds is None else f" ({seconds_text(frame.seconds)})"
    return f"{action}{took}" or reading.kind.name.lower().replace("_", " ")

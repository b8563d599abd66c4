"""Writes the results of a run as tables, for the terminal and the documentation, and as JSON."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from .findings import Book, Measurement
from .targets import TARGETS, Target

__all__ = ["Line", "as_json", "inserted", "lines_of", "machine", "markdown", "status", "text"]

GOAL: Final = "goal"
MUST: Final = "must"
MISSED: Final = "missed"
UNMEASURED: Final = "not measured"

_PACKAGES: Final = (
    "ocppkit",
    "msgspec",
    "websockets",
    "picows",
    "aiohttp",
    "uvicorn",
    "uvloop",
    "ocpp",
    "pydantic",
    "orjson",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One target and the figure that decides it, the worst of those that count for it."""

    key: str
    target: Target
    finding: Measurement | None

    @property
    def verdict(self) -> str:
        """How well the target is reached."""
        if self.finding is None:
            return UNMEASURED
        value = self.finding.spread.median
        if self.target.reaches(value, self.target.goal):
            return GOAL
        return MUST if self.target.reaches(value, self.target.must) else MISSED


def lines_of(book: Book, groups: Iterable[str]) -> list[Line]:
    """Returns the targets of some groups beside what was found."""
    chosen = set(groups)
    lines: list[Line] = []
    for key, target in TARGETS.items():
        if target.group in chosen:
            found = [one for one in book.findings if one.target == key]
            worst = min if target.more_is_better else max
            finding = worst(found, key=lambda one: one.spread.median) if found else None
            lines.append(Line(key, target, finding))
    return lines


def status(lines: Sequence[Line], *, without_node: bool) -> int:
    """Returns the exit status: 1 where a must is missed, or could have been measured and was not.

    Args:
        lines: the targets.
        without_node: whether Node.js is not here, so that its lines cannot be measured.
    """
    excused = {line.key for line in lines if without_node and line.key.endswith("-node")}
    failed = [
        line
        for line in lines
        if line.verdict == MISSED or (line.verdict == UNMEASURED and line.key not in excused)
    ]
    return 1 if failed else 0


def number(value: float) -> str:
    """Returns a number as text, rounded to its significant digits."""
    size = abs(value)
    if size in (0, float("inf")):
        return "-" if size else "0"
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


_BEGIN: Final = "<!-- figures: written by `make bench` -->\n"
_END: Final = "<!-- end of figures -->\n"

Table = list[list[str]]


def _target_table(lines: Sequence[Line]) -> Table:
    table = [["", "must", "goal", "result", "spread", "", "decided by"]]
    for line in lines:
        sign = "" if line.target.more_is_better else "≤ "
        wanted = [sign + number(line.target.must), sign + number(line.target.goal)]
        if line.target.must == float("inf"):
            wanted[0] = "-"
        table.append([line.target.title, *wanted, *_result(line)])
    return table


def _result(line: Line) -> list[str]:
    found = line.finding
    if found is None:
        return ["-", "-", line.verdict, "-"]
    spread = found.spread
    return [
        number(spread.median),
        f"{number(spread.low)} to {number(spread.high)}",
        line.verdict,
        f"{found.what}: {found.ours} / {found.peer}",
    ]


def _cost_tables(book: Book, group: str) -> list[tuple[str, Table]]:
    """Returns the medians of a group, one table a unit: what was measured down, contestants across."""
    tables: list[tuple[str, Table]] = []
    costs = [cost for cost in book.costs if cost.group == group]
    for unit in dict.fromkeys(cost.unit for cost in costs):
        cells = {(cost.what, cost.who): cost for cost in costs if cost.unit == unit}
        whats = list(dict.fromkeys(what for what, _ in cells))
        whos = list(dict.fromkeys(who for _, who in cells))
        rows = [
            [what]
            + [
                number(cells[what, who].spread.median) if (what, who) in cells else ""
                for who in whos
            ]
            for what in whats
        ]
        tables.append((f"{group}, {unit}", _turned([["", *whos], *rows])))
    return tables


def _turned(table: Table) -> Table:
    # More contestants than rows read better the other way round.
    if len(table[0]) <= len(table):
        return table
    return [list(row) for row in zip(*table, strict=True)]


def _sizing(book: Book) -> Table:
    """Returns what a core carries, and what ten thousand stations hold, by transport."""
    kinds = {
        "calls/s of one core": ("server, 1,000 connections, mix", "µs of CPU a call", 1e6),
        "calls/s of one core, 11 KB": ("server, 100 connections, 11 KB", "µs of CPU a call", 1e6),
        "new ws connections/s of one core": ("ws, storm", "µs of CPU a connection", 1e6),
        "new wss connections/s of one core": ("wss, storm", "µs of CPU a connection", 1e6),
        "MiB of 10,000 ws connections": ("ws, 10,000 connections", "KiB a connection", 0.0),
        "MiB of 10,000 wss connections": ("wss, 10,000 connections", "KiB a connection", 0.0),
    }
    medians = {(cost.what, cost.unit, cost.who): cost.spread.median for cost in book.costs}
    wanted = {(what, unit) for what, unit, _ in kinds.values()}
    whos = list(dict.fromkeys(who for what, unit, who in medians if (what, unit) in wanted))
    rows = [["", *whos]]
    for title, (what, unit, per) in kinds.items():
        values = [medians.get((what, unit, who)) for who in whos]
        rows.append(
            [title]
            + [
                "" if value is None else number(per / value if per else value * 10_000 / 1024)
                for value in values
            ]
        )
    return rows


def _aligned(table: Table) -> str:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _piped(table: Table) -> str:
    head, *rows = [[cell.replace("|", "\\|") for cell in row] for row in table]
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def text(book: Book, lines: Sequence[Line], groups: Iterable[str]) -> str:
    """Returns everything for a terminal."""
    parts = [
        f"{title}\n{_aligned(table)}"
        for group in groups
        for title, table in _cost_tables(book, group)
    ]
    parts.append("targets\n" + _aligned(_target_table(lines)))
    parts += book.notes
    return "\n\n".join(parts) + "\n"


def markdown(book: Book, lines: Sequence[Line], groups: Iterable[str]) -> str:
    """Returns everything for the documentation."""
    about = machine()
    parts = [
        f"{about['cpu']}, {about['cpus']} CPUs; Python {about['python']}; "
        + ", ".join(f"{name} {number}" for name, number in about["packages"].items())
        + ".",
        _piped(_target_table(lines)),
        f"### What a core carries\n\n{_piped(_turned(_sizing(book)))}",
        *(
            f"### {title[0].upper()}{title[1:]}\n\n{_piped(table)}"
            for group in groups
            for title, table in _cost_tables(book, group)
        ),
    ]
    if book.notes:
        parts.append("Notes of the run:\n\n" + "\n".join(f"* {note}" for note in book.notes))
    return "\n\n".join(parts) + "\n"


def inserted(page: str, figures: str) -> str:
    """Returns a page with new figures between its two markers.

    Raises:
        ValueError: the page has no marks.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError("the page has no place for the figures")
    return f"{before}{begin}\n{figures}\n{end}{after}"


def machine() -> dict[str, Any]:
    """Returns what the figures were measured on and with."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    packages: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": packages,
    }


def as_json(book: Book, lines: Sequence[Line], scale: str) -> dict[str, Any]:
    """Returns everything, each round's value included."""
    return {
        "machine": machine(),
        "scale": scale,
        "targets": [
            {
                "key": line.key,
                "title": line.target.title,
                "must": None if line.target.must == float("inf") else line.target.must,
                "goal": line.target.goal,
                "verdict": line.verdict,
                "result": None if line.finding is None else asdict(line.finding.spread),
            }
            for line in lines
        ],
        "findings": [asdict(one) for one in book.findings],
        "costs": [asdict(one) for one in book.costs],
        "notes": book.notes,
    }

"""Draws the main figures as an SVG bar chart with a logarithmic scale and a mark for each target."""

from collections.abc import Sequence
from html import escape
from math import log10
from typing import Final

from .report import Line, number

__all__ = ["chart"]

_MAIN: Final = (
    "decode-heartbeat",
    "decode-boot",
    "decode-large",
    "encode-large",
    "turn",
    "server-100-default",
    "server-100-fast",
    "server-1000-default",
    "server-1000-fast",
    "server-11k-fast",
    "stations-default",
    "stations-fast",
    "storm",
)
"""All of them ratios to mobilityhouse, where more is better."""

_ROW: Final = 26
_LEFT: Final = 350
_WIDTH: Final = 420
_RIGHT: Final = 70
_DECADES: Final = 3.0

_STYLE: Final = (
    "text{font:13px sans-serif;fill:#333}.grid{stroke:#ddd}.bar{fill:#2a7f9e}"
    ".missed{fill:#b5532b}.must{stroke:#111;stroke-width:2}.goal{stroke:#111;stroke-dasharray:3 2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}"
    ".must,.goal{stroke:#eee}}"
)


def chart(lines: Sequence[Line]) -> str:
    """Returns a bar chart of the main measured targets."""
    by_key = {line.key: line for line in lines}
    shown = [by_key[key] for key in _MAIN if key in by_key and by_key[key].finding is not None]
    height = _ROW * (len(shown) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + _RIGHT} {height}" '
        'role="img" aria-label="How many times less CPU ocppkit needs than mobilityhouse">',
        f"<style>{_STYLE}</style>",
        *_grid(height),
        *(part for at, line in enumerate(shown) for part in _bar(at, line)),
        f'<text x="{_LEFT}" y="{height - 8}">times less CPU than mobilityhouse; '
        "a line is a must, a dashed line a goal</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(value: float) -> float:
    """Returns where a value sits; ratios below one sit on the edge."""
    return round(_LEFT + _WIDTH * min(max(log10(max(value, 1.0)), 0.0), _DECADES) / _DECADES, 1)


def _grid(height: int) -> list[str]:
    parts: list[str] = []
    for value in (1, 10, 100, 1000):
        x, bottom = _x(value), height - _ROW
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="16" y2="{bottom}"/>')
        parts.append(f'<text x="{x}" y="12" text-anchor="middle">{value:,}</text>')
    return parts


def _bar(at: int, line: Line) -> list[str]:
    assert line.finding is not None
    top = 20 + at * _ROW
    value = line.finding.spread.median
    end = _x(value)
    kind = "bar missed" if line.verdict == "missed" else "bar"
    title = escape(line.target.title.replace(" x mobilityhouse", ""))
    marks = [
        f'<line class="{name}" x1="{_x(wanted)}" x2="{_x(wanted)}" y1="{top}" y2="{top + 18}"/>'
        for name, wanted in (("must", line.target.must), ("goal", line.target.goal))
    ]
    return [
        f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{title}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top + 2}" width="{round(end - _LEFT, 1)}" height="14"/>',
        *marks,
        f'<text x="{max(end, _x(line.target.goal)) + 6}" y="{top + 14}">{number(value)} x</text>',
    ]

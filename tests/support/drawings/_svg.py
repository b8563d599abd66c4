"""Lines, boxes and words of a picture that takes its colours from the page around it."""

from collections.abc import Iterable
from html import escape

__all__ = ["arrow", "box", "curve", "figure", "words"]

_HEAD = (
    '<defs><marker id="{name}-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="currentColor"/>'
    "</marker></defs>"
)


def figure(name: str, title: str, width: int, height: int, parts: Iterable[str]) -> str:
    """Returns a picture as HTML that scrolls sideways where the screen is narrow."""
    lines = [
        '<figure style="overflow-x: auto; margin: 1em 0; max-width: 100%; width: auto">',
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
        f'style="min-width: {width * 0.9:.0f}px; width: 100%; max-width: {width}px" '
        'font-size="13" fill="currentColor" font-family="inherit">',
        f"<title>{escape(title)}</title>",
        _HEAD.format(name=name),
        *parts,
        "</svg>",
        "</figure>",
    ]
    return "\n".join(lines)


def words(x: float, y: float, text: str, *, anchor: str = "middle", code: bool = False) -> str:
    """Returns a text; `code` gives every letter the same width."""
    family = ' font-family="monospace" font-size="12"' if code else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{family}>{escape(text)}</text>'


def box(x: float, y: float, width: float, height: float, text: str) -> str:
    """Returns a box around its centre with a text in it."""
    frame = (
        f'<rect x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" '
        f'height="{height:g}" rx="6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    )
    return frame + words(x, y + 4.5, text)


def arrow(name: str, x1: float, y1: float, x2: float, y2: float, *, dashed: bool = False) -> str:
    """Returns a straight arrow."""
    return curve(name, f"M{x1:g} {y1:g} {x2:g} {y2:g}", dashed=dashed)


def curve(name: str, path: str, *, dashed: bool = False, tip: bool = True) -> str:
    """Returns a line along a path, with a tip at its end unless it is to have none."""
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    end = f' marker-end="url(#{name}-tip)"' if tip else ""
    return f'<path d="{path}" fill="none" stroke="currentColor"{dashes}{end}/>'

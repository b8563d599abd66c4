"""Draws the pictures in the guide to the engine: run `python -m support.drawings` in `tests/`.

The state table and its picture come from the engine's own table. The sequence is that of two
connections which really talk to each other. On the page each part stands between two markers.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ._sequence import sequence_picture
from ._states import state_picture, state_table

__all__ = ["PAGE", "PARTS", "drawn"]

PAGE: Final = Path(__file__).parents[3] / "docs" / "guides" / "engine.md"

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "sequence": sequence_picture,
    "states": state_picture,
    "table": state_table,
}
"""What is drawn, by the name in its markers."""

_MARKED = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def drawn(page: str) -> str:
    """Returns a page with new pictures."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", page)

"""What a CALL is about, told by a piece of its text, so that frame and payload are read in one step.

Theory of operation: only the frame says which class its payload has, so it takes two steps to read a
message, the first of which walks over the payload for nothing. But a peer writes its frames alike:
with blanks or without, with ids of one length. So its calls have their action where the last one had
it. A hint is the text from there on; it names the decoder for the whole, frame and payload. That
decoder looks at everything, the action too: a hint that misleads costs time and nothing else.

So whoever reads keeps a place (at first the usual one), looks for a hint there, and goes the long way
where the hint is unknown or its decoder refuses. A good call that came the long way is learnt from.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ["USUAL_PLACE", "learn"]

T = TypeVar("T")

_LENGTH: Final = 17
"""So many characters tell the actions of all versions apart."""

_MOST: Final = 1024
"""Hints of short actions hold a bit of the payload, so there may be any number."""

USUAL_PLACE: Final = slice(43, 43 + _LENGTH)
"""Behind a UUID, without blanks."""


def learn(
    known: dict[Any, T], data: str | bytes, action: str, make: Callable[[], T]
) -> slice | None:
    """Notes by its hint what is to be known of a good call, and returns the place of the hint.

    Args:
        known: takes what `make` returns, unless it has something for this hint.
        data: the frame.
        action: its action; one that is spelt with escapes cannot be found.
        make: is asked if needed.
    """
    word = f'"{action}"'
    start = (data.find(word) if isinstance(data, str) else data.find(word.encode())) + 1
    if not start:
        return None
    place = slice(start, start + _LENGTH)
    hint = data[place]
    if hint not in known:
        if len(known) >= _MOST:
            known.clear()
        known[hint] = make()
    return place

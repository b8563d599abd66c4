"""What a CALL is about, told by two of its letters, so that frame and payload are read in one step.

Theory of operation: only the frame says which class its payload has, so it takes two steps to read a
message, the first of which walks over the payload for nothing. But a peer writes its frames alike:
with blanks or without, with ids of one length. So its calls have their action where the last one had
it. Two letters of it name the decoder for the whole, frame and payload: to cut the name out would cost
half as much again. That decoder looks at everything, the action too: a hint that misleads costs time
and nothing else.

So whoever reads keeps a place (at first the usual one), looks for a hint there, and goes the long way
where the hint is unknown or its decoder refuses. A good call that came the long way is learnt from.
"""

from typing import Any, Final, TypeAlias, TypeVar

__all__ = ["FURTHER", "USUAL_PLACE", "Hints", "learn"]

T = TypeVar("T")

Hints: TypeAlias = dict[Any, dict[Any, T]]
"""What is known of calls, by their action's initial, then by the letter that stands `FURTHER` on."""

USUAL_PLACE: Final = 43
"""Where an action begins behind a UUID, without blanks."""

FURTHER: Final = 13
"""An empty Heartbeat is just long enough for it, and no other two letters in such a length tell more
actions apart: all that are sent every day. Of those that share their letters, as NotifyMonitoringReport
and NotifyEVChargingNeeds do, the last one is known."""


def learn(hints: Hints[T], data: str | bytes, action: str, value: T) -> int | None:
    """Notes by its hint what is to be known of a good call, and returns where its action begins.

    Args:
        hints: takes the value.
        data: the frame.
        action: its action; one that is spelt with escapes cannot be found.
        value: what is to be known.
    """
    word = f'"{action}"'
    place = (data.find(word) if isinstance(data, str) else data.find(word.encode())) + 1
    further = data[place + FURTHER : place + FURTHER + 1]
    # The second letter may be one of the payload, of which there must be an end.
    if not place or not further or not further.isascii():
        return None
    hints.setdefault(data[place], {})[data[place + FURTHER]] = value
    return place

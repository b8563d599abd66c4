"""Chooses the decoder to try first for a CALL, by two characters of the frame.

Theory of operation: the class of a payload is known only after the frame has been read, so decoding
a message takes two passes, and the first one skips over the payload for nothing. But a peer writes
all its frames alike: with the same white space and with message ids of one length. So the action of
a CALL usually begins at the same position as in the last one. `FastPath` remembers that position,
and keeps one decoder per pair of characters: the one at that position, and the one `SECOND` further
on. Reading two characters is much cheaper than cutting out the action's name.

A wrong guess costs time and does no harm, because the decoder checks the whole frame, the action
included. If no decoder is known, or the decoder refuses the frame, the caller decodes the frame in
two passes. When that succeeds, it calls `learn`.
"""

from typing import Any, Final, Generic

from typing_extensions import TypeVar

__all__ = ["SECOND", "USUAL_PLACE", "FastPath"]

T = TypeVar("T", default=Any)

USUAL_PLACE: Final = 43
"""Position of the action after a UUID as message id, in a frame without white space."""

SECOND: Final = 13
"""Distance between the two characters.

The shortest frame, an empty Heartbeat, just reaches so far. At this distance the two characters
differ for all actions that are sent every day. Where they do not (NotifyMonitoringReport and
NotifyEVChargingNeeds), only the action learnt last is known.
"""


class FastPath(Generic[T]):
    """The decoders learned from the CALLs of one peer, or of several whose CALLs have the same
    form.

    Connections with the same role, version and handlers may share one, so that all of them know an
    action as soon as one of them has received it.
    """

    __slots__ = ("by_characters", "place")

    # An ordinary dictionary: Python looks up a subclass of one at half the speed.
    def __init__(self) -> None:
        self.by_characters: dict[Any, dict[Any, T]] = {}
        """What was learnt, by first and second character: texts, or numbers where frames are bytes."""

        self.place: int = USUAL_PLACE
        """Position of the action in the frame that was learnt last."""

    def learn(self, data: str | bytes, action: str, value: T) -> int | None:
        """Remembers a decoder for frames like this one; returns the position of the two characters.

        Args:
            data: a frame that was decoded successfully.
            action: its action.
            value: what to find for such a frame, such as its decoder.

        Returns:
            The position of the action, or `None` if nothing was learnt: the action is written with
            escapes, or the second character is missing or not ASCII.
        """
        name = f'"{action}"'
        place = (data.find(name) if isinstance(data, str) else data.find(name.encode())) + 1
        # It may belong to the payload, and a payload may be shorter.
        second = data[place + SECOND : place + SECOND + 1]
        if not place or not second or not second.isascii():
            return None
        self.by_characters.setdefault(data[place], {})[data[place + SECOND]] = value
        self.place = place
        return place

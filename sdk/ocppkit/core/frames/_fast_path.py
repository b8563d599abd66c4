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

from functools import cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from ..model._messages import Message
from ..model._protocol import Action
from ..payloads._checks import check_of
from ..payloads._codec import Reader, strict_reader
from ..payloads._shape import shape_of
from ._frames import Call
from ._limits import Names, open_names

__all__ = ["FURTHER", "USUAL_PLACE", "FastPath", "Hints", "call_reader", "fast_call_of", "learn"]

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


@cache
def call_reader(cls: type[Message]) -> Reader:
    """Compiles what reads good calls of one action, frame and payload in one step, as a `Call`."""
    check = check_of(shape_of(cls))
    # Type checkers want to see class and word.
    call: Any = Call
    word: Any = Literal
    return strict_reader(
        call[cls, word[cls.__ocpp_action__]],
        None if check is None else lambda frame: check(frame.payload),
    )


class FastCall(NamedTuple):
    """What is to be known of a call of one action."""

    action: Action
    read: Reader
    """Reads the frame with its request; raises one of `REFUSALS` over what is to be looked at more closely."""

    names: Names[str]
    """Members of the request that let anything in."""


class FastPath(dict[str, dict[str, FastCall]]):
    """What connections know about the calls that their peers send, by hint; empty at first.

    Connections of the same role and version, with the same handlers, may share one: then what the
    first has found out of an action serves all.
    """

    __slots__ = ("place",)

    def __init__(self) -> None:
        super().__init__()
        self.place: int = USUAL_PLACE
        """Where the last call that was learnt from had its action: new connections look there first."""


@cache
def fast_call_of(action: Action) -> FastCall:
    """Returns the door for calls of an action."""
    names = open_names(action.request)
    texts = tuple((mark.decode(), name.decode()) for mark, name in names)
    return FastCall(action, call_reader(action.request), texts)

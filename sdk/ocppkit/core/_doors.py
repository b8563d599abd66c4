"""What good calls go through on the straight way: found once for each action that one side sends."""

from functools import cache
from typing import NamedTuple

from ._codec import Reader, call_reader
from ._hints import USUAL_PLACE
from ._limits import Names, open_names
from ._protocol import Action

__all__ = ["Doors", "door_of"]


class Door(NamedTuple):
    """What is to be known of a call of one action."""

    action: Action
    read: Reader
    """Reads the frame with its request; raises one of `REFUSALS` over what is to be looked at more closely."""

    names: Names[str]
    """Members of the request that let anything in."""


class Doors(dict[str, dict[str, Door]]):
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
def door_of(action: Action) -> Door:
    """Returns the door for calls of an action."""
    names = open_names(action.request)
    texts = tuple((mark.decode(), name.decode()) for mark, name in names)
    return Door(action, call_reader(action.request), texts)

"""What good calls go through on the straight way: found once for each action that one side sends."""

from typing import NamedTuple

from ._codec import READERS, Reader
from ._limits import Names, open_names
from ._protocol import Action

__all__ = ["Doors", "door_of"]


class Door(NamedTuple):
    """What is to be known of a call of one action."""

    action: Action
    read: Reader
    """Builds the request; raises one of `REFUSALS` over what is to be looked at more closely."""

    names: Names
    """Members of the request that let anything in."""


class Doors(dict[str, Door]):
    """What connections know about the calls that their peers send, by action; empty at first.

    Connections of the same role and version, with the same handlers, may share one: then what the
    first has found out of an action serves all.
    """


def door_of(action: Action) -> Door:
    """Returns the door for calls of an action."""
    return Door(action, READERS[action.request], open_names(action.request))

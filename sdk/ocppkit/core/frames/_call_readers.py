"""Decoders that decode a CALL, frame and payload together, in one step. `FastPath` chooses among
them.
"""

from functools import cache
from typing import Any, Literal, NamedTuple

from ..model._messages import Message
from ..model._protocol import Action
from ..payloads._checks import check_of
from ..payloads._codec import Reader, strict_reader
from ..payloads._shape import shape_of
from ._frames import Call
from ._limits import Names, open_names

__all__ = ["FastCall", "call_reader", "fast_call_of"]


@cache
def call_reader(cls: type[Message]) -> Reader:
    """Returns a decoder of valid CALLs with this request; the decoder returns a `Call`."""
    check = check_of(shape_of(cls))
    # Type checkers accept neither a class nor a text that is only known at run time.
    call: Any = Call
    literal: Any = Literal
    return strict_reader(
        call[cls, literal[cls.__ocpp_action__]],
        None if check is None else lambda frame: check(frame.payload),
    )


class FastCall(NamedTuple):
    """All that the engine needs to receive a valid CALL of one action."""

    action: Action
    read: Reader
    """Decodes the frame with its request; raises one of `REFUSALS` if it is not a valid CALL."""

    names: Names[str]
    """Members of the request that may hold any JSON; see `_limits.open_names`."""


@cache
def fast_call_of(action: Action) -> FastCall:
    """Returns the fast decoder of an action's CALLs, with what the engine needs of the action."""
    names = open_names(action.request)
    texts = tuple((mark.decode(), name.decode()) for mark, name in names)
    return FastCall(action, call_reader(action.request), texts)

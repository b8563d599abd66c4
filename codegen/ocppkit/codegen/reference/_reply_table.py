"""What the reference asks the engine, which the generator must not know: it comes in as an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "Engine", "Reaction"]


@dataclass(frozen=True)
class Answer:
    """An error reply as it goes over the wire."""

    code: str
    description: str


@dataclass(frozen=True)
class Reaction:
    """How a version reacts to one way to fail."""

    kind: str
    """`Failure` or `Rule`: the enum of `core` that lists it."""

    failure: str
    """Its value there."""

    call: str
    """The error code that answers such a CALL, `silent` or `close`."""

    result: str
    """The same for a CALLRESULT."""

    citation: str


class Engine(Protocol):
    """What an engine that speaks the versions can tell."""

    def answer(self, version: str, action: str, payload: str) -> Answer | None:
        """Returns the reply to a call with this payload, sent by the side that may; `None` for none."""
        ...

    def repairs(self, version: str, message: str, payload: str) -> Sequence[str] | None:
        """Returns what lenient reading has to say of a payload; `None` if it refuses it too."""
        ...

    def reactions(self, version: str) -> Sequence[Reaction]:
        """Returns the whole table of replies of a version."""
        ...

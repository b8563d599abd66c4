"""The interface through which the reference asks how a running engine answers messages.

The generator must not import the engine, so the caller passes an object with this interface.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "Engine", "Reaction"]


@dataclass(frozen=True)
class Answer:
    """A CALLERROR that the engine sends: its error code and description."""

    code: str
    description: str


@dataclass(frozen=True)
class Reaction:
    """The reaction of a version to one kind of failure: a row of its reply table."""

    kind: str
    """The enum of `core` that has the failure: `Failure` or `Rule`."""

    failure: str
    """The value of the failure in that enum."""

    call: str
    """The reaction to a CALL: an error code, `silent` or `close`."""

    result: str
    """The reaction to a CALLRESULT: an error code, `silent` or `close`."""

    citation: str


class Engine(Protocol):
    """Answers the questions of the reference about the engine."""

    def answer(self, version: str, action: str, payload: str) -> Answer | None:
        """Returns the error reply to a call with this payload; `None` if there is none."""
        ...

    def repairs(self, version: str, message: str, payload: str) -> Sequence[str] | None:
        """Returns the issues that lenient reading repairs in a payload; `None` if it cannot repair the payload."""
        ...

    def reactions(self, version: str) -> Sequence[Reaction]:
        """Returns all rows of the reply table of a version."""
        ...

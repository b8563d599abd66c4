"""Messages that are stored in the journal in one transaction, together with states of the program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocppkit.core import Request

from ._queued_message import QueuedMessage

__all__ = ["MessageGroup", "MessageToStore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToStore:
    """A message to store in the journal until it is delivered."""

    request: Request[Any]
    note: str | None = None
    """What to keep with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageGroup:
    """Messages and states that are stored in one transaction, all or nothing."""

    items: Sequence[QueuedMessage]
    states: Mapping[str, bytes | None] = field(default_factory=dict[str, bytes | None])

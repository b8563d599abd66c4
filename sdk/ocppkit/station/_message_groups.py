"""Messages that go into the journal together, with what a program remembers of them, and may have to wait there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocppkit.core import Request

from ._queued_message import QueuedMessage

__all__ = ["KeptMessage", "MessageGroup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message that is to be kept until it is delivered."""

    request: Request[Any]
    note: str | None = None
    """What to keep with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageGroup:
    """What is committed to the store all or nothing."""

    items: Sequence[QueuedMessage]
    states: Mapping[str, bytes | None] = field(default_factory=dict[str, bytes | None])

"""How connections are run: what a role passes on to each of its endpoints."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ocppkit.core import STRICT, Event, Limits, OnInvalid, Policy

from ._clock import Clock
from ._message_ids import new_id

__all__ = ["Observer", "Settings"]


class Observer(Protocol):
    """Sees frames and events on a connection, for metrics and traces.

    It must be quick, as the connection waits for it. What it raises is logged and does no harm. One
    that derives from `CallObserver` hears of calls and connections too, with sizes and durations.
    """

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Sees a frame, `in` or `out`, as it is: secrets are not taken out."""
        ...

    def event(self, identity: str, event: Event) -> None:
        """Sees an event of the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a connection is run."""

    limits: Limits = field(default_factory=Limits)

    inbound: Policy = STRICT
    """How strictly the peer's messages are read."""

    outbound: Policy = STRICT
    """How strictly our own messages are checked."""

    on_invalid: OnInvalid | None = None
    """May answer a call whose content cannot be used; see `core.Connection`."""

    new_id: Callable[[], str] = new_id
    """Makes message ids that were never used before, over all connections."""

    clock: Clock | None = None
    """Where time comes from; the running event loop by default."""

    observer: Observer | None = None

    hide_id_tokens: bool = False
    """Whether logged frames hide who charges, next to secrets, which they always hide."""

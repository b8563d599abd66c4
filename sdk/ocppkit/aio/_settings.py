"""The options of connections that stations and CSMSs share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypedDict

from ocppkit.core import STRICT, Event, Limits, Policy, Response

from ._clock import Clock
from ._handlers import MaybeAwaitable
from ._invalid_call import InvalidCall
from ._message_ids import new_id

__all__ = ["ConnectionOptions", "Observer", "OnInvalidCall", "Settings"]


OnInvalidCall: TypeAlias = Callable[[InvalidCall[Any]], MaybeAwaitable[Response | None]]
"""Answers a call whose content cannot be used, or returns `None` to have it refused."""


class Observer(Protocol):
    """The interface of an observer, which gets the frames and events of connections, for metrics
    and traces.

    Its methods must be quick, as the connection waits for them. Exceptions that they raise are
    logged and do no harm. An observer that derives from `CallObserver` is also told of calls and
    connections, with sizes and durations.
    """

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Called with each frame and its direction, `in` or `out`. Secrets are not removed."""
        ...

    def event(self, identity: str, event: Event) -> None:
        """Called with each event of the connection."""
        ...


class ConnectionOptions(TypedDict, total=False):
    """The keyword options about connections that both a station and a CSMS take."""

    limits: Limits
    """Bounds of each connection: sizes, times and numbers."""

    inbound: Policy
    """How strictly the peer's messages are read; strict by default."""

    outbound: Policy
    """How strictly our own messages are checked; strict by default."""

    on_invalid: OnInvalidCall | None
    """May answer a call whose content cannot be used, such as a StartTransaction without a timestamp:
    see `InvalidCall`. A station repeats a transaction message that is refused, some without end."""

    new_id: Callable[[], str]
    """Returns a message id that was never used before, on any connection; a random UUID by default."""

    clock: Clock | None
    """Where time comes from; the running event loop by default."""

    observer: Observer | None
    """Sees every frame and event."""

    hide_id_tokens: bool
    """Hide in logged frames who charges: values of idTag and idToken, contract certificates and their
    hashes. Passwords, keys and PINs are always hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of `ConnectionOptions` with their defaults, for the endpoints of a station or
    CSMS.
    """

    limits: Limits = field(default_factory=Limits)
    inbound: Policy = STRICT
    outbound: Policy = STRICT
    on_invalid: OnInvalidCall | None = None
    new_id: Callable[[], str] = new_id
    clock: Clock | None = None
    observer: Observer | None = None
    hide_id_tokens: bool = False

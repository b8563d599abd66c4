"""Gives functional blocks access to what is not public in `Station`."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import AnyHandler, EventStream
from ocppkit.core import Message, Request

from ._deliveries import Delivered, DeliveryEvent
from ._lifecycle_events import LifecycleEvent
from ._message_groups import MessageToStore
from ._queued_message import MessageHold

__all__ = ["BlockAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAccess:
    """Functions of one station that the driver of functional blocks calls."""

    clock: Callable[[], Clock]
    """Returns the clock of its timers."""

    open_events: Callable[[], EventStream[LifecycleEvent | DeliveryEvent]]
    """Returns a stream of what happens to the station from now on."""

    set_default_handler: Callable[[type[Message], AnyHandler], None]
    """Registers a handler for a request that the program has no handler of its own for."""

    must_arrive: Callable[[Request[Any]], bool]
    """Returns whether a message is kept until it is delivered."""

    call: Callable[[Request[Any]], Coroutine[Any, Any, Any]]
    """Sends a message that is not kept, and returns its response."""

    load_states: Callable[[], Awaitable[Mapping[str, bytes]]]
    """Returns what was committed together with messages."""

    commit: Callable[
        [Sequence[MessageToStore], Mapping[str, bytes | None], MessageHold | None], Awaitable[None]
    ]
    """Keeps messages and states, all or nothing; the messages do not leave before the hold is released."""

    has_undelivered: Callable[[str | None], bool]
    """Returns whether messages wait, of one transaction or any. # QUE-14"""

    boot_now: Callable[[], None]
    """Makes a station that is not accepted boot at once, whatever the CSMS said about waiting. # BOOT-27"""

    release: Callable[[MessageHold], None]
    """Lets messages leave that were held back."""

    before_acknowledging: Callable[[Callable[[Delivered], Awaitable[None]]], None]
    """Registers a function that is awaited when a kept message was answered, before the store forgets it."""

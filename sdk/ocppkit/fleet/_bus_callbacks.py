"""Calls what was given to a bus; exceptions are logged, as they must end neither the bus nor the other callbacks."""

import logging
from collections.abc import Callable, Sequence

from ._bus import BusMessage

__all__ = ["deliver", "tell_listeners"]

logger = logging.getLogger("ocppkit.fleet")


def deliver(receiver: Callable[[BusMessage], None], message: BusMessage) -> None:
    """Calls the receiver of a subscription with a message."""
    try:
        receiver(message)
    except Exception:
        logger.exception(
            "%s: handling a message of the bus failed [later messages are still handled]",
            message.subject,
        )


def tell_listeners(listeners: Sequence[Callable[[bool], None]], up: bool) -> None:
    """Calls all listeners with whether the bus can be reached."""
    for listener in tuple(listeners):
        try:
            listener(up)
        except Exception:
            logger.exception(
                "a listener failed when the bus was %s [the other listeners are called]",
                "back" if up else "lost",
            )

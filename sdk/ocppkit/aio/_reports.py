"""What an endpoint tells the log about its connection."""

import logging
from typing import Any, Final

from ocppkit.core import (
    AnswerIgnored,
    CallOverdue,
    ConnectionClosed,
    Event,
    Failure,
    FrameRefused,
    ResultRefused,
)

from ._frame_log import loggable

__all__ = ["Reports"]

logger = logging.getLogger("ocppkit.aio")

_LOUD_WARNINGS: Final = 100
"""Mistakes of a peer that are worth a warning, on one connection; the rest is for who debugs."""


class Reports:
    """The log's entries about one connection."""

    __slots__ = ("_identity", "_warnings")

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._warnings = 0

    def ended(self, end: ConnectionClosed) -> None:
        """Tells how the connection ended."""
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s: connection ended, %s", loggable(self._identity), end)

    def left_unanswered(self, event: Any) -> None:
        """Tells of a message that comes too late."""
        logger.info("%s: left unanswered, as we shut down", self._about(event))

    def refused(self, event: Any, failure: Failure) -> None:
        """Tells of a message that may not be handled, or by nobody."""
        self._warn("%s: refused, %s", self._about(event), failure)

    def happened(self, event: Event) -> None:
        """Tells of what is no message for a handler, and no end of a call of ours."""
        name = loggable(self._identity)
        match event:
            case FrameRefused(error=error, reply=reply, problem=problem):
                self._warn("%s: %s (%s)", name, error, reply.reaction)
                if problem is not None:
                    logger.error("%s: on_invalid failed", name, exc_info=problem)
            case AnswerIgnored(stray=stray, message_id=message_id):
                self._warn("%s: %s answer %s ignored", name, stray, loggable(message_id))
            case CallOverdue():
                logger.error("%s: the handler did not answer in time", self._about(event))
            case ResultRefused(error=error):
                logger.error("%s: the peer refused our result: %s", self._about(event), error)
            case _:
                logger.debug("%s: %s", name, type(event).__name__)

    def _warn(self, text: str, *values: object) -> None:
        self._warnings += 1
        loud = self._warnings <= _LOUD_WARNINGS
        logger.log(logging.WARNING if loud else logging.DEBUG, text, *values)

    def _about(self, event: Any) -> str:
        return f"{loggable(self._identity)}: {event.action.name} {loggable(event.message_id)}"

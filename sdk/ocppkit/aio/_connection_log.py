"""Logs the events of one connection, apart from messages that handlers answer."""

import logging
from typing import Any, Final

from ocppkit.core import (
    AnswerIgnored,
    CallOverdue,
    ConnectionClosed,
    Event,
    Failure,
    FrameRefused,
    MessageAltered,
    ResultRefused,
    Stray,
)

from ._frame_log import loggable

__all__ = ["ConnectionLog"]

logger = logging.getLogger("ocppkit.aio")

_MOST_WARNINGS: Final = 100
"""How many warnings one connection may log about its peer; further ones are logged at DEBUG."""


_WHY_IGNORED: Final = {
    Stray.LATE: "its call has timed out",
    Stray.DOUBLED: "its call was answered before",
    Stray.CANCELLED: "its call was cancelled",
    Stray.UNKNOWN_ID: "the peer could not read the message id of our frame",
    Stray.OTHER_ID: "no call has this message id",
}


class ConnectionLog:
    """Logs the events of one connection; each line begins with the station's identity."""

    __slots__ = ("_identity", "_warnings")

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._warnings = 0

    def ended(self, end: ConnectionClosed) -> None:
        """Logs that and why the connection ended."""
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s: connection ended: %s", loggable(self._identity), end)

    def not_answered(self, event: Any) -> None:
        """Logs that a message was not answered because the endpoint shuts down."""
        logger.info("%s: not answered: shutting down", self._message_name(event))

    def refused(self, event: Any, failure: Failure) -> None:
        """Logs that a message was refused, for example because it has no handler."""
        if failure is Failure.NOT_ACCEPTED:
            # The role that refuses logs it once per station, with what to do about it.
            logger.debug("%s: refused: %s", self._message_name(event), failure)
        else:
            self._warn("%s: refused: %s", self._message_name(event), failure)

    def failed(self, what: str) -> None:
        """Logs the current exception, which a method of the host has raised."""
        logger.exception(
            "%s: %s raised an exception [the connection goes on]", loggable(self._identity), what
        )

    def event(self, event: Event) -> None:
        """Logs an event that carries no message and ends no call of ours."""
        name = loggable(self._identity)
        match event:
            case FrameRefused(error=error, reply=reply, problem=problem):
                self._warn("%s: frame refused (%s): %s", name, reply.reaction, error)
                if problem is not None:
                    logger.error(
                        "%s: the function on_invalid failed [the frame was refused]",
                        name,
                        exc_info=problem,
                    )
            case AnswerIgnored(stray=stray, message_id=message_id):
                self._warn(
                    "%s: answer %s ignored: %s", name, loggable(message_id), _WHY_IGNORED[stray]
                )
            case CallOverdue():
                logger.error(
                    "%s: the handler did not answer in time [answered with an error; the "
                    "handler is cancelled]",
                    self._message_name(event),
                )
            case ResultRefused(error=error):
                logger.error(
                    "%s: the peer refused our result: %s", self._message_name(event), error
                )
            case MessageAltered(changes=changes):
                # At INFO it was said once, when the policy was chosen.
                logger.debug(
                    "%s: message changed for this station before sending: %s",
                    self._message_name(event),
                    "; ".join(changes),
                )
            case _:
                logger.debug("%s: %s", name, type(event).__name__)

    def _warn(self, text: str, *values: object) -> None:
        self._warnings += 1
        is_logged = self._warnings <= _MOST_WARNINGS
        logger.log(logging.WARNING if is_logged else logging.DEBUG, text, *values)

    def _message_name(self, event: Any) -> str:
        return f"{loggable(self._identity)}: {event.action.name} {loggable(event.message_id)}"

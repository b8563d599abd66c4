"""The calls of ours that wait for an answer, and the latest responses."""

import asyncio
from typing import Any, Final

from ocppkit.core import (
    CallEnded,
    LocalProtocolError,
    MessageKind,
    Protocol,
    Response,
    ResultReceived,
)

__all__ = ["PendingCalls"]

_KEPT_RESULTS: Final = 8
"""How many results can still be refused. A program refuses a result soon after it has got it."""


class PendingCalls:
    """The calls of ours on one connection that have not ended, and the latest responses, which may
    still be refused.
    """

    __slots__ = ("_keeps_results", "_protocol", "_results", "_when_none", "waiters")

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        # ERR-06: only a version with CALLRESULTERROR can refuse a result.
        self._keeps_results = MessageKind.CALL_RESULT_ERROR in protocol.message_types
        self._results: list[tuple[Response, str]] = []
        self._when_none: asyncio.Future[None] | None = None

        self.waiters: dict[str, asyncio.Future[Any]] = {}
        """The future that each caller awaits, by message id, until the call has ended."""

    def set_result(self, event: ResultReceived) -> None:
        """Passes a response to the caller."""
        if self._keeps_results:
            self._results.append((event.response, event.message_id))
            del self._results[:-_KEPT_RESULTS]
        waiter = self.waiters.pop(event.message_id, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(event.response)
        if self._when_none is not None:
            self.wake_if_none()

    def set_exception(self, event: CallEnded) -> None:
        """Raises an error in the caller."""
        waiter = self.waiters.pop(event.message_id, None)
        if waiter is not None and not waiter.done():
            waiter.set_exception(event.error)
        self.wake_if_none()

    def id_of_result(self, response: Response) -> str:
        """Returns the message id of a response that a call returned.

        Raises:
            LocalProtocolError: the version cannot refuse results, or the response is not one of
                the latest.
        """
        for known, message_id in self._results:
            if known is response:
                return message_id
        if not self._keeps_results:
            raise LocalProtocolError(
                f"OCPP {self._protocol.version} has no CALLRESULTERROR: a response cannot be "
                "refused"
            )
        raise LocalProtocolError(
            f"this {type(response).__name__} is not one of the {_KEPT_RESULTS} latest results "
            "[pass the object that the call returned, not a copy, before making more calls]"
        )

    async def wait_none(self) -> None:
        """Waits until no call waits for an answer."""
        while self.waiters:
            self._when_none = asyncio.get_running_loop().create_future()
            await self._when_none

    def wake_if_none(self) -> None:
        """Wakes `wait_none` if the last call has ended."""
        if self._when_none is not None and not self.waiters and not self._when_none.done():
            self._when_none.set_result(None)

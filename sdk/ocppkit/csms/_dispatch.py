"""Answers messages of stations with the handlers of a CSMS."""

from collections.abc import Callable
from typing import Final

from ocppkit.aio import CallRefused
from ocppkit.aio.lowlevel import AnyHandler, HandlerOutcome, HandlerTable, run_handler
from ocppkit.core import Action, CallReceived, ErrorCode, Message, SendReceived

from ._handle import StationHandle

__all__ = ["Dispatcher"]


class Dispatcher:
    """Finds and runs the handlers of a CSMS, also for messages that another process has received.

    The sessions of a CSMS find their handlers here. They run them by the endpoint, which calls a plain
    handler and writes its answer without a task. `run` is for a process that has the handlers and
    not the connections, such as a worker behind a gateway.
    """

    def __init__(self, handlers: HandlerTable) -> None:
        self.find: Final[Callable[[type[Message]], AnyHandler | None]] = handlers.get
        """Returns what answers a type of request: a handler of the program, a default one, such as that
        of heartbeats, or the fallback; `None` if there is none. It takes the station and the request."""

    def handles(self, action: Action) -> bool:
        """Returns whether there is a handler for an action."""
        return self.find(action.request) is not None

    async def run(
        self, station: StationHandle, call: CallReceived | SendReceived
    ) -> HandlerOutcome:
        """Handles one message of a station; returns the response with its callbacks.

        `current_call()` describes the message while the handler runs. There is no limit of time, and
        neither registrations, policies nor repeated calls are looked at: that has been done where
        the connection is.

        Args:
            station: the handle that the handler gets.
            call: the message.

        Raises:
            CallRefused: the handler refuses the call, or there is none (NotSupported).
            InvalidOutgoing: the handler returned something else than the response of the action.
            Exception: whatever else the handler raises; the station should be told InternalError.
        """
        handler = self.find(call.action.request)
        if handler is None:
            raise CallRefused(ErrorCode.NOT_SUPPORTED, "not handled")  # ERR-12
        payload = call.message if isinstance(call, SendReceived) else call.request
        return await run_handler(handler, call, station.identity, station, payload)

"""Runs a handler when there is no connection; then runs its after-response callbacks."""

import asyncio
import inspect
import logging
from collections.abc import Sequence
from typing import Any, Final

from ocppkit.core import CallReceived, InvalidOutgoing, Response, SendReceived

from ._call_context import RUNNING_CALL, AfterResponse, CallContext
from ._frame_log import loggable
from ._handlers import AnyHandler, name_of

__all__ = ["HandlerOutcome", "run_callbacks", "run_handler"]

logger = logging.getLogger("ocppkit.aio")

_PASSED_ON: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What a callback must not raise unnoticed: the first two stop the program."""


class HandlerOutcome:
    """The response that a handler returned, and the callbacks that it gave to `after_response`."""

    __slots__ = ("_call", "_name", "response")

    def __init__(self, name: str, call: CallContext, response: Response | None) -> None:
        self._name = name
        self._call = call
        self.response: Response | None = response
        """The response; `None` for a message that is never answered."""

    async def run_callbacks(self) -> None:
        """Runs the callbacks in order. Call it once, after the response has been sent.

        One that raises is logged, and the next one runs. If the response cannot be sent they must not
        run: see `CallContext.after_response`.
        """
        token = RUNNING_CALL.set(self._call)
        try:
            await run_callbacks(self._name, self._call.take_callbacks())
        finally:
            RUNNING_CALL.reset(token)


async def run_handler(
    handler: AnyHandler, work: CallReceived | SendReceived, identity: str, *arguments: object
) -> HandlerOutcome:
    """Runs a handler within this task, as an endpoint does, and returns its outcome.

    Args:
        handler: the handler, plain or `async`.
        work: the message, which `current_call()` describes while the handler runs.
        identity: the station's, for the log.
        arguments: those of the handler.

    Raises:
        InvalidOutgoing: the handler returned something else than the response of the action.
        Exception: whatever the handler raises, such as `CallRefused`.
    """
    call = CallContext(work, handler)
    token = RUNNING_CALL.set(call)
    try:
        returned: Any = handler(*arguments)
        if inspect.iscoroutine(returned):
            returned = await returned
    finally:
        RUNNING_CALL.reset(token)
    expected = work.action.response
    if expected is not None and not isinstance(returned, expected):
        raise InvalidOutgoing(
            f"the handler returned a {type(returned).__name__}, but it must return a "
            f"{expected.__name__}",
            action=work.action.name,
            message_id=work.message_id,
        )
    name = f"{loggable(identity)}: {work.action.name} {loggable(work.message_id)}"
    return HandlerOutcome(name, call, None if expected is None else returned)


async def run_callbacks(message_name: str, callbacks: Sequence[AfterResponse]) -> None:
    """Runs the callbacks that a handler gave to `after_response`, and logs their exceptions.

    Args:
        message_name: station, action and message id, for the log.
        callbacks: the callbacks, in order.
    """
    for callback in callbacks:
        try:
            outcome = callback()
            if inspect.iscoroutine(outcome):
                await outcome
        except BaseException as error:
            if _is_cancelled(error):
                raise
            name = name_of(callback)
            logger.exception(
                "%s: the after_response callback %s raised an exception [the response has been "
                "sent already]",
                message_name,
                name,
            )
            if isinstance(error, _PASSED_ON):
                raise


def _is_cancelled(error: BaseException) -> bool:
    """Returns whether an error is the cancellation of this task, and not one that a callback has
    raised.
    """
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0

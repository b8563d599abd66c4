"""One end of an open connection, as roles and handles use it: calls, sends, policies and shutdown."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from ocppkit.core import (
    AnswerCache,
    CallFailed,
    ConnectionClosed,
    ErrorCode,
    Policies,
    Request,
    Response,
    Role,
    Send,
)

from ._clock import wait_until
from ._connection_driver import ConnectionDriver
from ._host import Host
from ._settings import Settings
from ._transport import AdjustablePings, Wire

__all__ = ["Endpoint"]

R = TypeVar("R", bound=Response)

_GOING_AWAY: Final = 1001


class Endpoint(ConnectionDriver):
    """One end of an open connection.

    Args:
        role: which end this is.
        host: the station or CSMS session that the endpoint asks for handlers and tells what happens.
        wire: carries the frames; the caller starts it.
        settings: limits, policies, clock, observer and the like.
        answers: answers of earlier connections, for calls that the peer repeats.
    """

    __slots__ = ("_ping_interval", "call_timeout")

    def __init__(
        self,
        role: Role,
        host: Host,
        wire: Wire,
        settings: Settings,
        *,
        answers: AnswerCache | None = None,
    ) -> None:
        super().__init__(role, host, wire, settings, answers=answers)
        self._ping_interval = settings.limits.ping_interval

        self.call_timeout: float = settings.limits.call_timeout
        """Seconds until a call of ours counts as unanswered. A change applies to later calls."""

    # Messages of ours.

    async def call(
        self,
        request: Request[R],
        timeout: float | None = None,
        *,
        accepted: Callable[[], None] | None = None,
        again: Callable[[CallFailed], Coroutine[Any, Any, R]] | None = None,
    ) -> R:
        """Sends a request and waits for its response.

        Args:
            request: the request.
            timeout: seconds to wait from when the request leaves the queue; `call_timeout` by
                default.
            accepted: called when the request has been checked and queued, before it is sent.
            again: called with the error if the peer answers with one; its result becomes the result
                of this call. Without it the error is raised.

        Raises:
            CallFailed: the peer answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection has ended; `delivered` says whether the peer may have
                received the request.
            InvalidMessage: the response breaks its schema.
            InvalidOutgoing: the request breaks its schema; nothing was sent.
            QueueFull: too many requests wait already.
        """
        self._check_connected()
        now = self._clock.time()
        message_id = self._connection.send_call(
            request, now, timeout=self.call_timeout if timeout is None else timeout
        )
        waiter: asyncio.Future[Any] = asyncio.Future()
        self._waiters[message_id] = waiter
        try:
            if accepted is not None:
                accepted()
            if self._observer is not None:
                self._observation.call_starting(message_id, request)
            self._flush(now, self._observation.is_active)
            response: R = await waiter
        except BaseException as error:
            self._forget_call(message_id, waiter)
            if again is not None and isinstance(error, CallFailed):
                return await again(error)
            raise
        return response

    def send(self, message: Send) -> None:
        """Sends a message that is never answered (SEND of OCPP 2.1).

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: the message breaks its schema.
        """
        self._check_connected()
        now = self._clock.time()
        self._connection.send(message, now)
        self._flush(now, self._observation.is_active)

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the peer by CALLRESULTERROR that its response cannot be used (OCPP 2.1).

        Results that break their schema are refused by the engine. This is for results that the
        program finds to be wrong. # ERR-06

        Args:
            response: one of the latest results of this connection: the object that `call` returned,
                not a copy.
            code: the error code.
            description: text for the peer.
            details: more for the peer, as JSON.

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: code, description or details cannot be sent.
            LocalProtocolError: the version has no CALLRESULTERROR, or the response is not one of the
                latest of this connection, or it was refused before.
        """
        self._check_connected()
        now = self._clock.time()
        message_id = self._pending.id_of_result(response)
        self._connection.send_result_error(message_id, code, description, details or {}, now=now)
        self._flush(now, self._observation.is_active)

    # Settings that may change while the connection is open.

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        self._connection.use_policies(policies)

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often the wire sends pings. Ignored by wires that cannot change it while they
        are open.

        Args:
            seconds: time between two pings; zero turns them off.
        """
        if self._end is not None or seconds == self._ping_interval:
            return
        if isinstance(self._wire, AdjustablePings):
            self._ping_interval = seconds
            self._wire.set_ping_interval(seconds)

    # The end.

    @property
    def ended(self) -> asyncio.Future[ConnectionClosed]:
        """A future that is done when the connection has ended. Wait for it, but never cancel it."""
        if self._ended is None:
            # Created on demand, as most connections never need it.
            self._ended = asyncio.get_running_loop().create_future()
            if self._end is not None:
                self._ended.set_result(self._end)
        return self._ended

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await asyncio.shield(self.ended)

    async def drain(self, grace: float, *, wait_for_calls: bool = False) -> None:
        """Shuts the connection down: lets running handlers finish, then closes.

        Calls of the peer that arrive meanwhile are not answered, so that the peer repeats them on
        its next connection. It would not repeat a call that was answered with an error.

        Args:
            grace: seconds to wait at most.
            wait_for_calls: also wait for the answers to calls of ours.
        """
        self._draining = True
        quiet = asyncio.create_task(
            self._wait_quiet() if wait_for_calls else self._handlers.wait_idle()
        )
        try:
            await wait_until(self._clock, self._clock.time() + grace, quiet)
        finally:
            quiet.cancel()
            self.close(_GOING_AWAY, "going away")
        await self.wait_ended()
        await self.cancel_handlers()

    async def cancel_handlers(self) -> None:
        """Cancels running handlers and callbacks, and waits until they have ended."""
        await self._handlers.cancel_all()

    def _check_connected(self) -> None:
        end = self._end or self._closing
        if end is not None:
            raise ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")

    def _forget_call(self, message_id: str, waiter: asyncio.Future[Any]) -> None:
        """Cancels a call whose caller no longer waits for it, unless the call has ended."""
        if self._waiters.pop(message_id, None) is not None:
            self._connection.cancel_call(message_id)
            self._process_events(self._clock.time(), self._observation.is_active)
            self._pending.wake_if_none()
        if waiter.done() and not waiter.cancelled():
            # The caller was cancelled just as the call failed. Retrieving the exception keeps
            # asyncio from logging that nobody did.
            waiter.exception()

    async def _wait_quiet(self) -> None:
        """Waits until no handler is running and no call of ours waits for an answer."""
        while self._handlers.is_running or self._waiters:
            await self._handlers.wait_idle()
            await self._pending.wait_none()

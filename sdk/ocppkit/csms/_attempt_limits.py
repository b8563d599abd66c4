"""The interface behind `Csms(attempts=...)`: limits on wrong passwords, of one process or of many."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import loggable, resolved

from ._attempts import TooManyAttempts
from ._credentials import Credentials

__all__ = ["AttemptLimits", "GuardedLimits"]

logger = logging.getLogger("ocppkit.csms")

_FAILED = "%s: attempts.%s failed [until it works again, attempts are not limited]"


class AttemptLimits(Protocol):
    """Limits wrong attempts to authenticate; `AttemptLimiter` does it in memory.

    If a method raises anything but `TooManyAttempts`, that is logged, and the attempt is not limited: a
    store that is down keeps no station out. The authenticator still decides.
    """

    def turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AbstractAsyncContextManager[None]:
        """Returns a context in which these credentials are checked; entering it may wait.

        Args:
            credentials: what a station has shown.
            now: tells the time, in seconds of the event loop.

        Raises:
            TooManyAttempts: they must not be checked now; raised on entering.
        """
        ...

    def accepted(self, credentials: Credentials) -> MaybeAwaitable[None]:
        """Notes that the authenticator has accepted these credentials."""
        ...

    def failed(self, credentials: Credentials, now: float) -> MaybeAwaitable[None]:
        """Notes that the authenticator has not accepted these credentials."""
        ...


class GuardedLimits:
    """Calls an `AttemptLimits`, whose failures are logged and keep nobody out."""

    def __init__(self, limits: AttemptLimits) -> None:
        self._limits = limits

    @asynccontextmanager
    async def turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        """Waits for a turn, if the limits work; raises `TooManyAttempts`."""
        entered: AbstractAsyncContextManager[None] | None = None
        try:
            turn = self._limits.turn(credentials, now)
            await turn.__aenter__()
            entered = turn
        except TooManyAttempts:
            raise
        except Exception:
            logger.exception(_FAILED, loggable(credentials.identity), "turn")
        try:
            yield
        except BaseException as error:
            await self._leave(entered, credentials, error)
            raise
        await self._leave(entered, credentials, None)

    async def accepted(self, credentials: Credentials) -> None:
        """Tells that credentials were accepted."""
        try:
            await resolved(self._limits.accepted(credentials))
        except Exception:
            logger.exception(_FAILED, loggable(credentials.identity), "accepted")

    async def failed(self, credentials: Credentials, now: float) -> None:
        """Tells that credentials were not accepted."""
        try:
            await resolved(self._limits.failed(credentials, now))
        except Exception:
            logger.exception(_FAILED, loggable(credentials.identity), "failed")

    async def _leave(
        self,
        turn: AbstractAsyncContextManager[None] | None,
        credentials: Credentials,
        error: BaseException | None,
    ) -> None:
        if turn is None:
            return
        kind = None if error is None else type(error)
        try:
            await turn.__aexit__(kind, error, None if error is None else error.__traceback__)
        except BaseException as problem:
            if problem is error:
                return
            if not isinstance(problem, Exception):
                raise
            logger.exception(_FAILED, loggable(credentials.identity), "turn")

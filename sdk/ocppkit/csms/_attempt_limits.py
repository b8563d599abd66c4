"""The interface behind `Csms(attempts=...)`: limits how often stations may try wrong passwords, in
one process or in several.
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import await_if_needed, loggable

from ._attempts import TooManyAttempts
from ._credentials import Credentials

__all__ = ["AttemptLimits", "GuardedAttemptLimits"]

logger = logging.getLogger("ocppkit.csms")

_FAILED = "%s: attempts.%s failed [until it works again, attempts are not limited]"


class AttemptLimits(Protocol):
    """Limits wrong attempts to authenticate. `AttemptLimiter` does this in memory.

    If a method raises anything but `TooManyAttempts`, that is logged, and the attempt is not limited: a
    store that is down keeps no station out. The authenticator still decides.
    """

    def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AbstractAsyncContextManager[None]:
        """Returns an async context manager: the credentials are checked inside it; entering it
        waits while too many others are checked.

        Args:
            credentials: what a station has shown.
            now: tells the time, in seconds of the event loop.

        Raises:
            TooManyAttempts: they must not be checked now; raised on entering.
        """
        ...

    def accepted(self, credentials: Credentials) -> MaybeAwaitable[None]:
        """Notes that the authenticator accepted these credentials."""
        ...

    def failed(self, credentials: Credentials, now: float) -> MaybeAwaitable[None]:
        """Notes that the authenticator did not accept these credentials."""
        ...


class GuardedAttemptLimits:
    """Calls the program's `AttemptLimits`; if that fails, the failure is logged and the attempt is
    not limited.
    """

    def __init__(self, limits: AttemptLimits) -> None:
        self._limits = limits

    def use(self, make: Callable[[AttemptLimits], AttemptLimits]) -> None:
        """Replaces the limits by the result of a function, which gets the present ones."""
        self._limits = make(self._limits)

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        """Runs the block inside the context `wait_for_turn`. If entering it fails, logs that and
        runs the block without it.
        """
        entered: AbstractAsyncContextManager[None] | None = None
        try:
            turn = self._limits.wait_for_turn(credentials, now)
            await turn.__aenter__()
            entered = turn
        except TooManyAttempts:
            raise
        except Exception:
            logger.exception(_FAILED, loggable(credentials.identity), "wait_for_turn")
        try:
            yield
        except BaseException as error:
            await self._leave(entered, credentials, error)
            raise
        await self._leave(entered, credentials, None)

    async def accepted(self, credentials: Credentials) -> None:
        """Notes accepted credentials."""
        try:
            await await_if_needed(self._limits.accepted(credentials))
        except Exception:
            logger.exception(_FAILED, loggable(credentials.identity), "accepted")

    async def failed(self, credentials: Credentials, now: float) -> None:
        """Notes credentials that were not accepted."""
        try:
            await await_if_needed(self._limits.failed(credentials, now))
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
            logger.exception(_FAILED, loggable(credentials.identity), "wait_for_turn")

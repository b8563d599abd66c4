"""Wrong attempts to authenticate, counted by all nodes of a fleet."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import await_if_needed
from ocppkit.csms import AttemptLimits, Credentials

from ._values import WrongAttempt

__all__ = ["SharedAttempts"]


class SharedAttempts:
    """Limits of one node, which are told of the wrong attempts at the others.

    Each node counts by its own clock. An attempt of which the bus loses the message counts at its node only.
    """

    def __init__(
        self,
        limits: AttemptLimits,
        tell: Callable[[Credentials], None],
        clock: Callable[[], Clock],
    ) -> None:
        self._limits = limits
        self._tell = tell
        self._clock = clock

    def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AbstractAsyncContextManager[None]:
        """Returns a context in which these credentials are checked."""
        return self._limits.wait_for_turn(credentials, now)

    async def accepted(self, credentials: Credentials) -> None:
        """Notes that the authenticator has accepted these credentials."""
        await await_if_needed(self._limits.accepted(credentials))

    async def failed(self, credentials: Credentials, now: float) -> None:
        """Notes that the authenticator has not accepted these credentials."""
        self._tell(credentials)
        await await_if_needed(self._limits.failed(credentials, now))

    async def failed_elsewhere(self, attempt: WrongAttempt) -> None:
        """Counts a wrong attempt at another node."""
        credentials = Credentials(identity=attempt.identity, remote_address=attempt.remote_address)
        await await_if_needed(self._limits.failed(credentials, self._clock().time()))

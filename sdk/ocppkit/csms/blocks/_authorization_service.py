"""Decides on tokens for a CSMS: one function of the program, whatever message asks."""

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct

from ocppkit.aio import Clock, MaybeAwaitable
from ocppkit.aio.lowlevel import loggable, name_of, resolved
from ocppkit.blocks.transactions import AuthorizationStatus, IdToken, TokenInfo

from .._time_limit import within

__all__ = ["AuthorizationQuestion", "AuthorizationService", "Authorize"]

logger = logging.getLogger("ocppkit.csms")

_TIMEOUT: Final = 10.0

_STATUSES: Final = tuple(str(each) for each in AuthorizationStatus)

_UNKNOWN: Final = TokenInfo(status=AuthorizationStatus.UNKNOWN)


class AuthorizationQuestion(Struct, frozen=True, kw_only=True):
    """Whether a token may charge."""

    station: str
    """The identity of the station that asks."""

    token: IdToken
    evse_id: int | None = None
    """The EVSE, or the connector in 1.6, where it is known."""

    in_transaction: bool = False
    """Whether a transaction has begun already, as offline: the answer comes too late to prevent that."""


Authorize: TypeAlias = Callable[[AuthorizationQuestion], MaybeAwaitable[TokenInfo | str]]
"""Returns what is said of a token, or its status alone; plain or async."""


class AuthorizationService:
    """Asks the program about tokens, and answers for it when it fails."""

    def __init__(
        self,
        authorize: Authorize,
        *,
        clock: Callable[[], Clock],
        timeout: float = _TIMEOUT,
        on_failure: TokenInfo = _UNKNOWN,
    ) -> None:
        """Asks nothing yet.

        Args:
            authorize: the program's function.
            clock: returns the clock of the timeout.
            timeout: seconds that it may take.
            on_failure: what is said of a token if the function raises, or takes too long.
        """
        self._authorize = authorize
        self._clock = clock
        self._timeout = timeout
        self._on_failure = on_failure

    async def decide(self, question: AuthorizationQuestion) -> TokenInfo:
        """Returns what is said of a token."""
        try:
            work = resolved(self._authorize(question))
            return _checked(await within(work, self._clock(), self._timeout))
        except Exception:
            logger.exception(
                "%s: %s failed [token answered with %s]",
                loggable(question.station),
                name_of(self._authorize),
                self._on_failure.status,
            )
            return self._on_failure


def _checked(said: object) -> TokenInfo:
    """Returns what a program says of a token; it may have forgotten to return it, or misspelt a status."""
    info = TokenInfo(status=said) if isinstance(said, str) else said
    if not isinstance(info, TokenInfo) or info.status not in _STATUSES:
        raise ValueError(
            f"it returned {said!r} [return one of {', '.join(_STATUSES)}, or a TokenInfo]"
        )
    return info

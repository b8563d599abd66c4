"""Decides whether tokens may charge, by asking one function of the program."""

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct

from ocppkit.aio import Clock, MaybeAwaitable
from ocppkit.aio.lowlevel import await_if_needed, loggable, name_of
from ocppkit.blocks.transactions import AuthorizationStatus, IdToken, TokenInfo

from .._time_limit import with_time_limit

__all__ = ["AuthorizationQuestion", "AuthorizationService", "Authorize"]

logger = logging.getLogger("ocppkit.csms")

_TIMEOUT: Final = 10.0

_STATUSES: Final = tuple(str(each) for each in AuthorizationStatus)

_UNKNOWN: Final = TokenInfo(status=AuthorizationStatus.UNKNOWN)


class AuthorizationQuestion(Struct, frozen=True, kw_only=True):
    """The question whether a token may charge."""

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
    """Asks the program about tokens; answers by itself if the program fails."""

    def __init__(
        self,
        authorize: Authorize,
        *,
        clock: Callable[[], Clock],
        timeout: float = _TIMEOUT,
        on_failure: TokenInfo = _UNKNOWN,
    ) -> None:
        """Creates the service.

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
        """Returns the decision about a token."""
        try:
            work = await_if_needed(self._authorize(question))
            return _as_token_info(await with_time_limit(work, self._clock(), self._timeout))
        except Exception:
            logger.exception(
                "%s: %s failed [the token is answered with %s]",
                loggable(question.station),
                name_of(self._authorize),
                self._on_failure.status,
            )
            return self._on_failure


def _as_token_info(said: object) -> TokenInfo:
    """Returns the program's decision as a `TokenInfo`; raises if it is none, such as a misspelt
    status.
    """
    info = TokenInfo(status=said) if isinstance(said, str) else said
    if not isinstance(info, TokenInfo) or info.status not in _STATUSES:
        raise ValueError(
            f"it returned {said!r} [return one of {', '.join(_STATUSES)}, or a TokenInfo]"
        )
    return info

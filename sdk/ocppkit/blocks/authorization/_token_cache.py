"""The cache of what a CSMS has said about tokens, limited in number and time."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from math import inf

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..transactions import AuthorizationStatus, IdToken, TokenInfo

__all__ = ["CachedToken", "TokenCache", "with_expiry"]


class CachedToken(Struct, frozen=True):
    """A token in the cache, with what the CSMS last said about it."""

    id_token: IdToken
    info: TokenInfo
    updated_at: datetime

    def info_at(self, now: datetime, life_time: int) -> TokenInfo:
        """Returns what is known of the token at this time; the status is Expired if that is too old.
        # AUT-11

        Args:
            now: the present date and time.
            life_time: for how many seconds it is believed if the CSMS named no end; below 0 for ever.
        """
        info = self.info
        if info.cache_expiry_date_time is None and life_time >= 0:
            # C10.FR.08
            end = self.updated_at + timedelta(seconds=life_time)
            info = replace(info, cache_expiry_date_time=end)
        return with_expiry(info, now)


def with_expiry(info: TokenInfo, now: datetime) -> TokenInfo:
    """Returns what is known of the token at this time; the status is Expired if the token was
    accepted only until an earlier time. # AUT-11
    """
    end = info.cache_expiry_date_time
    if info.is_accepted and end is not None and end <= now:
        return replace(info, status=AuthorizationStatus.EXPIRED)
    return info


class TokenCache:
    """What the CSMS has said about tokens, by token."""

    def __init__(self, capacity: int, key: Callable[[IdToken], Hashable]) -> None:
        """Starts with an empty cache.

        Args:
            capacity: how many tokens are remembered, at least one.
            key: returns what is equal for equal tokens.

        Raises:
            ValueError: the capacity is below 1.
        """
        if capacity < 1:
            raise ValueError(
                "the capacity of the cache must be at least 1 [set AuthCacheCtrlr.Enabled to "
                "have none]"
            )
        self._capacity = capacity
        self._key = key
        self._tokens: dict[Hashable, CachedToken] = {}  # The longest not updated comes first.
        self.size = 0
        """How many bytes the tokens take when they are kept."""

    def __iter__(self) -> Iterator[CachedToken]:
        return iter(self._tokens.values())

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, id_token: IdToken) -> CachedToken | None:
        """Returns the information about a token, or `None`."""
        return self._tokens.get(self._key(id_token))

    def put(
        self,
        id_token: IdToken,
        info: TokenInfo,
        now: datetime,
        life_time: int,
        max_size: float = inf,
    ) -> None:
        """Stores what the CSMS says about a token, whether it is accepted or not. # C10.FR.01/04/05

        A full cache forgets tokens that are not valid, then those that were not updated for the longest
        time.

        Args:
            id_token: the token.
            info: what the CSMS says.
            now: the present date and time.
            life_time: for how many seconds it is believed if the CSMS named no end; below 0 for ever.
            max_size: how many bytes the cache may take.
        """
        # C10.FR.14: additional information is not kept.
        token = CachedToken(replace(id_token, additional_info=()), info, now)
        self._remove(self._key(id_token))
        while self._tokens and (
            len(self._tokens) >= self._capacity or self.size + _size(token) > max_size
        ):
            self._remove(self._first_to_forget(now, life_time))
        if _size(token) <= max_size:
            self._add(token)

    def clear(self) -> None:
        """Removes all tokens."""
        self._tokens.clear()
        self.size = 0

    def fill(self, tokens: Iterable[CachedToken]) -> None:
        """Restores the stored tokens, given in the order of their last update."""
        self.clear()
        for each in tokens:
            self._add(each)

    def shift(self, change: timedelta) -> None:
        """Shifts the time of each token's last update, because the clock was set."""
        self.fill([replace(each, updated_at=each.updated_at + change) for each in self])

    def _add(self, token: CachedToken) -> None:
        self._tokens[self._key(token.id_token)] = token
        self.size += _size(token)

    def _remove(self, key: Hashable) -> None:
        token = self._tokens.pop(key, None)
        if token is not None:
            self.size -= _size(token)

    def _first_to_forget(self, now: datetime, life_time: int) -> Hashable:
        """Returns the token to remove when the cache is full: the oldest that is not valid, else
        the oldest. # C10.FR.07
        """
        invalid = (
            key
            for key, each in self._tokens.items()
            if not each.info_at(now, life_time).is_accepted
        )
        return next(chain(invalid, self._tokens))


def _size(token: CachedToken) -> int:
    return len(msgspec.json.encode(token))

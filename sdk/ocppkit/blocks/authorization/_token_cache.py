"""`TokenCache`: what a CSMS has said about tokens, for a while and up to a number of them."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from ..transactions import AuthorizationStatus, IdToken, TokenInfo

__all__ = ["CachedToken", "TokenCache", "with_expiry"]


class CachedToken(Struct, frozen=True):
    """A token, and what the CSMS last said about it."""

    id_token: IdToken
    info: TokenInfo
    updated_at: datetime

    def info_at(self, now: datetime, life_time: int) -> TokenInfo:
        """Returns what still holds: Expired if it is too old. # AUT-11

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
    """Returns what holds of a token at a time: Expired if it was accepted until then only. # AUT-11"""
    end = info.cache_expiry_date_time
    if info.is_accepted and end is not None and end <= now:
        return replace(info, status=AuthorizationStatus.EXPIRED)
    return info


class TokenCache:
    """What the CSMS has said about tokens that are not in the local list."""

    def __init__(self, capacity: int, key: Callable[[IdToken], Hashable]) -> None:
        """Begins empty.

        Args:
            capacity: how many tokens are remembered.
            key: returns what is equal for equal tokens.
        """
        self._capacity = capacity
        self._key = key
        self._tokens: dict[Hashable, CachedToken] = {}  # The longest not updated comes first.

    def __iter__(self) -> Iterator[CachedToken]:
        return iter(self._tokens.values())

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, id_token: IdToken) -> CachedToken | None:
        """Returns what is known of a token."""
        return self._tokens.get(self._key(id_token))

    def put(self, id_token: IdToken, info: TokenInfo, now: datetime, life_time: int) -> None:
        """Remembers what the CSMS says about a token, whatever it is. # C10.FR.01/04/05

        A full cache forgets a token that is not valid, or the one that was not updated for the longest
        time.

        Args:
            id_token: the token.
            info: what the CSMS says.
            now: the present date and time.
            life_time: for how many seconds it is believed if the CSMS named no end; below 0 for ever.
        """
        key = self._key(id_token)
        self._tokens.pop(key, None)
        if len(self._tokens) >= self._capacity > 0:
            # C10.FR.07: first what is not valid, then the oldest.
            invalid = (
                other
                for other, each in self._tokens.items()
                if not each.info_at(now, life_time).is_accepted
            )
            del self._tokens[next(chain(invalid, self._tokens))]
        # C10.FR.14: additional information is not kept.
        self._tokens[key] = CachedToken(replace(id_token, additional_info=()), info, now)

    def clear(self) -> None:
        """Forgets all tokens."""
        self._tokens.clear()

    def fill(self, tokens: Iterable[CachedToken]) -> None:
        """Takes the tokens that were kept, the longest not updated first."""
        self._tokens = {self._key(each.id_token): each for each in tokens}

    def shift(self, change: timedelta) -> None:
        """Moves the times of update with the clock, which was set."""
        self._tokens = {
            key: replace(each, updated_at=each.updated_at + change)
            for key, each in self._tokens.items()
        }

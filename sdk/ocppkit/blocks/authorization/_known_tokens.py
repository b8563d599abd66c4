"""The tokens that a station knows without asking: its local list and its cache."""

from collections.abc import Callable
from datetime import timedelta
from math import inf
from typing import Final

from msgspec import Struct

from .._moment import Moment
from ..transactions import IdToken, TokenInfo
from ..variables import (
    AUTH_CACHE_ENABLED,
    AUTH_CACHE_LIFE_TIME,
    AUTH_CACHE_STORAGE,
    LOCAL_AUTH_LIST_BYTES_PER_MESSAGE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ENTRIES,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    DeviceModel,
)
from ._authorization_events import AuthorizationMeans
from ._authorization_rules import AuthorizationRules
from ._local_list import ListLimits, LocalList
from ._token_cache import CachedToken, TokenCache, with_expiry
from ._token_commands import (
    ClearCache,
    ClearCacheAnswer,
    ClearCacheStatus,
    GetLocalListVersion,
    LocalListEntry,
    LocalListStatus,
    LocalListVersion,
    SendLocalList,
    SendLocalListAnswer,
)

__all__ = ["KeptTokens", "KnownTokens"]

_NOT_CACHED: Final = frozenset({"Central", "NoAuthorization"})
_FOR_EVER: Final = -1
_LIST_ENTRIES: Final = 1000


class KeptTokens(Struct, frozen=True, kw_only=True):
    """The tokens to keep over a restart."""

    list_version: int
    list_entries: tuple[LocalListEntry, ...]
    cache: tuple[CachedToken, ...]


class KnownTokens:
    """The local list and the cache of a station, if its settings enable them."""

    def __init__(
        self,
        model: DeviceModel,
        rules: AuthorizationRules,
        cache_capacity: int,
        changed: Callable[[], None],
    ) -> None:
        """Starts with an empty list and an empty cache.

        Args:
            model: the settings.
            rules: in what the version differs.
            cache_capacity: how many tokens the cache can have.
            changed: called when what is to be kept has changed.
        """
        self._model = model
        self._rules = rules
        self._changed = changed
        self._list = LocalList(rules.key)
        self._cache = TokenCache(cache_capacity, rules.key)

    def find(
        self, id_token: IdToken, now: Moment
    ) -> tuple[AuthorizationMeans, TokenInfo] | tuple[None, None]:
        """Returns the source from which a token is known, and its information. # C13.FR.01,
        C14.FR.01, AUT-07
        """
        listed = self._listed(id_token)
        if listed is not None:
            return AuthorizationMeans.LOCAL_LIST, with_expiry(listed, now.wall)
        cached = self._cache.get(id_token) if self._is_caching else None
        if cached is not None:
            return AuthorizationMeans.CACHE, cached.info_at(now.wall, self._life_time)
        return None, None

    def learn(self, id_token: IdToken, info: TokenInfo, now: Moment) -> None:
        """Stores in the cache what the CSMS has said about a token."""
        # AUT-07: what is in the list does not come into the cache.
        # C02.FR.03, C03.FR.02, AUT-12: some tokens mean nothing the next time.
        if self._is_caching and self._listed(id_token) is None and id_token.type not in _NOT_CACHED:
            size = self._model.max_limit(AUTH_CACHE_STORAGE, inf)
            self._cache.put(id_token, info, now.wall, self._life_time, size)
            self._keep()

    def shift(self, change: timedelta) -> None:
        """Shifts the times in the cache, because the clock was set."""
        if len(self._cache):
            self._cache.shift(change)
            self._keep()

    def kept(self) -> KeptTokens:
        """Returns the tokens to keep over a restart. # C10.FR.02, D01.FR.10"""
        return KeptTokens(
            list_version=self._list.version,
            list_entries=tuple(self._list),
            cache=tuple(self._cache),
        )

    def restore(self, kept: KeptTokens) -> None:
        """Restores the stored tokens."""
        self._list.fill(kept.list_version, kept.list_entries)
        self._cache.fill(kept.cache)
        self._show_sizes()

    # What the CSMS wants.

    def send_local_list(self, command: SendLocalList, now: Moment) -> SendLocalListAnswer:
        """Applies an update of the local list, or refuses it. # D01"""
        model = self._model
        limits = ListLimits(
            is_enabled=self._has_list,
            entries=self._model.max_limit(LOCAL_AUTH_LIST_ENTRIES, _LIST_ENTRIES),
            items_per_message=model.setting(LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE),
            bytes_per_message=model.setting(LOCAL_AUTH_LIST_BYTES_PER_MESSAGE),
        )
        answer = self._list.update(command, limits)
        if answer.status == LocalListStatus.ACCEPTED:
            self._keep()
        return answer

    def get_local_list_version(self, command: GetLocalListVersion, now: Moment) -> LocalListVersion:
        """Returns the version of the local list. # D02"""
        version = self._list.version
        if not self._has_list:
            version = self._rules.version_without_list  # D02.FR.03, LAL-01
        elif not len(self._list) and not self._rules.empty_list_has_version:
            version = 0  # LAL-12
        return LocalListVersion(version_number=version)

    def clear_cache(self, command: ClearCache, now: Moment) -> ClearCacheAnswer:
        """Removes all tokens from the cache. # C11"""
        if not self._is_caching:
            # C11.FR.04
            return ClearCacheAnswer(
                status=ClearCacheStatus.REJECTED,
                reason_code="NotEnabled",
                additional_info="the cache is switched off",
            )
        self._cache.clear()
        self._keep()
        return ClearCacheAnswer(status=ClearCacheStatus.ACCEPTED)

    def _listed(self, id_token: IdToken) -> TokenInfo | None:
        return self._list.get(id_token) if self._has_list else None

    @property
    def _has_list(self) -> bool:
        return self._model.setting(LOCAL_AUTH_LIST_ENABLED)

    @property
    def _is_caching(self) -> bool:
        return self._model.setting(AUTH_CACHE_ENABLED)

    @property
    def _life_time(self) -> int:
        return self._model.get(AUTH_CACHE_LIFE_TIME, _FOR_EVER)

    def _keep(self) -> None:
        self._show_sizes()
        self._changed()

    def _show_sizes(self) -> None:
        """Sets the variables that tell how full the list and the cache are, if the station has
        them.
        """
        for key, size in (
            (LOCAL_AUTH_LIST_ENTRIES, len(self._list)),
            (AUTH_CACHE_STORAGE, self._cache.size),
        ):
            if key in self._model:
                # What was kept may be more than what the station takes now.
                self._model[key] = int(min(size, self._model.max_limit(key, size)))

"""How the versions of OCPP differ in authorization."""

from collections.abc import Hashable, Set

from msgspec import Struct

from ..transactions import IdToken

__all__ = ["AuthorizationRules"]


class AuthorizationRules(Struct, frozen=True, kw_only=True):
    """How authorization works in one version of OCPP; the defaults are those of 2.1."""

    has_token_types: bool = True
    """Whether the type belongs to a token; in 1.6 a tag is a text alone."""

    token_types: Set[str] = frozenset()
    """The types that a token may have; empty for any."""

    token_size: int = 255
    """The greatest length of a token."""

    list_needs_pre_authorize: bool = False
    """Whether the local list counts only with LocalPreAuthorize while the station is online (1.6)."""

    empty_list_has_version: bool = True
    """Whether a list that was emptied reports its version; in 1.6 it is 0. # LAL-12"""

    version_without_list: int = 0
    """The version that is reported if there is no local list. # LAL-01, LAL-02"""

    def key(self, id_token: IdToken) -> Hashable:
        """Returns what is equal for equal tokens. # AUT-05, AUT-06"""
        return id_token.id_token.lower(), id_token.type if self.has_token_types else None

    def check(self, id_token: IdToken) -> None:
        """Makes sure that the version can say a token.

        Raises:
            ValueError: it is too long, or its type is missing or not known.
        """
        if len(id_token.id_token) > self.token_size:
            raise ValueError(f"a token has at most {self.token_size} characters")
        if not self.has_token_types:
            return
        if id_token.type is None:
            raise ValueError("a token has a type [write IdToken(..., 'ISO14443') for a card]")
        if self.token_types and id_token.type not in self.token_types:
            known = ", ".join(sorted(self.token_types))
            raise ValueError(f"{id_token.type!r} is no type of tokens [one of {known}]")

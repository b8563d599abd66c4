"""The rules by which tokens differ between versions of OCPP."""

from collections.abc import Hashable, Set

from msgspec import Struct

from ._id_tokens import IdToken

__all__ = ["TokenRules"]


class TokenRules(Struct, frozen=True, kw_only=True):
    """The rules for tokens in one version of OCPP. The defaults are those of 2.1."""

    has_token_types: bool = True
    """Whether the type belongs to a token; in 1.6 a tag is a text alone."""

    token_types: Set[str] = frozenset()
    """The types that a token may have; empty for any."""

    token_size: int = 255
    """The greatest length of a token."""

    def key(self, id_token: IdToken) -> Hashable:
        """Returns a key that is equal for tokens that count as equal. # AUT-05, AUT-06"""
        return id_token.id_token.lower(), id_token.type if self.has_token_types else None

    def check(self, id_token: IdToken) -> None:
        """Checks that the version can express a token.

        Raises:
            ValueError: it is too long, or its type is missing or not known.
        """
        if len(id_token.id_token) > self.token_size:
            raise ValueError(f"the token has more than {self.token_size} characters")
        if not self.has_token_types:
            return
        if id_token.type is None:
            raise ValueError("a token must have a type [write IdToken(..., 'ISO14443') for a card]")
        if self.token_types and id_token.type not in self.token_types:
            known = ", ".join(sorted(self.token_types))
            raise ValueError(f"{id_token.type!r} is not a token type [use one of {known}]")

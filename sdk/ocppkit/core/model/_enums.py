"""The base class of generated enums: closed for strict decoding, open for what chargers really send."""

from enum import StrEnum
from typing import Self

__all__ = ["WireEnum"]


class WireEnum(StrEnum):
    """An enum whose members are the words on the wire.

    The members are the schema's words. A lenient connection may meet others; they become
    pseudo-members that equal their string, belong to no iteration and answer `is_known` with false.
    """

    @property
    def is_known(self) -> bool:
        """Whether the schema lists this word."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def unknown(cls, word: str) -> Self:
        """Returns a pseudo-member for a word that the schema does not list.

        Args:
            word: the word as it stood on the wire. A listed word gives its real member.
        """
        if word in cls._value2member_map_:
            return cls(word)
        member = str.__new__(cls, word)
        member._name_ = word
        member._value_ = word
        return member

    # Enum pickles as cls(value), which refuses a pseudo-member.
    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return type(self).unknown, (self._value_,)

"""The base class of generated enums, which may also hold values that the schema does not list."""

from enum import StrEnum
from typing import Self

__all__ = ["WireEnum"]


class WireEnum(StrEnum):
    """Base class of enums whose members are the values of a schema; it can also hold other values.

    In lenient mode a peer may send other values. They become pseudo-members: equal to their text, not
    part of an iteration over the enum, and with `is_known` false.
    """

    @property
    def is_known(self) -> bool:
        """Whether the schema lists this value."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def unknown(cls, word: str) -> Self:
        """Returns a member for a value that the schema does not list.

        Args:
            word: the value on the wire. A value that the schema lists gives its member.
        """
        if word in cls._value2member_map_:
            return cls(word)
        member = str.__new__(cls, word)
        member._name_ = word
        member._value_ = word
        return member

    # Enum would unpickle as cls(value), which raises for a pseudo-member.
    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return type(self).unknown, (self._value_,)

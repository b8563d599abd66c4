"""Open objects: the places where a schema lets unknown members in (customData of OCPP 2.x)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from msgspec import Struct

__all__ = ["KnownMembers", "OpenObject"]


class KnownMembers(Struct, kw_only=True, frozen=True, gc=False):
    """The members that the schema of an open object names; only used to check them."""


class OpenObject(dict[str, Any]):
    """A JSON object with members beyond its schema; every one of them survives a round trip.

    It is a dictionary of the members under their names on the wire. Generated subclasses add a
    property for each member that the schema names.
    """

    __ocpp_known__: ClassVar[type[KnownMembers]] = KnownMembers

    @classmethod
    def from_members(cls, members: Mapping[str, Any]) -> Self:
        """Returns the object with these members, keyed by their names on the wire, unchecked."""
        self = cls.__new__(cls)
        self.update(members)
        return self

"""JSON objects that may have members which the schema does not name, such as customData."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self, TypeVar

from msgspec import Struct, ValidationError, convert, to_builtins

__all__ = ["KnownMembers", "OpenObject", "VendorData"]

_VENDOR_ID: Final = "vendorId"


class KnownMembers(Struct, kw_only=True, frozen=True, gc=False):
    """Base class of structs with the members that a schema names; used only to check them."""


# Not frozen: type checkers would ask for `frozen=True` in each class that is derived from it.
class VendorData(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """The data of one vendor in customData. Derive a class with its members and set the vendor.

    Members have the names of Python and are sent in camel case, `line_voltage` as `lineVoltage`;
    `msgspec.field(name=...)` gives another name. Members that the class does not name are ignored.
    """

    __ocpp_vendor__: ClassVar[str]
    """The vendorId that marks the data, such as `com.example`."""


V = TypeVar("V", bound=VendorData)


class OpenObject(dict[str, Any]):
    """A JSON object with any members, which are all kept when it is decoded and encoded.

    It is a dictionary from names on the wire to values. Generated subclasses add a property for each
    member that the schema names.
    """

    __ocpp_known__: ClassVar[type[KnownMembers]] = KnownMembers

    @classmethod
    def from_members(cls, members: Mapping[str, Any]) -> Self:
        """Returns an object with these members, by their JSON names, without checking them."""
        self = cls.__new__(cls)
        self.update(members)
        return self

    def as_vendor_data(self, data: type[V]) -> V | None:
        """Returns the members as the class of a vendor, or `None` if they belong to another vendor.

        Nothing is converted before this call, and all members stay in the object.

        Raises:
            ValueError: the members are not what the class says; the text names the first wrong one.
        """
        if self.get(_VENDOR_ID) != data.__ocpp_vendor__:
            return None
        try:
            return convert(dict(self), data)
        except ValidationError as error:
            raise ValueError(f"customData of {data.__ocpp_vendor__}: {error}") from error

    @classmethod
    def from_vendor_data(cls, data: VendorData) -> Self:
        """Returns the object for customData that holds a vendor's data and its vendorId."""
        members: dict[str, Any] = to_builtins(data)
        return cls.from_members({_VENDOR_ID: data.__ocpp_vendor__, **members})

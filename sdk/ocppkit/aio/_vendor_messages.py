"""Base classes for messages of vendors, which are carried by DataTransfer.

Theory of operation: a class of a vendor is a dataclass, so that type checkers know its members and programs write
no decorator. Its members are read and written by a msgspec struct of the same members, made when it is first used;
that struct has the names of the wire. `_data_transfers.py` puts the result into DataTransfer.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Generic, get_args, get_origin, get_type_hints

import msgspec
from typing_extensions import TypeVar, dataclass_transform

from ocppkit.core import OcppError

__all__ = [
    "DataTransferRefused",
    "VendorRequest",
    "VendorResponse",
    "from_members",
    "to_members",
]


class DataTransferRefused(OcppError):
    """A vendor's request was not accepted. `call` raises it; a handler raises it to send that
    answer.

    Args:
        status: the status of the answer.
        data: more about it, as JSON; a text in OCPP 1.6.
    """

    def __init__(self, status: str = "Rejected", data: Any = None) -> None:
        super().__init__(f"answered with {status}", action="DataTransfer")
        self.status = status
        """The status of the answer: `Rejected`, `UnknownMessageId` or `UnknownVendorId`."""

        self.data = data
        """What the answer says besides; `None` for nothing."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class _VendorMessage:
    """Base class of vendors' requests and responses; makes each subclass a dataclass."""

    __ocpp_struct__: ClassVar[type[msgspec.Struct]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(kw_only=True)(cls)


class VendorResponse(_VendorMessage):
    """A vendor's response, the data of an answer to DataTransfer. Derive a class with its members.

    Members have the names of Python and are sent in camel case, `line_voltage` as `lineVoltage`;
    `dataclasses.field(metadata={"name": ...})` gives another name. Members that the class does not name are
    ignored when it is read.
    """


V_co = TypeVar("V_co", bound=VendorResponse, covariant=True, default=VendorResponse)


class VendorRequest(_VendorMessage, Generic[V_co]):
    """A vendor's request, the data of a DataTransfer. Derive a class with its members, and name the
    class of the response.

    ```python
    class Pong(VendorResponse):
        uptime: int

    class Ping(VendorRequest[Pong], vendor_id="com.acme", message_id="Ping"):
        note: str | None = None
    ```

    `vendor_id` names the vendor, and `message_id` which of the vendor's messages it is; a vendor with one message
    may leave it out. Members are named as those of `VendorResponse`. The class belongs to no version: in
    OCPP 1.6 the data are sent as JSON text, in 2.x as JSON. A class of the answer that is no `VendorResponse`
    raises TypeError.
    """

    __ocpp_vendor__: ClassVar[str]
    """The vendorId of the DataTransfer."""

    __ocpp_message__: ClassVar[str | None]
    """The messageId of the DataTransfer, if it has one."""

    __ocpp_answer__: ClassVar[type[VendorResponse]] = VendorResponse
    """The class of the answer."""

    def __init_subclass__(cls, *, vendor_id: str, message_id: str | None = None) -> None:
        super().__init_subclass__()
        cls.__ocpp_vendor__ = vendor_id
        cls.__ocpp_message__ = message_id
        for base in vars(cls).get("__orig_bases__", ()):
            if get_origin(base) is VendorRequest:
                (answer,) = get_args(base)
                if not (isinstance(answer, type) and issubclass(answer, VendorResponse)):
                    raise TypeError(
                        f"{cls.__qualname__}: {answer} is not a VendorResponse [define the class "
                        "of the answer above it, and write VendorRequest[TheClass]]"
                    )
                cls.__ocpp_answer__ = answer


T = TypeVar("T", VendorRequest[Any], VendorResponse)


def to_members(message: VendorRequest[Any] | VendorResponse) -> dict[str, Any]:
    """Returns the members of a vendor's message as JSON, by their names on the wire.

    Raises:
        ValueError: a member is not what its class says; the text names it.
    """
    struct = _struct_class_of(type(message))
    values = {each.name: getattr(message, each.name) for each in _members_of(message)}
    try:
        members: dict[str, Any] = msgspec.to_builtins(struct(**values))
    except TypeError as error:
        # An object of the program's that msgspec does not know.
        raise ValueError(str(error)) from error
    msgspec.convert(members, struct)
    return members


def from_members(cls: type[T], members: Mapping[str, Any]) -> T:
    """Returns the message of a vendor that has these members.

    Raises:
        ValueError: they are not what its class says; the text names the first wrong one.
    """
    struct = msgspec.convert(dict(members), _struct_class_of(cls))
    return cls(**{each.name: getattr(struct, each.name) for each in _members_of(cls)})


def _struct_class_of(cls: type[_VendorMessage]) -> type[msgspec.Struct]:
    """Returns the msgspec struct that reads and writes the members of a class."""
    found: type[msgspec.Struct] | None = vars(cls).get("__ocpp_struct__")
    if found is None:
        hints = get_type_hints(cls, include_extras=True)
        members = [(each.name, hints[each.name], _struct_field(each)) for each in _members_of(cls)]
        found = msgspec.defstruct(
            cls.__name__, members, rename="camel", omit_defaults=True, kw_only=True
        )
        cls.__ocpp_struct__ = found
    return found


def _members_of(cls: Any) -> tuple[Field[Any], ...]:
    return fields(cls)


def _struct_field(member: Field[Any]) -> Any:
    """Returns the msgspec field of a member: its name in JSON, and its default."""
    options: dict[str, Any] = {"name": member.metadata.get("name")}
    if member.default is not MISSING:
        options["default"] = member.default
    if member.default_factory is not MISSING:
        options["default_factory"] = member.default_factory
    return msgspec.field(**options)

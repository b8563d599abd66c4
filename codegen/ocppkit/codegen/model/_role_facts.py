"""Describes how a station of a version sends BootNotification, for the template of the role classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._errors import CodegenError
from ._ir import Api, ApiMessage, Field, Ref

__all__ = ["Boot", "boot_of"]


@dataclass(frozen=True)
class Boot:
    """The members of BootNotification that the constructor of a station takes as arguments."""

    request: ApiMessage

    described: tuple[Field, ...]
    """The members that describe the station: of the request itself (1.6) or of its member `member` (2.x)."""

    member: Field | None
    """The member of the request that describes the station; `None` if the request itself does."""

    others: tuple[tuple[Field, str], ...]
    """The other required members of the request, each with its default as a Python expression."""

    serial_number: str | None
    """The Python attribute of the request with the serial number, such as `charging_station.serial_number`."""

    vendor: str | None = None
    """The Python attribute of the request with the name of the vendor."""

    model: str | None = None
    """The Python attribute of the request with the name of the model."""

    firmware: str | None = None
    """The Python attribute of the request with the version of the firmware."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """All members that are arguments of the constructor."""
        return (*self.described, *(field for field, _ in self.others))


def boot_of(api: Api) -> Boot | None:
    """Returns the members of BootNotification for the constructor; `None` if the action is not selected.

    Raises:
        CodegenError: the facts name a member or value of BootNotification that the schema does not have.
    """
    requests = [action.request for action in api.actions if action.name == "BootNotification"]
    if not requests:
        return None
    (request,) = requests
    wire = api.protocol.roles.description
    if wire is None:
        return Boot(request, request.fields, None, (), *_attribute_paths(api, request.fields, ""))
    fields = {field.wire: field for field in request.fields}
    member = fields.pop(wire, None)
    datatypes = {datatype.name: datatype for datatype in api.datatypes}
    if member is None or not isinstance(member.type, Ref) or member.type.name not in datatypes:
        raise CodegenError(
            f"{request.name} has no member {wire!r} of an object type",
            file=request.path,
            cure="correct `description` under [protocol.roles] in the facts",
        )
    others = tuple(
        (field, _default_expression(api, field)) for field in fields.values() if field.required
    )
    described = datatypes[member.type.name].fields
    return Boot(
        request, described, member, others, *_attribute_paths(api, described, f"{member.name}.")
    )


def _attribute_paths(api: Api, described: Sequence[Field], before: str) -> Iterator[str | None]:
    """Yields the attributes with the serial number, the vendor, the model and the firmware."""
    for key in ("serial_number", "vendor", "model", "firmware"):
        yield _attribute_path(getattr(api.protocol.roles, key), key, described, before)


def _attribute_path(
    wire: str | None, key: str, described: Sequence[Field], before: str
) -> str | None:
    names = {field.wire: field.name for field in described}
    if wire is not None and wire not in names:
        raise CodegenError(
            f"the description of a station in BootNotification has no member {wire!r}",
            cure=f"correct `{key}` under [protocol.roles] in the facts",
        )
    return None if wire is None else before + names[wire]


def _default_expression(api: Api, field: Field) -> str:
    """Returns the default of a member as a Python expression, such as `BootReasonEnumType.POWER_UP`."""
    default = api.protocol.roles.boot_defaults.get(field.wire)
    for enum in api.enums:
        for member in enum.members:
            if field.type == Ref(enum.name) and member.value == default:
                return f"{enum.name}.{member.name}"
    raise CodegenError(
        f"{default!r} is not a value of the member {field.wire!r} of BootNotification",
        cure="correct `boot_defaults` under [protocol.roles] in the facts",
    )

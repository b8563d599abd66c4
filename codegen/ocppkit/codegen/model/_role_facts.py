"""What the template of the roles needs beyond the IR: how a station of this version introduces itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .._errors import CodegenError
from ._ir import Api, ApiMessage, Field, Ref

__all__ = ["Boot", "boot_of"]


@dataclass(frozen=True)
class Boot:
    """BootNotification as a station's constructor takes it."""

    request: ApiMessage

    described: tuple[Field, ...]
    """The members that describe the station: of the request itself (1.6) or of one of its members."""

    member: Field | None
    """The member that holds the description, of a datatype; `None` where the request does."""

    others: tuple[tuple[Field, str], ...]
    """The request's other required members, each with its default as an expression in Python."""

    serial_number: str | None
    """The station's serial number, as a path of attributes of the request."""

    vendor: str | None = None
    """The station's vendor, as such a path."""

    model: str | None = None
    """The station's model, as such a path."""

    firmware: str | None = None
    """The version of the station's firmware, as such a path."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """All members that the constructor takes."""
        return (*self.described, *(field for field, _ in self.others))


def boot_of(api: Api) -> Boot | None:
    """Returns how a station boots; `None` for a selection of actions without BootNotification.

    Raises:
        CodegenError: the facts describe the boot otherwise than the schema.
    """
    requests = [action.request for action in api.actions if action.name == "BootNotification"]
    if not requests:
        return None
    (request,) = requests
    wire = api.protocol.roles.description
    if wire is None:
        return Boot(request, request.fields, None, (), *_paths(api, request.fields, ""))
    fields = {field.wire: field for field in request.fields}
    member = fields.pop(wire, None)
    datatypes = {datatype.name: datatype for datatype in api.datatypes}
    if member is None or not isinstance(member.type, Ref) or member.type.name not in datatypes:
        raise CodegenError(
            f"{request.name} has no member {wire!r} that is a datatype",
            file=request.path,
            cure="mend `description` under [protocol.roles] in the facts",
        )
    others = tuple((field, _default(api, field)) for field in fields.values() if field.required)
    described = datatypes[member.type.name].fields
    return Boot(request, described, member, others, *_paths(api, described, f"{member.name}."))


def _paths(api: Api, described: Sequence[Field], before: str) -> Iterator[str | None]:
    """Yields where the serial number, the vendor, the model and the firmware stand."""
    for key in ("serial_number", "vendor", "model", "firmware"):
        yield _path(getattr(api.protocol.roles, key), key, described, before)


def _path(wire: str | None, key: str, described: Sequence[Field], before: str) -> str | None:
    names = {field.wire: field.name for field in described}
    if wire is not None and wire not in names:
        raise CodegenError(
            f"BootNotification describes a station by no member {wire!r}",
            cure=f"mend `{key}` under [protocol.roles] in the facts",
        )
    return None if wire is None else before + names[wire]


def _default(api: Api, field: Field) -> str:
    """Returns the member of an enum that the facts name for a plain start."""
    default = api.protocol.roles.boot_defaults.get(field.wire)
    for enum in api.enums:
        for member in enum.members:
            if field.type == Ref(enum.name) and member.value == default:
                return f"{enum.name}.{member.name}"
    raise CodegenError(
        f"{default!r} is no value for BootNotification's member {field.wire!r}",
        cure="mend `boot_defaults` under [protocol.roles] in the facts",
    )

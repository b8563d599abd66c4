"""Writes type annotations of the msgspec flavour, the named types with bounds, and their imports."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..model._ir import Api, ApiMessage, Array, Datatype, Field, Kind, Ref, Scalar, Type
from ..model._role_facts import Boot
from ._constraints import constraint_name, scalars_in
from ._layout import Imports, natural_key

__all__ = [
    "MsgspecConstraint",
    "absent",
    "annotation",
    "class_imports",
    "constraints_of",
    "optional",
    "type_imports",
]

_PLAIN = {
    Kind.STRING: "str",
    Kind.INTEGER: "int",
    Kind.NUMBER: "float",
    Kind.BOOLEAN: "bool",
    Kind.ANY: "Any",
}


@dataclass(frozen=True)
class MsgspecConstraint:
    """A named type with bounds, such as `Str20`."""

    name: str
    base: str
    """The Python type, such as `str`."""

    meta: str
    """The arguments of `msgspec.Meta` with the bounds."""


def annotation(type_: Type, *, bounds: bool = True) -> str:
    """Returns the annotation of a type, such as `list[SampledValueType]`.

    Args:
        type_: the type.
        bounds: whether to include the allowed number of list items; signatures do not.
    """
    match type_:
        case Ref(name):
            return name
        case Scalar():
            return constraint_name(type_) or _PLAIN[type_.kind]
        case Array(item, low, high):
            plain = f"list[{annotation(item, bounds=bounds)}]"
            limits = {"min_length": low, "max_length": high}
            meta = ", ".join(f"{key}={value}" for key, value in limits.items() if value is not None)
            return f"Annotated[{plain}, Meta({meta})]" if meta and bounds else plain


def optional(field: Field, *, bounds: bool = True) -> str:
    """Returns the annotation of a member, such as `Opt[Str20]` for an optional one."""
    plain = annotation(field.type, bounds=bounds)
    if field.required:
        return plain
    return f"{plain} | UnsetType" if _is_untyped(field) else f"Opt[{plain}]"


def absent(field: Field) -> str:
    """Returns the default of an optional member: `UNSET` if it may be any JSON value including `null`, else `None`."""
    return "UNSET" if _is_untyped(field) else "None"


def _is_untyped(field: Field) -> bool:
    return field.type == Scalar(Kind.ANY)


def constraints_of(api: Api) -> tuple[MsgspecConstraint, ...]:
    """Returns all named types with bounds that the members of a version use, sorted by name."""
    found = {
        constraint.name: constraint
        for fields in api.fields_of().values()
        for scalar in scalars_in(fields)
        if (constraint := _make_constraint(scalar)) is not None
    }
    return tuple(found[name] for name in sorted(found, key=natural_key))


def class_imports(api: Api, owners: Iterable[ApiMessage | Datatype], above: str) -> Imports:
    """Returns the imports of a module that defines these classes.

    Args:
        api: the version.
        owners: the classes of the module.
        above: the prefix of imports from the package: `.` in a module of the package, `..` in one of a subfolder.
    """
    owners = tuple(owners)
    here = {owner.name for owner in owners}
    renamed = any(field.name != field.wire for owner in owners for field in owner.fields)
    wanted = {
        module: {name for name in names if name not in here}
        for module, names in type_imports(api, owners, above).items()
    }
    if renamed:
        wanted.setdefault("msgspec", set()).add("field")
    return wanted


def type_imports(
    api: Api, owners: Iterable[ApiMessage | Datatype | Boot], above: str, *, bounds: bool = True
) -> Imports:
    """Returns the imports of a module that uses the types of these classes' members, for example in signatures."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for field in (field for owner in owners for field in owner.fields):
        for module, name in _field_imports(field, api, above, bounds):
            wanted[module].add(name)
    return wanted


def _field_imports(field: Field, api: Api, above: str, bounds: bool) -> Iterator[tuple[str, str]]:
    if not field.required:
        if _is_untyped(field):
            yield from (("msgspec", "UNSET"), ("msgspec", "UnsetType"))
        else:
            yield "ocppkit.core", "Opt"
    yield from _imports_of_type(field.type, api, above, bounds)


def _imports_of_type(type_: Type, api: Api, above: str, bounds: bool) -> Iterator[tuple[str, str]]:
    match type_:
        case Ref(name):
            yield above + ("enums" if name in api.enum_names() else "datatypes"), name
        case Array(item, low, high):
            if bounds and (low is not None or high is not None):
                yield from (("typing", "Annotated"), ("msgspec", "Meta"))
            yield from _imports_of_type(item, api, above, bounds)
        case Scalar(kind=Kind.ANY):
            yield "typing", "Any"
        case Scalar():
            constraint = constraint_name(type_)
            if constraint is not None:
                yield f"{above}constraints", constraint


def _make_constraint(scalar: Scalar) -> MsgspecConstraint | None:
    name = constraint_name(scalar)
    if name is None:
        return None
    if scalar.kind is Kind.DATE_TIME:
        return MsgspecConstraint(name, "datetime", "tz=True")
    if scalar.kind is Kind.URI:
        return MsgspecConstraint(name, "str", 'extra={"format": "uri"}')
    bounds = {
        "min_length": scalar.min_length,
        "max_length": scalar.max_length,
        "ge": scalar.minimum,
        "le": scalar.maximum,
    }
    meta = [f"{key}={value}" for key, value in bounds.items() if value is not None]
    if scalar.multiple_of is not None:
        # msgspec's own multiple_of divides binary floats and refuses most legal tenths.
        meta.append(f'extra={{"multiple_of": {scalar.multiple_of}}}')
    return MsgspecConstraint(name, _PLAIN[scalar.kind], ", ".join(meta))

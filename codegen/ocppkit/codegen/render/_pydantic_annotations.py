"""Writes the members of pydantic models, the named types with bounds, and their imports."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..model._ir import Api, ApiMessage, Array, Datatype, Doc, Field, Kind, Ref, Scalar, Type
from ._constraints import constraint_name, scalars_in
from ._format import LINE_LENGTH
from ._layout import Imports, literal, natural_key, spread, wrap_words

__all__ = [
    "PydanticConstraint",
    "class_imports",
    "constraint_imports",
    "constraints_of",
    "drafts_of",
    "member",
    "optional",
]

_STRICT = {
    Kind.STRING: "StrictStr",
    Kind.INTEGER: "StrictInt",
    Kind.NUMBER: "StrictFloat",
    Kind.BOOLEAN: "StrictBool",
}

_DESCRIPTION = "description="

# Names with an underscore are functions of the template that defines the scalars.
_TEXTS = {
    Kind.DATE_TIME: (
        "AwareDatetime",
        "BeforeValidator(_read)",
        'PlainSerializer(_write, when_used="json-unless-none")',
        'WithJsonSchema({"type": "string", "format": "date-time"})',
    ),
    Kind.URI: (
        "StrictStr",
        'Field(json_schema_extra={"format": "uri"})',
        "AfterValidator(_check_uri)",
    ),
}


@dataclass(frozen=True)
class PydanticConstraint:
    """A named type with bounds, such as `Str20`."""

    name: str
    kind: Kind
    parts: tuple[str, ...]
    """The arguments of `Annotated`: a type, and the validators and bounds that apply to it, in order."""


def drafts_of(api: Api) -> Mapping[str, int]:
    """Returns the JSON Schema draft of each message and datatype.

    A datatype that any message of draft 4 uses has draft 4.
    """
    drafts = {message.name: message.draft for action in api.actions for message in action.messages}
    shared = {each.name: min(drafts[user] for user in each.used_by) for each in api.datatypes}
    return drafts | shared


def member(field: Field, draft: int) -> str:
    """Returns the definition of a member of a model: Python name, type, JSON name, bounds and default."""
    head, tail = f"    {field.name}: ", ""
    if not field.required:
        tail = " = Field(default_factory=unset)" if _is_untyped(field) else " = None"
    arguments = _field_arguments(field)
    type_ = optional(field, draft)
    if not arguments:
        return f"{head}{type_}{tail}"
    line = f"{head}Annotated[{type_}, Field({', '.join(arguments)})]{tail}"
    if len(line) <= LINE_LENGTH:
        return line
    call = _field_call(arguments, field.doc)
    return f"{head}Annotated[\n        {type_},\n{call}\n    ]{tail}"


def _field_call(arguments: list[str], doc: Doc | None) -> str:
    """Returns the call of `Field` on separate lines; a long description is split between words."""
    line = f"        Field({', '.join(arguments)}),"
    if doc is None or len(line) <= LINE_LENGTH:
        return spread("        Field(", arguments, "),")
    # Each part is in quotation marks and ends with a space; the last one is followed by a comma.
    width = LINE_LENGTH - len(f'            {_DESCRIPTION}"" ,')
    *parts, last = wrap_words(str(doc), width)
    text = "\n            ".join(literal(part) for part in [*(f"{part} " for part in parts), last])
    return spread("        Field(", [*arguments[:-1], f"{_DESCRIPTION}{text}"], "),")


def optional(field: Field, draft: int) -> str:
    """Returns the annotation of a member, such as `Opt[Str20]`, without the allowed number of list items."""
    plain = Array(field.type.item) if isinstance(field.type, Array) else field.type
    if field.required:
        return _type_annotation(plain, draft)
    return "Untyped" if _is_untyped(field) else f"Opt[{_type_annotation(plain, draft)}]"


def constraints_of(api: Api) -> tuple[PydanticConstraint, ...]:
    """Returns all named types with bounds that the members of a version use, sorted by name."""
    drafts = drafts_of(api)
    found = {
        constraint.name: constraint
        for owner, fields in api.fields_of().items()
        for scalar in scalars_in(fields)
        if (constraint := _make_constraint(scalar, drafts[owner])) is not None
    }
    return tuple(found[name] for name in sorted(found, key=natural_key))


def constraint_imports(constraints: Iterable[PydanticConstraint]) -> Imports:
    """Returns the imports for the definitions of named types with bounds."""
    parts = " ".join(part for constraint in constraints for part in constraint.parts)
    names = set(re.findall(r"\b[A-Z]\w+", parts))
    return {"pydantic": names, "typing": ["Annotated"] if names else []}


def class_imports(api: Api, owners: Iterable[ApiMessage | Datatype], above: str) -> Imports:
    """Returns the imports of a module that defines these models.

    Args:
        api: the version.
        owners: the models of the module.
        above: the prefix of imports from the flavour's package: `.` in a module of it, `..` in one of a subfolder.
    """
    owners, drafts = tuple(owners), drafts_of(api)
    here = {owner.name for owner in owners}
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for owner in owners:
        for field in owner.fields:
            for module, name in _field_imports(field, api, above, drafts[owner.name]):
                if name not in here:
                    wanted[module].add(name)
    return wanted


def _is_untyped(field: Field) -> bool:
    return field.type == Scalar(Kind.ANY)


def _field_arguments(field: Field) -> list[str]:
    arguments = [] if field.name == field.wire else [f"alias={literal(field.wire)}"]
    arguments += _item_bounds(field.type)
    if field.doc is not None:
        arguments.append(f"{_DESCRIPTION}{literal(str(field.doc))}")
    return arguments


def _item_bounds(type_: Type) -> list[str]:
    if not isinstance(type_, Array):
        return []
    bounds = {"min_length": type_.min_items, "max_length": type_.max_items}
    return [f"{key}={value}" for key, value in bounds.items() if value is not None]


def _type_annotation(type_: Type, draft: int) -> str:
    match type_:
        case Ref(name):
            return name
        case Scalar(kind=Kind.ANY):
            return "AnyJson"
        case Scalar():
            return _scalar_name(type_, draft) or _STRICT[type_.kind]
        case Array(item):
            plain = f"list[{_type_annotation(item, draft)}]"
            bounds = ", ".join(_item_bounds(type_))
            return f"Annotated[{plain}, Field({bounds})]" if bounds else plain


def _scalar_name(scalar: Scalar, draft: int) -> str | None:
    name = constraint_name(scalar)
    if scalar.kind is Kind.STRING:
        return name or "Str"
    if scalar.kind is not Kind.INTEGER:
        return name
    # In draft 6, 1.0 is an integer; in draft 4 it is not.
    return name or "Int" if draft > 4 else name and f"Strict{name}"


def _make_constraint(scalar: Scalar, draft: int) -> PydanticConstraint | None:
    name = _scalar_name(scalar, draft)
    if name is None:
        return None
    rules = _TEXTS.get(scalar.kind) or (_STRICT[scalar.kind], *_validators(scalar, draft))
    return PydanticConstraint(name, scalar.kind, rules)


def _validators(scalar: Scalar, draft: int) -> Iterator[str]:
    bounds = {
        "min_length": scalar.min_length,
        "max_length": scalar.max_length,
        "ge": scalar.minimum,
        "le": scalar.maximum,
    }
    arguments = [f"{key}={value}" for key, value in bounds.items() if value is not None]
    if scalar.multiple_of is not None:
        arguments.append(f'json_schema_extra={{"multipleOf": {scalar.multiple_of}}}')
    if arguments:
        yield f"Field({', '.join(arguments)})"
    if scalar.multiple_of is not None:
        # pydantic's own multiple_of divides binary floats and refuses legal tenths.
        yield f'AfterValidator(_multiple_of("{scalar.multiple_of}"))'
    if scalar.kind is Kind.INTEGER and draft > 4:
        yield "BeforeValidator(_whole)"
    if scalar.kind is Kind.STRING and not arguments:
        # pydantic checks for lone surrogates only if the text has a length limit.
        yield "AfterValidator(check_json)"


def _field_imports(field: Field, api: Api, above: str, draft: int) -> Iterator[tuple[str, str]]:
    definition = member(field, draft)
    if "Annotated[" in definition:
        yield "typing", "Annotated"
    if "Field(" in definition:
        yield "pydantic", "Field"
    if not field.required and _is_untyped(field):
        yield from ((f"{above}bases", "Untyped"), (f"{above}bases", "unset"))
        return
    if not field.required:
        yield f"{above}bases", "Opt"
    yield from _imports_of_type(field.type, api, above, draft)


def _imports_of_type(type_: Type, api: Api, above: str, draft: int) -> Iterator[tuple[str, str]]:
    match type_:
        case Ref(name):
            yield f"{above}.enums" if name in api.enum_names() else f"{above}datatypes", name
        case Array(item):
            yield from _imports_of_type(item, api, above, draft)
        case Scalar(kind=Kind.ANY):
            yield f"{above}bases", "AnyJson"
        case Scalar():
            named = _scalar_name(type_, draft)
            if named is None:
                yield "pydantic", _STRICT[type_.kind]
            else:
                yield f"{above}constraints", named

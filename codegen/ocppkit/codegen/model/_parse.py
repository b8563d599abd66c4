"""Parses the merged schemas with datamodel-code-generator; no other module uses that library.

Theory of operation: only the parser of the library is used. The code that the library renders differs from
release to release; what it parses does not. Three peculiarities of its models are handled here: the bounds
of a list are attributes of the field, named `min_length` and `max_length`; the bounds of the items of a list are
in separate root models, whose reference paths have several `#`; and in some releases bounds are wrapper objects.
`_unparse` converts the result back to a schema, and `parse` compares it with the input. So a release of the library
that loses or changes anything is noticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import CodegenError
from ..schemas._json_text import Place, normal_number
from ..schemas._structure import differences
from ._ir import Array, Kind, Ref, Scalar, Type
from ._merge import MergedSchemas

__all__ = ["ParsedEnum", "ParsedField", "ParsedObject", "ParsedTypes", "parse"]


@dataclass(frozen=True)
class ParsedField:
    """A member of an object, before it gets a Python name."""

    wire: str
    type: Type
    required: bool
    default: str | int | float | bool | None


@dataclass(frozen=True)
class ParsedObject:
    """An object type or a message, before it gets a Python name."""

    fields: tuple[ParsedField, ...]
    closed: bool
    place: Place
    """Its place in the schemas, for error messages."""


@dataclass(frozen=True)
class ParsedEnum:
    """An enum, with its values in the order of the schema."""

    values: tuple[str, ...]
    default: str | None
    place: Place
    """Its place in the schemas, for error messages."""


ParsedTypes = Mapping[str, ParsedObject | ParsedEnum]

_SCALARS = {
    "str": Kind.STRING,
    "constr": Kind.STRING,
    "int": Kind.INTEGER,
    "conint": Kind.INTEGER,
    "float": Kind.NUMBER,
    "confloat": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "AwareDatetime": Kind.DATE_TIME,
    "datetime": Kind.DATE_TIME,
    "AnyUrl": Kind.URI,
    "Any": Kind.ANY,
}


def parse(document: MergedSchemas) -> ParsedTypes:
    """Returns all types and messages of the merged schemas, by name.

    Raises:
        CodegenError: the installed release of datamodel-code-generator misreads the schemas.
    """
    schemas = {**document.types, **document.messages}
    models = {model.reference.path: model for model in _parser_models(document)}
    reader = _ModelReader(models, {f"#/definitions/{name}": name for name in schemas}, document)
    parsed: dict[str, ParsedObject | ParsedEnum] = {}
    for name, schema in schemas.items():
        try:
            parsed[name] = reader.read(name)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            raise _parser_error(document, name, f"{type(error).__name__}: {error}") from error
        read = _unparse(parsed[name])
        if not _equal_in_order(read, schema):
            what = [str(difference) for difference in differences(read, schema)]
            raise _parser_error(document, name, what[0] if what else "in another order")
    return parsed


def _parser_models(document: MergedSchemas) -> list[Any]:
    # Imported here: it takes a third of a second, and `diff` and `schemas` do without it.
    import datamodel_code_generator as dcg
    from datamodel_code_generator.format import PythonVersion
    from datamodel_code_generator.model import get_data_model_types
    from datamodel_code_generator.parser.jsonschema import JsonSchemaParser

    # By getattr: the module that defines the enum has moved between releases.
    kind = getattr(dcg, "DataModelType").PydanticV2BaseModel  # noqa: B009
    types = get_data_model_types(kind, PythonVersion.PY_311)
    parser = JsonSchemaParser(
        document.as_json_schema(),
        data_model_type=types.data_model,
        data_model_root_type=types.root_model,
        data_model_field_type=types.field_model,
        data_type_manager_type=types.data_type_manager,
    )
    parser.parse_raw()
    return list(parser.results)


@dataclass(frozen=True)
class _ModelReader:
    models: Mapping[str, Any]
    """The parser's models by reference path. Root models for list items differ only in the end of that path."""

    names: Mapping[str, str]
    """The names of types and messages by reference path."""

    document: MergedSchemas
    """The input of the parser, for what its models lack: defaults of enums, and places."""

    def read(self, name: str) -> ParsedObject | ParsedEnum:
        model = self.models[f"#/definitions/{name}"]
        if type(model).__name__ == "Enum":
            return ParsedEnum(
                values=tuple(_unquoted_value(field.default) for field in model.fields),
                default=self.document.types[name].get("default"),
                place=self.document.places[name],
            )
        return ParsedObject(
            fields=tuple(self._field(field) for field in model.fields),
            closed=model.extra_template_data.get("additionalProperties") is False,
            place=self.document.places[name],
        )

    def _field(self, field: Any) -> ParsedField:
        return ParsedField(
            wire=field.original_name,
            type=self._type(field.data_type, _bounds(field.constraints)),
            required=field.required,
            default=field.default,
        )

    def _type(self, data_type: Any, bounds: Mapping[str, Any]) -> Type:
        if data_type.is_list:
            return Array(
                item=self._type(data_type.data_types[0], {}),
                min_items=bounds.get("min_length", bounds.get("min_items")),
                max_items=bounds.get("max_length", bounds.get("max_items")),
            )
        if data_type.reference is not None:
            return self._reference(data_type.reference.path)
        if data_type.type is None:
            return self._type(data_type.data_types[0], bounds)
        kwargs: Mapping[str, Any] = data_type.kwargs or {}
        bounds = {key: _plain_number(value) for key, value in kwargs.items()}
        return Scalar(
            kind=_SCALARS[data_type.type],
            min_length=bounds.get("min_length"),
            max_length=bounds.get("max_length"),
            minimum=bounds.get("ge"),
            maximum=bounds.get("le"),
            multiple_of=bounds.get("multiple_of"),
        )

    def _reference(self, path: str) -> Type:
        if path in self.names:
            return Ref(self.names[path])
        # A root model that the parser hoisted out of a list to hold the bounds of its items.
        (field,) = self.models[path].fields
        return self._type(field.data_type, _bounds(field.constraints))


def _bounds(constraints: Any) -> Mapping[str, Any]:
    if constraints is None:
        return {}
    given: Mapping[str, Any] = constraints.model_dump(exclude_none=True)
    return {key: _plain_number(value) for key, value in given.items()}


def _plain_number(value: Any) -> Any:
    # The parser makes floats of the bounds of numbers; 0 is 0 as the schema writes it.
    return normal_number(getattr(value, "value", value))


def _unquoted_value(value: Any) -> str:
    text = str(getattr(value, "value", value))
    return text[1:-1] if text[:1] == text[-1:] == "'" else text


def _unparse(parsed: ParsedObject | ParsedEnum) -> dict[str, Any]:
    """Returns the schema from which a type was parsed, to compare it with the input."""
    if isinstance(parsed, ParsedEnum):
        default = {} if parsed.default is None else {"default": parsed.default}
        return {"type": "string", "enum": list(parsed.values), **default}
    schema: dict[str, Any] = {"type": "object"}
    if parsed.closed:
        schema["additionalProperties"] = False
    schema["properties"] = {field.wire: _unparse_field(field) for field in parsed.fields}
    required = [field.wire for field in parsed.fields if field.required]
    return {**schema, "required": required} if required else schema


def _unparse_field(field: ParsedField) -> dict[str, Any]:
    schema = _unparse_type(field.type)
    return schema if field.default is None else {**schema, "default": field.default}


def _unparse_type(type_: Type) -> dict[str, Any]:
    match type_:
        case Ref(name):
            return {"$ref": f"#/definitions/{name}"}
        case Array(item, low, high):
            bounds = {"minItems": low, "maxItems": high}
            return {"type": "array", "items": _unparse_type(item), **_without_none(bounds)}
        case Scalar(kind=Kind.ANY):
            return {}
        case Scalar(kind=Kind.DATE_TIME | Kind.URI):
            return {"type": "string", "format": type_.kind.value}
        case _:
            limits: dict[str, float | None] = {
                "minLength": type_.min_length,
                "maxLength": type_.max_length,
                "minimum": type_.minimum,
                "maximum": type_.maximum,
                "multipleOf": type_.multiple_of,
            }
            return {"type": type_.kind.value, **_without_none(limits)}


def _without_none(bounds: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in bounds.items() if value is not None}


def _equal_in_order(read: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Tells whether two schemas are equal and have their members in the same order."""
    return read == schema and [*read.get("properties", ())] == [*schema.get("properties", ())]


def _parser_error(document: MergedSchemas, name: str, how: str) -> CodegenError:
    return document.places[name].error(
        f"the installed datamodel-code-generator misreads {name}: {how}",
        "install another release of datamodel-code-generator, or express this part of the schema differently",
    )

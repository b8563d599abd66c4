"""Dataclasses that describe one OCPP version: its messages, datatypes, enums and their members (the IR).

`_parse` reads them from JSON Schema, `_passes` completes them, and templates and `ocppkit explain` use them.
They do not depend on the library that parses the schemas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ._facts import ActionFacts, ProtocolFacts

__all__ = [
    "Api",
    "ApiAction",
    "ApiMessage",
    "Array",
    "Datatype",
    "Doc",
    "EnumMember",
    "EnumType",
    "Field",
    "Kind",
    "Ref",
    "Scalar",
    "StandardNames",
    "Type",
    "Value",
    "ValueList",
    "Variable",
    "refs",
]


class Kind(StrEnum):
    """The kinds of scalar values in OCPP schemas."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE_TIME = "date-time"
    URI = "uri"
    ANY = "any"
    """Any JSON value, including `null`; the schema gives no type."""


@dataclass(frozen=True)
class Scalar:
    """The type of a value without members, such as a text or a number, with its bounds."""

    kind: Kind
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    multiple_of: int | float | None = None


@dataclass(frozen=True)
class Ref:
    """A reference to an enum or datatype by its name."""

    name: str


@dataclass(frozen=True)
class Array:
    """The type of a list, with its bounds."""

    item: "Type"
    min_items: int | None = None
    max_items: int | None = None


Type = Scalar | Ref | Array


@dataclass(frozen=True)
class Doc:
    """A text that explains a message, a type, a member or a value, with its source."""

    text: str
    """One or two sentences."""

    source: str
    """The use case, requirement or section of the specification behind the text."""

    def __str__(self) -> str:
        return f"{self.text} [{self.source}]"


@dataclass(frozen=True)
class Field:
    """A member of an object."""

    wire: str
    """Its name in JSON."""

    name: str
    """Its name in Python."""

    type: Type
    required: bool

    default: str | int | float | bool | None = None
    """The default in the schema: what a reader may assume. An absent member is not set to it."""

    doc: Doc | None = None


@dataclass(frozen=True)
class EnumMember:
    """A value of an enum."""

    name: str
    """Its name in Python."""

    value: str
    """Its text in JSON."""

    doc: Doc | None = None


@dataclass(frozen=True)
class EnumType:
    """An enum: a fixed list of text values."""

    name: str
    members: tuple[EnumMember, ...]
    default: str | None = None
    """The value that a reader may assume if a member of this type is absent."""

    used_by: tuple[str, ...] = ()
    """The messages that contain it, directly or in a datatype, sorted."""

    doc: Doc | None = None


@dataclass(frozen=True)
class Datatype:
    """An object type that messages contain, such as `ChargingStationType`."""

    name: str
    fields: tuple[Field, ...]
    closed: bool
    """Whether the schema forbids unknown members."""

    used_by: tuple[str, ...] = ()
    """The messages that contain it, directly or in another datatype, sorted."""

    doc: Doc | None = None


@dataclass(frozen=True)
class ApiMessage:
    """A message: the payload of a request, a response or a SEND."""

    name: str
    fields: tuple[Field, ...]
    draft: int
    """The JSON Schema draft of its file: 4 or 6."""

    path: str
    """Its schema file, relative to the folder of the version."""

    doc: Doc | None = None


@dataclass(frozen=True)
class ApiAction:
    """An action: a request and its response, or a SEND."""

    name: str
    module: str
    """The name of its Python module and of its method in the role classes."""

    facts: ActionFacts
    request: ApiMessage
    response: ApiMessage | None

    @property
    def messages(self) -> tuple[ApiMessage, ...]:
        """Its messages. The response comes first, because the class of the request refers to it."""
        return (self.request,) if self.response is None else (self.response, self.request)


@dataclass(frozen=True)
class Variable:
    """A variable of the device model, or a configuration key of OCPP 1.6."""

    name: str
    component: str | None
    """Its component; `None` for a configuration key, and for a variable that any component may have."""

    instance: str | None
    """Its instance, if OCPP defines several variables with this name."""

    member: str
    """Its name in Python."""

    instances: str | None
    """What the instances stand for, if the station defines them, such as `measurand`."""

    type: str | None
    """Its data type as OCPP 2.x names it; `None` if no source defines it."""

    units: tuple[str, ...]
    required: bool
    required_when: str | None
    values: tuple[str, ...]
    """The values that OCPP lists for it, or for the items of its list."""

    values_of: str | None
    """The enum whose values it accepts."""

    mutability: tuple[str, ...] | None
    """Whether the CSMS may read and write it; `None` if no source defines it."""

    group: str | None
    """The feature profile of a configuration key."""

    successor: str | None
    """The variable of OCPP 2.x that replaces a configuration key."""

    successor_limit: bool
    """Whether the key holds the greatest allowed value of that variable, instead of the value itself."""

    successor_values: tuple[str, ...]
    """The spelling of `values` in OCPP 2.x, if it differs; in the same order."""

    source: str

    @property
    def successor_place(self) -> tuple[str | None, str, str | None]:
        """Component, name and instance of the successor, or of the variable itself if it has none."""
        if self.successor is None:
            return self.component, self.name, self.instance
        component, _, variable = self.successor.partition(".")
        name, _, instance = variable.removesuffix("]").partition("[")
        return component, name, instance or None

    def __str__(self) -> str:
        place = f"{self.component}.{self.name}" if self.component else self.name
        return f"{place}[{self.instance}]" if self.instance else place


@dataclass(frozen=True)
class Value:
    """A value that OCPP standardises for a member of type text, such as a reason code."""

    name: str
    """Its name in Python."""

    value: str
    """Its text in JSON."""

    critical: bool = False
    """For a security event: whether it must reach the CSMS."""


@dataclass(frozen=True)
class ValueList:
    """A list of standard values with one purpose, such as all reason codes."""

    name: str
    about: str
    source: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class StandardNames:
    """The names that a version standardises outside its schemas: variables and lists of values."""

    variables: tuple[Variable, ...] = ()
    lists: tuple[ValueList, ...] = ()


@dataclass(frozen=True)
class Api:
    """The model of one OCPP version: everything from which templates render its package."""

    protocol: ProtocolFacts
    enums: tuple[EnumType, ...]
    """Sorted by name."""

    datatypes: tuple[Datatype, ...]
    """Sorted by name, but each comes after the datatypes that it contains."""

    actions: tuple[ApiAction, ...]
    """Sorted by name."""

    names: StandardNames = StandardNames()
    """The variables, configuration keys and values that are in no schema."""

    def enum_names(self) -> frozenset[str]:
        """Returns the names of all enums."""
        return self._enum_names

    @cached_property
    def _enum_names(self) -> frozenset[str]:
        return frozenset(enum.name for enum in self.enums)

    def fields_of(self) -> Mapping[str, tuple[Field, ...]]:
        """Returns the members of each datatype and message, by its name."""
        objects: list[Datatype | ApiMessage] = list(self.datatypes)
        for action in self.actions:
            objects.extend(action.messages)
        return {each.name: each.fields for each in objects}

    def types(self) -> dict[str, Datatype | EnumType]:
        """Returns all datatypes and enums, by name."""
        types: tuple[Datatype | EnumType, ...] = (*self.datatypes, *self.enums)
        return {each.name: each for each in types}

    def types_inside(self, *messages: ApiMessage) -> list[Datatype | EnumType]:
        """Returns all types that messages contain, directly or in other types: the direct ones first."""
        types = self.types()
        fields = [field for message in messages for field in message.fields]
        found: dict[str, Datatype | EnumType] = {}
        # The list grows while it is walked: that is what makes the order breadth first.
        for field in fields:
            for name in refs(field.type):
                if name not in found:
                    type_ = found[name] = types[name]
                    fields.extend(type_.fields if isinstance(type_, Datatype) else ())
        return list(found.values())


def refs(type_: Type) -> Iterator[str]:
    """Yields the name of the enum or datatype that a type, or the items of a list, refer to."""
    match type_:
        case Ref(name):
            yield name
        case Array(item):
            yield from refs(item)
        case _:
            pass

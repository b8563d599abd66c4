"""The generator's own picture of a version: frozen, plain, independent of any parser's release.

`_parse` makes it from JSON Schema, `_passes` completes it, templates and `explain` read it.
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
    """The scalar kinds that OCPP schemas know."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE_TIME = "date-time"
    URI = "uri"
    ANY = "any"
    """An untyped place: any JSON value, `null` included."""


@dataclass(frozen=True)
class Scalar:
    """A value without members, and its bounds."""

    kind: Kind
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    multiple_of: int | float | None = None


@dataclass(frozen=True)
class Ref:
    """A named enum or datatype."""

    name: str


@dataclass(frozen=True)
class Array:
    """A list."""

    item: "Type"
    min_items: int | None = None
    max_items: int | None = None


Type = Scalar | Ref | Array


@dataclass(frozen=True)
class Doc:
    """What something means, in words of our own."""

    text: str
    """One or two sentences."""

    source: str
    """What says so: a use case, a requirement or a section."""

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
    """What the schema says a reader may assume; it never fills an absent member."""

    doc: Doc | None = None


@dataclass(frozen=True)
class EnumMember:
    """A value of an enum."""

    name: str
    """Its name in Python."""

    value: str
    """As it stands on the wire."""

    doc: Doc | None = None


@dataclass(frozen=True)
class EnumType:
    """A closed set of values."""

    name: str
    members: tuple[EnumMember, ...]
    default: str | None = None
    """The value that a reader may assume where a member of this type is absent."""

    used_by: tuple[str, ...] = ()
    """Messages that reach it, sorted."""

    doc: Doc | None = None


@dataclass(frozen=True)
class Datatype:
    """A named object inside messages."""

    name: str
    fields: tuple[Field, ...]
    closed: bool
    """Whether unknown members are refused."""

    used_by: tuple[str, ...] = ()
    """Messages that reach it, sorted."""

    doc: Doc | None = None


@dataclass(frozen=True)
class ApiMessage:
    """The payload of one frame."""

    name: str
    fields: tuple[Field, ...]
    draft: int
    """JSON Schema draft of its file: 4 or 6."""

    path: str
    """Its schema file, relative to the set of schemas."""

    doc: Doc | None = None


@dataclass(frozen=True)
class ApiAction:
    """A request and its response, or a SEND."""

    name: str
    module: str
    """Its name as a Python module and method."""

    facts: ActionFacts
    request: ApiMessage
    response: ApiMessage | None

    @property
    def messages(self) -> tuple[ApiMessage, ...]:
        """The response first, since the request's type names it."""
        return (self.request,) if self.response is None else (self.response, self.request)


@dataclass(frozen=True)
class Variable:
    """A variable of the device model, or a configuration key of OCPP 1.6."""

    name: str
    component: str | None
    """The component that has it; `None` for a configuration key, and for what any component may have."""

    instance: str | None
    """Which of several variables of one name."""

    member: str
    """Its name in Python."""

    instances: str | None
    """What distinguishes several variables of the name where the station chooses."""

    type: str | None
    """Its data type in the words of OCPP 2.x; `None` where no source says it."""

    units: tuple[str, ...]
    required: bool
    required_when: str | None
    values: tuple[str, ...]
    """The values, or the items of its lists, that OCPP names."""

    values_of: str | None
    """An enum whose values it takes."""

    mutability: tuple[str, ...] | None
    """What the CSMS may do with it; `None` where no source says it."""

    group: str | None
    """The feature profile of a configuration key."""

    successor: str | None
    """The variable of OCPP 2.x that does the work of a configuration key."""

    successor_limit: bool
    """Whether the value of the key is the greatest value of that variable, and not the variable's value."""

    successor_values: tuple[str, ...]
    """What `values` are called there, where they differ; in the same order."""

    source: str

    @property
    def successor_place(self) -> tuple[str | None, str, str | None]:
        """Component, name and instance of the successor; those of the key itself if it has none."""
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
    """A standard value of a member that may hold any text."""

    name: str
    """Its name in Python."""

    value: str
    """As it stands on the wire."""

    critical: bool = False
    """Whether a security event must reach the CSMS."""


@dataclass(frozen=True)
class ValueList:
    """The standard values for members of one kind."""

    name: str
    about: str
    source: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class StandardNames:
    """What a version standardises outside its schemas."""

    variables: tuple[Variable, ...] = ()
    lists: tuple[ValueList, ...] = ()


@dataclass(frozen=True)
class Api:
    """A whole version."""

    protocol: ProtocolFacts
    enums: tuple[EnumType, ...]
    """By name."""

    datatypes: tuple[Datatype, ...]
    """Each after those it refers to, else by name."""

    actions: tuple[ApiAction, ...]
    """By name."""

    names: StandardNames = StandardNames()
    """Variables, configuration keys and values that no schema has."""

    def enum_names(self) -> frozenset[str]:
        """The names of all enums."""
        return self._enum_names

    @cached_property
    def _enum_names(self) -> frozenset[str]:
        return frozenset(enum.name for enum in self.enums)

    def fields_of(self) -> Mapping[str, tuple[Field, ...]]:
        """The members of every datatype and message, by name."""
        objects: list[Datatype | ApiMessage] = list(self.datatypes)
        for action in self.actions:
            objects.extend(action.messages)
        return {each.name: each.fields for each in objects}


def refs(type_: Type) -> Iterator[str]:
    """Yields the name that a type refers to, if it does."""
    match type_:
        case Ref(name):
            yield name
        case Array(item):
            yield from refs(item)
        case Scalar():
            pass

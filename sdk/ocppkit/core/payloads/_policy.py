"""Policies: how strictly messages are checked in one direction, with exceptions for single places."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Final

from msgspec import Struct

from ..model._issues import Rule
from ..model._messages import Message, Payload
from ._shape import (
    AnyShape,
    BooleanShape,
    DateTimeShape,
    EnumShape,
    IntegerShape,
    ListShape,
    NumberShape,
    Shape,
    StringShape,
    places,
    shape_of,
)

__all__ = ["LENIENT", "OFF", "STRICT", "Alteration", "Mode", "Override", "Policies", "Policy"]


class Mode(StrEnum):
    """Ways to treat a message that breaks its schema."""

    STRICT = "strict"
    """It is refused."""

    LENIENT = "lenient"
    """Inbound, it is repaired where its meaning is plain, each repair with an issue. Outbound it is
    the same as strict: nobody repairs our own messages."""

    OFF = "off"
    """Inbound, it is repaired without issues and constraints are not checked; a message that cannot be
    built is still refused. Outbound, nothing is checked."""


class Override(Struct, frozen=True, kw_only=True):
    """Relaxes the rules at one place of one message, in every mode, without an issue.

    Raises:
        ValueError: the message has no such place, nothing can be loosened there, or the alias is a
            member of its own.

    ```python
    Override(
        message=v16.BootNotificationRequest, path="$.chargeBoxSerialNumber", max_length=50
    )
    ```
    """

    message: type[Payload]
    """The message; the class tells request from response and one version from another."""

    path: str
    """The place by names on the wire; `[*]` stands for every item of a list."""

    max_length: int | None = None
    max_items: int | None = None
    min_items: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    open_enum: bool = False
    """Values that the enum lacks become pseudo-members."""

    alias: str | None = None
    """Another name on the wire, read where the right one is absent; no member beside it may have it."""

    reported: bool = False
    """Whether each value that it allows has an issue, so that it can be counted."""

    def __post_init__(self) -> None:
        shapes = _places_of(self.message, self.path)
        allowed = _relaxable_rules(shapes[self.path])
        wrong = sorted(set(self._names_given()) - allowed)
        if wrong or not self._names_given():
            said = f"{', '.join(wrong)} cannot be relaxed" if wrong else "no rule is relaxed"
            raise ValueError(f"{said} at {self.path} of {self.message.__name__}")
        self._check_alias(shapes)

    def _check_alias(self, shapes: Mapping[str, Shape]) -> None:
        parent, _, name = self.path.rpartition(".")
        if self.alias is None:
            return
        if not parent or name.endswith("]"):
            raise ValueError(
                f"{self.path} is not a member of an object, so it cannot have the alias "
                f"{self.alias!r}"
            )
        if self.alias_path in shapes:
            # Both would be read from the one value.
            raise ValueError(
                f"{self.alias!r} is a member of {self.message.__name__} at {parent} already, so "
                f"it cannot be an alias of {name}"
            )

    def limit(self, rule: Rule, schema: float) -> float:
        """Returns the limit of the override, or the schema's where the override has none."""
        limit: float | None = getattr(self, rule, None)
        return schema if limit is None else limit

    @property
    def alias_path(self) -> str | None:
        """The path of the alias in JSON, or `None` if there is no alias."""
        return None if self.alias is None else f"{self.path.rpartition('.')[0]}.{self.alias}"

    def _names_given(self) -> list[str]:
        names = ("max_length", "max_items", "min_items", "minimum", "maximum", "alias")
        given = [name for name in names if getattr(self, name) is not None]
        return [*given, "open_enum"] if self.open_enum else given


_NUMBERS: Final = (AnyShape, BooleanShape, IntegerShape, NumberShape)
_TEXTS: Final = (AnyShape, DateTimeShape, EnumShape, StringShape)


def _places_of(message: type[Payload], path: str) -> Mapping[str, Shape]:
    """Returns the places of a message; raises `ValueError` if the path is not among them."""
    shapes = dict(places(shape_of(message)))
    if path not in shapes:
        raise ValueError(f"{message.__name__} has no {path} [use one of: {', '.join(shapes)}]")
    return shapes


class Alteration(Struct, frozen=True, kw_only=True):
    """A change at one place of our messages before they are sent, for a peer that needs it.

    The message is checked before it is changed; what is sent may break its schema.

    ```python
    Alteration(message=v16.ChangeConfigurationRequest, path="$.value", shorten_to=100)
    ```

    Raises:
        ValueError: the message has no such place, not exactly one change is named, or what stands there
            cannot be changed so.
    """

    message: type[Payload]
    path: str
    """The place by names on the wire; `[*]` stands for every item of a list."""

    leave_out: bool = False
    """The member is not sent."""

    as_text: bool = False
    """A number or boolean is sent as its JSON text."""

    shorten_to: int | None = None
    """A longer text is cut to so many characters."""

    def __post_init__(self) -> None:
        shape = _places_of(self.message, self.path)[self.path]
        if self.path == "$" or self.path.endswith("]"):
            raise ValueError(f"{self.path} is not a member of an object of {self.message.__name__}")
        if self.leave_out + self.as_text + (self.shorten_to is not None) != 1:
            raise ValueError(
                f"set exactly one of leave_out, as_text and shorten_to for {self.path} "
                f"of {self.message.__name__}"
            )
        if self.as_text and not isinstance(shape, _NUMBERS):
            raise ValueError(
                f"{self.path} of {self.message.__name__} is not a number or boolean, so as_text= "
                "cannot be used"
            )
        if self.shorten_to is not None and not (isinstance(shape, _TEXTS) and self.shorten_to >= 0):
            raise ValueError(
                f"{self.path} of {self.message.__name__} cannot be cut to {self.shorten_to} "
                "characters"
            )

    @property
    def change(self) -> str:
        """A description of the change for people, such as `$.value cut to 100 characters`."""
        what = "left out" if self.leave_out else "as text" if self.as_text else ""
        return f"{self.path} {what or f'cut to {self.shorten_to} characters'}"

    def __str__(self) -> str:
        return f"{self.message.__name__} {self.change}"


def _relaxable_rules(shape: Shape) -> set[str]:
    match shape:
        case StringShape():
            return {"max_length", "alias"}
        case IntegerShape() | NumberShape():
            return {"minimum", "maximum", "alias"}
        case EnumShape():
            return {"open_enum", "alias"}
        case ListShape():
            return {"max_items", "min_items", "alias"}
        case _:
            return {"alias"}


class Policy(Struct, frozen=True, kw_only=True):
    """How messages in one direction are checked: `STRICT`, `LENIENT`, `OFF`, or a policy of your
    own.
    """

    mode: Mode = Mode.STRICT

    naive_timezone: tzinfo = UTC
    """The zone of date-times that name none, where those are repaired."""

    overrides: tuple[Override, ...] = ()
    """Places that are read more loosely, whatever the mode."""

    alterations: tuple[Alteration, ...] = ()
    """What is changed in messages of ours after they were checked; it counts for outgoing ones only."""

    order: tuple[type[Message], ...] = ()
    """Requests of ours that are sent in this order if they wait for an earlier call at the same time.
    Nothing waits for a request that was not made; what is not named keeps its place."""

    def __post_init__(self) -> None:
        if len(set(self.order)) < len(self.order):
            raise ValueError("a request is twice in order= [remove one of them]")
        taken: set[tuple[type[Payload], str]] = set()
        for override in self.overrides:
            # Two places with one alias would both be read from the one value.
            for path in (override.path, override.alias_path):
                if path is None:
                    continue
                if (override.message, path) in taken:
                    raise ValueError(
                        f"there are two overrides of {override.message.__name__} for {path} [join "
                        "them]"
                    )
                taken.add((override.message, path))

    def overrides_of(self, message: type[Struct]) -> Mapping[str, Override]:
        """Returns the overrides of one message, by path."""
        return {item.path: item for item in self.overrides if item.message is message}


class Policies(Struct, frozen=True, kw_only=True):
    """The policies for both directions of one connection, where they differ from those of the
    others.
    """

    inbound: Policy | None = None
    """For the peer's messages; `None` leaves it as it is."""

    outbound: Policy | None = None
    """For our own messages; `None` leaves it as it is."""


STRICT = Policy()
"""Accepts exactly what the schema allows; the default in both directions."""

LENIENT = Policy(mode=Mode.LENIENT)
"""Repairs messages whose meaning is plain, and reports each repair; for stations in the field."""

OFF = Policy(mode=Mode.OFF)
"""Checks nothing, for programs that have checked their messages already."""

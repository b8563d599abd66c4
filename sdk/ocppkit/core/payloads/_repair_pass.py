"""The methods of the repair pass, one per shape; `_repair.py` describes it.

What holds other values is built by a generator, which pauses now and then, so that a long payload need
not be walked at once.
"""

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from ..model._issues import Path, Rule
from ..model._json import is_list, is_object, write
from ..model._messages import (
    NO_RULES,
    PayloadRules,
    reports_or_answers,
)
from ..model._repairs import Repair
from ._conversions import boolean_of, integer_in, number_in
from ._formats import is_multiple, is_rfc3339, is_uri, read_datetime
from ._issue_recorder import TooManyIssues
from ._issue_reporter import IssueReporter
from ._policy import Mode, Policy
from ._shape import (
    AnyShape,
    BooleanShape,
    DateTimeShape,
    EnumShape,
    IntegerShape,
    ListShape,
    NumberShape,
    ObjectShape,
    OpenShape,
    Shape,
    StringShape,
    listed_values,
)

__all__ = ["BROKEN", "RepairPass", "Walk"]


BROKEN: Final[Any] = msgspec.NODEFAULT
"""Stands for a value that cannot be built."""

Walk: TypeAlias = Generator[None, None, Any]
"""Yields at each pause, and returns what was built."""

# `Any`, as type checkers would lose the type of what is compared with the class itself.
_GENERATOR: Final[Any] = GeneratorType

_STEP: Final = 500
"""Members and items that are built between two pauses: some milliseconds."""


class RepairPass(IssueReporter):
    """One run of the repair pass over one payload."""

    def __init__(self, cls: type[Struct], policy: Policy, root: Any, outgoing: bool) -> None:
        super().__init__(cls, policy, root)
        self._zone = policy.naive_timezone
        rules: PayloadRules = getattr(cls, "__ocpp_rules__", NO_RULES)
        self._json_texts = rules.json_texts
        lenient = policy.mode is Mode.LENIENT
        self._leaves_out = lenient and reports_or_answers(cls)
        self._harmless = rules.harmless_when_absent if lenient else frozenset[str]()
        self._outgoing = outgoing
        bits = rules.integer_bits if outgoing else None
        self._integers = None if bits is None else (-(1 << bits - 1), (1 << bits - 1) - 1)
        # In draft 6 a number without fraction is an integer, however it is written.
        self._reads_1_0 = getattr(cls, "__ocpp_draft__", 6) >= 6 and not outgoing
        self._until_pause = _STEP

    def payload(self, shape: ObjectShape, value: Any) -> Walk:
        """Builds the whole payload; gives up if it has far too many issues."""
        try:
            return (yield from self._payload(shape, value))
        except TooManyIssues:
            return BROKEN

    def _payload(self, shape: ObjectShape, value: Any) -> Walk:
        if is_object(value):
            return (yield from self.object_value(shape, value, None))
        # FRM-07: receivers should read a payload of null as {}.
        mends = Repair.EMPTY_PAYLOAD if value is None else None
        if self._report(Rule.PAYLOAD, None, value, mends=mends):
            return (yield from self.object_value(shape, {}, None))
        return BROKEN

    def _is_pause_due(self, looked_at: int) -> bool:
        """Counts members and items; returns whether it is time to pause."""
        self._until_pause -= looked_at
        if self._until_pause > 0:
            return False
        self._until_pause = _STEP
        return True

    # One method per shape: the value to go on with, or BROKEN. First the values that hold no others.

    def any_value(self, _shape: AnyShape, value: Any, path: Path) -> Any:
        return value

    def boolean_value(self, shape: BooleanShape, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return value
        found = boolean_of(value)
        mends = Repair.TO_BOOLEAN if found is not None else None
        return found if self._mistyped(path, value, "true or false", mends=mends) else BROKEN

    def integer_value(self, shape: IntegerShape, value: Any, path: Path) -> Any:
        number = self._as_integer(value, path)
        if number is BROKEN:
            return BROKEN
        least, most = shape.minimum, shape.maximum
        if self._integers is not None:
            # VAL-02
            first, last = self._integers
            least = first if least is None else max(first, least)
            most = last if most is None else min(last, most)
        under = self._is_below(Rule.MINIMUM, path, value, number, least)
        over = self._exceeds(Rule.MAXIMUM, path, value, number, most)
        return BROKEN if under or over else number

    def _as_integer(self, value: Any, path: Path) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        found = integer_in(value)
        if found is not None and isinstance(value, float) and self._reads_1_0:
            return found
        mends = None if found is None else Repair.TO_INTEGER
        return found if self._mistyped(path, value, "an integer", mends=mends) else BROKEN

    def number_value(self, shape: NumberShape, value: Any, path: Path) -> Any:
        number = self._as_number(value, path)
        if number is BROKEN:
            return BROKEN
        under = self._is_below(Rule.MINIMUM, path, value, number, shape.minimum)
        over = self._exceeds(Rule.MAXIMUM, path, value, number, shape.maximum)
        step = shape.multiple_of
        odd = (
            step is not None
            and not is_multiple(number, step)
            and not self._report(Rule.MULTIPLE_OF, path, value, step, mends=Repair.KEPT)
        )
        return BROKEN if under or over or odd else number

    def _as_number(self, value: Any, path: Path) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                self._report(Rule.NUMBER, path, value)
                return BROKEN
        found = number_in(value) if isinstance(value, str) else None
        mends = None if found is None else Repair.TO_NUMBER
        return found if self._mistyped(path, value, "a number", mends=mends) else BROKEN

    def string_value(self, shape: StringShape, value: Any, path: Path) -> Any:
        text = self._as_text(value, path)
        if text is BROKEN:
            return BROKEN
        under = self._is_below(Rule.MIN_LENGTH, path, value, len(text), shape.min_length)
        over = self._exceeds(Rule.MAX_LENGTH, path, value, len(text), shape.max_length)
        odd = (
            shape.uri
            and not is_uri(text)
            and not self._report(Rule.FORMAT, path, value, "RFC 3986 URI", mends=Repair.KEPT)
        )
        return BROKEN if under or over or odd else text

    def _as_text(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return value
        mends = None
        if isinstance(value, bool | int | float):
            mends = Repair.TO_TEXT
        elif value is not None and self._is_json_text(path):
            mends = Repair.TO_JSON_TEXT
        return (
            write(value).decode()
            if self._mistyped(path, value, "a string", mends=mends)
            else BROKEN
        )

    def _is_json_text(self, path: Path) -> bool:
        return path is not None and path[0] is None and path[1] in self._json_texts

    def enum_value(self, shape: EnumShape, value: Any, path: Path) -> Any:
        text = self._as_text(value, path)
        if text in shape.words or text is BROKEN:
            return shape.words.get(text, BROKEN)
        override = self._override(path)
        is_open = override is not None and override.open_enum
        if is_open:
            self._allow(Rule.ENUM, path, value, listed_values(shape))
        if is_open or self._report(
            Rule.ENUM, path, value, listed_values(shape), mends=Repair.UNKNOWN_VALUE
        ):
            return shape.cls.unknown(text)
        return BROKEN

    def datetime_value(self, shape: DateTimeShape, value: Any, path: Path) -> Any:
        if not isinstance(value, str):
            self._mistyped(path, value, "a date-time")
            return BROKEN
        found = read_datetime(value, self._zone)
        moment, is_clean = found or (BROKEN, False)
        if self._outgoing:
            is_clean = is_rfc3339(value)
        mends = None if found is None else Repair.TO_DATE_TIME
        if is_clean or self._report(Rule.FORMAT, path, value, "RFC 3339 date-time", mends=mends):
            return moment
        return BROKEN

    # Values that hold others.

    def list_value(self, shape: ListShape, value: Any, path: Path) -> Walk:
        if not is_list(value):
            wraps = is_object(value) and isinstance(shape.item, ObjectShape | OpenShape)
            if not self._mistyped(path, value, "a list", mends=Repair.TO_LIST if wraps else None):
                return BROKEN
            value = [value]
        under = self._is_below(Rule.MIN_ITEMS, path, value, len(value), shape.min_items)
        over = self._exceeds(Rule.MAX_ITEMS, path, value, len(value), shape.max_items)
        built = yield from self._items(shape.item, value, path)
        # By identity: a payload must not be asked whether it equals something.
        if any(item is BROKEN for item in built):
            built = self._without_broken(shape, value, built, path)
        return BROKEN if under or over else built

    def _items(self, shape: Shape, value: list[Any], path: Path) -> Walk:
        built: list[Any] = []
        build = _BUILDERS[type(shape)]
        for at, item in enumerate(value):
            # Without a function call, as there may be many items.
            self._until_pause -= 1
            if self._until_pause <= 0:
                self._until_pause = _STEP
                yield
            made = build(self, shape, item, (path, at))
            built.append((yield from made) if type(made) is _GENERATOR else made)
        return built

    def _without_broken(
        self, shape: ListShape, value: list[Any], built: list[Any], path: Path
    ) -> Any:
        """Returns a list without the items that cannot be built, if the list may be shorter."""
        if not self._leaves_out:
            return BROKEN
        self._mended += 1
        self._recorder.leave_out_items(self._where(path))
        kept = [item for item in built if item is not BROKEN]
        if shape.min_items is None:
            return kept
        least = self._loosened(Rule.MIN_ITEMS, path, shape.min_items)
        if len(kept) >= least:
            return kept
        left = [item for item, made in zip(value, built, strict=True) if made is not BROKEN]
        self._report(Rule.MIN_ITEMS, path, left, least)
        return BROKEN

    def object_value(self, shape: ObjectShape, value: Any, path: Path) -> Walk:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return BROKEN
        members = yield from self._members(shape, self._with_known_names(shape, value, path), path)
        if members is BROKEN:
            return BROKEN
        return shape.cls(**{shape.members[wire].name: item for wire, item in members.items()})

    def open_value(self, shape: OpenShape, value: Any, path: Path) -> Walk:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return BROKEN
        before = self._mended
        value = self._with_known_names(shape.known, value, path)
        known = yield from self._members(shape.known, value, path)
        if known is BROKEN:
            return BROKEN
        if self._mended > before:
            others = {wire: item for wire, item in value.items() if wire not in shape.known.members}
            # An open object holds what stands on the wire, mended members too.
            value = others | msgspec.to_builtins(known)
        return shape.cls.from_members(value)

    def _members(self, shape: ObjectShape, value: dict[str, Any], path: Path) -> Walk:
        built: dict[str, Any] = {}
        is_whole = True
        if self._is_pause_due(len(shape.members)):
            yield
        for wire, item in value.items():
            member = shape.members.get(wire)
            here = (path, wire)
            if member is None:
                if self._is_pause_due(1):
                    yield
                if shape.closed:
                    mends = Repair.UNKNOWN_MEMBER_LEFT_OUT
                    is_whole &= self._report(Rule.UNKNOWN_MEMBER, here, item, mends=mends)
            elif item is None and not member.required and not isinstance(member.shape, AnyShape):
                mends = Repair.NULL_LEFT_OUT
                is_whole &= self._mistyped(here, None, "an absent member", mends=mends)
            else:
                made: Any = _BUILDERS[type(member.shape)](self, member.shape, item, here)
                if type(made) is _GENERATOR:
                    walk: Walk = made
                    made = yield from walk
                if made is not BROKEN:
                    built[wire] = made
                elif not member.required and (self._leaves_out or wire in self._harmless):
                    self._mended += 1
                    self._recorder.leave_out(self._where(here), Repair.MEMBER_LEFT_OUT)
                else:
                    is_whole = False
        for wire, member in shape.members.items():
            if member.required and wire not in value:
                is_whole = self._report(Rule.REQUIRED, (path, wire))
        return built if is_whole else BROKEN

    def _with_known_names(
        self, shape: ObjectShape, value: dict[str, Any], path: Path
    ) -> dict[str, Any]:
        if not self._overrides:
            return value
        names = {
            override.alias: wire
            for wire in shape.members
            if wire not in value
            and (override := self._override((path, wire))) is not None
            and override.alias in value
        }
        for alias, wire in names.items():
            self._allow(Rule.UNKNOWN_MEMBER, (path, wire), value[alias], seen=(path, alias))
        return {names.get(wire, wire): item for wire, item in value.items()} if names else value


_BUILDERS: Final[dict[type[Shape], Callable[[RepairPass, Any, Any, Path], Any]]] = {
    AnyShape: RepairPass.any_value,
    BooleanShape: RepairPass.boolean_value,
    DateTimeShape: RepairPass.datetime_value,
    EnumShape: RepairPass.enum_value,
    IntegerShape: RepairPass.integer_value,
    ListShape: RepairPass.list_value,
    NumberShape: RepairPass.number_value,
    ObjectShape: RepairPass.object_value,
    OpenShape: RepairPass.open_value,
    StringShape: RepairPass.string_value,
}

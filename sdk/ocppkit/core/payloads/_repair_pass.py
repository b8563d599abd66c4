"""The walk of the repair pass that `_repair.py` describes: one method per shape reports issues and builds."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..model._issues import Issue, Issues, Path, Rule, render_path, steps_of
from ..model._json import is_list, is_object, write
from ..model._messages import (
    NO_RULES,
    NOT_SENSITIVE,
    PayloadRules,
    Sensitive,
    reports_or_answers,
)
from ..model._repairs import Repair
from ..model._sensitive import is_sensitive
from ._conversions import boolean_of, integer_in, number_in
from ._formats import is_multiple, is_rfc3339, is_uri, read_datetime
from ._issue_recorder import IssueRecorder, TooManyIssues
from ._policy import Mode, Override, Policy
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

__all__ = ["BROKEN", "RepairPass"]


BROKEN: Final[Any] = msgspec.NODEFAULT
"""Stands for a value that cannot be built."""


class RepairPass:
    """One pass over one payload."""

    def __init__(self, cls: type[Struct], policy: Policy, root: Any, outgoing: bool) -> None:
        self._root = root
        self._sensitive: Sensitive = getattr(cls, "__ocpp_sensitive__", NOT_SENSITIVE)
        self._mends = policy.mode is not Mode.STRICT
        self._recorder = IssueRecorder(stops=not self._mends)
        self._silent = policy.mode is Mode.OFF
        self._mended = 0
        self._overrides = policy.overrides_of(cls)
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

    def payload(self, shape: ObjectShape, value: Any) -> Any:
        """Builds the root, or gives up when it has far too many issues to be of use."""
        try:
            return self._payload(shape, value)
        except TooManyIssues:
            return BROKEN

    def _payload(self, shape: ObjectShape, value: Any) -> Any:
        if is_object(value):
            return self.object_value(shape, value, None)
        # FRM-07: receivers should read a payload of null as {}.
        mends = Repair.EMPTY_PAYLOAD if value is None else None
        if self._report(Rule.PAYLOAD, None, value, mends=mends):
            return self.object_value(shape, {}, None)
        return BROKEN

    def issues(self, *, refused: bool) -> Issues:
        """Returns what was found."""
        return self._recorder.result(refused=refused)

    def _build(self, shape: Shape, value: Any, path: Path) -> Any:
        return _BUILDERS[type(shape)](self, shape, value, path)

    def _report(
        self,
        rule: Rule,
        path: Path,
        value: Any = UNSET,
        expected: str | float | UnsetType = UNSET,
        *,
        mends: Repair | None = None,
    ) -> bool:
        """Records an issue; returns whether the pass goes on as if there were none."""
        mended = mends is not None and self._mends
        self._mended += mended
        if not (mended and self._silent) and self._recorder.wants(mended):
            self._add(rule, path, value, expected, mends if mended else None)
        return mended

    def _mistyped(
        self, path: Path, value: Any, expected: str, *, mends: Repair | None = None
    ) -> bool:
        rule = Rule.NULL if value is None else Rule.TYPE
        return self._report(rule, path, value, expected, mends=mends)

    def _override(self, path: Path) -> Override | None:
        return self._overrides.get(render_path(path, pattern=True)) if self._overrides else None

    # Limits. Values beyond them are kept by the lenient mode; an override moves them.

    def _over(self, rule: Rule, path: Path, value: Any, size: float, limit: float | None) -> bool:
        """Returns whether a value breaks an upper limit so that it cannot be used."""
        if limit is None or size <= limit:
            return False
        allowed = self._loosened(rule, path, limit)
        if size <= allowed:
            return self._allow(rule, path, value, limit)
        return not self._report(rule, path, value, allowed, mends=Repair.KEPT)

    def _under(self, rule: Rule, path: Path, value: Any, size: float, limit: float | None) -> bool:
        """Returns whether a value breaks a lower limit so that it cannot be used."""
        if limit is None or size >= limit:
            return False
        allowed = self._loosened(rule, path, limit)
        if size >= allowed:
            return self._allow(rule, path, value, limit)
        return not self._report(rule, path, value, allowed, mends=Repair.KEPT)

    def _loosened(self, rule: Rule, path: Path, limit: float) -> float:
        override = self._override(path)
        return limit if override is None else override.limit(rule, limit)

    def _allow(
        self,
        rule: Rule,
        path: Path,
        value: Any,
        expected: str | float | UnsetType = UNSET,
        *,
        seen: Path = None,
    ) -> bool:
        """Records what an override allows, if it is reported; returns False, as nothing is broken."""
        override = self._override(path)
        if override is not None and override.reported and self._recorder.wants(True):
            self._add(rule, seen or path, value, expected, Repair.ALLOWED)
        return False

    def _add(
        self,
        rule: Rule,
        path: Path,
        value: Any,
        expected: str | float | UnsetType,
        done: Repair | None,
    ) -> None:
        hidden = is_sensitive(self._sensitive, steps_of(path), self._root, value)
        where, repaired = render_path(path), done is not None
        self._recorder.add(Issue(where, rule, value, expected, repaired, hidden, done))

    # One method per shape: the value to go on with, or BROKEN.

    def any_value(self, _shape: AnyShape, value: Any, path: Path) -> Any:
        return value

    def boolean_value(self, shape: BooleanShape, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return value
        found = boolean_of(value)
        mends = Repair.TO_BOOLEAN if found is not None else None
        return found if self._mistyped(path, value, "true or false", mends=mends) else BROKEN

    def integer_value(self, shape: IntegerShape, value: Any, path: Path) -> Any:
        number = self._whole(value, path)
        if number is BROKEN:
            return BROKEN
        least, most = shape.minimum, shape.maximum
        if self._integers is not None:
            # VAL-02
            first, last = self._integers
            least = first if least is None else max(first, least)
            most = last if most is None else min(last, most)
        under = self._under(Rule.MINIMUM, path, value, number, least)
        over = self._over(Rule.MAXIMUM, path, value, number, most)
        return BROKEN if under or over else number

    def _whole(self, value: Any, path: Path) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        found = integer_in(value)
        if found is not None and isinstance(value, float) and self._reads_1_0:
            return found
        mends = None if found is None else Repair.TO_INTEGER
        return found if self._mistyped(path, value, "an integer", mends=mends) else BROKEN

    def number_value(self, shape: NumberShape, value: Any, path: Path) -> Any:
        number = self._real(value, path)
        if number is BROKEN:
            return BROKEN
        under = self._under(Rule.MINIMUM, path, value, number, shape.minimum)
        over = self._over(Rule.MAXIMUM, path, value, number, shape.maximum)
        step = shape.multiple_of
        odd = (
            step is not None
            and not is_multiple(number, step)
            and not self._report(Rule.MULTIPLE_OF, path, value, step, mends=Repair.KEPT)
        )
        return BROKEN if under or over or odd else number

    def _real(self, value: Any, path: Path) -> Any:
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
        text = self._text(value, path)
        if text is BROKEN:
            return BROKEN
        under = self._under(Rule.MIN_LENGTH, path, value, len(text), shape.min_length)
        over = self._over(Rule.MAX_LENGTH, path, value, len(text), shape.max_length)
        odd = (
            shape.uri
            and not is_uri(text)
            and not self._report(Rule.FORMAT, path, value, "RFC 3986 URI", mends=Repair.KEPT)
        )
        return BROKEN if under or over or odd else text

    def _text(self, value: Any, path: Path) -> Any:
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
        text = self._text(value, path)
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

    def list_value(self, shape: ListShape, value: Any, path: Path) -> Any:
        if not is_list(value):
            wraps = is_object(value) and isinstance(shape.item, ObjectShape | OpenShape)
            if not self._mistyped(path, value, "a list", mends=Repair.TO_LIST if wraps else None):
                return BROKEN
            value = [value]
        under = self._under(Rule.MIN_ITEMS, path, value, len(value), shape.min_items)
        over = self._over(Rule.MAX_ITEMS, path, value, len(value), shape.max_items)
        build = _BUILDERS[type(shape.item)]
        built = [build(self, shape.item, item, (path, at)) for at, item in enumerate(value)]
        # By identity: a payload must not be asked whether it equals something.
        if any(item is BROKEN for item in built):
            built = self._without_broken(shape, value, built, path)
        return BROKEN if under or over else built

    def _without_broken(
        self, shape: ListShape, value: list[Any], built: list[Any], path: Path
    ) -> Any:
        """Returns a list without the items that cannot be built, if it may be shorter."""
        if not self._leaves_out:
            return BROKEN
        self._mended += 1
        self._recorder.leave_out_items(render_path(path))
        kept = [item for item in built if item is not BROKEN]
        if shape.min_items is None:
            return kept
        least = self._loosened(Rule.MIN_ITEMS, path, shape.min_items)
        if len(kept) >= least:
            return kept
        left = [item for item, made in zip(value, built, strict=True) if made is not BROKEN]
        self._report(Rule.MIN_ITEMS, path, left, least)
        return BROKEN

    def object_value(self, shape: ObjectShape, value: Any, path: Path) -> Any:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return BROKEN
        members = self._members(shape, self._renamed(shape, value, path), path)
        if members is BROKEN:
            return BROKEN
        return shape.cls(**{shape.members[wire].name: item for wire, item in members.items()})

    def open_value(self, shape: OpenShape, value: Any, path: Path) -> Any:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return BROKEN
        before = self._mended
        value = self._renamed(shape.known, value, path)
        known = self._members(shape.known, value, path)
        if known is BROKEN:
            return BROKEN
        if self._mended > before:
            others = {wire: item for wire, item in value.items() if wire not in shape.known.members}
            # An open object holds what stands on the wire, mended members too.
            value = others | msgspec.to_builtins(known)
        return shape.cls.from_members(value)

    def _members(self, shape: ObjectShape, value: dict[str, Any], path: Path) -> Any:
        built: dict[str, Any] = {}
        is_whole = True
        for wire, item in value.items():
            member = shape.members.get(wire)
            here = (path, wire)
            if member is None:
                if shape.closed:
                    mends = Repair.UNKNOWN_MEMBER_LEFT_OUT
                    is_whole &= self._report(Rule.UNKNOWN_MEMBER, here, item, mends=mends)
            elif item is None and not member.required and not isinstance(member.shape, AnyShape):
                mends = Repair.NULL_LEFT_OUT
                is_whole &= self._mistyped(here, None, "an absent member", mends=mends)
            else:
                made = self._build(member.shape, item, here)
                if made is not BROKEN:
                    built[wire] = made
                elif not member.required and (self._leaves_out or wire in self._harmless):
                    self._mended += 1
                    self._recorder.leave_out(render_path(here), Repair.MEMBER_LEFT_OUT)
                else:
                    is_whole = False
        for wire, member in shape.members.items():
            if member.required and wire not in value:
                is_whole = self._report(Rule.REQUIRED, (path, wire))
        return built if is_whole else BROKEN

    def _renamed(self, shape: ObjectShape, value: dict[str, Any], path: Path) -> dict[str, Any]:
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

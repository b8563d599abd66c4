"""The repair pass: walks untyped JSON along a class's shape, finds every issue, and builds the class.

Theory of operation: the strict decoder is fast and stops at the first thing it dislikes. When it
does, this pass looks at the whole payload once more, in Python. It serves all modes alike:

* strict and off need it for payloads that are right though msgspec refuses them: `1.0` where
  draft 6 has an integer, a leap second, a doubled member whose last value counts, an override;
* every issue comes from here, so error codes never hang on the wording of msgspec;
* lenient builds on: each method below returns the value to go on with, or `_BROKEN`, and the
  object that holds a broken value is broken too.

Repairs lose nothing that was meant: what cannot be kept in the object is kept in its issue. Never
repaired are a missing member, an object for a scalar and what is no JSON.

Structs are built without validation, so values beyond a limit can be kept.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..model._issues import Issue, Path, Rule, render_path, steps_of
from ..model._json import REFUSALS, Data, is_list, is_object, read, write
from ..model._messages import NOT_SENSITIVE, Sensitive
from ..model._sensitive import is_sensitive
from ._formats import is_multiple, is_uri, read_datetime
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
    shape_of,
)

__all__ = ["MAX_ISSUES", "Outcome", "repair"]


MAX_ISSUES: Final = 1000
"""A message with more issues is refused as it stands: a hostile one shall not fill our memory."""

_BROKEN: Final[Any] = msgspec.NODEFAULT
"""Stands for a value that cannot be built."""

# Lengths are bounded, as integers of any length are slow to read.
_INTEGER = r"-?(?:0|[1-9]\d{0,39})"
_NUMBER = _INTEGER + r"(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?"


def _reads_as(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


class Outcome(Struct, frozen=True):
    """What the pass found and built."""

    payload: Any
    """The payload, or `None` where it cannot be built."""

    issues: list[Issue]
    """In the order of the text, missing members after the present ones."""

    value: Any
    """The payload as untyped JSON; `None` where it is no JSON."""


def repair(cls: type[Struct], data: Data, policy: Policy) -> Outcome:
    """Looks at a whole payload for issues, and builds it as far as the policy allows.

    Args:
        cls: the payload's class.
        data: JSON as text or bytes.
        policy: what is repaired, and what is let through.
    """
    try:
        value = read(data)
    except msgspec.ValidationError as exc:
        # Untyped JSON has one thing to validate: that its numbers can be held.
        return Outcome(None, [Issue("$", Rule.NUMBER, expected=str(exc))], None)
    except REFUSALS as exc:
        return Outcome(None, [Issue("$", Rule.JSON, expected=str(exc))], None)
    walk = _Walk(cls, policy, value)
    try:
        payload = walk.payload(shape_of(cls), value)
    except _TooManyIssues:
        payload = _BROKEN
    return Outcome(None if payload is _BROKEN else payload, walk.issues, value)


class _TooManyIssues(Exception):
    """The walk has been given up."""


class _Walk:
    """One walk over one payload."""

    def __init__(self, cls: type[Struct], policy: Policy, root: Any) -> None:
        self._root = root
        self._sensitive: Sensitive = getattr(cls, "__ocpp_sensitive__", NOT_SENSITIVE)
        self.issues: list[Issue] = []
        self._mends = policy.mode is not Mode.STRICT
        self._silent = policy.mode is Mode.OFF
        self._mended = 0
        self._overrides = policy.overrides_of(cls)
        self._zone = policy.naive_timezone
        # In draft 6 a number without fraction is an integer, however it is written.
        self._reads_1_0 = getattr(cls, "__ocpp_draft__", 6) >= 6

    def payload(self, shape: ObjectShape, value: Any) -> Any:
        """Builds the root."""
        if is_object(value):
            return self.object_value(shape, value, None)
        # FRM-07: receivers should read a payload of null as {}.
        if self._report(Rule.PAYLOAD, None, value, mends=value is None):
            return self.object_value(shape, {}, None)
        return _BROKEN

    def _build(self, shape: Shape, value: Any, path: Path) -> Any:
        return _BUILDERS[type(shape)](self, shape, value, path)

    def _report(
        self,
        rule: Rule,
        path: Path,
        value: Any = UNSET,
        expected: str | float | UnsetType = UNSET,
        *,
        mends: bool = False,
    ) -> bool:
        """Notes an issue; returns whether the walk goes on as if it were none."""
        mended = mends and self._mends
        self._mended += mended
        if not (mended and self._silent):
            if len(self.issues) == MAX_ISSUES:
                raise _TooManyIssues
            hidden = is_sensitive(self._sensitive, steps_of(path), self._root, value)
            self.issues.append(Issue(render_path(path), rule, value, expected, mended, hidden))
        return mended

    def _mistyped(self, path: Path, value: Any, expected: str, *, mends: bool = False) -> bool:
        rule = Rule.NULL if value is None else Rule.TYPE
        return self._report(rule, path, value, expected, mends=mends)

    def _override(self, path: Path) -> Override | None:
        return self._overrides.get(render_path(path, pattern=True)) if self._overrides else None

    # Limits. Values beyond them are kept by the lenient mode; an override moves them.

    def _over(self, rule: Rule, path: Path, value: Any, size: float, limit: float | None) -> bool:
        """Whether a value breaks an upper limit so that it cannot be used."""
        if limit is None or size <= limit:
            return False
        limit = self._loosened(rule, path, limit)
        return size > limit and not self._report(rule, path, value, limit, mends=True)

    def _under(self, rule: Rule, path: Path, value: Any, size: float, limit: float | None) -> bool:
        """Whether a value breaks a lower limit so that it cannot be used."""
        if limit is None or size >= limit:
            return False
        limit = self._loosened(rule, path, limit)
        return size < limit and not self._report(rule, path, value, limit, mends=True)

    def _loosened(self, rule: Rule, path: Path, limit: float) -> float:
        override = self._override(path)
        loosened = None if override is None else override.limit(rule)
        return limit if loosened is None else loosened

    # One method per shape: the value to go on with, or _BROKEN.

    def any_value(self, _shape: AnyShape, value: Any, path: Path) -> Any:
        return value

    def boolean_value(self, shape: BooleanShape, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return value
        self._mistyped(path, value, "true or false")
        return _BROKEN

    def integer_value(self, shape: IntegerShape, value: Any, path: Path) -> Any:
        number = self._whole(value, path)
        if number is _BROKEN:
            return _BROKEN
        under = self._under(Rule.MINIMUM, path, value, number, shape.minimum)
        over = self._over(Rule.MAXIMUM, path, value, number, shape.maximum)
        return _BROKEN if under or over else number

    def _whole(self, value: Any, path: Path) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            if self._reads_1_0 or self._mistyped(path, value, "an integer", mends=True):
                return int(value)
            return _BROKEN
        clean = isinstance(value, str) and _reads_as(_INTEGER, value)
        return int(value) if self._mistyped(path, value, "an integer", mends=clean) else _BROKEN

    def number_value(self, shape: NumberShape, value: Any, path: Path) -> Any:
        number = self._real(value, path)
        if number is _BROKEN:
            return _BROKEN
        under = self._under(Rule.MINIMUM, path, value, number, shape.minimum)
        over = self._over(Rule.MAXIMUM, path, value, number, shape.maximum)
        step = shape.multiple_of
        odd = (
            step is not None
            and not is_multiple(number, step)
            and not self._report(Rule.MULTIPLE_OF, path, value, step, mends=True)
        )
        return _BROKEN if under or over or odd else number

    def _real(self, value: Any, path: Path) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                self._report(Rule.NUMBER, path, value)
                return _BROKEN
        clean = isinstance(value, str) and _reads_as(_NUMBER, value)
        return float(value) if self._mistyped(path, value, "a number", mends=clean) else _BROKEN

    def string_value(self, shape: StringShape, value: Any, path: Path) -> Any:
        text = self._text(value, path)
        if text is _BROKEN:
            return _BROKEN
        under = self._under(Rule.MIN_LENGTH, path, value, len(text), shape.min_length)
        over = self._over(Rule.MAX_LENGTH, path, value, len(text), shape.max_length)
        odd = (
            shape.uri
            and not is_uri(text)
            and not self._report(Rule.FORMAT, path, value, "RFC 3986 URI", mends=True)
        )
        return _BROKEN if under or over or odd else text

    def _text(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return value
        scalar = isinstance(value, bool | int | float)
        if self._mistyped(path, value, "a string", mends=scalar):
            return write(value).decode()
        return _BROKEN

    def enum_value(self, shape: EnumShape, value: Any, path: Path) -> Any:
        word = self._text(value, path)
        if word in shape.words or word is _BROKEN:
            return shape.words.get(word, _BROKEN)
        override = self._override(path)
        is_open = override is not None and override.open_enum
        if is_open or self._report(Rule.ENUM, path, value, mends=True):
            return shape.cls.unknown(word)
        return _BROKEN

    def datetime_value(self, shape: DateTimeShape, value: Any, path: Path) -> Any:
        if not isinstance(value, str):
            self._mistyped(path, value, "a date-time")
            return _BROKEN
        found = read_datetime(value, self._zone)
        moment, is_clean = found or (_BROKEN, False)
        if is_clean or self._report(
            Rule.FORMAT, path, value, "RFC 3339 date-time", mends=found is not None
        ):
            return moment
        return _BROKEN

    def list_value(self, shape: ListShape, value: Any, path: Path) -> Any:
        if not is_list(value):
            wraps = is_object(value) and isinstance(shape.item, ObjectShape | OpenShape)
            if not self._mistyped(path, value, "a list", mends=wraps):
                return _BROKEN
            value = [value]
        under = self._under(Rule.MIN_ITEMS, path, value, len(value), shape.min_items)
        over = self._over(Rule.MAX_ITEMS, path, value, len(value), shape.max_items)
        build = _BUILDERS[type(shape.item)]
        built = [build(self, shape.item, item, (path, at)) for at, item in enumerate(value)]
        # By identity: a payload must not be asked whether it equals something.
        return _BROKEN if under or over or any(item is _BROKEN for item in built) else built

    def object_value(self, shape: ObjectShape, value: Any, path: Path) -> Any:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return _BROKEN
        members = self._members(shape, self._renamed(shape, value, path), path)
        if members is _BROKEN:
            return _BROKEN
        return shape.cls(**{shape.members[wire].name: item for wire, item in members.items()})

    def open_value(self, shape: OpenShape, value: Any, path: Path) -> Any:
        if not is_object(value):
            self._mistyped(path, value, "an object")
            return _BROKEN
        before = self._mended
        value = self._renamed(shape.known, value, path)
        known = self._members(shape.known, value, path)
        if known is _BROKEN:
            return _BROKEN
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
                    is_whole &= self._report(Rule.UNKNOWN_MEMBER, here, item, mends=True)
            elif item is None and not member.required and not isinstance(member.shape, AnyShape):
                is_whole &= self._mistyped(here, None, "an absent member", mends=True)
            else:
                built[wire] = self._build(member.shape, item, here)
                is_whole &= built[wire] is not _BROKEN
        for wire, member in shape.members.items():
            if member.required and wire not in value:
                is_whole = self._report(Rule.REQUIRED, (path, wire))
        return built if is_whole else _BROKEN

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
        return {names.get(wire, wire): item for wire, item in value.items()} if names else value


_BUILDERS: Final[dict[type[Shape], Callable[[_Walk, Any, Any, Path], Any]]] = {
    AnyShape: _Walk.any_value,
    BooleanShape: _Walk.boolean_value,
    DateTimeShape: _Walk.datetime_value,
    EnumShape: _Walk.enum_value,
    IntegerShape: _Walk.integer_value,
    ListShape: _Walk.list_value,
    NumberShape: _Walk.number_value,
    ObjectShape: _Walk.object_value,
    OpenShape: _Walk.open_value,
    StringShape: _Walk.string_value,
}

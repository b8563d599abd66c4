"""Issues: the rules that a payload breaks, each with its place, value and error code."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from ._json import is_list
from ._protocol import ErrorCode
from ._quoting import quoted
from ._repairs import Repair

__all__ = [
    "ANSWERS",
    "NO_ISSUES",
    "Issue",
    "IssueList",
    "Issues",
    "Path",
    "Rule",
    "error_code_of",
    "rank",
    "render_path",
    "render_step",
    "steps_of",
    "summary",
]

Path: TypeAlias = tuple["Path", str | int] | None
"""The path of a value: a pair of its container's path and its name or position there; `None` is the
root. As a linked list it costs one pair per step, and text is created only for issues."""

_SHOWN_TEXT = 40
"""Longest part of a peer's text that is shown in a message or log, in characters."""

_SHOWN_ISSUES = 3

_PLAIN_BITS = 64
"""Integers with more bits are described instead of printed, because Python cannot print very long ones."""


_URL_PARTS = r"(?s)(?<=://)[^/\s@]*(?=@)|(?<=\?).+"
"""User and password, and the query, of a URL."""


class Rule(StrEnum):
    """The rules that a payload can break.

    Where several are broken, the one that stands first here gives the error code of the answer: the
    order is that of the decision table of OCPP-J, from "no message at all" to "one bad value".
    """

    JSON = "json"
    """The text is not JSON, not UTF-8, or nested deeper than can be read."""

    PAYLOAD = "payload"
    """The payload is not a JSON object."""

    REQUIRED = "required"
    MIN_ITEMS = "min_items"
    MAX_ITEMS = "max_items"
    UNKNOWN_MEMBER = "unknown_member"
    NULL = "null"
    """`null` where the schema wants a value; an optional member is left out instead."""

    TYPE = "type"
    NUMBER = "number"
    """A number that cannot be held: beyond a double, or an integer of thousands of digits."""

    ENUM = "enum"
    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    MULTIPLE_OF = "multiple_of"
    FORMAT = "format"


_RANKS = {rule: rank for rank, rule in enumerate(Rule)}

ANSWERS: Final[Mapping[Rule, tuple[ErrorCode, str]]] = {
    Rule.JSON: (ErrorCode.RPC_FRAMEWORK_ERROR, "ERR-11"),
    Rule.PAYLOAD: (ErrorCode.FORMAT_VIOLATION, "ERR-16"),
    Rule.REQUIRED: (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "ERR-15"),
    Rule.MIN_ITEMS: (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "ERR-15"),
    Rule.MAX_ITEMS: (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "ERR-15"),
    Rule.UNKNOWN_MEMBER: (ErrorCode.FORMAT_VIOLATION, "ERR-16, FRM-11"),
    Rule.NULL: (ErrorCode.TYPE_CONSTRAINT_VIOLATION, "ERR-14, FRM-08"),
    Rule.TYPE: (ErrorCode.TYPE_CONSTRAINT_VIOLATION, "ERR-14"),
    Rule.NUMBER: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.ENUM: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.MIN_LENGTH: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.MAX_LENGTH: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.MINIMUM: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.MAXIMUM: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.MULTIPLE_OF: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13"),
    Rule.FORMAT: (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "ERR-13, VAL-01"),
}
"""The error code for each broken rule (OCPP-J 1.6 table 7, 2.0.1 part 4 table 8), and the requirement
for it."""

_TEXTS = {
    Rule.JSON: "not readable as JSON ({expected})",
    Rule.PAYLOAD: "{value} in place of the payload's object",
    Rule.REQUIRED: "required member missing",
    Rule.MIN_ITEMS: "{value} in place of {expected} or more items",
    Rule.MAX_ITEMS: "{value} in place of {expected} items or fewer",
    Rule.UNKNOWN_MEMBER: "unknown member",
    Rule.NULL: "null in place of {expected}",
    Rule.TYPE: "{value} in place of {expected}",
    Rule.NUMBER: "a number that cannot be held",
    Rule.ENUM: "unknown value {value}",
    Rule.MIN_LENGTH: "{value} is shorter than {expected} characters",
    Rule.MAX_LENGTH: "{value} is longer than {expected} characters",
    Rule.MINIMUM: "{value} is below {expected}",
    Rule.MAXIMUM: "{value} is above {expected}",
    Rule.MULTIPLE_OF: "{value} is no multiple of {expected}",
    Rule.FORMAT: "{value} is no {expected}",
}


class Issue(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """One rule that a value of a payload breaks."""

    path: str
    """JSON path of the value, with names on the wire: `$.meterValue[0].sampledValue[2].unit`."""

    rule: Rule

    value: Any = UNSET
    """The value as untyped JSON; `UNSET` if the member is missing."""

    expected: str | int | float | UnsetType = UNSET
    """What the schema wants: a limit, a type, a format."""

    repaired: bool = False
    """Whether lenient decoding repaired it."""

    hidden: bool = False
    """Whether the value is sensitive: then `message` has only its type and length."""

    repair: Repair | None = None
    """What lenient decoding did about it."""

    left_out: str | UnsetType = UNSET
    """The path of the member or item that was left out because of it."""

    @property
    def error_code(self) -> ErrorCode:
        """The error code of a CALLERROR about this issue."""
        return ANSWERS[self.rule][0]

    @property
    def message(self) -> str:
        """The issue as one line for people, such as `unknown value 'Soon' at $.type`.

        It is bounded, and the peer's control characters are escaped in it. Of secrets and of what
        tells who charges it has type and length, of URLs neither user nor query.
        """
        value = _described(self.value) if self.hidden else _shortened(self.value)
        text = _TEXTS[self.rule].format(value=value, expected=self.expected)
        if self.left_out is UNSET or self.left_out == self.path:
            return f"{text} at {self.path}"
        return f"{text} at {self.path}, so {self.left_out} was left out"

    def __repr__(self) -> str:
        done = ", repaired" if self.repaired else ""
        return f"<Issue {self.rule}: {self.message}{done}>"


class Issues(tuple[Issue, ...]):
    """The issues of one message."""

    omitted: int
    """How many more there were, beyond the number that is recorded."""

    def __new__(cls, issues: Iterable[Issue] = (), omitted: int = 0) -> Self:
        """Creates a tuple of issues, with the number of those that are not in it."""
        self = super().__new__(cls, issues)
        self.omitted = omitted
        return self


NO_ISSUES: Final = Issues()


class IssueList(list[Issue]):
    """A list that collects issues and counts those that were not recorded. Pass it as `issues`."""

    omitted: int = 0
    """How many issues there were beyond the number that is recorded."""


def error_code_of(issues: Iterable[Issue]) -> ErrorCode:
    """Returns the error code for a message: the one of the unrepaired issue with the highest rank.

    Args:
        issues: at least one.
    """
    return min(issues, key=rank).error_code


def rank(issue: Issue) -> tuple[bool, int]:
    """Returns a key to sort issues. The first of the sorted issues decides how a message is
    answered.
    """
    return issue.repaired, _RANKS[issue.rule]


def summary(issues: Iterable[Issue]) -> str:
    """Returns the first few issues as one line, beginning with those that were not repaired."""
    ranked = sorted(issues, key=lambda issue: issue.repaired)
    shown = "; ".join(issue.message for issue in ranked[:_SHOWN_ISSUES])
    more = len(ranked) - _SHOWN_ISSUES + getattr(issues, "omitted", 0)
    return f"{shown}; and {more} more" if more > 0 else shown


def render_path(path: Path, *, pattern: bool = False) -> str:
    """Returns a path as text.

    Args:
        path: where a value stands.
        pattern: write `[*]` for every position, as overrides name places.
    """
    return "$" + "".join(render_step(key, pattern=pattern) for key in steps_of(path))


def steps_of(path: Path) -> list[str | int]:
    """Returns the names and positions in a path, beginning at the root."""
    steps: list[str | int] = []
    while path is not None:
        path, key = path
        steps.append(key)
    return steps[::-1]


def render_step(key: str | int, *, pattern: bool = False) -> str:
    """Returns one step of a path as text: a name or a position."""
    if isinstance(key, int):
        return "[*]" if pattern else f"[{key}]"
    if key.isidentifier() and key.isascii() and len(key) <= _SHOWN_TEXT:
        return f".{key}"
    return f"[{quoted(key, _SHOWN_TEXT)}]"


def _described(value: Any) -> str:
    """Returns a description of the type and length of a value."""
    match value:
        case str():
            return f"a text of {len(value)} characters"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case _:
            # `_shown` never shows the content of objects and lists.
            return _shortened(value)


def _shortened(value: Any) -> str:
    match value:
        case str():
            text = re.sub(_URL_PARTS, "***", value) if "://" in value else value
            return quoted(text, _SHOWN_TEXT)
        case dict():
            return "an object"
        case _ if is_list(value):
            return f"a list of {len(value)}"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > _PLAIN_BITS:
            return "a very long integer"
        case _:
            return str(value)

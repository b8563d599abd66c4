"""What is wrong in a log: each kind of fault once, with how often, who, and where first."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import UNSET, Struct

from ocppkit.core import Failure, Issue, MessageKind, Repair, Rule

from ._frame_reading import FrameReading, answer_text
from ._logged_frames import LoggedFrame

__all__ = [
    "REFUSES",
    "FindingKind",
    "FindingPlace",
    "FindingTable",
    "LogFinding",
    "connector_of",
    "failure_text",
    "issue_text",
    "lenient_text",
]


class FindingKind(StrEnum):
    """What a finding is about."""

    PAYLOAD = "payload"
    """A payload that breaks its schema."""

    FRAME = "frame"
    """A text that is no frame, or a frame that this peer must not send."""

    UNANSWERED = "unanswered"
    """A call without an answer."""

    STRAY = "stray"
    """An answer that no call waits for."""

    REPEATED = "repeated"
    """A call that was sent before, with the same message id."""

    REUSED_ID = "reused id"
    """The message id of an earlier call of the same peer, for another call."""

    RECORD = "record"
    """A record of a trace that contradicts its own frame."""


class FindingPlace(Struct, frozen=True):
    """A station, or one of its connectors, and how often it did something."""

    station: str
    connector: str
    """Such as `connector 1` or `EVSE 2`; empty where the message names none."""

    count: int
    source: str
    """The log of the first time."""

    line: int
    """The line of the first time."""


class LogFinding(Struct, frozen=True):
    """One kind of fault in a log."""

    kind: FindingKind
    action: str
    """The action; empty if it is about none."""

    path: str
    """Where in the payload, with `[]` for any item; empty if it is about no payload."""

    text: str
    """What is wrong, in words."""

    strict: str
    """What a strict peer does: the error code of its answer, or that it gives none; empty if nothing is wrong for it."""

    lenient: str
    """What a lenient peer does; empty where that makes no difference."""

    count: int
    source: str
    """The log of the first time."""

    line: int
    """The line of the first time."""

    places: tuple[FindingPlace, ...]
    """Stations and connectors, those with the most faults first."""

    more_places: int = 0
    """How many more stations and connectors there are than `places` has."""

    @property
    def stations(self) -> list[str]:
        """The identities of the stations, each once."""
        return list(dict.fromkeys(place.station for place in self.places))


_POSITION: Final = re.compile(r"\[\d+\]")
_CONNECTOR: Final = re.compile(
    r'"(?:(connectorId)|evseId|evse"\s{0,9}:\s{0,9}\{\s{0,9}"id)"\s{0,9}:\s{0,9}(\d{1,9})'
)

_MOST_PLACES: Final = 1000
_MOST_FINDINGS: Final = 1000

_FAILURES: Final = {
    Failure.NOT_JSON: "the frame is not JSON",
    Failure.NOT_AN_ARRAY: "the frame is not an array",
    Failure.UNREADABLE_ID: "the message id is not a text of 1 to 36 characters",
    Failure.UNKNOWN_TYPE: "a message type that this version does not have",
    Failure.MALFORMED: "a wrong number of elements in the frame, or elements of wrong types",
    Failure.ID_TOO_LONG: "the message id is longer than 36 characters",
    Failure.UNKNOWN_ACTION: "this version has no such action",
}

_LENIENT: Final = {
    Repair.NULL_LEFT_OUT: "leaves it out",
    Repair.MEMBER_LEFT_OUT: "leaves it out",
    Repair.ITEM_LEFT_OUT: "leaves the item out",
    Repair.UNKNOWN_MEMBER_LEFT_OUT: "leaves it out",
    Repair.TO_TEXT: "makes it text",
    Repair.TO_JSON_TEXT: "makes it its JSON text",
    Repair.TO_INTEGER: "makes it an integer",
    Repair.TO_NUMBER: "makes it a number",
    Repair.TO_BOOLEAN: "makes it true or false",
    Repair.TO_LIST: "makes it a list of one",
    Repair.TO_DATE_TIME: "reads it, as UTC where it names no zone",
    Repair.UNKNOWN_VALUE: "keeps it",
    Repair.KEPT: "keeps it",
    Repair.ALLOWED: "keeps it",
    Repair.EMPTY_PAYLOAD: "takes it for an empty object",
    Repair.FRAME_TRIMMED: "cuts that off",
    Repair.ERROR_FRAME_FILLED: "reads what is there",
}

REFUSES: Final = "refuses it, too"
"""What lenient reading does about an issue that it cannot repair."""


def failure_text(failure: Failure) -> str:
    """Returns why a frame is refused, in words."""
    return _FAILURES.get(failure, failure.replace("_", " "))


def issue_text(issue: Issue) -> str:
    """Returns what is wrong in one place, without the place."""
    return issue.message.partition(f" at {issue.path}")[0]


def lenient_text(issue: Issue) -> str:
    """Returns what lenient reading does about an issue."""
    if not issue.repaired or issue.repair is None:
        return REFUSES
    text = _LENIENT[issue.repair]
    if issue.left_out is not UNSET and issue.left_out != issue.path:
        return f"leaves {_POSITION.sub('[]', issue.left_out)} out"
    return text


class _Row:
    """One kind of fault while it is counted."""

    __slots__ = ("count", "first", "fixed", "more", "places")

    def __init__(
        self, fixed: tuple[FindingKind, str, str, str, str, str], first: tuple[str, int]
    ) -> None:
        self.fixed = fixed
        self.first = first
        self.count = 0
        self.places: dict[tuple[str, str], list[int]] = {}
        self.more: set[int] = set()


class FindingTable:
    """Collects faults by their kind."""

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], _Row] = {}
        self._sources: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(
        self,
        kind: FindingKind,
        text: str,
        *,
        station: str,
        source: str,
        line: int,
        connector: str = "",
        action: str = "",
        path: str = "",
        strict: str = "",
        lenient: str = "",
        what: object = None,
        count: int = 1,
    ) -> None:
        """Notes a fault.

        Args:
            kind: what it is about.
            text: what is wrong, in words.
            station: whose fault it is.
            source: the log.
            line: the line.
            connector: the connector or EVSE, in words.
            action: the action.
            path: where in the payload.
            strict: what a strict peer does.
            lenient: what a lenient peer does.
            what: what tells this kind of fault from others beside kind, action and path; the text if it
                is left out.
            count: how often it was found.
        """
        key: tuple[object, ...] = (kind, action, path, text if what is None else what)
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= _MOST_FINDINGS:
                # A log of random texts has endless kinds of faults.
                key = (kind,)
                action = path = strict = lenient = ""
                text = "other faults of this kind"
                row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = _Row(
                    (kind, action, path, text, strict, lenient), (source, line)
                )
        row.count += count
        place = row.places.get((station, connector))
        if place is not None:
            place[0] += count
        elif len(row.places) < _MOST_PLACES:
            row.places[station, connector] = [count, self._number(source), line]
        else:
            row.more.add(hash((station, connector)))

    def add_reading(self, reading: FrameReading, logged: LoggedFrame) -> None:
        """Notes what is wrong with a frame that strict reading refuses."""
        action = reading.action or ""
        if reading.failure is not None:
            said = failure_text(reading.failure)
            if not action:
                said = f"{said}, such as {_shortened(logged.text)}"
            self.add(
                FindingKind.FRAME,
                said,
                station=logged.station,
                source=logged.source,
                line=logged.line,
                action=action,
                strict=answer_text(reading),
                lenient="reads it" if reading.is_readable else REFUSES,
                what=reading.failure,
            )
            return
        if reading.kind in _ANSWERS:
            action = f"{action} {_ANSWERS[reading.kind]}".strip()
        connector = connector_of(logged.text)
        strict = answer_text(reading)
        for (path, what), issue in _first_of_each(reading.issues).items():
            self.add(
                FindingKind.PAYLOAD,
                issue_text(issue),
                station=logged.station,
                source=logged.source,
                line=logged.line,
                connector=connector,
                action=action,
                path=path,
                strict=strict,
                lenient=lenient_text(issue),
                what=what,
            )

    def rows(self) -> Iterator[LogFinding]:
        """Yields the findings, the most frequent first."""
        for row in sorted(self._rows.values(), key=lambda row: -row.count):
            kind, action, path, text, strict, lenient = row.fixed
            places = [
                FindingPlace(station, connector, count, self._sources[source], line)
                for (station, connector), (count, source, line) in row.places.items()
            ]
            places.sort(key=lambda place: (-place.count, place.station, place.connector))
            yield LogFinding(
                kind=kind,
                action=action,
                path=path,
                text=text,
                strict=strict,
                lenient=lenient,
                count=row.count,
                source=row.first[0],
                line=row.first[1],
                places=tuple(places),
                more_places=len(row.more),
            )

    def _number(self, source: str) -> int:
        number = self._numbers.get(source)
        if number is None:
            number = self._numbers[source] = len(self._sources)
            self._sources.append(source)
        return number


_ANSWERS: Final = {
    MessageKind.CALL_RESULT: "answer",
    MessageKind.CALL_ERROR: "CALLERROR",
    MessageKind.CALL_RESULT_ERROR: "CALLRESULTERROR",
}


def connector_of(text: str) -> str:
    """Returns which connector or EVSE a frame is about, in words; empty if it names none."""
    match = _CONNECTOR.search(text)
    if match is None:
        return ""
    return f"{'connector' if match[1] else 'EVSE'} {match[2]}"


def _what(issue: Issue) -> object:
    """Returns what tells one fault of a place from another: the value only where it is a word."""
    return (
        (issue.rule, issue.value)
        if issue.rule is Rule.ENUM and isinstance(issue.value, str)
        else issue.rule
    )


def _first_of_each(issues: Iterable[Issue]) -> dict[tuple[str, object], Issue]:
    """Returns the issues by path and rule, one of those that many items of a list share."""
    found: dict[tuple[str, object], Issue] = {}
    for issue in issues:
        found.setdefault((_POSITION.sub("[]", issue.path), _what(issue)), issue)
    return found


def _shortened(text: str) -> str:
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    return repr(shown)

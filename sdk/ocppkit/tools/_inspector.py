"""Inspects the frames of logs one after the other: what is wrong, what is not answered, how long answers take.

Theory of operation: each station has a conversation of its own, so nothing of one station is ever taken
for something of another. A conversation remembers the calls that wait for an answer, by message id and
direction: station and CSMS may use the same ids, and a log of both ends has each frame twice. An answer
belongs to the latest call with its id that went the other way. Memory is bounded: of calls without an
answer each conversation keeps the latest, and of past message ids all conversations together do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ocppkit.core import CallError, MessageKind, Protocol, Role

from ._conversations import OpenCall, StationConversation, UsedIds
from ._findings import REFUSES, FindingKind, FindingTable, connector_of, failure_text, issue_text
from ._frame_reading import FrameReading, read_frame_as
from ._inspection import (
    FrameSelection,
    InspectedFrame,
    Inspection,
    RefusedCalls,
    SpokenVersion,
)
from ._latency_table import LatencyTable
from ._logged_frames import LoggedFrame
from ._sides import WRONG_SENDER, Sides, wrong_sender_answer
from ._version_guess import VersionGuess
from ._versions import load_protocols, version_number

__all__ = ["Inspector", "inspect"]

_TIMEOUT: Final = 30.0
"""Seconds after which the last call of a log counts as not answered."""

_ANSWERS: Final = frozenset({MessageKind.CALL_RESULT, MessageKind.CALL_ERROR})
_EVERYTHING: Final = FrameSelection()

_TEXTS: Final = {
    FindingKind.UNANSWERED: "not answered",
    FindingKind.STRAY: "an answer that no call waits for",
    FindingKind.REPEATED: "the same call again, with the same message id",
    FindingKind.REUSED_ID: "the message id of an earlier call, for another one",
}


def inspect(
    frames: Iterable[LoggedFrame],
    *,
    versions: Sequence[str] = (),
    selection: FrameSelection = _EVERYTHING,
    timeout: float = _TIMEOUT,
) -> Inspection:
    """Returns what is wrong in the frames of logs, and how often.

    ```python
    result = inspect(read_logs(["frames.log"]))
    for finding in result.findings:
        print(finding.count, finding.action, finding.text, finding.stations)
    ```

    Args:
        frames: the frames in their order, as `read_logs` yields them.
        versions: the OCPP versions that stations may speak; by default that of each station is found out.
        selection: which frames are counted.
        timeout: seconds after which the last call of a station counts as not answered.

    Raises:
        LocalProtocolError: a version is unknown.
    """
    inspector = Inspector(versions=versions, selection=selection, timeout=timeout)
    for frame in frames:
        inspector.add(frame)
    return inspector.finish()


class Inspector:
    """Inspects frames one by one, for programs that want to know of each what was found: see `inspect`."""

    def __init__(
        self,
        *,
        versions: Sequence[str] = (),
        selection: FrameSelection = _EVERYTHING,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._protocols = load_protocols(versions) if versions else load_protocols()
        self._is_guessed = len(self._protocols) > 1
        self._selection = None if selection == _EVERYTHING else selection
        self._timeout = timeout
        self._conversations: dict[str, StationConversation] = {}
        self._used_ids = UsedIds()
        self._sides = Sides()
        self._findings = FindingTable()
        self._latencies = LatencyTable()
        self._refusals: dict[tuple[str, str], _Refusals] = {}
        self._kinds: Counter[MessageKind] = Counter()
        self._counted: set[str] = set()
        self._first: float | None = None
        self._last: float | None = None
        self._refused = self._readable = self._cut = self._open_at_end = 0

    def add(self, logged: LoggedFrame) -> InspectedFrame:
        """Inspects the next frame."""
        conversation = self._conversations.get(logged.station)
        if conversation is None:
            conversation = self._start(logged)
        text = logged.text
        waiting = conversation.waiting(logged.direction.opposite)

        def action_of(message_id: str) -> str | None:
            call = waiting.get(message_id)
            return None if call is None else call.action

        reading = conversation.guess.read(
            lambda protocol: read_frame_as(protocol, text, action_of), logged.source, logged.line
        )
        if logged.time is not None:
            conversation.last_time = logged.time
        is_selected = self._selection is None or self._selection.has(logged, reading.action)
        sender = seconds = kind = None
        if reading.is_call:
            sender = self._sides.sender(logged, reading.senders)
            if reading.kind is MessageKind.CALL:
                kind = self._on_call(conversation, logged, reading, sender, is_selected)
        elif reading.kind in _ANSWERS and reading.message_id is not None:
            call = waiting.get(reading.message_id)
            if call is None:
                kind = FindingKind.STRAY
            else:
                sender = None if call.sender is None else call.sender.peer
                call.copies -= 1
                call.answered = True
                if not call.copies:
                    del waiting[reading.message_id]
                if is_selected:
                    seconds = self._note_answer(logged, reading, call)
        problems = self._count_and_describe(logged, reading, kind) if is_selected else ()
        if sender is None:
            sender = self._sides.sender(logged, _EITHER)
        return InspectedFrame(
            logged=logged,
            reading=reading,
            sender=sender,
            problems=problems,
            seconds=seconds,
            is_selected=is_selected,
        )

    def finish(self, other_lines: int = 0) -> Inspection:
        """Returns the result, when all frames were added.

        Args:
            other_lines: how many lines had no frame.
        """
        for conversation in self._conversations.values():
            self._end(conversation)
        self._sides.report(self._findings)
        return Inspection(
            frames=self._kinds.total(),
            kinds={kind.name.lower(): self._kinds[kind] for kind in sorted(self._kinds)},
            stations=len(self._counted),
            first=self._first,
            last=self._last,
            versions=tuple(self._versions()),
            findings=tuple(self._findings.rows()),
            refused=self._refused,
            readable=self._readable,
            refusals=tuple(self._refused_calls()),
            latencies=tuple(self._latencies.rows()),
            open_at_end=self._open_at_end,
            cut=self._cut,
            other_lines=other_lines,
        )

    def _start(self, logged: LoggedFrame) -> StationConversation:
        protocols: Sequence[Protocol] = self._protocols
        if self._is_guessed and logged.version is not None:
            named = version_number(logged.version)
            protocols = [each for each in protocols if each.version == named] or protocols
        number = len(self._conversations)
        made = StationConversation(logged.station, number, VersionGuess(protocols))
        self._conversations[logged.station] = made
        return made

    def _on_call(
        self,
        conversation: StationConversation,
        logged: LoggedFrame,
        reading: FrameReading,
        sender: Role | None,
        is_selected: bool,
    ) -> FindingKind | None:
        """Remembers a call until it is answered; returns what is wrong about its message id."""
        message_id, action = reading.message_id, reading.action
        if message_id is None or action is None:
            return None
        direction = logged.direction
        index = conversation.next_call(direction)
        kind = self._used_ids.use(conversation, logged, reading)
        if kind is FindingKind.REPEATED:
            earlier = conversation.waiting(direction).get(message_id)
            if earlier is not None:
                earlier.copies += 1
                earlier.index = index
                return kind
        call = OpenCall(action, logged, sender=sender, index=index, is_selected=is_selected)
        forgotten = conversation.opened(message_id, call, direction)
        if forgotten is not None and not forgotten.answered:
            self._note_unanswered(conversation.station, forgotten)
        return kind

    def _note_answer(
        self, logged: LoggedFrame, reading: FrameReading, call: OpenCall
    ) -> float | None:
        """Counts an answer; returns how long it took."""
        if isinstance(reading.frame, CallError):
            key = (call.action, reading.frame.code)
            if key not in self._refusals:
                self._refusals[key] = _Refusals(logged)
            self._refusals[key].add(logged.station)
        if logged.time is None or call.time is None:
            return None
        seconds = max(0.0, logged.time - call.time)
        self._latencies.add(call.action, call.sender.peer if call.sender else "", seconds)
        return seconds

    def _end(self, conversation: StationConversation) -> None:
        ended = conversation.last_time
        for call, is_last in conversation.unanswered():
            is_recent = call.time is None or ended is None or ended - call.time < self._timeout
            if not (is_last and is_recent):
                self._note_unanswered(conversation.station, call)
            elif call.is_selected:
                self._open_at_end += 1

    def _note_unanswered(self, station: str, call: OpenCall) -> None:
        if call.is_selected:
            self._findings.add(
                FindingKind.UNANSWERED,
                _TEXTS[FindingKind.UNANSWERED],
                station=station,
                source=call.source,
                line=call.line,
                connector=call.connector,
                action=call.action,
            )

    def _count_and_describe(
        self, logged: LoggedFrame, reading: FrameReading, kind: FindingKind | None
    ) -> tuple[str, ...]:
        """Counts a selected frame and what is wrong with it; returns that in words."""
        self._kinds[reading.kind] += 1
        self._counted.add(logged.station)
        if logged.time is not None:
            self._first = logged.time if self._first is None else min(self._first, logged.time)
            self._last = logged.time if self._last is None else max(self._last, logged.time)
        problems: list[str] = []
        if kind is not None:
            problems.append(_TEXTS[kind])
            self._note(kind, _TEXTS[kind], logged, reading)
        if logged.problem is not None:
            problems.append(logged.problem)
            self._note(FindingKind.RECORD, logged.problem, logged, reading)
        if not logged.whole:
            self._cut += 1
        elif not reading.is_clean:
            self._refused += 1
            self._readable += reading.is_readable
            problems += _problems(reading)
            self._findings.add_reading(reading, logged)
        if reading.is_call and self._sides.note(logged, reading):
            problems.append(WRONG_SENDER)
            self._note(
                FindingKind.FRAME,
                WRONG_SENDER,
                logged,
                reading,
                strict=wrong_sender_answer(reading),
                lenient=REFUSES,
            )
        return tuple(problems)

    def _note(
        self,
        kind: FindingKind,
        text: str,
        logged: LoggedFrame,
        reading: FrameReading,
        *,
        strict: str = "",
        lenient: str = "",
    ) -> None:
        self._findings.add(
            kind,
            text,
            station=logged.station,
            source=logged.source,
            line=logged.line,
            connector=connector_of(logged.text) if reading.is_call else "",
            action=reading.action or "",
            strict=strict,
            lenient=lenient,
        )

    def _versions(self) -> Iterator[SpokenVersion]:
        guesses = [
            conversation.guess
            for conversation in self._conversations.values()
            if conversation.station in self._counted
        ]
        for protocol in self._protocols:
            spoken = [guess for guess in guesses if guess.protocol is protocol]
            if spoken:
                because = next((guess.because for guess in spoken if guess.because), "")
                also = [each.version for each in spoken[0].protocols[1:]]
                if also:
                    because = f"{because}; {' and '.join(also)} would read it, too".strip("; ")
                yield SpokenVersion(protocol.version, len(spoken), because)

    def _refused_calls(self) -> Iterator[RefusedCalls]:
        for (action, code), row in self._refusals.items():
            yield RefusedCalls(
                action=action,
                code=code,
                count=row.count,
                stations=tuple(row.stations),
                source=row.first.source,
                line=row.first.line,
            )


class _Refusals:
    """CALLERRORs with one code that answer calls of one action."""

    __slots__ = ("count", "first", "stations")

    def __init__(self, first: LoggedFrame) -> None:
        self.first = first
        self.count = 0
        self.stations: dict[str, None] = {}

    def add(self, station: str) -> None:
        self.count += 1
        self.stations[station] = None


_EITHER: Final = frozenset(Role)


def _problems(reading: FrameReading) -> list[str]:
    if reading.failure is not None:
        return [failure_text(reading.failure)]
    return [f"{issue.path}: {issue_text(issue)}" for issue in reading.issues]

"""Finds out which end wrote a log, and which calls were sent by the wrong one.

Theory of operation: lines say "sent" and "received", and most actions have one sender only, so each such
CALL is a vote for who wrote the log. Few votes against many are calls that their sender must not make.
As many against as for come from a log that both ends wrote, and prove nothing.
"""

from typing import Final

from ocppkit.core import Failure, Role

from ._findings import REFUSES, FindingKind, FindingTable
from ._frame_reading import FrameReading, reaction_text
from ._logged_frames import Direction, LoggedFrame

__all__ = ["WRONG_SENDER", "Sides", "wrong_sender_answer"]

_SENDERS: Final = {Direction.FROM_STATION: Role.STATION, Direction.FROM_CSMS: Role.CSMS}
"""Who sent a frame, where the line says it by itself."""

WRONG_SENDER: Final = "the other side sends this"

_MANY: Final = 3
"""So many votes for each one against it show who wrote the log."""


class _Votes:
    """Calls of one action and station that speak for the same writer of a log."""

    __slots__ = ("count", "line", "strict")

    def __init__(self, line: int, strict: str) -> None:
        self.count = 0
        self.line = line
        self.strict = strict


class Sides:
    """Counts who sent what, log by log."""

    def __init__(self) -> None:
        self._logs: dict[str, dict[Role, dict[tuple[str, str], _Votes]]] = {}
        self._counts: dict[str, dict[Role, int]] = {}

    def sender(self, logged: LoggedFrame, senders: frozenset[Role]) -> Role | None:
        """Returns who sent a frame, as far as its line, its action and the log so far tell.

        Args:
            logged: the frame.
            senders: who may send it.
        """
        if logged.direction in _SENDERS:
            return _SENDERS[logged.direction]
        if len(senders) == 1:
            return next(iter(senders))
        counts = self._counts.get(logged.source)
        if not counts or logged.direction is Direction.UNKNOWN:
            return None
        writer = max(counts, key=counts.__getitem__)
        return writer if logged.direction is Direction.SENT else writer.peer

    def note(self, logged: LoggedFrame, reading: FrameReading) -> bool:
        """Notes who sent a CALL or SEND; returns whether it is plain that the other side should have."""
        senders = reading.senders
        if len(senders) != 1 or logged.direction is Direction.UNKNOWN:
            return False
        sender = next(iter(senders))
        if logged.direction in _SENDERS:
            return _SENDERS[logged.direction] is not sender
        writer = sender if logged.direction is Direction.SENT else sender.peer
        counts = self._counts.setdefault(logged.source, {})
        counts[writer] = counts.get(writer, 0) + 1
        log = self._logs.setdefault(logged.source, {}).setdefault(writer, {})
        key = (reading.action or "", logged.station)
        votes = log.get(key)
        if votes is None:
            votes = log[key] = _Votes(logged.line, wrong_sender_answer(reading))
        votes.count += 1
        return False

    def report(self, findings: FindingTable) -> None:
        """Adds the calls that the wrong side has sent."""
        for source, counts in self._counts.items():
            writer = max(counts, key=counts.__getitem__)
            against = counts.get(writer.peer, 0)
            if against * _MANY > counts[writer]:
                continue
            for (action, station), votes in self._logs[source].get(writer.peer, {}).items():
                findings.add(
                    FindingKind.FRAME,
                    WRONG_SENDER,
                    station=station,
                    source=source,
                    line=votes.line,
                    action=action,
                    strict=votes.strict,
                    lenient=REFUSES,
                    count=votes.count,
                )


def wrong_sender_answer(reading: FrameReading) -> str:
    """Returns how a peer answers a CALL that only it may send."""
    return reaction_text(reading, Failure.WRONG_DIRECTION)

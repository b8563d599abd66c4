"""Runs several blocks in a test without a driver: passes their events to each other, and collects their requests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from ocppkit.blocks import (
    Block,
    BootAccepted,
    Command,
    CommandAnswer,
    CsmsConnected,
    CsmsDisconnected,
    Event,
    Moment,
    Report,
    StationStarted,
)

__all__ = ["NOON", "BlockSteps"]

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

A = TypeVar("A", bound=CommandAnswer)
R = TypeVar("R", bound=Report[Any])
E = TypeVar("E", bound=Event)


class BlockSteps:
    """Several blocks with a clock that the test moves."""

    def __init__(self, *blocks: Block) -> None:
        self._blocks = blocks
        self.now = Moment(1000.0, NOON)
        self.reports: list[Report[Any]] = []
        """What the blocks have reported and no test has taken."""

        self.events: list[Event] = []
        """What the program has heard and no test has taken."""

    def settle(self) -> None:
        """Lets the blocks tell each other all that they have to tell."""
        while (told := next(self._told(), None)) is not None:
            block, event = told
            self.events.append(event)
            for other in self._blocks:
                if other is not block:
                    other.notice(event, self.now)
        for block in self._blocks:
            while (report := block.next_report()) is not None:
                self.reports.append(report)

    def _told(self) -> Iterator[tuple[Block, Event]]:
        for block in self._blocks:
            event = block.next_event()
            if event is not None:
                yield block, event

    def order(self, command: Command[A]) -> A:
        """Has the block that obeys a command answer it."""
        (block,) = (each for each in self._blocks if type(command) in each.commands)
        answer: A = block.commands[type(command)](command, self.now)  # type: ignore[assignment]
        self.settle()
        return answer

    def notice(self, event: Event) -> None:
        """Tells all blocks what happens to the station."""
        for block in self._blocks:
            block.notice(event, self.now)
        self.settle()

    def boot(self) -> None:
        """Starts the station; the CSMS accepts its boot."""
        for event in (StationStarted(), CsmsConnected(), BootAccepted()):
            self.notice(event)

    def go_offline(self, seconds: float) -> None:
        """Loses the connection for a while."""
        self.notice(CsmsDisconnected())
        self.wait(seconds)
        self.notice(CsmsConnected(offline_for=seconds))

    def wait(self, seconds: float) -> None:
        """Lets time pass, with all that is due meanwhile."""
        self.settle()
        end = self.now.after(seconds)
        while True:
            deadlines = [each.next_deadline(self.now) for each in self._blocks]
            dues = [each for each in deadlines if each is not None and each <= end.monotonic]
            if not dues:
                break
            self.now = self.now.after(max(min(dues) - self.now.monotonic, 0.0))
            for block in self._blocks:
                due = block.next_deadline(self.now)
                if due is not None and due <= self.now.monotonic:
                    block.handle_timeout(self.now)
            self.settle()
        self.now = end

    def take_reports(self, kind: type[R]) -> list[R]:
        """Returns the reports of a type, and forgets all reports."""
        self.settle()
        found = [each for each in self.reports if isinstance(each, kind)]
        self.reports.clear()
        return found

    def take_events(self, kind: type[E]) -> list[E]:
        """Returns the events of a type, and forgets all events."""
        self.settle()
        found = [each for each in self.events if isinstance(each, kind)]
        self.events.clear()
        return found

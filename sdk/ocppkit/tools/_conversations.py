"""The calls of one station that wait for an answer, and the message ids that all stations have used."""

from collections import OrderedDict
from typing import Final

from ocppkit.core import Role

from ._findings import FindingKind, connector_of
from ._frame_reading import FrameReading
from ._logged_frames import Direction, LoggedFrame
from ._version_guess import VersionGuess

__all__ = ["OpenCall", "StationConversation", "UsedIds"]

_OPEN_CALLS: Final = 256
"""Calls without an answer that are remembered of one station and direction."""

_REMEMBERED_IDS: Final = 20_000
"""Message ids that are remembered, of all stations together."""

_BOOT: Final = "BootNotification"


class OpenCall:
    """A call that waits for its answer."""

    __slots__ = (
        "action", "answered", "connector", "copies", "index", "is_selected", "line", "sender",
        "source", "time",
    )  # fmt: skip

    def __init__(
        self,
        action: str,
        logged: LoggedFrame,
        *,
        sender: Role | None,
        index: int,
        is_selected: bool,
    ) -> None:
        self.action = action
        self.connector = connector_of(logged.text) if is_selected else ""
        self.source = logged.source
        self.line = logged.line
        self.time = logged.time
        self.sender = sender
        self.is_selected = is_selected
        self.index = index
        """Its number among the calls of the station."""

        self.copies = 1
        """How often it was sent, less the answers."""

        self.answered = False


class StationConversation:
    """What is known of one station."""

    __slots__ = ("_last", "_waiting", "boots", "calls", "guess", "last_time", "number", "station")

    def __init__(self, station: str, number: int, guess: VersionGuess) -> None:
        self.station = station
        self.number = number
        self.guess = guess
        self.boots = 0
        self.calls = 0
        self.last_time: float | None = None
        self._last: dict[Direction, int] = {}
        self._waiting: dict[Direction, dict[str, OpenCall]] = {}

    def waiting(self, direction: Direction) -> dict[str, OpenCall]:
        """Returns the calls that went in a direction and wait for an answer, by message id."""
        calls = self._waiting.get(direction)
        if calls is None:
            calls = self._waiting[direction] = {}
        return calls

    def next_call(self, direction: Direction) -> int:
        """Counts a call and returns its number."""
        self.calls += 1
        self._last[direction] = self.calls
        return self.calls

    def opened(self, message_id: str, call: OpenCall, direction: Direction) -> OpenCall | None:
        """Remembers a call; returns one that is forgotten for it, because too many wait."""
        calls = self.waiting(direction)
        forgotten = calls.pop(message_id, None)
        calls[message_id] = call
        if forgotten is None and len(calls) > _OPEN_CALLS:
            forgotten = calls.pop(next(iter(calls)))
        return forgotten

    def unanswered(self) -> list[tuple[OpenCall, bool]]:
        """Returns the calls without an answer, and whether each is the last that its sender made."""
        return [
            (call, call.index == self._last[direction])
            for direction, calls in self._waiting.items()
            for call in calls.values()
            if not call.answered
        ]


class UsedIds:
    """The message ids of the latest calls, to recognise those that are used again."""

    def __init__(self) -> None:
        self._contents: OrderedDict[tuple[object, ...], int] = OrderedDict()

    def use(
        self, conversation: StationConversation, logged: LoggedFrame, reading: FrameReading
    ) -> FindingKind | None:
        """Notes the message id of a call; returns what is wrong about it, if anything is."""
        senders = reading.senders
        # In a log of both ends, station and CSMS may each have sent a call with this id.
        sender = next(iter(senders)) if len(senders) == 1 else None
        whose = (conversation.number, sender, logged.direction, reading.message_id)
        key = (conversation.boots, *whose)
        content = hash(logged.text)
        earlier = self._contents.get(key)
        if reading.action == _BOOT and earlier != content:
            # With a boot a connection begins, where ids may be those of an earlier one.
            conversation.boots += 1
            earlier, key = None, (conversation.boots, *whose)
        self._contents[key] = content
        if len(self._contents) > _REMEMBERED_IDS:
            self._contents.popitem(last=False)
        if earlier is None:
            return None
        return FindingKind.REPEATED if earlier == content else FindingKind.REUSED_ID

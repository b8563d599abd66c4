"""The resets that a station has been asked for: those that wait, and those that are due."""

from collections.abc import Iterable

__all__ = ["Resets"]


class Resets:
    """Resets of the station, as `None`, and of EVSEs, by their ids."""

    def __init__(self) -> None:
        """Begins without resets."""
        self._waiting: set[int | None] = set()
        self._due: set[int | None] = set()
        self._included: set[int | None] = set()
        """EVSEs whose reset was due when one of the station took its place."""

        self._work: set[str] = set()

    @property
    def waiting(self) -> Iterable[int | None]:
        """What waits until it is idle, the station first."""
        return sorted(self._waiting, key=lambda evse_id: evse_id or 0)

    def schedule(self, evse_id: int | None) -> None:
        """Adds a reset that waits until it is idle."""
        self._waiting.add(evse_id)

    def begin(self, evse_id: int | None) -> None:
        """Notes that a reset is due; that of the station includes those of its EVSEs."""
        if evse_id is None:
            self._waiting.clear()
            self._included |= self._due - {None}
            self._due.clear()
        self._waiting.discard(evse_id)
        self._due.add(evse_id)

    def end(self, evse_id: int | None) -> bool:
        """Notes that a reset was done, and returns whether it was due."""
        was_due = evse_id in self._due
        self._due.discard(evse_id)
        return was_due

    def was_included(self, evse_id: int) -> bool:
        """Returns whether a reset of the station took the place of one that was due; asked once."""
        was_included = evse_id in self._included
        self._included.discard(evse_id)
        return was_included

    def concern(self, evse_id: int) -> bool:
        """Returns whether a reset of an EVSE, or of the station, is due or waits."""
        return not {None, evse_id}.isdisjoint(self._waiting | self._due)

    def set_work(self, name: str, goes_on: bool) -> None:
        """Notes whether some work goes on, during which the station is not idle."""
        if goes_on:
            self._work.add(name)
        else:
            self._work.discard(name)

    @property
    def is_working(self) -> bool:
        """Whether some work goes on."""
        return bool(self._work)

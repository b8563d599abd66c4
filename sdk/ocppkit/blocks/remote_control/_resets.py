"""The resets that a station has been asked for: those that wait, and those that are due."""

from collections.abc import Iterable

from ._remote_messages import ResetDue

__all__ = ["Resets"]


class Resets:
    """Resets of the station, as `None`, and of EVSEs, by their ids."""

    def __init__(self) -> None:
        """Begins without resets."""
        self._waiting: set[int | None] = set()
        self._due: dict[int | None, ResetDue] = {}
        self._failures: dict[int | None, int] = {}
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

    def begin(self, due: ResetDue) -> None:
        """Notes that a reset is due; that of the station includes those of its EVSEs."""
        evse_id = due.evse_id
        if evse_id is None:
            self._waiting.clear()
            self._included.update(each for each in self._due if each is not None)
            self._due.clear()
        self._waiting.discard(evse_id)
        self._failures.pop(evse_id, None)
        self._due[evse_id] = due

    def end(self, evse_id: int | None) -> bool:
        """Notes that a reset was done, and returns whether it was due."""
        return self._due.pop(evse_id, None) is not None

    def fail(self, evse_id: int | None) -> tuple[ResetDue, int]:
        """Notes that a reset could not be done, and returns it with how often that was so.

        Raises:
            ValueError: no reset of it was due.
        """
        due = self._due.get(evse_id)
        if due is None:
            raise ValueError(
                f"no reset of {(evse_id and f'EVSE {evse_id}') or 'the station'} was due"
            )
        failures = self._failures[evse_id] = self._failures.get(evse_id, 0) + 1
        return due, failures

    def was_included(self, evse_id: int) -> bool:
        """Returns whether a reset of the station took the place of one that was due; asked once."""
        was_included = evse_id in self._included
        self._included.discard(evse_id)
        return was_included

    def concern(self, evse_id: int) -> bool:
        """Returns whether a reset of an EVSE, or of the station, is due or waits."""
        return not {None, evse_id}.isdisjoint(self._waiting | self._due.keys())

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

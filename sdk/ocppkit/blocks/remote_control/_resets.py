"""The resets that a CSMS has asked for: those that wait, and those to carry out now."""

from collections.abc import Iterable

from ._remote_messages import ResetDue

__all__ = ["Resets"]


class Resets:
    """The resets of a station, by EVSE id; `None` stands for the station as a whole."""

    def __init__(self) -> None:
        """Starts without resets."""
        self._waiting: set[int | None] = set()
        self._due: dict[int | None, ResetDue] = {}
        self._failures: dict[int | None, int] = {}
        self._included: set[int | None] = set()
        """EVSEs whose reset was due when one of the station took its place."""

        self._work: set[str] = set()

    @property
    def waiting(self) -> Iterable[int | None]:
        """The resets that wait until the station or EVSE is idle, the station first."""
        return sorted(self._waiting, key=lambda evse_id: evse_id or 0)

    def schedule(self, evse_id: int | None) -> None:
        """Adds a reset that waits until the station or EVSE is idle."""
        self._waiting.add(evse_id)

    def begin(self, due: ResetDue) -> None:
        """Notes that a reset must be carried out now. A reset of the station includes those of its
        EVSEs.
        """
        evse_id = due.evse_id
        if evse_id is None:
            self._waiting.clear()
            self._included.update(each for each in self._due if each is not None)
            self._due.clear()
        self._waiting.discard(evse_id)
        self._failures.pop(evse_id, None)
        self._due[evse_id] = due

    def end(self, evse_id: int | None) -> bool:
        """Notes that a reset was carried out; returns whether it was due."""
        return self._due.pop(evse_id, None) is not None

    def fail(self, evse_id: int | None) -> tuple[ResetDue, int]:
        """Notes that a reset has failed; returns the reset and the number of failures.

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
        """Returns once whether a reset of the station has replaced a reset of this EVSE that was
        due.
        """
        was_included = evse_id in self._included
        self._included.discard(evse_id)
        return was_included

    def has_reset_of(self, evse_id: int) -> bool:
        """Returns whether a reset of the EVSE or station is due or waits."""
        return not {None, evse_id}.isdisjoint(self._waiting | self._due.keys())

    def set_work(self, name: str, goes_on: bool) -> None:
        """Notes that some work has begun or ended, during which the station is not idle."""
        if goes_on:
            self._work.add(name)
        else:
            self._work.discard(name)

    @property
    def is_working(self) -> bool:
        """Whether some work is going on."""
        return bool(self._work)

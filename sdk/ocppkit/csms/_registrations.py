"""What a CSMS remembers of its stations over restarts: the interface of the store, and an
implementation in memory.

Stations do not boot again when only the connection was lost (REC-04). Whoever forgets at a restart that
their boots were accepted has to refuse the messages of a whole fleet, billing data among them.
"""

from collections import OrderedDict
from typing import Final, Protocol

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import StationRecord

__all__ = ["MemoryRegistrations", "Registrations"]


class Registrations(Protocol):
    """The interface of a store of station records, by identity.

    Both methods may be `async`. One that raises harms no connection: it is logged; a record that could
    not be saved is kept in memory and saved later, and a station whose record cannot be read is served.
    """

    def find(self, identity: str) -> MaybeAwaitable[StationRecord | None]:
        """Returns the record of a station, or `None` if there is none.

        If no record has this very identity, one may be returned whose identity differs in case alone:
        it is used for versions in which case does not count.
        """
        ...

    def save(self, record: StationRecord) -> MaybeAwaitable[None]:
        """Saves a record; replaces the one of the same identity.

        It is called before the boot is answered, so that no station takes itself for accepted of
        which nothing is known after a crash.
        """
        ...


class MemoryRegistrations:
    """A store of station records that is lost when the program ends."""

    STATIONS: Final = 1 << 17
    """Records that are kept; those saved longest ago make room."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, StationRecord] = OrderedDict()
        self._folded: dict[str, str] = {}

    def find(self, identity: str) -> StationRecord | None:
        """Returns the record of a station, or `None` if there is none."""
        found = self._records.get(identity)
        if found is None:
            found = self._records.get(self._folded.get(identity.casefold(), identity))
        return found

    def save(self, record: StationRecord) -> None:
        """Saves a record; replaces the one of the same identity."""
        self._records.pop(record.identity, None)
        self._records[record.identity] = record
        self._folded[record.identity.casefold()] = record.identity
        if len(self._records) > self.STATIONS:
            oldest, _ = self._records.popitem(last=False)
            self._folded.pop(oldest.casefold(), None)

"""Joins the parts of reports about variables, for a CSMS."""

from collections.abc import Sequence

from msgspec import Struct

from ._questions import ReportData, VariablesReport

__all__ = ["CollectedReport", "ReportCollector"]


class CollectedReport(Struct, frozen=True, kw_only=True):
    """A report about variables, with the parts that have arrived."""

    status: str
    """What the station answered when it was asked: Accepted, or why there is no report."""

    data: tuple[ReportData, ...] = ()
    missing: tuple[int, ...] = ()
    """The numbers of parts that have not arrived although a later one has."""

    is_complete: bool = True
    """Whether all parts have arrived, the last one included; true of a report that the station refused."""


class ReportCollector:
    """Joins the parts of one report. They may arrive in any order, twice, or not at all."""

    def __init__(self) -> None:
        self._parts: dict[int, VariablesReport] = {}
        self._last: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all parts have arrived."""
        return self._last is not None and not self.missing

    @property
    def missing(self) -> Sequence[int]:
        """The numbers of missing parts below the highest known number."""
        highest = max(self._parts, default=-1) if self._last is None else self._last
        return [number for number in range(highest + 1) if number not in self._parts]

    def add_part(self, part: VariablesReport) -> None:
        """Adds a part. A part that has arrived before is ignored."""
        self._parts.setdefault(part.seq_no, part)
        if not part.tbc:
            self._last = part.seq_no

    def report(self, status: str = "Accepted") -> CollectedReport:
        """Returns a report of the parts that have arrived, in order."""
        data = (each for number in sorted(self._parts) for each in self._parts[number].data)
        return CollectedReport(
            status=status,
            data=tuple(data),
            missing=tuple(self.missing),
            is_complete=self.is_complete,
        )

"""Collects the reports of variables that a CSMS has asked for, and remembers their content."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import wait_until
from ocppkit.blocks import Dialect
from ocppkit.blocks.variables import (
    CollectedReport,
    ReportAnswer,
    ReportCollector,
    ReportedVariables,
    ReportStatus,
    VariableRules,
    VariablesReport,
)
from ocppkit.core import LocalProtocolError

from .._handle import StationHandle

__all__ = ["StationReports"]


@dataclass(slots=True, eq=False)
class _PartialReport:
    """A report of variables that is still arriving, in parts."""

    collector: ReportCollector = field(default_factory=ReportCollector)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class StationReports:
    """The reports of all stations about their variables."""

    def __init__(self, dialects: Mapping[str, Dialect], clock: Callable[[], Clock]) -> None:
        """Starts without reports.

        Args:
            dialects: those of the CSMS, by subprotocol.
            clock: returns the clock that waits are measured on.
        """
        self._clock = clock
        self._rules = {name: _rules_of(dialect) for name, dialect in dialects.items()}
        self._standard = {name: ReportedVariables(each) for name, each in self._rules.items()}
        self._remembered: dict[str, ReportedVariables] = {}
        self._collections: dict[tuple[str, int], _PartialReport] = {}
        self._request_ids = count(1)

    def variables_of(self, station: StationHandle) -> ReportedVariables:
        """Returns the known variables of a station."""
        standard = self._standard[station.protocol.subprotocol]
        return self._remembered.get(station.identity, standard)

    def remember(self, station: StationHandle, report: CollectedReport) -> None:
        """Remembers the variables in a report until `forget` is called."""
        rules = self._rules[station.protocol.subprotocol]
        self._remembered[station.identity] = ReportedVariables(rules, report.data)

    def forget(self, identity: str) -> None:
        """Forgets the variables of a station."""
        self._remembered.pop(identity, None)

    def add_part(self, identity: str, report: VariablesReport) -> None:
        """Adds a part of a report. A part that nobody waits for is ignored."""
        collection = self._collections.get((identity, report.request_id))
        if collection is not None:
            collection.collector.add_part(report)
            collection.changed.set()

    async def collect(
        self, identity: str, ask: Callable[[int], Awaitable[ReportAnswer]], patience: float
    ) -> CollectedReport:
        """Asks for a report; returns it when all parts have arrived, or when no further part comes
        in time.

        Args:
            identity: the station.
            ask: asks the station for the report, under a number.
            patience: seconds to wait for the next part.
        """
        request_id = next(self._request_ids)
        collection = _PartialReport()
        self._collections[identity, request_id] = collection
        try:
            answer = await ask(request_id)
            if answer.status != ReportStatus.ACCEPTED:
                return CollectedReport(status=answer.status)
            await self._wait_for_parts(collection, patience)
            return collection.collector.report()
        finally:
            del self._collections[identity, request_id]

    async def _wait_for_parts(self, collection: _PartialReport, patience: float) -> None:
        clock = self._clock()
        while not collection.collector.is_complete:
            collection.changed.clear()
            changed = asyncio.ensure_future(collection.changed.wait())
            try:
                await wait_until(clock, clock.time() + patience, changed)
                if not changed.done():
                    return
            finally:
                changed.cancel()


_NO_VARIABLES = VariableRules(standard=(), value_size=0, set_value_size=0, password_size=(0, 0))


def _rules_of(dialect: Dialect) -> VariableRules:
    try:
        return dialect.rules(VariableRules)
    except LocalProtocolError:
        # The version was generated without the messages for variables.
        return _NO_VARIABLES

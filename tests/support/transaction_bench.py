"""The transactions block alone, with a clock and a meter that the test sets, and a record of its reports."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from ocppkit.blocks import Event, Moment, StationStarted
from ocppkit.blocks.transactions import (
    IdToken,
    MeterValuesReport,
    SampledValue,
    TransactionReply,
    TransactionReport,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    TX_START_POINT,
    TX_STOP_POINT,
    DeviceModel,
)

__all__ = ["CARD", "NOON", "TransactionBench"]

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
CARD = IdToken("04E91C5A", "ISO14443")

E = TypeVar("E", bound=Event)
LATEST = TransactionRules()


class TransactionBench:
    """The transactions block of a station with two EVSEs, with its reports so far."""

    def __init__(
        self,
        *,
        start: str = "PowerPathClosed",
        stop: str = "EVConnected,Authorized",
        rules: TransactionRules = LATEST,
        settings: Mapping[Any, Any] | None = None,
        **more: Any,
    ) -> None:
        self.model = DeviceModel()
        self.model[TX_START_POINT] = tuple(start.split(","))
        self.model[TX_STOP_POINT] = tuple(stop.split(","))
        self.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = 0
        for key, value in (settings or {}).items():
            self.model[key] = value
        self.now = Moment(1000.0, NOON)
        self.registers = {0: 5000.0, 1: 1000.0, 2: 2000.0}
        self.reports: list[TransactionReport | MeterValuesReport] = []
        self.events: list[Event] = []
        self._ids = count(1)
        self._rules = rules
        self._more = more
        self.block = self._made()
        self.block.notice(StationStarted(), self.now)
        self.collect()
        self.events.clear()

    def _made(self) -> TransactionsBlock:
        return TransactionsBlock(
            (1, 2), self.model, self.samples, self.new_id, rules=self._rules, **self._more
        )

    def samples(self, evse_id: int) -> list[SampledValue]:
        return [
            SampledValue(self.registers[evse_id]),
            SampledValue(7000.0, measurand="Power.Active.Import", unit="W"),
        ]

    def new_id(self) -> str:
        return f"T{next(self._ids)}"

    def do(self, action: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Calls a method of the block with the present moment, and collects what follows."""
        result = action(*args, now=self.now, **more)
        self.collect()
        return result

    def collect(self) -> None:
        while (report := self.block.next_report()) is not None:
            assert isinstance(report, TransactionReport | MeterValuesReport)
            self.reports.append(report)
        while (event := self.block.next_event()) is not None:
            self.events.append(event)

    def advance(self, seconds: float) -> None:
        """Moves the clocks, and calls the block when something is due, and not otherwise."""
        until = self.now.monotonic + seconds
        while (due := self.block.next_deadline(self.now)) is not None and due <= until:
            self.now = self.now.after(max(due - self.now.monotonic, 0.0))
            self.block.handle_timeout(self.now)
            self.collect()
        self.now = self.now.after(until - self.now.monotonic)

    def reply(self, report: TransactionReport, **members: Any) -> None:
        self.block.replied(report, TransactionReply(**members), self.now)
        self.collect()

    def power_cut(self, seconds: float = 0.0) -> None:
        """Restarts the station from what the block keeps."""
        state = self.block.state()
        self.now = Moment(5.0, self.now.wall + timedelta(seconds=seconds))
        self.block = self._made()
        if state is not None:
            self.block.restore(state, self.now)
        self.block.notice(StationStarted(), self.now)
        self.collect()

    @property
    def transactions(self) -> list[TransactionReport]:
        return [each for each in self.reports if isinstance(each, TransactionReport)]

    @property
    def sequence(self) -> str:
        """What was reported of transactions, as `triggerReason:eventType` with blanks between."""
        return " ".join(f"{each.trigger_reason}:{each.event_type}" for each in self.transactions)

    def of(self, kind: type[E]) -> list[E]:
        return [each for each in self.events if isinstance(each, kind)]

"""The blocks of a station that a CSMS can control, for tests without a driver."""

from itertools import count
from typing import Any

from ocppkit.blocks import dialect_of
from ocppkit.blocks.authorization import (
    AuthorizationBlock,
    AuthorizationRules,
    AuthorizeReply,
    AuthorizeReport,
)
from ocppkit.blocks.availability import AvailabilityBlock, AvailabilityRules, StatusReport
from ocppkit.blocks.charging import ChargingBlock, ChargingRules
from ocppkit.blocks.remote_control import (
    RemoteAnswer,
    RemoteControlBlock,
    RemoteControlRules,
    StartRemotely,
)
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    TokenInfo,
    TransactionReport,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import TX_START_POINT, TX_STOP_POINT, DeviceModel
from ocppkit.core import Protocol

from .block_steps import BlockSteps

__all__ = ["RemoteBench"]


class RemoteBench:
    """A station with two EVSEs and all blocks that handle commands of a CSMS."""

    def __init__(
        self,
        protocol: Protocol,
        *,
        authorizes: bool = True,
        has_smart_charging: bool = False,
        **more: Any,
    ) -> None:
        dialect = dialect_of(protocol)
        self.is_16 = dialect.rules(AvailabilityRules).station_has_status
        self.card = IdToken("04E91C5A", None if self.is_16 else "ISO14443")
        self.model = DeviceModel()
        self.model[TX_START_POINT] = ("PowerPathClosed",)
        self.model[TX_STOP_POINT] = ("EVConnected", "Authorized")
        numbers = count(1)
        self.transactions = TransactionsBlock(
            (1, 2),
            self.model,
            lambda evse_id: [SampledValue(1000.0 * evse_id)],
            lambda: f"T{next(numbers)}",
            rules=dialect.rules(TransactionRules),
        )
        self.authorization = AuthorizationBlock(
            (1, 2),
            self.model,
            rules=dialect.rules(AuthorizationRules),
            transactions=self.transactions,
        )
        self.charging = ChargingBlock(
            (1, 2), self.model, lambda most: 0, maximum=32.0, rules=dialect.rules(ChargingRules)
        )
        self.availability = AvailabilityBlock(
            dialect.rules(AvailabilityRules), self.model, {1: 1, 2: 1}
        )
        self.remote = RemoteControlBlock(
            dialect.rules(RemoteControlRules),
            self.model,
            self.availability,
            self.transactions,
            self.authorization if authorizes else None,
            self.charging if has_smart_charging else None,
            **more,
        )
        self.blocks = (
            self.charging,
            self.transactions,
            self.authorization,
            self.availability,
            self.remote,
        )
        self.steps = BlockSteps(*self.blocks)

    def boot(self) -> None:
        """Boots, and forgets what was reported by it."""
        self.steps.boot()
        self.forget()

    def forget(self) -> None:
        """Forgets all reports and events so far."""
        self.steps.settle()
        self.steps.reports.clear()
        self.steps.events.clear()

    def charge(self, evse_id: int) -> str:
        """Charges at an EVSE, and returns the transaction."""
        now = self.steps.now
        self.transactions.plugged_in(evse_id, now)
        self.transactions.authorized(evse_id, self.card, now)
        self.transactions.energy(evse_id, True, now)
        self.forget()
        transaction_id = self.transactions.state_of(evse_id).transaction_id
        assert transaction_id is not None
        return transaction_id

    def leave(self, evse_id: int) -> None:
        """Has the driver stop, and drive away."""
        if self.transactions.state_of(evse_id).authorized:
            self.transactions.stopped(evse_id, self.steps.now, id_token=self.card)
        self.transactions.unplugged(evse_id, self.steps.now)
        self.steps.settle()

    def start(self, **members: Any) -> RemoteAnswer:
        """Starts remotely, as a CSMS does."""
        given: dict[str, Any] = {"id_token": self.card, "remote_start_id": 9} | members
        return self.steps.order(StartRemotely(**given))

    def csms_says(self, status: str) -> None:
        """Answers what the station has asked about a token."""
        (report,) = self.steps.take_reports(AuthorizeReport)
        reply = AuthorizeReply(id_token_info=TokenInfo(status=status))
        self.authorization.replied(report, reply, self.steps.now)
        self.steps.settle()

    def transaction_reports(self) -> list[TransactionReport]:
        """Returns what was reported of transactions, and forgets all reports."""
        return self.steps.take_reports(TransactionReport)

    def statuses(self) -> list[tuple[int, str]]:
        """Returns EVSE and status of what was reported, and forgets all reports."""
        return [
            (each.evse_id, each.connector_status) for each in self.steps.take_reports(StatusReport)
        ]

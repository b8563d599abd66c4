"""The block of transactions, with a record of the calls that the block of authorization makes."""

from itertools import count
from typing import Any

from ocppkit.blocks import Moment, StationStarted, dialect_of
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    StoppedReason,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import DeviceModel
from ocppkit.core import Protocol

__all__ = ["RecordedTransactions"]


class RecordedTransactions(TransactionsBlock):
    """The transactions of two EVSEs, and which calls have changed who is authorized."""

    def __init__(self, protocol: Protocol, model: DeviceModel, now: Moment) -> None:
        ids = count(1)
        super().__init__(
            (1, 2),
            model,
            lambda evse_id: [SampledValue(1000.0)],
            lambda: f"T{next(ids)}",
            rules=dialect_of(protocol).rules(TransactionRules),
        )
        self.told: list[tuple[Any, ...]] = []
        self.notice(StationStarted(), now)

    def authorized(
        self,
        evse_id: int,
        id_token: IdToken,
        now: Moment,
        *,
        group_id_token: IdToken | None = None,
        reservation_id: int | None = None,
    ) -> None:
        self.told.append(("authorized", evse_id, id_token, group_id_token, reservation_id))
        super().authorized(
            evse_id, id_token, now, group_id_token=group_id_token, reservation_id=reservation_id
        )

    def remote_start(
        self,
        evse_id: int,
        id_token: IdToken,
        remote_start_id: int | None,
        now: Moment,
        *,
        group_id_token: IdToken | None = None,
        reservation_id: int | None = None,
    ) -> str | None:
        self.told.append(
            ("remote_start", evse_id, id_token, remote_start_id, group_id_token, reservation_id)
        )
        return super().remote_start(
            evse_id,
            id_token,
            remote_start_id,
            now,
            group_id_token=group_id_token,
            reservation_id=reservation_id,
        )

    def stopped(
        self,
        evse_id: int,
        now: Moment,
        *,
        reason: StoppedReason = StoppedReason.LOCAL,
        id_token: IdToken | None = None,
    ) -> None:
        self.told.append(("stopped", evse_id, reason, id_token))
        super().stopped(evse_id, now, reason=reason, id_token=id_token)

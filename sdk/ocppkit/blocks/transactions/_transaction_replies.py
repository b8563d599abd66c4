"""Handles the CSMS's replies to reports of transactions, and its questions about transactions."""

from collections.abc import Callable

from .._commands_and_reports import Event
from .._moment import Moment
from .._transaction_life import TransactionNumbered
from ._evse import Evse
from ._evse_events import TransactionReplied
from ._id_tokens import TokenInfoReceived
from ._reports import TransactionReply, TransactionReport
from ._station_evses import StationEvses
from ._status_query import GetTransactionStatus, TransactionStatus
from ._token_verdicts import TokenVerdicts
from ._transaction_limiter import TransactionLimiter

__all__ = ["TransactionReplies"]


class TransactionReplies:
    """Handles what the CSMS says about the transactions of one station."""

    def __init__(
        self,
        evses: StationEvses,
        verdicts: TokenVerdicts,
        limiter: TransactionLimiter,
        *,
        has_undelivered: Callable[[str | None], bool] | None,
        tell: Callable[[Event], None],
        touch: Callable[[Moment], None],
    ) -> None:
        """Creates a handler for the transactions of one station.

        Args:
            evses: the EVSEs.
            verdicts: applies verdicts on tokens.
            limiter: limits transactions.
            has_undelivered: returns whether messages of a transaction wait.
            tell: takes an event.
            touch: called when what must be kept of transactions has changed.
        """
        self._evses = evses
        self._verdicts = verdicts
        self._limiter = limiter
        self._has_undelivered = has_undelivered
        self._tell = tell
        self._touch = touch

    def take(self, report: TransactionReport, reply: TransactionReply, now: Moment) -> None:
        """Applies a reply: the decision about the token, the number of the transaction, and news
        for the program.
        """
        info, token = reply.id_token_info, report.id_token
        if info is not None and token is not None:
            self._tell(TokenInfoReceived(id_token=token, info=info))
        if reply != TransactionReply():
            self._tell(TransactionReplied(report=report, reply=reply))
        name = report.transaction_id
        evse = None if name is None else self._evses.of_transaction(name)
        if evse is None:
            return
        if reply.number is not None:
            self._take_number(evse, reply.number, now)
        if reply.transaction_limit is not None:
            self._limiter.set(evse, reply.transaction_limit, now, by_csms=True)
        # The transaction may end here: a limit can be reached already.
        if reply.total_cost is not None and evse.transaction is not None:
            self._limiter.set_cost(evse, reply.total_cost, now)
        if evse.transaction is None:
            return
        own = evse.state.id_token
        if info is not None and own is not None and token is not None and own.is_same_as(token):
            self._verdicts.take(evse, info, now)

    def status(self, command: GetTransactionStatus, now: Moment) -> TransactionStatus:
        """Returns whether a transaction is running, and whether messages about it are still
        waiting. # E14
        """
        name = command.transaction_id
        waits = self._has_undelivered is not None and self._has_undelivered(name)
        ongoing = None if name is None else self._evses.of_transaction(name) is not None
        return TransactionStatus(ongoing_indicator=ongoing, messages_in_queue=waits)

    def _take_number(self, evse: Evse, number: int, now: Moment) -> None:
        transaction = evse.transaction_required()
        if transaction.number != number:
            transaction.number = number
            self._touch(now)
            self._tell(
                TransactionNumbered(
                    evse_id=evse.evse_id,
                    transaction_id=transaction.transaction_id,
                    number=number,
                )
            )

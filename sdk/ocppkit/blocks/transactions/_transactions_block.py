"""`TransactionsBlock`: the transactions and meters of a station (functional blocks E and J)."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final

from ocppkit.core import LocalProtocolError

from .._block import Block
from .._moment import Moment
from ..variables import DeviceModel
from ._commands import GetTransactionStatus, TransactionStatus
from ._evse_state import EvseState
from ._id_tokens import IdToken
from ._meter_values import SampledValue
from ._transaction_rules import TransactionRules
from ._words import StoppedReason, SuspendedBy

__all__ = ["TransactionsBlock"]

_LATEST: Final = TransactionRules()


class TransactionsBlock(Block):
    """The transactions and meters of a station.

    The program tells what happens at the EVSEs: a plug, a driver, energy. The block reports transactions
    to the CSMS, says when the contactors are to be closed (`PowerPath`), and reads the meter when values
    are due.
    """

    name: ClassVar[str] = "transactions"

    def __init__(
        self,
        evse_ids: Iterable[int],
        model: DeviceModel,
        read_meter: Callable[[int], Sequence[SampledValue]],
        new_id: Callable[[], str],
        *,
        rules: TransactionRules = _LATEST,
        has_undelivered: Callable[[str | None], bool] | None = None,
        has_main_meter: bool = False,
    ) -> None:
        """Begins without transactions.

        Args:
            evse_ids: the EVSEs; in OCPP 1.6, the connectors.
            model: the settings.
            read_meter: returns what the meter of an EVSE shows now, all measurands it has; nothing if it
                cannot be read. What it raises is raised to the caller, and nothing changes.
            new_id: returns an id for a transaction that no other has, in all the station's life; of at
                most 36 characters, such as a UUID. [TEV-01]
            rules: in what the version differs.
            has_undelivered: returns whether messages of a transaction wait that the CSMS has not
                received; of any transaction if it is asked for `None`. Without it,
                GetTransactionStatus is not supported.
            has_main_meter: whether `read_meter(0)` tells what all EVSEs use together.
        """
        super().__init__()
        self._model = model
        self._read_meter = read_meter
        self._new_id = new_id
        self._rules = rules
        self._has_undelivered = has_undelivered
        self._has_main_meter = has_main_meter
        self._states = {evse_id: EvseState(evse_id=evse_id) for evse_id in evse_ids}
        if has_undelivered is not None:
            self._on_command(GetTransactionStatus)(self._get_status)

    # What a program calls.

    def state_of(self, evse_id: int) -> EvseState:
        """Returns what is known of an EVSE.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        state = self._states.get(evse_id)
        if state is None:
            raise LocalProtocolError(f"there is no EVSE {evse_id} [one of {sorted(self._states)}]")
        return state

    def evse_of(self, transaction_id: str) -> int | None:
        """Returns the EVSE of a transaction that goes on.

        Args:
            transaction_id: the station's own id of it, or the number that the CSMS of OCPP 1.6 gave it.
        """
        raise NotImplementedError

    def parked(self, evse_id: int, now: Moment) -> None:
        """Takes that a vehicle stands in the parking bay."""
        raise NotImplementedError

    def left(self, evse_id: int, now: Moment) -> None:
        """Takes that the vehicle has left the parking bay."""
        raise NotImplementedError

    def plugged_in(self, evse_id: int, now: Moment, *, connector_id: int = 1) -> None:
        """Takes that the cable is plugged in at both ends."""
        raise NotImplementedError

    def unplugged(self, evse_id: int, now: Moment) -> None:
        """Takes that the cable is no longer plugged in at both ends."""
        raise NotImplementedError

    def authorized(
        self,
        evse_id: int,
        id_token: IdToken,
        now: Moment,
        *,
        group_id_token: IdToken | None = None,
        reservation_id: int | None = None,
    ) -> None:
        """Takes that a driver may charge, as it was decided at the station or by the CSMS.

        Raises:
            LocalProtocolError: there is no such EVSE, or it has an authorized driver already.
        """
        raise NotImplementedError

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
        """Takes that the CSMS has authorized a driver. [F01, F02]

        Returns:
            The transaction that goes on already, for the response. [F01.FR.13]

        Raises:
            LocalProtocolError: there is no such EVSE, or it has an authorized driver already.
        """
        raise NotImplementedError

    def energy(self, evse_id: int, flows: bool, now: Moment, *, phases: int | None = None) -> None:
        """Takes that energy flows, or that it no longer does.

        Args:
            evse_id: the EVSE.
            flows: whether it flows.
            now: the present moment.
            phases: how many phases charge, if it is known.
        """
        raise NotImplementedError

    def suspended(self, evse_id: int, by: SuspendedBy, now: Moment) -> None:
        """Takes that one side pauses the flow of energy."""
        raise NotImplementedError

    def stopped(
        self,
        evse_id: int,
        now: Moment,
        *,
        reason: StoppedReason = StoppedReason.LOCAL,
        id_token: IdToken | None = None,
    ) -> None:
        """Takes that charging is to stop: by the driver, a fault, a reset, or for another reason.

        A fault, a reset and a loss of power end the transaction; else it ends if a stop point ceases to
        hold, and goes on without an authorized driver if not.

        Args:
            evse_id: the EVSE.
            now: the present moment.
            reason: why.
            id_token: the token that was presented to stop, if one was.

        Raises:
            LocalProtocolError: there is no such EVSE, or it has neither driver nor transaction.
        """
        raise NotImplementedError

    def stop_remotely(self, transaction_id: str, now: Moment) -> bool:
        """Stops a transaction because the CSMS wants it, and returns whether it goes on. [F03]

        Args:
            transaction_id: the station's own id of it, or the number that the CSMS of OCPP 1.6 gave it.
            now: the present moment.
        """
        raise NotImplementedError

    def report_transactions(self, evse_id: int | None, now: Moment) -> bool:
        """Reports how transactions stand, for TriggerMessage. [F06]

        Args:
            evse_id: the EVSE; all if it is `None`.
            now: the present moment.

        Returns:
            Whether there is a transaction.
        """
        raise NotImplementedError

    def report_meter_values(self, evse_id: int | None, now: Moment) -> bool:
        """Reports what meters show, for TriggerMessage. [F06]

        Args:
            evse_id: the EVSE, or 0 for the main meter; all if it is `None`.
            now: the present moment.

        Returns:
            Whether there is anything to report.
        """
        raise NotImplementedError

    def _get_status(self, command: GetTransactionStatus, now: Moment) -> TransactionStatus:
        raise NotImplementedError

"""One EVSE of a station: its state, its transaction, and its deadlines."""

from datetime import datetime

from ocppkit.core import LocalProtocolError

from ._evse_state import EvseState
from ._open_transaction import OpenTransaction
from ._words import TriggerReason

__all__ = ["Evse"]


class Evse:
    """One EVSE, with its transaction if there is one."""

    def __init__(self, evse_id: int) -> None:
        self.evse_id = evse_id
        self.state = EvseState(evse_id=evse_id)
        self.transaction: OpenTransaction | None = None

        self.began: float = 0.0
        """When the transaction began, on the monotonic clock."""

        self.last_sample: float = 0.0
        """When values were last due for the reports in between, on the monotonic clock."""

        self.last_ended_sample: float = 0.0
        """When values were last due for the report of the end, on the monotonic clock."""

        self.connect_by: float | None = None
        """When the station stops waiting for a driver who has shown a token or plugged in, and not both."""

        self.energy_check: float | None = None
        """When the meter is to be read next, because the CSMS has refused the token."""

        self.held_trigger: TriggerReason | None = None
        """Why a transaction would have begun that is held."""

        self.retry_at: float | None = None
        """When it is tried again to begin the transaction that is held."""

        self.limit_check: float | None = None
        """When it is looked next whether a limit of the transaction is reached."""

        self.path_closed_since: datetime | None = None
        """Since when energy can flow."""

        self.phases: int | None = None
        """How many phases charge, if it is known."""

        # What the next report tells, once.
        self.is_remote = False
        self.remote_start_id: int | None = None
        self.reservation_id: int | None = None

    def begin(self, transaction: OpenTransaction, now: float) -> None:
        """Sets the EVSE's transaction: a new one, or one that continues after a restart.

        Args:
            transaction: the transaction.
            now: when it began, on the monotonic clock.
        """
        self.transaction = transaction
        self.began = self.last_sample = self.last_ended_sample = now

    def require_free_plug(self, connector_id: int) -> None:
        """Raises an error if a vehicle cannot be plugged in at this connector now.

        Raises:
            LocalProtocolError: another one is plugged in, or has the transaction.
        """
        used, transaction = self.state.connector_id, self.transaction
        is_used = self.state.connected or (transaction is not None and transaction.has_told_evse)
        if is_used and used not in (None, connector_id):
            # CON-03: a transaction does not move to another connector.
            raise LocalProtocolError(
                f"connector {used} of EVSE {self.evse_id} is in use, not {connector_id} "
                "[call `unplugged` first, and end the transaction]"
            )

    def require_no_driver(self) -> None:
        """Raises an error if a driver is authorized already.

        Raises:
            LocalProtocolError: there is one already.
        """
        if self.state.authorized:
            raise LocalProtocolError(
                f"EVSE {self.evse_id} has an authorized driver already [call `stopped` first]"
            )

    def transaction_required(self) -> OpenTransaction:
        """Returns the transaction; there must be one."""
        assert self.transaction is not None, f"EVSE {self.evse_id} has no transaction"
        return self.transaction

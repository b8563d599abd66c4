"""Handles the refusal of a token whose transaction is already running (E05, TX6-03)."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from .._commands_and_reports import Event
from .._moment import Moment
from ..variables import MAX_ENERGY_ON_INVALID_ID, STOP_TX_ON_INVALID_ID, DeviceModel
from ._evse import Evse
from ._evse_events import TransactionDeauthorized
from ._id_tokens import TokenInfo
from ._meter_reader import MeterReader
from ._reporter import TransactionReporter
from ._sequencer import TransactionSequencer
from ._words import StoppedReason, SuspendedBy, TriggerReason

__all__ = ["TokenVerdicts"]

_ENERGY_CHECK: Final = 5.0
"""Seconds between two looks at the meter while a refused token uses up MaxEnergyOnInvalidId."""


class TokenVerdicts:
    """Applies the CSMS's later decisions about the tokens of running transactions."""

    def __init__(
        self,
        model: DeviceModel,
        meters: MeterReader,
        reporter: TransactionReporter,
        sequencer: TransactionSequencer,
        *,
        tell: Callable[[Event], None],
        touch: Callable[[Moment], None],
    ) -> None:
        """Starts without refused tokens.

        Args:
            model: the settings.
            meters: reads the meters.
            reporter: notes what they show.
            sequencer: ends transactions.
            tell: takes an event.
            touch: called when what must be kept of transactions has changed.
        """
        self._model = model
        self._meters = meters
        self._reporter = reporter
        self._sequencer = sequencer
        self._tell = tell
        self._touch = touch

    def take(self, evse: Evse, info: TokenInfo, now: Moment) -> None:
        """Applies a decision about the token of the transaction at an EVSE.

        Args:
            evse: where.
            info: what the CSMS says about the token.
            now: the present moment.
        """
        transaction, before = evse.transaction_required(), evse.state
        if info.is_accepted:
            if info.group_id_token not in (None, before.group_id_token):
                evse.state = replace(before, group_id_token=info.group_id_token)
                self._sequencer.publish_changes(evse, before, now)
            return
        if not before.authorized or transaction.is_refused:
            return
        self._tell(
            TransactionDeauthorized(
                evse_id=evse.evse_id,
                transaction_id=transaction.transaction_id,
                id_token=before.id_token,
                id_token_info=info,
            )
        )
        if self._model.setting(STOP_TX_ON_INVALID_ID):
            # E05.FR.09, E05.FR.10, TX6-03.
            after = replace(before, authorized=False, energy_flows=False, suspended_by=None)
            reason = StoppedReason.DEAUTHORIZED
            self._sequencer.change(evse, after, TriggerReason.DEAUTHORIZED, now, reason=reason)
        else:
            transaction.is_refused = True
            self._touch(now)
            self.check_energy(evse, now)

    def check_energy(self, evse: Evse, now: Moment) -> None:
        """Stops the flow of energy if a refused driver has used up the allowed energy. # E05.FR.02,
        E05.FR.03

        Args:
            evse: where.
            now: the present moment.
        """
        transaction = evse.transaction
        if transaction is None or not transaction.is_refused or evse.state.energy_refused:
            return
        self._reporter.note_register(evse, self._meters.read(evse.evse_id), now.wall)
        most = self._model.setting(MAX_ENERGY_ON_INVALID_ID)
        if transaction.energy is not None and transaction.energy < most:
            evse.energy_check = now.monotonic + _ENERGY_CHECK
            return
        transaction.stopped_reason = StoppedReason.DEAUTHORIZED
        after = replace(
            evse.state, energy_refused=True, energy_flows=False, suspended_by=SuspendedBy.EVSE
        )
        self._sequencer.change(evse, after, TriggerReason.CHARGING_STATE_CHANGED, now)

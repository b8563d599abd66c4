"""Does what is due at the EVSEs of a station when a wait is over."""

from .._moment import Moment
from ._sequencer import TransactionSequencer
from ._station_evses import StationEvses
from ._token_verdicts import TokenVerdicts
from ._transaction_limiter import TransactionLimiter

__all__ = ["EvseTimers"]


class EvseTimers:
    """The waits at the EVSEs of one station: for drivers, for the meter, and for what a transaction may use up."""

    def __init__(
        self,
        evses: StationEvses,
        sequencer: TransactionSequencer,
        verdicts: TokenVerdicts,
        limiter: TransactionLimiter,
    ) -> None:
        self._evses = evses
        self._sequencer = sequencer
        self._verdicts = verdicts
        self._limiter = limiter

    def set_accepted(self, is_accepted: bool, now: Moment) -> None:
        """Notes whether the CSMS has accepted the station. If it has, transactions that were held
        back start. # B02.FR.03
        """
        self._sequencer.is_accepted = is_accepted
        for evse in self._evses.values():
            if is_accepted and evse.state.is_held and evse.transaction is None:
                self._sequencer.retry(evse, now)

    def check(self, now: Moment) -> None:
        """Looks whether transactions that go on after a restart have used up what they may."""
        for evse in self._evses.busy_evses():
            self._verdicts.check_energy(evse, now)
            self._limiter.check(evse, now)

    def next_deadline(self) -> float | None:
        """Returns when a wait ends, on the monotonic clock."""
        dues = (
            due
            for evse in self._evses.values()
            for due in (evse.connect_by, evse.energy_check, evse.limit_check, evse.retry_at)
        )
        return min((due for due in dues if due is not None), default=None)

    def handle_timeout(self, now: Moment) -> None:
        """Does what is due, and stops waiting for drivers who do not come."""
        for evse in self._evses.values():
            if _is_over(evse.connect_by, now):
                evse.connect_by = None
                self._sequencer.stop_waiting(evse, now)
            if _is_over(evse.retry_at, now):
                self._sequencer.retry(evse, now)
            if _is_over(evse.energy_check, now):
                evse.energy_check = None
                self._verdicts.check_energy(evse, now)
            if _is_over(evse.limit_check, now):
                self._limiter.check(evse, now)


def _is_over(due: float | None, now: Moment) -> bool:
    return due is not None and due <= now.monotonic

"""The block of the transactions and meters of a station (functional blocks E and J).

Theory of operation: the program tells facts, such as a plug or a flow of energy, and `_sequencer.py` finds
what they begin and end. `_reporter.py` makes the reports, `_metering.py` knows when a meter is to be read, and
`_token_verdicts.py` what becomes of a driver whom the CSMS refuses afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final

from msgspec.structs import replace

from ocppkit.core import LocalProtocolError

from .._block import Block
from .._moment import Moment
from .._station_life import BootAccepted, BootNotAccepted, ClockChanged, StationStarted
from ..charging import ExternalLimitChanged
from ..variables import STOP_TX_ON_EV_SIDE_DISCONNECT, DeviceModel
from ._evse import Evse
from ._evse_state import EvseState, unplugged
from ._evse_timers import EvseTimers
from ._id_tokens import IdToken
from ._interruptions import Interruptions
from ._meter_reader import MeterReader
from ._meter_values import SampledValue
from ._metering import Metering
from ._reporter import TransactionReporter
from ._reports import TransactionReport
from ._sequencer import TransactionSequencer
from ._station_evses import StationEvses
from ._status_query import GetTransactionStatus
from ._token_verdicts import TokenVerdicts
from ._transaction_limit import TransactionLimit
from ._transaction_limiter import TransactionLimiter
from ._transaction_replies import TransactionReplies
from ._transaction_rules import TransactionRules
from ._words import StoppedReason, SuspendedBy, TriggerReason

__all__ = ["TransactionsBlock"]

_LATEST: Final = TransactionRules()


class TransactionsBlock(Block):
    """Handles the transactions and meters of a station.

    The program tells what happens at the EVSEs: a plug, a driver, energy. The block reports transactions
    to the CSMS, says when the contactors are to be closed (`PowerPathChanged`), and reads the meter when values
    are due. What has been told already changes nothing when it is told again.
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
        fixed_cables: Iterable[int] = (),
    ) -> None:
        """Starts without transactions.

        Args:
            evse_ids: the EVSEs; in OCPP 1.6, the connectors.
            model: the settings.
            read_meter: returns what the meter of an EVSE shows now, all measurands it has; nothing if it
                cannot be read. What it raises is raised to the caller, and nothing changes.
            new_id: returns an id for a transaction that no other has, in all the station's life; of at
                most 36 characters, such as a UUID. # TEV-01
            rules: in what the version differs.
            has_undelivered: returns whether messages of a transaction wait that the CSMS has not
                received; of any transaction if it is asked for `None`. Without it,
                GetTransactionStatus is not supported.
            has_main_meter: whether `read_meter(0)` tells what all EVSEs use together.
            fixed_cables: the EVSEs whose cables are fixed to the station: there an unplugged vehicle is
                waited for as long as EVConnectionTimeOut says. # E10

        Raises:
            ValueError: one of `fixed_cables` is no EVSE.
        """
        super().__init__()
        self._evses = StationEvses((evse_id, Evse(evse_id)) for evse_id in evse_ids)
        fixed = frozenset(fixed_cables)
        if not fixed <= self._evses.keys():
            raise ValueError(
                f"fixed_cables={sorted(fixed)} has ids that are not EVSEs [use ids of "
                f"{list(self._evses)}]"
            )
        self._model = model
        self._rules = rules
        meters = MeterReader(model, read_meter)
        self._reporter = TransactionReporter(
            model, rules, meters, report=self._report, tell=self._tell
        )
        self._sequencer = TransactionSequencer(
            model,
            rules,
            meters,
            self._reporter,
            new_id=new_id,
            fixed_cables=fixed,
            tell=self._tell,
            touch=self._touch,
        )
        self._verdicts = TokenVerdicts(
            model, meters, self._reporter, self._sequencer, tell=self._tell, touch=self._touch
        )
        self._limiter = TransactionLimiter(
            rules, meters, self._reporter, self._sequencer, touch=self._touch
        )
        self._timers = EvseTimers(self._evses, self._sequencer, self._verdicts, self._limiter)
        self._interruptions = Interruptions(
            self._evses, model, rules, self._reporter, self._sequencer, tell=self._tell
        )
        self._metering = Metering(
            self._evses,
            model,
            rules,
            meters,
            self._reporter,
            report=self._report,
            has_main_meter=has_main_meter,
        )
        self._on_event(StationStarted, self._station_started)
        self._on_event(BootAccepted, lambda event, now: self._timers.set_accepted(True, now))
        self._on_event(BootNotAccepted, lambda event, now: self._timers.set_accepted(False, now))
        self._on_event(ClockChanged, lambda event, now: self._metering.begin(now))
        self._on_event(ExternalLimitChanged, self._limit_changed)
        replies = TransactionReplies(
            self._evses,
            self._verdicts,
            self._limiter,
            has_undelivered=has_undelivered,
            tell=self._tell,
            touch=self._touch,
        )
        self._on_reply(TransactionReport)(replies.take)
        if has_undelivered is not None:
            self._on_command(GetTransactionStatus)(replies.status)

    # What a program calls, and what blocks above call.

    def state_of(self, evse_id: int) -> EvseState:
        """Returns the state of an EVSE.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        return self._evses.required(evse_id).state

    def evse_of(self, transaction_id: str) -> int | None:
        """Returns the EVSE of a running transaction, or `None` if no transaction has this id.

        Args:
            transaction_id: the station's own id of it, or the number that the CSMS of OCPP 1.6 gave it.
        """
        evse = self._evses.of_transaction(transaction_id)
        return None if evse is None else evse.evse_id

    def parked(self, evse_id: int, now: Moment) -> None:
        """Records that a vehicle has entered the parking bay."""
        evse = self._evses.required(evse_id)
        self._sequencer.change(
            evse, replace(evse.state, parked=True), TriggerReason.EV_DETECTED, now
        )

    def left(self, evse_id: int, now: Moment) -> None:
        """Records that the vehicle has left the parking bay."""
        evse = self._evses.required(evse_id)
        self._sequencer.change(
            evse, replace(evse.state, parked=False), TriggerReason.EV_DEPARTED, now
        )

    def plugged_in(self, evse_id: int, now: Moment, *, connector_id: int = 1) -> None:
        """Records that a vehicle is plugged in.

        Raises:
            LocalProtocolError: there is no such EVSE, or another of its connectors is plugged in or has the
                transaction.
        """
        evse = self._evses.required(evse_id)
        evse.require_free_plug(connector_id)
        after = replace(evse.state, connected=True, connector_id=connector_id)
        self._sequencer.change(evse, after, TriggerReason.CABLE_PLUGGED_IN, now)

    def unplugged(self, evse_id: int, now: Moment) -> None:
        """Records that the vehicle is unplugged."""
        evse = self._evses.required(evse_id)
        before = evse.state
        if not before.connected:
            return
        # E09, E10: only a transaction that goes on keeps its driver.
        stops = self._model.setting(STOP_TX_ON_EV_SIDE_DISCONNECT)
        keeps = before.authorized and evse.transaction is not None and not stops
        after, reason = unplugged(before, keeps_driver=keeps), StoppedReason.EV_DISCONNECTED
        self._sequencer.change(evse, after, TriggerReason.EV_COMMUNICATION_LOST, now, reason=reason)

    def authorized(
        self,
        evse_id: int,
        id_token: IdToken,
        now: Moment,
        *,
        group_id_token: IdToken | None = None,
        reservation_id: int | None = None,
    ) -> None:
        """Records that a driver may charge, by decision of the station or the CSMS.

        Args:
            evse_id: the EVSE.
            id_token: the driver's token.
            now: the present moment.
            group_id_token: the group of the token, if it is known.
            reservation_id: the reservation that is used up by this.

        Raises:
            LocalProtocolError: there is no such EVSE, or it has an authorized driver already.
            ValueError: the version cannot say the token: it is too long, or its type is missing or not known.
        """
        evse = self._evses.required(evse_id)
        evse.require_no_driver()
        self._rules.check(id_token)
        evse.is_remote, evse.remote_start_id = False, None
        evse.reservation_id = reservation_id
        self._sequencer.authorize(evse, id_token, group_id_token, now)

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
        """Records that a driver may charge because of a remote start. # F01, F02

        Args:
            evse_id: the EVSE.
            id_token: the driver's token.
            remote_start_id: the number of the remote start; OCPP 1.6 has none.
            now: the present moment.
            group_id_token: the group of the token, if it is known.
            reservation_id: the reservation that is used up by this.

        Returns:
            The transaction that went on already, for the response. # F01.FR.13

        Raises:
            LocalProtocolError: as `authorized` does.
            ValueError: as `authorized` does.
        """
        evse = self._evses.required(evse_id)
        evse.require_no_driver()
        self._rules.check(id_token)
        running = evse.state.transaction_id
        evse.is_remote, evse.remote_start_id = True, remote_start_id
        evse.reservation_id = reservation_id
        self._sequencer.authorize(evse, id_token, group_id_token, now)
        return running

    def energy(self, evse_id: int, flows: bool, now: Moment, *, phases: int | None = None) -> None:
        """Records whether energy flows to the vehicle.

        Args:
            evse_id: the EVSE.
            flows: whether it flows.
            now: the present moment.
            phases: how many phases charge, if it is known.
        """
        self._sequencer.set_energy(self._evses.required(evse_id), flows, phases, now)

    def suspended(self, evse_id: int, by: SuspendedBy, now: Moment) -> None:
        """Records that the vehicle or the EVSE has paused charging."""
        evse = self._evses.required(evse_id)
        after = replace(evse.state, energy_flows=False, suspended_by=by)
        self._sequencer.change(evse, after, TriggerReason.CHARGING_STATE_CHANGED, now)

    def stopped(
        self,
        evse_id: int,
        now: Moment,
        *,
        reason: StoppedReason = StoppedReason.LOCAL,
        id_token: IdToken | None = None,
    ) -> None:
        """Records that charging must stop, because of the driver, a fault, a reset or another
        reason.

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
        evse = self._evses.required(evse_id)
        if evse.transaction is None and not evse.state.authorized:
            raise LocalProtocolError(
                f"EVSE {evse_id} has no authorized driver and no transaction to stop"
            )
        self._sequencer.stop(evse, reason, id_token, now)

    def stop_remotely(self, transaction_id: str, now: Moment) -> bool:
        """Stops a transaction at the request of the CSMS; returns whether it was running. # F03

        Args:
            transaction_id: the station's own id of it, or the number that the CSMS of OCPP 1.6 gave it.
            now: the present moment.
        """
        evse_id = self.evse_of(transaction_id)
        if evse_id is None:
            return False
        self.stopped(evse_id, now, reason=StoppedReason.REMOTE)
        return True

    def limit(self, evse_id: int, limit: TransactionLimit, now: Moment) -> None:
        """Limits the cost, energy, time or charge of the transaction of an EVSE, as its driver wants. # E16

        What the CSMS has limited stays so. When a limit is reached, no energy flows until it is raised.

        Args:
            evse_id: the EVSE.
            limit: the limit, in place of the one before.
            now: the present moment.

        Raises:
            LocalProtocolError: there is no such EVSE, or it has no transaction.
        """
        self._limiter.set_own(self._evses.required(evse_id), limit, now)

    @property
    def can_resume(self) -> bool:
        """Whether transactions can be resumed after a reset or a power cut. # E17"""
        return self._interruptions.can_resume

    def interrupt(self, evse_id: int, now: Moment) -> None:
        """Interrupts the transaction of an EVSE, if there is one, because of a reset after which it
        is resumed. # B13

        It goes on by `resume`, or at the next start of the program.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._interruptions.begin(self._evses.required(evse_id), now)

    def resume(self, evse_id: int, now: Moment) -> None:
        """Resumes the transaction of an EVSE that `interrupt` has interrupted, if any. # B13

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._interruptions.resume(self._evses.required(evse_id), now)

    def report_transactions(self, evse_id: int | None, now: Moment) -> bool:
        """Reports the state of transactions, for TriggerMessage. # F06

        Args:
            evse_id: the EVSE; all if it is `None`.
            now: the present moment.

        Returns:
            Whether there is a transaction.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        chosen = self._evses.busy_evses() if evse_id is None else (self._evses.required(evse_id),)
        busy = [evse for evse in chosen if evse.transaction is not None]
        for evse in busy:
            self._metering.trigger_transaction(evse, now)
            self._touch(now)
        return bool(busy)

    def report_meter_values(self, evse_id: int | None, now: Moment) -> bool:
        """Reports meter values, for TriggerMessage. # F06

        Args:
            evse_id: the EVSE, or 0 for the main meter; all if it is `None`.
            now: the present moment.

        Returns:
            Whether there is anything to report.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        if evse_id:
            self._evses.required(evse_id)
        chosen = [each for each in self._metering.meters() if evse_id in (None, each)]
        reported = [self._metering.trigger_meter_values(each, now) for each in chosen]
        if any(self._evses.busy_evses()):
            self._touch(now)
        return any(reported)

    # What the driver calls.

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time of the next reading or of the end of waiting for a driver, on the
        monotonic clock.
        """
        dues = (self._metering.next_deadline(now), self._timers.next_deadline())
        return min((due for due in dues if due is not None), default=None)

    def handle_timeout(self, now: Moment) -> None:
        """Takes readings that are due, and stops waiting for drivers who did not come."""
        self._timers.handle_timeout(now)
        if self._metering.handle_timeout(now):
            self._touch(now)

    def state(self) -> bytes | None:
        """Returns the running transactions, or `None` if there are none."""
        return self._interruptions.state()

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the transactions that were running when the station stopped. `StationStarted`
        then ends or resumes them.
        """
        self._interruptions.restore(state, now)

    # What happens to the station.

    def _station_started(self, event: StationStarted, now: Moment) -> None:
        self._sequencer.is_accepted = False
        self._metering.begin(now)
        self._interruptions.end(now)
        self._timers.check(now)

    def _limit_changed(self, event: ExternalLimitChanged, now: Moment) -> None:
        # CHP-18: the CSMS hears that the rate of a transaction is another.
        for evse in self._evses.busy_evses():
            if evse.evse_id in event.evse_ids:
                self._reporter.updated(evse, TriggerReason.CHARGING_RATE_CHANGED, now.wall)
                self._touch(now)

    # What follows from it.

    def _touch(self, now: Moment) -> None:
        self._note_change()
        self._interruptions.changed_at = now.wall

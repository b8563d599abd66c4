"""Begins and ends the transactions of a station when the states of its EVSEs change.

Theory of operation: each change of facts goes through `change`, which compares them before and after:
whether a start or stop point was crossed decides whether a transaction begins, goes on or ends. The meter is
read before anything is changed, so a meter that fails leaves all as it was.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Final

from msgspec.structs import replace

from .._commands_and_reports import Event
from .._moment import Moment
from .._transaction_life import PowerPathChanged
from ..variables import (
    EV_CONNECTION_TIME_OUT,
    TX_BEFORE_ACCEPTED_ENABLED,
    TX_START_POINT,
    TX_STOP_POINT,
    DeviceModel,
)
from ._evse import Evse
from ._evse_events import AwaitedBeforeStart, EvseChanged, TransactionHeld
from ._evse_state import EvseState, begins, ends, in_transaction, without_transaction
from ._id_tokens import IdToken
from ._meter_reader import MeterReader
from ._meter_values import SampledValue
from ._open_transaction import OpenTransaction
from ._reporter import TransactionReporter
from ._stop_reasons import default_reason, ends_at_once, trigger_of
from ._transaction_rules import TransactionRules
from ._words import StoppedReason, SuspendedBy, TriggerReason, TxPoint

__all__ = ["TransactionSequencer"]

_LONGEST_ID: Final = 36
_METER_RETRY: Final = 5.0
"""Seconds after which it is tried again to read a meter that a transaction waits for."""


class TransactionSequencer:
    """Begins and ends the transactions of one station."""

    def __init__(
        self,
        model: DeviceModel,
        rules: TransactionRules,
        meters: MeterReader,
        reporter: TransactionReporter,
        *,
        new_id: Callable[[], str],
        fixed_cables: Set[int],
        tell: Callable[[Event], None],
        touch: Callable[[Moment], None],
    ) -> None:
        """Starts without transactions.

        Args:
            model: the settings.
            rules: in what the version differs.
            meters: reads the meters.
            reporter: reports transactions.
            new_id: returns the id of a transaction.
            fixed_cables: the EVSEs whose cables are fixed to the station.
            tell: takes an event.
            touch: called when what must be kept of transactions has changed.
        """
        self._model = model
        self._rules = rules
        self._meters = meters
        self._reporter = reporter
        self._new_id = new_id
        self._fixed_cables = fixed_cables
        self._tell = tell
        self._touch = touch
        self.is_accepted = False
        """Whether the CSMS has accepted the station."""

    def change(
        self,
        evse: Evse,
        after: EvseState,
        trigger: TriggerReason,
        now: Moment,
        *,
        reason: str | None = None,
        id_token: IdToken | None = None,
    ) -> None:
        """Sets a new state of an EVSE, and reports what follows.

        Args:
            evse: where.
            after: the facts from now on.
            trigger: what has changed them.
            now: the present moment.
            reason: why charging is to stop, if it is.
            id_token: the token that was presented to stop.
        """
        before, transaction = evse.state, evse.transaction
        if transaction is None:
            self._begin_if_due(evse, after, trigger, now)
        else:
            at_once = reason is not None and ends_at_once(reason, transaction.stop_points)
            if at_once or ends(before, after, transaction.stop_points):
                self._end(evse, after, trigger, now, reason, id_token, at_once=at_once)
            elif after != before:
                evse.state = after
                if _is_stopped(before, after):
                    transaction.stopped_reason = reason
                self._reporter.updated(evse, trigger, now.wall, id_token=id_token)
        self.publish_changes(evse, before, now)

    def publish_changes(self, evse: Evse, before: EvseState, now: Moment) -> None:
        """Queues the events that follow from the new state of an EVSE.

        Args:
            evse: where.
            before: what was known of it before.
            now: the present moment.
        """
        after = evse.state
        if after == before:
            return
        self._tell(EvseChanged(before=before, after=after))
        if after.power_path_closed != before.power_path_closed:
            self.publish_power_path(evse, now)
        self._set_connect_deadline(evse, before, now)
        if after.transaction_id or before.transaction_id:
            self._touch(now)

    def authorize(
        self, evse: Evse, id_token: IdToken, group_id_token: IdToken | None, now: Moment
    ) -> None:
        """Records that a driver may charge.

        Args:
            evse: where.
            id_token: the driver's token.
            group_id_token: its group, if that is known.
            now: the present moment.
        """
        transaction = evse.transaction
        if transaction is not None:
            transaction.has_told_token = transaction.is_refused = False
            transaction.stopped_reason = None
        after = replace(
            evse.state,
            authorized=True,
            id_token=id_token,
            group_id_token=group_id_token,
            energy_refused=False,
        )
        self.change(evse, after, TriggerReason.AUTHORIZED, now)

    def set_energy(self, evse: Evse, flows: bool, phases: int | None, now: Moment) -> None:
        """Records whether energy flows to the vehicle.

        Args:
            evse: where.
            flows: whether it flows.
            phases: how many phases charge, if it is known.
            now: the present moment.
        """
        before = evse.state
        suspended_by = None if flows else before.suspended_by
        after = replace(before, energy_flows=flows, suspended_by=suspended_by)
        if flows:
            evse.phases = phases
        if after != before:
            self.change(evse, after, TriggerReason.CHARGING_STATE_CHANGED, now)
        elif evse.transaction is not None and evse.phases != evse.transaction.phases:
            # E02.FR.19.
            self._reporter.updated(evse, TriggerReason.CHARGING_RATE_CHANGED, now.wall)
            self._touch(now)

    def stop(
        self, evse: Evse, reason: StoppedReason, id_token: IdToken | None, now: Moment
    ) -> None:
        """Ends the authorization of a driver.

        Args:
            evse: where.
            reason: why.
            id_token: the token that was presented to stop, if one was.
            now: the present moment.
        """
        after = replace(evse.state, authorized=False)
        if reason is StoppedReason.STOPPED_BY_EV:
            # E15.
            after = replace(after, energy_flows=False)
        self.change(evse, after, trigger_of(reason), now, reason=reason, id_token=id_token)

    def stop_waiting(self, evse: Evse, now: Moment) -> None:
        """Stops waiting for a driver to plug in, or for a plugged-in vehicle to be authorized.

        Args:
            evse: where.
            now: the present moment.
        """
        before = evse.state
        if before.authorized and not before.connected:
            # C01.FR.26, E03.FR.05, E10.
            after, reason = replace(before, authorized=False), StoppedReason.TIMEOUT
            self.change(evse, after, TriggerReason.EV_CONNECT_TIMEOUT, now, reason=reason)
        elif before.connected and evse.transaction is None:
            # AUT-23.
            evse.state = replace(before, finishing=True)
            self.publish_changes(evse, before, now)

    def retry(self, evse: Evse, now: Moment) -> None:
        """Tries again to begin a transaction that was held back.

        Args:
            evse: where.
            now: the present moment.
        """
        # Also if the meter raises.
        evse.retry_at = now.monotonic + _METER_RETRY
        self.change(evse, evse.state, evse.held_trigger or TriggerReason.AUTHORIZED, now)

    def resume(self, evse: Evse, now: Moment) -> None:
        """Queues the events of an EVSE whose transaction goes on after a restart.

        Args:
            evse: where.
            now: the present moment.
        """
        self.publish_changes(evse, EvseState(evse_id=evse.evse_id), now)
        if not evse.state.power_path_closed:
            self.publish_power_path(evse, now)

    def publish_power_path(self, evse: Evse, now: Moment) -> None:
        """Queues an event that tells whether the contactors must be closed.

        Args:
            evse: where.
            now: the present moment.
        """
        closed, transaction = evse.state.power_path_closed, evse.transaction
        evse.path_closed_since = now.wall if closed else None
        if closed and transaction is not None and transaction.energy_since is None:
            transaction.energy_since = now.wall
        since = evse.path_closed_since if transaction is None else transaction.energy_since
        self._tell(
            PowerPathChanged(
                evse_id=evse.evse_id,
                closed=closed,
                transaction_id=evse.state.transaction_id,
                since=since,
            )
        )

    def _begin_if_due(
        self, evse: Evse, after: EvseState, trigger: TriggerReason, now: Moment
    ) -> None:
        # What is held is tried again as if it happened now.
        before = EvseState(evse_id=evse.evse_id) if evse.state.is_held else evse.state
        after = replace(after, is_held=False)
        is_due = begins(before, after, self._start_points())
        samples = self._meters.read(evse.evse_id) if is_due else ()
        evse.retry_at = None
        lets_flow = after.power_path_closed and not before.power_path_closed
        awaited = self._awaited_condition(evse, is_due) if is_due or lets_flow else None
        if awaited is not None:
            self._hold(evse, after, trigger, awaited, now)
        elif is_due:
            self._begin(evse, after, samples, trigger, now)
        else:
            evse.state = after

    def _awaited_condition(self, evse: Evse, is_due: bool) -> AwaitedBeforeStart | None:
        """Returns what a transaction, or the flow of energy, is waiting for; `None` if for nothing."""
        if not (self.is_accepted or self._model.setting(TX_BEFORE_ACCEPTED_ENABLED)):
            # B02.FR.03, BOOT-23.
            return AwaitedBeforeStart.BOOT
        needs_register = is_due and self._rules.needs_register
        if needs_register and self._meters.last_register(evse.evse_id) is None:
            # TX6-01: meterStart is the register, and 0 would charge the driver for all that it has counted.
            return AwaitedBeforeStart.METER
        return None

    def _hold(
        self,
        evse: Evse,
        after: EvseState,
        trigger: TriggerReason,
        awaited: AwaitedBeforeStart,
        now: Moment,
    ) -> None:
        if not evse.state.is_held:
            self._tell(TransactionHeld(evse_id=evse.evse_id, awaited=awaited))
        evse.state = replace(after, is_held=True)
        evse.held_trigger = trigger
        if awaited is AwaitedBeforeStart.METER:
            evse.retry_at = now.monotonic + _METER_RETRY

    def _begin(
        self,
        evse: Evse,
        after: EvseState,
        samples: Sequence[SampledValue],
        trigger: TriggerReason,
        now: Moment,
    ) -> None:
        can_flow = now.wall if after.power_path_closed else None
        transaction = OpenTransaction(
            transaction_id=self._create_transaction_id(),
            started_at=now.wall,
            stop_points=self._stop_points(),
            energy_since=evse.path_closed_since or can_flow,
        )
        evse.begin(transaction, now.monotonic)
        evse.state = in_transaction(after, transaction.transaction_id)
        self._reporter.started(evse, trigger, samples, now.wall)

    def _create_transaction_id(self) -> str:
        name = self._new_id()
        # TEV-01.
        if not 0 < len(name) <= _LONGEST_ID:
            raise ValueError(
                f"{name!r} is not a transaction id [use 1 to {_LONGEST_ID} characters, such as a "
                "UUID]"
            )
        return name

    def _end(
        self,
        evse: Evse,
        after: EvseState,
        trigger: TriggerReason,
        now: Moment,
        reason: str | None,
        id_token: IdToken | None,
        *,
        at_once: bool,
    ) -> None:
        samples = self._meters.read(evse.evse_id)
        before, transaction = evse.state, evse.transaction_required()
        if at_once or _is_stopped(before, after):
            transaction.stopped_reason = reason
        by_ev = SuspendedBy.EV in (before.suspended_by, after.suspended_by)
        known = transaction.stopped_reason or reason or default_reason(trigger, by_ev=by_ev)
        evse.state = without_transaction(after)
        self._reporter.ended(evse, trigger, known, samples, now.wall, id_token=id_token)
        evse.transaction = evse.energy_check = evse.limit_check = evse.phases = None

    def _set_connect_deadline(self, evse: Evse, before: EvseState, now: Moment) -> None:
        after = evse.state
        lacks_plug = after.authorized and not after.connected
        lacks_driver = after.connected and not (
            after.authorized or after.finishing or after.transaction_id
        )
        if (before.authorized, before.connected) == (after.authorized, after.connected):
            return
        # E10, TX6-07: an unplugged cable that can be locked in waits for its driver for ever.
        is_locked = lacks_plug and before.connected and evse.evse_id not in self._fixed_cables
        seconds = self._model.setting(EV_CONNECTION_TIME_OUT)
        waits = (lacks_plug or lacks_driver) and not is_locked and seconds > 0
        evse.connect_by = now.monotonic + seconds if waits else None

    def _start_points(self) -> frozenset[str]:
        points = _tx_points(self._rules.start_points or self._model.setting(TX_START_POINT))
        # No energy without a transaction, whatever the CSMS sets: DataSigned alone, for instance.
        late = {TxPoint.ENERGY_TRANSFER} & points
        return points if late else points | {TxPoint.POWER_PATH_CLOSED}

    def _stop_points(self) -> frozenset[str]:
        return _tx_points(self._rules.stop_points or self._model.setting(TX_STOP_POINT))


def _is_stopped(before: EvseState, after: EvseState) -> bool:
    """Returns whether a change ends the authorization."""
    return before.authorized and not after.authorized


def _tx_points(points: Iterable[str]) -> frozenset[str]:
    return frozenset(map(str, points))

"""The block that reports the statuses of connectors, and takes EVSEs out of service."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from .._block import Block
from .._kept_state import KeptState, restored
from .._moment import Moment
from .._station_life import (
    BootAccepted,
    BootNotAccepted,
    CsmsConnected,
    CsmsDisconnected,
    StationStarted,
)
from ..authorization import (
    AuthorizationDecided,
    EvseReservationEnded,
    EvseReserved,
    LocalListConflict,
    LocalListUpdated,
)
from ..transactions import EvseChanged, EvseState
from ..variables import DeviceModel
from ._connector_states import AvailabilityRules, ConnectorUse
from ._connectors import ALL, ConnectorRecord, Evses, ReservationHolder
from ._derived_statuses import DerivedStatuses
from ._out_of_service import OutOfService, Place
from ._status_messages import (
    NO_ERROR,
    AvailabilityAnswer,
    ChangeAvailability,
    ChangeStatus,
    LockFailed,
    OperationalStatus,
    StatusError,
    StatusReport,
    VariableEventReport,
)
from ._status_reporter import StatusReporter

__all__ = ["AvailabilityBlock"]

_LOCK_FAILURE: Final = StatusError(error_code="ConnectorLockFailure")
_EV_COMMUNICATION: Final = "EVCommunicationError"
_LIST_CONFLICT: Final = StatusError(error_code="LocalListConflict", is_fault=False)


class _KeptAvailability(KeptState, frozen=True):
    out_of_service: list[Place]
    reservations: dict[int, ReservationHolder]


class AvailabilityBlock(Block):
    """Availability (functional block G): reports the statuses of connectors, and takes places out
    of service.

    The transactions block tells it what happens at the EVSEs by events; without that block, a program
    calls `take`. In OCPP 1.6 each connector is an EVSE whose only connector is 1.
    """

    name = "availability"

    def __init__(
        self, rules: AvailabilityRules, model: DeviceModel, connectors: Mapping[int, int]
    ) -> None:
        """Starts with all EVSEs available.

        Args:
            rules: those of the OCPP version, `dialect.rules(AvailabilityRules)`.
            model: the variables of the station.
            connectors: the number of connectors of each EVSE, by its id.

        Raises:
            ValueError: the EVSEs are not counted from 1, or one has no connector, or in OCPP 1.6 more than one.
        """
        super().__init__()
        self._rules = rules
        self._evses = Evses(connectors)
        if rules.station_has_status and max(connectors.values()) > 1:
            raise ValueError(
                f"EVSEs with {dict(connectors)} connectors [in OCPP 1.6 each connector is an EVSE "
                "with one]"
            )
        self._out_of_service = OutOfService(self._evses, station_overrides=rules.station_overrides)
        self._derived = DerivedStatuses(
            rules, model, self._evses, self._out_of_service, tell=self._tell
        )
        station = (self._evses.station,) if rules.station_has_status else ()
        records = (*station, *self._evses.connectors())
        self._reporter = StatusReporter(rules, model, records, self._report)
        self._on_command(ChangeAvailability)(self._change_availability)
        self._on_event(AuthorizationDecided, self._token_decided)
        self._on_event(EvseReserved, self._reserved_elsewhere)
        self._on_event(EvseReservationEnded, self._reservation_ended_elsewhere)
        if rules.station_has_status:
            self._on_event(LocalListConflict, self._list_conflicts)
            self._on_event(LocalListUpdated, self._list_updated)
        self._on_event(EvseChanged, lambda event, now: self.take(event.after, now))
        self._on_event(StationStarted, self._station_started)
        self._on_event(BootAccepted, lambda event, now: self._reporter.accept(now))
        self._on_event(BootNotAccepted, lambda event, now: self._reporter.suspend())
        self._on_event(
            CsmsConnected, lambda event, now: self._reporter.connect(event.offline_for, now)
        )
        self._on_event(CsmsDisconnected, lambda event, now: self._reporter.disconnect())
        self._on_failure(StatusReport, self._handle_lost_report)
        self._on_failure(VariableEventReport, self._handle_lost_lock_report)

    # What a program, or the transactions block, tells.

    def take(self, state: EvseState, now: Moment) -> None:
        """Records the state of an EVSE: plug, driver, energy and transaction.

        The transactions block tells it by `EvseChanged`; a program without that block calls this.

        Raises:
            LocalProtocolError: there is no such EVSE or connector.
        """
        if state.connected and state.connector_id is not None:
            self._evses.connector(state.evse_id, state.connector_id)
        self._evses.evse(state.evse_id).take(state)
        self._update_statuses(now)

    def reserve(self, evse_id: int, holder: ReservationHolder, now: Moment) -> None:
        """Records that an EVSE is reserved, and for whom.

        The reservation is kept over a restart. # BOOT-24

        `EvseReserved` tells it to the authorization block. It ends when the driver is authorized.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._reserve(evse_id, holder, now)
        self._tell(_reservation_event(evse_id, holder))

    def end_reservation(self, evse_id: int, now: Moment) -> None:
        """Records that an EVSE is no longer reserved, because the reservation was used, cancelled
        or has expired.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        holder = self._evses.evse(evse_id).holder
        if holder is not None:
            self._reserve(evse_id, None, now)
            self._tell(EvseReservationEnded(evse_id=evse_id, reservation_id=holder.reservation_id))

    def set_error(
        self, evse_id: int, connector_id: int, error: StatusError | None, now: Moment
    ) -> None:
        """Records the error of a connector, or that it has none any more.

        Args:
            evse_id: the EVSE; 0 for the station as a whole.
            connector_id: the connector; 0 for the station as a whole.
            error: what is wrong; `None` for nothing.
            now: the present moment.

        Raises:
            LocalProtocolError: there is no such connector.
            ValueError: EVCommunicationError, which can only be a warning, is said to be a fault. # STA-06
        """
        if error is not None and error.is_fault and error.error_code == _EV_COMMUNICATION:
            raise ValueError(f"{_EV_COMMUNICATION} is not a fault [pass is_fault=False]")
        self._record(evse_id, connector_id).error = NO_ERROR if error is None else error
        self._update_statuses(now)

    def lock_failed(self, evse_id: int, connector_id: int, now: Moment) -> None:
        """Records that the lock of a connector has failed. # G05

        Raises:
            LocalProtocolError: there is no such connector.
        """
        connector = self._evses.connector(evse_id, connector_id)
        connector.lock_failed = True
        self._tell(LockFailed(evse_id=evse_id, connector_id=connector_id))
        if self._rules.lock_failure_is_fault:
            connector.error = _LOCK_FAILURE
        self._update_statuses(now)

    def lock_recovered(self, evse_id: int, connector_id: int, now: Moment) -> None:
        """Records that the lock of a connector works again.

        Raises:
            LocalProtocolError: there is no such connector.
        """
        connector = self._evses.connector(evse_id, connector_id)
        connector.lock_failed = False
        if connector.error == _LOCK_FAILURE:
            connector.error = NO_ERROR
        self._update_statuses(now)

    # What blocks above ask and tell.

    @property
    def evse_ids(self) -> tuple[int, ...]:
        """The ids of all EVSEs."""
        return tuple(evse.evse_id for evse in self._evses)

    def has(self, evse_id: int, connector_id: int | None) -> bool:
        """Returns whether the station has this EVSE and, if one is given, this connector."""
        return self._evses.has(evse_id, connector_id)

    def state_of(self, evse_id: int) -> EvseState:
        """Returns the state of an EVSE.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        return self._evses.evse(evse_id).state

    def use_of(self, evse_id: int, connector_id: int) -> ConnectorUse:
        """Returns what a connector is used for.

        Raises:
            LocalProtocolError: there is no such connector.
        """
        return self._evses.connector(evse_id, connector_id).use

    def uses_of(self, evse_id: int) -> tuple[ConnectorUse, ...]:
        """Returns what each connector of an EVSE is used for, in order.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        return tuple(each.use for each in self._evses.evse(evse_id).connectors.values())

    def is_operative(self, evse_id: int) -> bool:
        """Returns whether a driver can charge at an EVSE, as far as availability is concerned.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        return self._derived.is_operative(self._evses.evse(evse_id))

    def holder_of(self, evse_id: int) -> ReservationHolder | None:
        """Returns the holder of the reservation of an EVSE, or `None`.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        return self._evses.evse(evse_id).holder

    def withdraw(self, evse_id: int | None, now: Moment) -> None:
        """Takes an EVSE, or all, out of service until the station restarts or `readmit` is called.
        # B12

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._set_withdrawn(evse_id, True, now)

    def readmit(self, evse_id: int | None, now: Moment) -> None:
        """Takes an EVSE, or all, back into service after `withdraw`.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._set_withdrawn(evse_id, False, now)

    def report_status(self, evse_id: int | None, connector_id: int | None, now: Moment) -> None:
        """Reports the status of a connector, or of all, at the request of the CSMS. # F06

        Args:
            evse_id: the EVSE; `None` for all, and in 1.6 the station; 0 for the station in 1.6.
            connector_id: the connector; `None` for all of the EVSE.
            now: the present moment.

        Raises:
            LocalProtocolError: there is no such connector.
        """
        for each in tuple(self._records_asked_for(evse_id, connector_id)):
            self._reporter.tell(each, now, triggered=True)

    # What a driver calls.

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time at which a status has lasted for MinimumStatusDuration (1.6)."""
        return self._reporter.next_deadline()

    def handle_timeout(self, now: Moment) -> None:
        """Reports the statuses that have lasted for long enough."""
        self._reporter.tell_changes(now)

    def state(self) -> bytes:
        """Returns the places out of service and the reservations. # G03.FR.08, G04.FR.09"""
        kept = _KeptAvailability(
            out_of_service=list(self._out_of_service),
            reservations={
                evse.evse_id: evse.holder for evse in self._evses if evse.holder is not None
            },
        )
        return msgspec.json.encode(kept)

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the stored state.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptAvailability, state, "a state of availability")
        self._out_of_service.restore(kept.out_of_service)
        for evse in self._evses:
            evse.holder = kept.reservations.get(evse.evse_id)
        self._update_statuses(now)

    # What happens.

    def _station_started(self, event: StationStarted, now: Moment) -> None:
        self._reporter.start()
        self.readmit(None, now)
        for evse in self._evses:
            if evse.holder is not None:
                self._tell(_reservation_event(evse.evse_id, evse.holder))

    def _token_decided(self, event: AuthorizationDecided, now: Moment) -> None:
        if event.accepted and event.reservation_id is not None:
            # H03: the reservation is used up.
            self.end_reservation(event.evse_id, now)

    def _reserved_elsewhere(self, event: EvseReserved, now: Moment) -> None:
        holder = ReservationHolder(event.reservation_id, event.id_token, event.group_id_token)
        self._reserve(event.evse_id, holder, now)

    def _reservation_ended_elsewhere(self, event: EvseReservationEnded, now: Moment) -> None:
        self._reserve(event.evse_id, None, now)

    def _list_conflicts(self, event: LocalListConflict, now: Moment) -> None:
        # LAL-11. What is wrong with the station itself counts more.
        if self._evses.station.error == NO_ERROR:
            self.set_error(ALL, ALL, _LIST_CONFLICT, now)

    def _list_updated(self, event: LocalListUpdated, now: Moment) -> None:
        if self._evses.station.error == _LIST_CONFLICT:
            self.set_error(ALL, ALL, None, now)

    def _reserve(self, evse_id: int, holder: ReservationHolder | None, now: Moment) -> None:
        self._evses.evse(evse_id).holder = holder
        self._note_change()
        self._update_statuses(now)

    def _handle_lost_report(self, report: StatusReport, now: Moment) -> None:
        # Reported again after the next connect; at once it would be refused at once.
        self._record(report.evse_id, report.connector_id).is_lost = True

    def _handle_lost_lock_report(self, report: VariableEventReport, now: Moment) -> None:
        for each in report.events:
            self._record(each.evse_id or ALL, each.connector_id or ALL).lock_report_lost = True

    def _change_availability(self, command: ChangeAvailability, now: Moment) -> AvailabilityAnswer:
        place = command.evse_id or ALL, command.connector_id or ALL
        refused = self._reason_to_refuse(place)
        if refused is not None:
            # AVA-07.
            return AvailabilityAnswer(status=ChangeStatus.REJECTED, reason_code=refused)
        is_out = command.operational_status is OperationalStatus.INOPERATIVE
        # G03.FR.05, G04.FR.06.
        waits = is_out and self._out_of_service.waits_for_transaction(place)
        self._out_of_service.set(place, command.operational_status)
        self._note_change()
        self._update_statuses(now)
        # G03.FR.03, G04.FR.04: what is so already is accepted, too.
        return AvailabilityAnswer(status=ChangeStatus.SCHEDULED if waits else ChangeStatus.ACCEPTED)

    def _reason_to_refuse(self, place: Place) -> str | None:
        evse_id, connector_id = place
        if evse_id == ALL:
            return None if connector_id == ALL else "UnknownEvse"
        if not self._evses.has(evse_id, None):
            return "UnknownEvse"
        return None if self._evses.has(evse_id, connector_id or None) else "UnknownConnectorId"

    def _set_withdrawn(self, evse_id: int | None, withdrawn: bool, now: Moment) -> None:
        for evse in self._evses if evse_id is None else (self._evses.evse(evse_id),):
            evse.is_withdrawn = withdrawn
        self._update_statuses(now)

    def _record(self, evse_id: int, connector_id: int) -> ConnectorRecord:
        if (evse_id, connector_id) == (ALL, ALL):
            return self._evses.station
        return self._evses.connector(evse_id, connector_id)

    def _records_asked_for(
        self, evse_id: int | None, connector_id: int | None
    ) -> Iterator[ConnectorRecord]:
        if not evse_id and self._rules.station_has_status:
            yield self._evses.station
        if evse_id is None or (evse_id == ALL and not self._rules.station_has_status):
            yield from self._evses.connectors()
        elif evse_id != ALL and connector_id is None:
            yield from self._evses.evse(evse_id).connectors.values()
        elif evse_id != ALL and connector_id is not None:
            yield self._evses.connector(evse_id, connector_id)

    def _update_statuses(self, now: Moment) -> None:
        self._derived.update(now)
        self._reporter.tell_changes(now)


def _reservation_event(evse_id: int, holder: ReservationHolder) -> EvseReserved:
    return EvseReserved(
        evse_id=evse_id,
        reservation_id=holder.reservation_id,
        id_token=holder.id_token,
        group_id_token=holder.group_id_token,
    )

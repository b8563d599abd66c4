"""Derives the statuses of connectors from the facts about them, and reports changes."""

from collections.abc import Callable
from typing import Final

from .._commands_and_reports import Event
from .._moment import Moment
from ..authorization import EvseServiceChanged
from ..variables import DeviceModel
from ._connector_states import AvailabilityRules, ConnectorFacts, ConnectorUse, connector_use
from ._connectors import ConnectorRecord, EvseRecord, Evses
from ._out_of_service import OutOfService
from ._status_messages import ConnectorStatusChanged
from ._status_reporter import shown_error
from ._status_variables import show_statuses

__all__ = ["DerivedStatuses"]

_UNUSABLE: Final = (ConnectorUse.INOPERATIVE, ConnectorUse.FAULTED)


class DerivedStatuses:
    """Updates the statuses of all connectors when facts change."""

    def __init__(
        self,
        rules: AvailabilityRules,
        model: DeviceModel,
        evses: Evses,
        out_of_service: OutOfService,
        *,
        tell: Callable[[Event], None],
    ) -> None:
        """Sets the sources of the facts, and the function that takes events."""
        self._rules = rules
        self._model = model
        self._evses = evses
        self._out_of_service = out_of_service
        self._tell = tell

    def is_operative(self, evse: EvseRecord) -> bool:
        """Returns whether at least one connector of an EVSE is in service."""
        return any(not self._out_of_service.has_connector(evse, each) for each in evse.connectors)

    def update(self, now: Moment) -> None:
        """Derives what each connector is used for, and queues events for the changes."""
        station = self._evses.station
        faulted, out = station.error.is_fault, self._out_of_service.has_station()
        self._set_use(station, ConnectorFacts(faulted=faulted, operative=not out), now)
        for evse in self._evses:
            for connector in evse.connectors.values():
                if self._set_use(connector, self._facts(evse, connector), now):
                    self._tell(
                        ConnectorStatusChanged(
                            evse_id=evse.evse_id,
                            connector_id=connector.connector_id,
                            connector_status=connector.status,
                        )
                    )
            self._tell_service(evse)
        show_statuses(self._model, self._evses)

    def _set_use(self, record: ConnectorRecord, facts: ConnectorFacts, now: Moment) -> bool:
        """Sets what a connector is used for; returns whether that changes its status."""
        old = record.status, record.shown_error
        record.use = connector_use(facts)
        record.status = self._rules.statuses[record.use]
        record.shown_error = shown_error(record, self._rules)
        if (record.status, record.shown_error) != old:
            record.since = now
        return record.status is not old[0]

    def _facts(self, evse: EvseRecord, connector: ConnectorRecord) -> ConnectorFacts:
        # STA-03: where the station has a status of its own, its fault is none of the connectors.
        of_station = not self._rules.station_has_status and self._evses.station.error.is_fault
        number, state = connector.connector_id, evse.state
        is_used = evse.is_used_by(number)
        transaction = evse.has_transaction and is_used
        return ConnectorFacts(
            faulted=connector.error.is_fault or of_station,
            operative=not self._out_of_service.has_connector(evse, number),
            reserved=evse.holder is not None and not state.authorized,
            # G01.FR.09: the other connectors of the EVSE are free all the same.
            authorized=state.authorized and is_used,
            connected=state.connected and is_used,
            transaction=transaction,
            charging_state=state.charging_state if transaction else None,
            was_connected=evse.was_connected and transaction,
            was_charging=evse.was_charging and transaction,
            finishing=state.finishing and is_used,
        )

    def _tell_service(self, evse: EvseRecord) -> None:
        in_service = any(each.use not in _UNUSABLE for each in evse.connectors.values())
        if in_service is not evse.in_service:
            evse.in_service = in_service
            self._tell(EvseServiceChanged(evse_id=evse.evse_id, in_service=in_service))

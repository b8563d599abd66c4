"""The EVSEs and connectors of a station, with the facts about each."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ocppkit.core import LocalProtocolError

from .._moment import Moment
from ..transactions import EvseState, IdToken
from ._connector_states import ConnectorStatus, ConnectorUse
from ._status_messages import NO_ERROR, StatusError

__all__ = ["ALL", "ConnectorRecord", "EvseRecord", "Evses", "ReservationHolder"]

ALL = 0
"""Stands for the station among EVSEs, and for the whole EVSE among its connectors."""


class ReservationHolder(Struct, frozen=True):
    """The driver, or group of drivers, for whom an EVSE is reserved."""

    reservation_id: int
    id_token: IdToken
    group_id_token: IdToken | None = None

    def is_for(self, id_token: IdToken, group_id_token: IdToken | None = None) -> bool:
        """Returns whether a driver may use the reservation, by the same token or one of the same
        group.
        """
        if id_token.is_same_as(self.id_token):
            return True
        if group_id_token is None or self.group_id_token is None:
            return False
        return group_id_token.is_same_as(self.group_id_token)


class ConnectorRecord:
    """One connector. Connector 0 of EVSE 0 stands for the station as a whole."""

    def __init__(self, evse_id: int, connector_id: int) -> None:
        self.evse_id = evse_id
        self.connector_id = connector_id
        self.error = NO_ERROR
        self.lock_failed = False
        self.lock_failure_told = False
        self.lock_report_lost = False
        """Whether the last report about the lock did not arrive."""

        self.use = ConnectorUse.FREE
        self.status = ConnectorStatus.AVAILABLE
        self.shown_error = NO_ERROR
        """The error that goes with the status: what is wrong, as far as the status can have it."""

        self.since: Moment | None = None
        """When it got this status and error; `None` before the first change."""

        self.told: tuple[ConnectorStatus, StatusError] | None = None
        """What was reported last; `None` before the first report."""

        self.is_lost = False
        """Whether the last report did not arrive."""


class EvseRecord:
    """One EVSE with its connectors."""

    def __init__(self, evse_id: int, connectors: int) -> None:
        self.evse_id = evse_id
        self.connectors = {
            number: ConnectorRecord(evse_id, number) for number in range(1, connectors + 1)
        }
        self.state = EvseState(evse_id=evse_id)
        """What the transactions block, or the program, has told last."""

        self.was_connected = False
        """Whether an EV was connected in the present transaction."""

        self.was_charging = False
        """Whether energy has flowed in the present transaction."""

        self.holder: ReservationHolder | None = None
        self.is_withdrawn = False
        """Whether it takes no new driver until the station restarts."""

        self.in_service = True
        """Whether it took new drivers when that was last told."""

    @property
    def has_transaction(self) -> bool:
        """Whether a transaction is running."""
        return self.state.transaction_id is not None

    def take(self, state: EvseState) -> None:
        """Records the new state of the EVSE."""
        if state.transaction_id != self.state.transaction_id:
            self.was_connected = self.was_charging = False
        if state.transaction_id is not None:
            self.was_connected |= state.connected
            self.was_charging |= state.energy_flows
        self.state = state

    def is_used_by(self, connector_id: int) -> bool:
        """Returns whether the driver uses this connector, or may still choose it."""
        is_chosen = self.state.connected or self.was_connected
        return not is_chosen or self.state.connector_id in (None, connector_id)

    def has_transaction_on(self, connector_id: int) -> bool:
        """Returns whether a transaction is running that may use this connector."""
        return self.has_transaction and self.is_used_by(connector_id)


class Evses:
    """All EVSEs of a station, by their ids."""

    def __init__(self, connectors: Mapping[int, int]) -> None:
        """Creates the EVSEs, with the given numbers of connectors.

        Raises:
            ValueError: the ids are not 1, 2, 3 and so on, or an EVSE has no connector. # CON-01, CON-02
        """
        if sorted(connectors) != list(range(1, len(connectors) + 1)) or not connectors:
            raise ValueError(f"EVSEs {sorted(connectors)} [count them from 1, without gaps]")
        if min(connectors.values()) < 1:
            raise ValueError(f"EVSEs with {connectors} connectors [give each at least one]")
        self._evses = {each: EvseRecord(each, connectors[each]) for each in sorted(connectors)}
        self.station = ConnectorRecord(ALL, ALL)

    def __iter__(self) -> Iterator[EvseRecord]:
        return iter(self._evses.values())

    def connectors(self) -> Iterator[ConnectorRecord]:
        """Yields all connectors, in order."""
        for evse in self:
            yield from evse.connectors.values()

    def has(self, evse_id: int, connector_id: int | None) -> bool:
        """Returns whether the station has this EVSE and, if one is given, this connector."""
        evse = self._evses.get(evse_id)
        return evse is not None and (connector_id is None or connector_id in evse.connectors)

    def evse(self, evse_id: int) -> EvseRecord:
        """Returns an EVSE.

        Raises:
            LocalProtocolError: there is none with this id.
        """
        if evse_id not in self._evses:
            raise LocalProtocolError(f"there is no EVSE {evse_id} [use one of {list(self._evses)}]")
        return self._evses[evse_id]

    def connector(self, evse_id: int, connector_id: int) -> ConnectorRecord:
        """Returns a connector.

        Raises:
            LocalProtocolError: there is none with these ids.
        """
        evse = self.evse(evse_id)
        if connector_id not in evse.connectors:
            raise LocalProtocolError(
                f"EVSE {evse_id} has no connector {connector_id} [use one of "
                f"{list(evse.connectors)}]"
            )
        return evse.connectors[connector_id]

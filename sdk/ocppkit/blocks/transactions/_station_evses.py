"""The EVSEs of a station, by id and by transaction."""

from collections.abc import Iterator

from ocppkit.core import LocalProtocolError

from ._evse import Evse

__all__ = ["StationEvses"]


class StationEvses(dict[int, Evse]):
    """The EVSEs of one station, by id."""

    def required(self, evse_id: int) -> Evse:
        """Returns an EVSE; raises an error if there is none with this id.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        evse = self.get(evse_id)
        if evse is None:
            raise LocalProtocolError(f"there is no EVSE {evse_id} [use one of {sorted(self)}]")
        return evse

    def busy_evses(self) -> Iterator[Evse]:
        """Yields the EVSEs that have a transaction."""
        return (evse for evse in self.values() if evse.transaction is not None)

    def of_transaction(self, transaction_id: str) -> Evse | None:
        """Returns the EVSE of a running transaction, or `None` if no transaction has this id.

        Args:
            transaction_id: the station's own id of it, or the number that the CSMS of OCPP 1.6 gave it.
        """
        for evse in self.busy_evses():
            transaction = evse.transaction_required()
            number = None if transaction.number is None else str(transaction.number)
            if transaction_id in (transaction.transaction_id, number):
                return evse
        return None

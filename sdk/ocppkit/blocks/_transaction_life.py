"""What happens to transactions, as the block of transactions tells the other blocks and the program."""

from datetime import datetime

from ._commands_and_reports import Event

__all__ = ["PowerPath", "TransactionBegan", "TransactionEnded", "TransactionNumbered"]


class PowerPath(Event, frozen=True):
    """The contactors of an EVSE are to be closed, or opened: energy may flow, or not; told at the start too."""

    evse_id: int
    closed: bool
    transaction_id: str | None = None
    """The transaction on the EVSE, if there is one."""

    since: datetime | None = None
    """When energy could first flow in this transaction, or without one; relative charging schedules begin then."""


class TransactionBegan(Event, frozen=True):
    """A transaction has begun, or goes on after a restart of the station."""

    evse_id: int
    transaction_id: str
    """The station's own id, also in OCPP 1.6."""

    at: datetime
    energy_since: datetime | None = None
    """When energy could first flow, if it can already."""

    remote_start_id: int | None = None
    """The number of the remote start that it comes from."""

    resumed: bool = False
    """Whether it had begun before the station was restarted. [E17]"""


class TransactionNumbered(Event, frozen=True):
    """The CSMS has given a transaction its number, as in OCPP 1.6."""

    evse_id: int
    transaction_id: str
    number: int


class TransactionEnded(Event, frozen=True):
    """A transaction has ended."""

    evse_id: int
    transaction_id: str
    at: datetime
    stopped_reason: str
    energy: float | None = None
    """Watt-hours from its beginning to its end; `None` if the meter does not tell them."""

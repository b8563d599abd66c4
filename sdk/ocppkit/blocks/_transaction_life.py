"""Events about transactions, for the other blocks and the program."""

from datetime import datetime

from ._commands_and_reports import Event

__all__ = ["PowerPathChanged", "TransactionBegan", "TransactionEnded", "TransactionNumbered"]


class PowerPathChanged(Event, frozen=True):
    """Event: the contactors of an EVSE must be closed or opened. Also told when the station starts."""

    evse_id: int
    closed: bool
    transaction_id: str | None = None
    """The transaction on the EVSE, if there is one."""

    since: datetime | None = None
    """When energy could first flow in this transaction, or without one; relative charging schedules begin then."""


class TransactionBegan(Event, frozen=True):
    """Event: a transaction has begun, or goes on after a restart of the station."""

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
    """Event: the CSMS has assigned a number to a transaction, as in OCPP 1.6."""

    evse_id: int
    transaction_id: str
    number: int


class TransactionEnded(Event, frozen=True):
    """Event: a transaction has ended."""

    evse_id: int
    transaction_id: str
    at: datetime
    stopped_reason: str
    energy: float | None = None
    """Watt-hours from its beginning to its end; `None` if the meter does not tell them."""

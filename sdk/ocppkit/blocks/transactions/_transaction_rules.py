"""The rules by which transactions differ between versions of OCPP."""

from collections.abc import Set

from ._token_rules import TokenRules
from ._words import TxPoint

__all__ = ["TransactionRules"]


class TransactionRules(TokenRules, frozen=True, kw_only=True):
    """The rules of transactions in one version of OCPP. The defaults are those of 2.1."""

    start_points: Set[TxPoint] | None = None
    """What begins a transaction, where no variable tells it."""

    stop_points: Set[TxPoint] | None = None
    """What ends one, where no variable tells it."""

    repeats_evse: bool = False
    """Whether each report names the EVSE, and not only the first after the vehicle was connected."""

    can_resume: bool = True
    """Whether a transaction can go on after a power cut. [E17]"""

    confirms_limits: bool = True
    """Whether a limit of a transaction is reported when it is set. [E16]"""

    needs_register: bool = False
    """Whether the report of the beginning must tell the energy register. [1.6]"""

    samples_in_meter_values: bool = False
    """Whether samples of transactions go out in MeterValues, and those for the end are taken with them. [1.6]"""

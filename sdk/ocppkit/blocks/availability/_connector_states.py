"""Finds what a connector is used for, and the status that a version of OCPP has for it.

Facts of a connector change one by one; the use follows from them by the first row of a table that fits,
and the status from the use by a table of the version, in `AvailabilityRules`. So 1.6 with its nine
states and 2.x with its five have the same facts.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

__all__ = [
    "AvailabilityRules",
    "ConnectorFacts",
    "ConnectorStatus",
    "ConnectorUse",
    "connector_use",
    "statuses_between",
]


class ConnectorStatus(StrEnum):
    """The status of a connector (in 1.6, also of a station), by the names of all versions."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class ConnectorUse(StrEnum):
    """What a connector is used for, in more detail than any version of OCPP reports."""

    FREE = "Free"
    AUTHORIZED = "Authorized"
    """A driver may charge, and has not plugged in yet."""

    PLUGGED_IN = "PluggedIn"
    """An EV is connected, and has not been charged yet."""

    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    INTERRUPTED = "Interrupted"
    """A transaction goes on, but the EV is gone."""

    FINISHING = "Finishing"
    """The transaction has ended, or its energy, and the EV is still connected."""

    RESERVED = "Reserved"
    INOPERATIVE = "Inoperative"
    FAULTED = "Faulted"


class ConnectorFacts(Struct, frozen=True, kw_only=True):
    """The facts from which the use of a connector follows."""

    faulted: bool = False
    operative: bool = True
    """Whether it, its EVSE and the station are in service."""

    reserved: bool = False
    """Whether it is reserved for somebody who has not come yet."""

    authorized: bool = False
    """Whether a driver may charge."""

    connected: bool = False
    """Whether an EV is connected."""

    transaction: bool = False
    """Whether a transaction goes on."""

    charging_state: str | None = None
    """The charging state of the transaction."""

    was_connected: bool = False
    """Whether an EV was connected in this transaction."""

    was_charging: bool = False
    """Whether energy has flowed in this transaction."""

    finishing: bool = False
    """Whether a transaction has ended, and the EV is still connected."""


# The first row that fits counts.
_USES: Final[Sequence[tuple[ConnectorUse, Callable[[ConnectorFacts], bool]]]] = (
    (ConnectorUse.FAULTED, lambda facts: facts.faulted),
    # AVA-02: what is out of service stays in use until its transaction has ended.
    (ConnectorUse.CHARGING, lambda facts: _is_in(facts, "Charging")),
    # STA-04: the transaction tells SuspendedEVSE if both sides suspend.
    (ConnectorUse.SUSPENDED_EVSE, lambda facts: _is_in(facts, "SuspendedEVSE")),
    (ConnectorUse.SUSPENDED_EV, lambda facts: _is_in(facts, "SuspendedEV")),
    # STA-05.
    (ConnectorUse.INTERRUPTED, lambda facts: facts.was_connected and not facts.connected),
    # Energy is offered, and the EV has stopped taking it without a word.
    (ConnectorUse.SUSPENDED_EV, lambda facts: facts.was_charging and facts.authorized),
    (ConnectorUse.FINISHING, lambda facts: facts.was_charging),
    (ConnectorUse.PLUGGED_IN, lambda facts: facts.transaction and facts.connected),
    (ConnectorUse.AUTHORIZED, lambda facts: facts.transaction),
    # G03.FR.06, G04.FR.07.
    (ConnectorUse.INOPERATIVE, lambda facts: not facts.operative),
    # G01.FR.08: plugging in does not use up a reservation.
    (ConnectorUse.RESERVED, lambda facts: facts.reserved),
    (ConnectorUse.FINISHING, lambda facts: facts.finishing and not facts.authorized),
    (ConnectorUse.PLUGGED_IN, lambda facts: facts.connected),
    (ConnectorUse.AUTHORIZED, lambda facts: facts.authorized),
    (ConnectorUse.FREE, lambda facts: True),
)


def connector_use(facts: ConnectorFacts) -> ConnectorUse:
    """Returns what a connector is used for."""
    return next(use for use, fits in _USES if fits(facts))


def _is_in(facts: ConnectorFacts, charging_state: str) -> bool:
    return facts.transaction and facts.charging_state == charging_state


class AvailabilityRules(Struct, frozen=True, kw_only=True):
    """The rules of availability in one version of OCPP."""

    statuses: Mapping[ConnectorUse, ConnectorStatus]
    """The status that is reported for each use."""

    moves: Mapping[ConnectorStatus, frozenset[ConnectorStatus]] = {}
    """The statuses that may follow each status; any, if a status is not in it."""

    station_has_status: bool = False
    """Whether the station has a status of its own, beside those of its connectors (connector 0 of 1.6)."""

    station_overrides: bool = True
    """Whether connectors of a station out of service keep their own states for later (2.x).

    If not, a change of the station is a change of each of its connectors.
    """

    all_after_offline: bool = True
    """Whether a station that was offline for longer than OfflineThreshold reports all connectors (2.x)."""

    lock_failure_is_fault: bool = False
    """Whether a connector whose lock fails is Faulted (1.6); else the lock itself reports a problem."""

    statuses_of_errors: Mapping[str, frozenset[ConnectorStatus]] = {}
    """Which errors only some statuses may have."""


# One of these lies between two statuses that may not follow each other.
_BETWEEN: Final = (
    ConnectorStatus.PREPARING,
    ConnectorStatus.FINISHING,
    ConnectorStatus.AVAILABLE,
)


def statuses_between(
    old: ConnectorStatus, new: ConnectorStatus, rules: AvailabilityRules
) -> Sequence[ConnectorStatus]:
    """Returns the statuses to report between an old and a new one, as OCPP 1.6 does not allow every
    change. # STA-02

    Args:
        old: the status that was reported last.
        new: the status now.
        rules: those of the OCPP version.
    """
    if _may_follow(old, new, rules):
        return (new,)
    between = (
        each for each in _BETWEEN if _may_follow(old, each, rules) and _may_follow(each, new, rules)
    )
    return (next(between), new)


def _may_follow(old: ConnectorStatus, new: ConnectorStatus, rules: AvailabilityRules) -> bool:
    return old not in rules.moves or new in rules.moves[old]

"""Decides whether a station refuses a remote start, by a table of rules."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ..availability import AvailabilityBlock, ConnectorUse
from ..charging import is_no_profile_of_a_start
from ..transactions import TransactionsBlock
from ._remote_messages import StartRemotely

__all__ = ["StartConditions", "StartRefusal", "chosen_evse", "start_refusal"]


class StartRefusal(NamedTuple):
    """The reason why a remote start is refused."""

    reason_code: str
    """The reason code of OCPP 2.x."""

    text: str
    """What is wrong, for people."""


class StartConditions(NamedTuple):
    """All that decides whether a remote start is refused."""

    availability: AvailabilityBlock
    transactions: TransactionsBlock
    is_resetting: Callable[[int], bool]
    """Returns whether a reset of an EVSE, or of the station, is due or scheduled."""

    takes_profiles: bool
    """Whether charging profiles are installed."""


class _RemoteStart(NamedTuple):
    command: StartRemotely
    evse_id: int
    setting: StartConditions

    @property
    def uses(self) -> Sequence[ConnectorUse]:
        return self.setting.availability.uses_of(self.evse_id)


def _is_reserved_for_another(case: _RemoteStart) -> bool:
    holder = case.setting.availability.holder_of(case.evse_id)
    command = case.command
    return holder is not None and not holder.is_for(command.id_token, command.group_id_token)


def _has_bad_profile(case: _RemoteStart) -> bool:
    profile = case.command.charging_profile
    # REM-07: a station without smart charging ignores it.
    if profile is None or not case.setting.takes_profiles:
        return False
    return is_no_profile_of_a_start(profile)


# The first row that is broken is the reason.
_RULES: Final[Sequence[tuple[str, str, Callable[[_RemoteStart], bool]]]] = (
    # AVA-07.
    (
        "UnknownEvse",
        "there is no such EVSE",
        lambda case: not case.setting.availability.has(case.evse_id, None),
    ),
    # F01.FR.24, F02.FR.26.
    (
        "TxInProgress",
        "a driver is authorized there",
        lambda case: case.setting.transactions.state_of(case.evse_id).authorized,
    ),
    # F01.FR.23, F02.FR.25.
    (
        "Unspecified",
        "the EVSE is faulted",
        lambda case: all(use is ConnectorUse.FAULTED for use in case.uses),
    ),
    # F01.FR.22, F02.FR.24.
    (
        "NotEnabled",
        "the EVSE is out of service",
        lambda case: not case.setting.availability.is_operative(case.evse_id),
    ),
    # B12: an EVSE that waits for a reset takes no new driver.
    ("NotEnabled", "a reset is due", lambda case: case.setting.is_resetting(case.evse_id)),
    # F01.FR.21, F02.FR.23.
    ("Unspecified", "the EVSE is reserved for another driver", _is_reserved_for_another),
    # F01.FR.09, F01.FR.11, K05.FR.02.
    (
        "InvalidProfile",
        "the profile is no TxProfile without a transaction",
        _has_bad_profile,
    ),
)


def start_refusal(
    command: StartRemotely, evse_id: int, setting: StartConditions
) -> StartRefusal | None:
    """Returns the reason why a remote start on an EVSE is refused, or `None` if it is accepted."""
    case = _RemoteStart(command, evse_id, setting)
    for reason_code, text, is_broken in _RULES:
        if is_broken(case):
            return StartRefusal(reason_code, text)
    return None


def chosen_evse(command: StartRemotely, setting: StartConditions) -> int | None:
    """Returns the EVSE for a remote start that names none; `None` if no EVSE is free. # REM-03

    One that an EV is connected to is taken first, as the driver is most likely there.
    """
    free = [
        evse_id
        for evse_id in setting.availability.evse_ids
        if start_refusal(command, evse_id, setting) is None
    ]
    connected = (each for each in free if setting.transactions.state_of(each).connected)
    return next(connected, free[0] if free else None)

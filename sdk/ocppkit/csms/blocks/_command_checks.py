"""Checks a command before it is sent, by the rules with which stations refuse commands.

What a rule needs to know of the station is taken from what it has reported; a rule that needs
more, such as whether a transaction goes on, is left to the station.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

from ocppkit.blocks import Command, Dialect
from ocppkit.blocks.authorization import AuthorizationRules, SendLocalList, list_refusal
from ocppkit.blocks.availability import ChangeAvailability
from ocppkit.blocks.charging import (
    MOST_ABILITIES,
    ChargingProfile,
    ChargingRules,
    ClearProfiles,
    GetComposite,
    GetProfiles,
    SetProfile,
    UpdateDynamicProfile,
    abilities_of,
    absent_member,
    is_no_profile_of_a_start,
    profile_refusal,
)
from ocppkit.blocks.remote_control import (
    MessageTrigger,
    RemoteControlRules,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetType,
    StartRemotely,
)
from ocppkit.blocks.transactions import TransactionRules
from ocppkit.blocks.variables import (
    ITEMS_PER_GET_REPORT,
    ITEMS_PER_GET_VARIABLES,
    ITEMS_PER_SET_VARIABLES,
    LOCAL_AUTH_LIST_ENTRIES,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    NETWORK_CONFIGURATION_PRIORITY,
    TX_RESUMPTION_TIMEOUT,
    GetReport,
    GetVariables,
    ReportedVariables,
    SetNetworkProfile,
    SetVariables,
    network_profile_refusal,
)
from ocppkit.core import IntegerKey, LocalProtocolError

__all__ = ["check_command"]


def check_command(command: Command[Any], dialect: Dialect, known: ReportedVariables) -> None:
    """Raises an error if a station would refuse a command, as far as that is known.

    Args:
        command: the command.
        dialect: that of the station's version.
        known: the variables of the station.

    Raises:
        LocalProtocolError: the station would refuse it.
    """
    for check in _CHECKS.get(type(command), ()):
        check(command, dialect, known)


def _refuse(command: Command[Any], problem: str, cure: str) -> LocalProtocolError:
    return LocalProtocolError(f"{type(command).__name__}: {problem} [{cure}]")


def _check_place(least: int) -> "_Check":
    """Returns a function that checks EVSE and connector. `least` is 0 if EVSE 0 stands for the
    station.
    """

    def check(command: Any, dialect: Dialect, known: ReportedVariables) -> None:
        evse_id, connector_id = command.evse_id, getattr(command, "connector_id", None)
        if evse_id is not None and evse_id < least:
            raise _refuse(command, f"there is no EVSE {evse_id}", f"EVSEs count from {least}")
        if connector_id is not None and connector_id < 1:
            raise _refuse(command, f"there is no connector {connector_id}", "they count from 1")

    return check


def _check_profile(
    command: Command[Any],
    profile: ChargingProfile,
    evse_id: int,
    dialect: Dialect,
    known: ReportedVariables,
    *,
    starts_transaction: bool = False,
) -> None:
    rules, where = dialect.rules(ChargingRules), f"charging profile {profile.id} on EVSE {evse_id}"
    absent = absent_member(profile, rules)
    if absent is not None:
        raise _refuse(command, f"{where}: this OCPP version has no {absent}", "leave it out")
    broken = profile_refusal(
        profile,
        evse_id,
        (),
        None,
        rules,
        abilities_of(known, MOST_ABILITIES),
        starts_transaction=starts_transaction,
    )
    if broken is not None:
        problem = f"{where}: {broken.text} ({broken.reason_code})"
        raise _refuse(command, problem, broken.cure)


def _check_set_profile(command: SetProfile, dialect: Dialect, known: ReportedVariables) -> None:
    _check_profile(command, command.charging_profile, command.evse_id, dialect, known)


def _check_update(
    command: UpdateDynamicProfile, dialect: Dialect, known: ReportedVariables
) -> None:
    if command.schedule_update.has_limit_below_0:
        where = f"charging profile {command.charging_profile_id}"
        raise _refuse(command, f"{where}: a limit is below 0", "set limits of 0 or more")


def _check_clear(command: ClearProfiles, dialect: Dialect, known: ReportedVariables) -> None:
    purpose = command.charging_profile_purpose
    # CHP-15.
    if purpose is not None and purpose not in dialect.rules(ChargingRules).purposes:
        problem = f"a CSMS cannot clear profiles of the purpose {purpose}"
        raise _refuse(command, problem, "name a purpose that a CSMS can set")


def _check_composite(command: GetComposite, dialect: Dialect, known: ReportedVariables) -> None:
    unit = command.charging_rate_unit
    if command.duration <= 0:
        raise _refuse(command, f"a window of {command.duration} s", "set a duration above 0")
    # CMP-12.
    if unit is not None and unit not in abilities_of(known, MOST_ABILITIES).rate_units:
        raise _refuse(command, f"the station has no limits in {unit}", "use the other unit")


def _check_start(command: StartRemotely, dialect: Dialect, known: ReportedVariables) -> None:
    rules, profile = dialect.rules(TransactionRules), command.charging_profile
    for token in (command.id_token, command.group_id_token):
        if token is not None:
            try:
                rules.check(token)
            except ValueError as error:
                raise LocalProtocolError(f"{type(command).__name__}: {error}") from error
    if profile is None:
        return
    if is_no_profile_of_a_start(profile):
        # REM-06.
        problem = f"charging profile {profile.id} is no TxProfile without a transaction"
        raise _refuse(command, problem, "use the purpose TxProfile, and no transaction_id")
    evse_id = command.evse_id or 0
    _check_profile(command, profile, evse_id, dialect, known, starts_transaction=True)


def _check_trigger(command: RequestTrigger, dialect: Dialect, known: ReportedVariables) -> None:
    message, evse_id, connector_id = (
        command.requested_message,
        command.evse_id,
        command.connector_id,
    )
    if evse_id is None and connector_id is not None:
        raise _refuse(command, f"connector {connector_id} without an EVSE", "set evse_id")
    names_status = message == MessageTrigger.STATUS_NOTIFICATION
    needs_place = names_status and dialect.rules(RemoteControlRules).status_needs_connector
    if needs_place and (evse_id is None or connector_id is None):
        # REM-15, F06.FR.12, F06.FR.13.
        raise _refuse(command, "a status is that of one connector", "set evse_id and connector_id")
    is_custom = message == MessageTrigger.CUSTOM_TRIGGER
    if is_custom != (command.custom_trigger is not None):
        problem = f"{message} with custom_trigger={command.custom_trigger!r}"
        raise _refuse(command, problem, "set custom_trigger for CustomTrigger, and only for that")


def _check_reset(command: RequestReset, dialect: Dialect, known: ReportedVariables) -> None:
    # RST-08.
    if command.type is ResetType.IMMEDIATE_AND_RESUME and known.get(TX_RESUMPTION_TIMEOUT, 1) == 0:
        problem = "the station resumes no transactions: its TxCtrlr.ResumptionTimeout is 0"
        raise _refuse(command, problem, "set that first, or use another type")


def _check_list(command: SendLocalList, dialect: Dialect, known: ReportedVariables) -> None:
    broken = list_refusal(
        command,
        dialect.rules(AuthorizationRules),
        entries=known.max_limit(LOCAL_AUTH_LIST_ENTRIES, inf),
        items_per_message=_most(known, LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE),
    )
    if broken is not None:
        problem = f"{broken.additional_info} ({broken.reason_code})"
        raise _refuse(command, problem, "`send_local_list` makes messages that a station takes")


def _check_set_variables(command: SetVariables, dialect: Dialect, known: ReportedVariables) -> None:
    # CFG-09, B05.FR.11.
    _check_number(command, len(command.data), ITEMS_PER_SET_VARIABLES, known)
    for each in command.data:
        broken = known.write_refusal(each)
        if broken is not None:
            problem = f"{each.address}: {broken.text} ({broken.reason_code})"
            is_read_only = broken.reason_code == "ReadOnly"
            cure = "leave it out" if is_read_only else "write a value that it can have"
            raise _refuse(command, problem, cure)


def _check_get_variables(command: GetVariables, dialect: Dialect, known: ReportedVariables) -> None:
    # CFG-09, B06.FR.05.
    _check_number(command, len(command.data or ()), ITEMS_PER_GET_VARIABLES, known)


def _check_get_report(command: GetReport, dialect: Dialect, known: ReportedVariables) -> None:
    # CFG-09, B08.FR.06.
    _check_number(command, len(command.component_variables), ITEMS_PER_GET_REPORT, known)


def _check_number(
    command: Command[Any], count: int, limit: IntegerKey, known: ReportedVariables
) -> None:
    most = _most(known, limit)
    if count > most:
        problem = f"{count} items where the station takes {most:g} at once"
        raise _refuse(command, problem, "send several commands; some have a method `split`")


def _most(known: ReportedVariables, limit: IntegerKey) -> float:
    return known.get(limit, 0) or inf


def _check_network(command: SetNetworkProfile, dialect: Dialect, known: ReportedVariables) -> None:
    slot = str(command.configuration_slot)
    # CFG-14.
    broken = network_profile_refusal(command.connection_data, current=0, downgrade_allowed=True)
    if broken is not None:
        problem = f"slot {slot}: {broken.text} ({broken.reason_code})"
        raise _refuse(command, problem, "correct the network profile")
    if NETWORK_CONFIGURATION_PRIORITY not in known:
        return
    slots = known.characteristics(NETWORK_CONFIGURATION_PRIORITY).values
    if slots and slot not in slots:
        raise _refuse(command, f"there is no slot {slot}", f"use one of {', '.join(slots)}")


_Check = Callable[[Any, Dialect, ReportedVariables], None]

_CHECKS: Final[Mapping[type[Command[Any]], Sequence[_Check]]] = {
    ChangeAvailability: (_check_place(0),),
    ClearProfiles: (_check_place(0), _check_clear),
    GetComposite: (_check_place(0), _check_composite),
    GetProfiles: (_check_place(0),),
    GetReport: (_check_get_report,),
    GetVariables: (_check_get_variables,),
    RequestReset: (_check_place(0), _check_reset),
    RequestTrigger: (_check_place(0), _check_trigger),
    RequestUnlock: (_check_place(1),),
    SendLocalList: (_check_list,),
    SetNetworkProfile: (_check_network,),
    SetProfile: (_check_set_profile,),
    SetVariables: (_check_set_variables,),
    StartRemotely: (_check_place(1), _check_start),
    UpdateDynamicProfile: (_check_update,),
}

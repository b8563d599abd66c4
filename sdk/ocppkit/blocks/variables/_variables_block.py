"""The block that answers a CSMS about variables, and sends reports of them. [B05-B10, A01]"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import msgspec
from msgspec import structs

from ocppkit.core import ErrorCode, IntegerKey

from .._block import Block
from .._kept_state import KeptState, restored
from .._moment import Moment
from .._station_life import CsmsConnected, StationStarted
from ._declared_variables import KeptValue, ValueRefusal
from ._device_model import DeviceModel
from ._network_connections import (
    NetworkConnectionProfile,
    NetworkProfileSet,
    NetworkProfileStatus,
    SetNetworkProfile,
    SetNetworkProfileAnswer,
    network_profile_refusal,
)
from ._network_variables import declare_profile, has_network_configuration
from ._passwords import BasicAuthPasswordChanged, password_of, password_refusal
from ._questions import (
    ChangeOrigin,
    GetBaseReport,
    GetReport,
    GetVariableResult,
    GetVariables,
    GetVariablesAnswer,
    KeptValueRefused,
    ReportAnswer,
    ReportData,
    ReportStatus,
    SetVariables,
    SetVariablesAnswer,
    VariableChanged,
    VariableQuery,
    VariablesReport,
    VariableStatus,
)
from ._report_selection import base_report, selected_report
from ._setting_keys import (
    ACTIVE_NETWORK_PROFILE,
    ALLOW_SECURITY_PROFILE_DOWNGRADE,
    BASIC_AUTH_PASSWORD,
    CONFIGURATION_VALUE_SIZE,
    DATE_TIME,
    ITEMS_PER_GET_REPORT,
    ITEMS_PER_GET_VARIABLES,
    ITEMS_PER_SET_VARIABLES,
    NETWORK_CONFIGURATION_PRIORITY,
    REPORTING_VALUE_SIZE,
    SECURITY_PROFILE,
)
from ._standard_settings import VariableRules

__all__ = ["VariablesBlock"]


class _KeptVariables(KeptState, frozen=True, kw_only=True):
    values: tuple[KeptValue, ...] = ()
    network_profiles: dict[int, NetworkConnectionProfile] = msgspec.field(
        default_factory=dict[int, NetworkConnectionProfile]
    )


class VariablesBlock(Block):
    """Handles the commands with which a CSMS reads, writes and lists the variables of a station.

    The program and the other blocks use the `DeviceModel`. What a CSMS writes is kept over a restart.
    """

    name: ClassVar[str] = "variables"

    def __init__(
        self,
        model: DeviceModel,
        rules: VariableRules,
        *,
        network_profiles: Mapping[int, NetworkConnectionProfile] | None = None,
    ) -> None:
        """Starts with the variables of the model. More can be declared at any time.

        Args:
            model: the variables.
            rules: those of the OCPP version.
            network_profiles: the ways to a CSMS that the station knows from the beginning, by slot.
        """
        super().__init__()
        self._model = model
        self._rules = rules
        self._profiles: dict[int, NetworkConnectionProfile] = {}
        self._tells_profiles = has_network_configuration(rules.standard)
        self._on_command(GetVariables)(self.get_variables)
        self._on_command(SetVariables)(self.set_variables)
        self._on_command(GetBaseReport)(self.get_base_report)
        self._on_command(GetReport)(self.get_report)
        self._on_command(SetNetworkProfile)(self.set_network_profile)
        self._on_event(StationStarted, lambda event, now: self.restarting(now))
        self._on_event(CsmsConnected, self._csms_connected)
        self._add_checks()
        self._store_profiles(network_profiles or {})
        model.observe(self._variable_changed)

    @property
    def model(self) -> DeviceModel:
        """The device model."""
        return self._model

    @property
    def network_profiles(self) -> Mapping[int, NetworkConnectionProfile]:
        """The network connection profiles, by slot."""
        return self._profiles

    # What the CSMS asks.

    def get_variables(self, command: GetVariables, now: Moment) -> GetVariablesAnswer:
        """Reads values. # B06"""
        self._set_date(now)
        if command.data is None:
            queries = [VariableQuery(address=each) for each in self._model.addresses()]
            results = [self._result(each) for each in queries]
            readable = [each for each in results if each.status == VariableStatus.ACCEPTED]
            return GetVariablesAnswer(results=tuple(readable))
        if self._is_over_limit(len(command.data), ITEMS_PER_GET_VARIABLES):
            # B06.FR.16.
            return GetVariablesAnswer(error=ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)
        return GetVariablesAnswer(results=tuple(map(self._result, command.data)))

    def set_variables(self, command: SetVariables, now: Moment) -> SetVariablesAnswer:
        """Writes values. # B05"""
        if self._is_over_limit(len(command.data), ITEMS_PER_SET_VARIABLES):
            return SetVariablesAnswer(error=ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)
        longest = self._model.get(CONFIGURATION_VALUE_SIZE, self._rules.set_value_size)
        return SetVariablesAnswer(
            results=tuple(
                self._model.write(each.address, each.value, each.attribute_type, longest=longest)
                for each in command.data
            )
        )

    def get_base_report(self, command: GetBaseReport, now: Moment) -> ReportAnswer:
        """Reports the variables of a base report. # B07"""
        self._set_date(now)
        data = base_report(self._model, command.report_base)
        if data is None:
            # B07.FR.02.
            return ReportAnswer(status=ReportStatus.NOT_SUPPORTED)
        return self._send_report(command.request_id, data, now)

    def get_report(self, command: GetReport, now: Moment) -> ReportAnswer:
        """Reports the selected components and variables. # B08"""
        if self._is_over_limit(len(command.component_variables), ITEMS_PER_GET_REPORT):
            # B08.FR.17.
            return ReportAnswer(
                status=ReportStatus.REJECTED, error=ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
            )
        self._set_date(now)
        data = selected_report(self._model, command)
        if data is None:
            # B08.FR.02.
            return ReportAnswer(status=ReportStatus.NOT_SUPPORTED)
        return self._send_report(command.request_id, data, now)

    def set_network_profile(
        self, command: SetNetworkProfile, now: Moment
    ) -> SetNetworkProfileAnswer:
        """Stores a network connection profile, which is used from the next restart on. # B09"""
        slot, profile = command.configuration_slot, command.connection_data
        refusal = self._slot_refusal(slot) or network_profile_refusal(
            profile,
            current=self._model.setting(SECURITY_PROFILE),
            downgrade_allowed=self._model.get(ALLOW_SECURITY_PROFILE_DOWNGRADE, False),
        )
        if refusal is not None:
            return SetNetworkProfileAnswer(
                status=NetworkProfileStatus.REJECTED,
                reason_code=refusal.reason_code,
                additional_info=refusal.text,
            )
        self._store_profiles({slot: profile})
        self._note_change()
        self._tell(NetworkProfileSet(slot=slot, profile=profile))
        return SetNetworkProfileAnswer(status=NetworkProfileStatus.ACCEPTED)

    # What the program and the driver tell.

    def network_order(self) -> tuple[tuple[int, NetworkConnectionProfile], ...]:
        """Returns the slots and network connection profiles in the order in which they must be
        tried. # B10.FR.01
        """
        wanted = self._model.get(NETWORK_CONFIGURATION_PRIORITY, ())
        slots = [int(each) for each in wanted if each.isdecimal()]
        return tuple((slot, self._profiles[slot]) for slot in slots if slot in self._profiles)

    def restarting(self, now: Moment) -> None:
        """Puts values into effect that wait for a restart. Called when the station restarts without
        its program. # B05.FR.08
        """
        self._model.activate()

    def connected_by(self, slot: int, now: Moment) -> None:
        """Records the profile with which the station has connected. Called by `StationBlocks`.

        A higher security profile than before is the station's from now on, and the ways with a lower one
        leave the order. # A05.FR.06

        Raises:
            ValueError: there is no such way.
        """
        if slot not in self._profiles:
            raise ValueError(f"there is no network profile in slot {slot}")
        if ACTIVE_NETWORK_PROFILE in self._model:
            self._model[ACTIVE_NETWORK_PROFILE] = slot
        reached = self._profiles[slot].security_profile
        if reached <= self._model.setting(SECURITY_PROFILE):
            return
        self._model[SECURITY_PROFILE] = reached
        order = [
            str(each)
            for each, profile in self.network_order()
            if profile.security_profile >= reached
        ]
        if order:
            self._model[NETWORK_CONFIGURATION_PRIORITY] = tuple(order)

    def state(self) -> bytes:
        """Returns the values and network connection profiles to keep over a restart."""
        kept = _KeptVariables(values=self._model.kept(), network_profiles=self._profiles)
        return msgspec.json.encode(kept)

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the state of an earlier run.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptVariables, state, "the state of variables")
        self._store_profiles(kept.network_profiles)
        self._model.restore(kept.values)

    # The rest.

    def _store_profiles(self, profiles: Mapping[int, NetworkConnectionProfile]) -> None:
        self._profiles.update(profiles)
        if self._tells_profiles:
            for slot, profile in profiles.items():
                declare_profile(self._model, slot, profile)

    def _csms_connected(self, event: CsmsConnected, now: Moment) -> None:
        if event.slot in self._profiles:
            self.connected_by(event.slot, now)

    def _variable_changed(self, event: VariableChanged | KeptValueRefused) -> None:
        self._tell(event)
        if not isinstance(event, VariableChanged):
            return
        if event.is_kept and event.origin is not ChangeOrigin.EARLIER_RUN:
            self._note_change()
        # A01.FR.02. What the program sets, it knows.
        if event.is_of(BASIC_AUTH_PASSWORD) and event.origin is not ChangeOrigin.STATION:
            password = password_of(self._model[BASIC_AUTH_PASSWORD], self._rules)
            self._tell(BasicAuthPasswordChanged(password=password))

    def _add_checks(self) -> None:
        if BASIC_AUTH_PASSWORD in self._model:
            self._model.check(BASIC_AUTH_PASSWORD, lambda text: password_refusal(text, self._rules))
        if SECURITY_PROFILE in self._model:
            self._model.check(SECURITY_PROFILE, self._security_profile_refusal)
        if NETWORK_CONFIGURATION_PRIORITY in self._model:
            self._model.check(NETWORK_CONFIGURATION_PRIORITY, self._order_refusal)

    def _security_profile_refusal(self, wanted: int) -> ValueRefusal | None:
        # CFG-05; only OCPP 1.6 lets a CSMS write it.
        if wanted < self._model.setting(SECURITY_PROFILE):
            return ValueRefusal("the security profile would be lower than it is", "ValueTooLow")
        return None

    def _order_refusal(self, slots: tuple[str, ...]) -> ValueRefusal | None:
        # B10.FR.02: each slot must hold a way to a CSMS.
        for slot in slots:
            if not slot.isdecimal() or int(slot) not in self._profiles:
                return ValueRefusal(f"there is no network profile in slot {slot}"[:500])
        return None if slots else ValueRefusal("there must be a slot")

    def _slot_refusal(self, slot: int) -> ValueRefusal | None:
        # B09.FR.05: the station says which slots it has.
        if NETWORK_CONFIGURATION_PRIORITY not in self._model:
            return ValueRefusal("this station has no slots", "NotEnabled")
        slots = self._model.characteristics(NETWORK_CONFIGURATION_PRIORITY).values
        if str(slot) not in slots:
            return ValueRefusal(f"there is no slot {slot}", "ValueOutOfRange")
        return None

    def _result(self, query: VariableQuery) -> GetVariableResult:
        result = self._model.read(query.address, query.attribute_type)
        return structs.replace(result, value=self._readable(result.value))

    def _readable(self, value: str | None) -> str | None:
        # A station may cut what it tells: ReportingValueSize.
        longest = self._model.get(REPORTING_VALUE_SIZE, self._rules.value_size)
        return None if value is None else value[:longest]

    def _readable_data(self, data: ReportData) -> ReportData:
        attributes = (
            structs.replace(each, value=self._readable(each.value)) for each in data.attributes
        )
        return structs.replace(data, attributes=tuple(attributes))

    def _is_over_limit(self, count: int, limit: IntegerKey) -> bool:
        # CFG-10.
        return count > self._model.get(limit, count)

    def _set_date(self, now: Moment) -> None:
        if DATE_TIME in self._model:
            self._model.set(DATE_TIME, now.wall, is_told=False)

    def _send_report(
        self, request_id: int, data: Iterable[ReportData], now: Moment
    ) -> ReportAnswer:
        """Queues a report in parts, which are sent after the answer. # B07.FR.03, B07.FR.12"""
        found = tuple(map(self._readable_data, data))
        if not found:
            return ReportAnswer(status=ReportStatus.EMPTY_RESULT_SET)
        size = max(1, self._model.setting(ITEMS_PER_GET_REPORT))
        for seq_no, start in enumerate(range(0, len(found), size)):
            self._report(
                VariablesReport(
                    request_id=request_id,
                    generated_at=now.wall,
                    seq_no=seq_no,
                    tbc=start + size < len(found),
                    data=found[start : start + size],
                )
            )
        return ReportAnswer(status=ReportStatus.ACCEPTED)

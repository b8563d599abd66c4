"""The block with the charging profiles of a station, and the limits that follow from them
(functional block K).

Theory of operation: whatever happens, the limit of each EVSE now is computed anew, and told if it is another
than before. The composite schedule also says when it changes next by itself, which is the deadline of the block.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from math import inf
from typing import ClassVar

from msgspec.structs import replace

from ocppkit.core import LocalProtocolError

from .._block import Block
from .._moment import Moment
from .._station_life import (
    BootAccepted,
    BootNotAccepted,
    ClockChanged,
    CsmsConnected,
    CsmsDisconnected,
    StationStarted,
)
from .._transaction_life import (
    PowerPathChanged,
    TransactionBegan,
    TransactionEnded,
    TransactionNumbered,
)
from ..variables import (
    CHARGING_PROFILE_ENTRIES,
    DeviceModel,
    VariableChanged,
)
from ._charging_rules import ChargingAbilities, ChargingRules
from ._circumstances import Circumstances, RunningTransaction
from ._composite import composite
from ._dynamic_profiles import DynamicProfiles, with_update_time
from ._external_limits import ExternalLimits
from ._installed_profiles import InstalledProfiles, ProfileCriteria
from ._present_limits import PresentLimits
from ._profile_messages import (
    ClearProfiles,
    ClearProfilesAnswer,
    ClearProfilesStatus,
    CompositeAnswer,
    CompositeSchedule,
    GetComposite,
    GetProfiles,
    GetProfilesAnswer,
    GetProfilesStatus,
    ProfileStatus,
    PullDynamicUpdate,
    SetProfile,
    SetProfileAnswer,
    UpdateDynamicProfile,
)
from ._profile_reports import profile_reports
from ._profiles import ChargingProfile, ChargingSchedulePeriod, InstalledProfile, RateUnit
from ._station_abilities import abilities_of
from ._validation import ProfileRefusal

__all__ = ["ChargingBlock"]


class ChargingBlock(Block):
    """Installs the charging profiles of a station, and calculates the limits that follow from them.

    It hears of transactions from the block of transactions; without that, the program tells them by
    `transaction_began`, `energy_can_flow` and `transaction_ended`.
    """

    name: ClassVar[str] = "charging"

    def __init__(
        self,
        evse_ids: Iterable[int],
        model: DeviceModel,
        uniform: Callable[[int], int],
        *,
        maximum: float,
        rules: ChargingRules,
        abilities: ChargingAbilities = ChargingAbilities(),  # noqa: B008 - a frozen value
        voltage: float = 230.0,
        zone: tzinfo | None = None,
    ) -> None:
        """Starts without profiles.

        Args:
            evse_ids: the EVSEs; in OCPP 1.6, the connectors.
            model: the settings.
            uniform: returns an integer from 0 to its argument, at random.
            maximum: the most that an EVSE can give, in amperes on each of three phases.
            rules: in what the version differs.
            abilities: what the station can do, as far as `model` does not say it.
            voltage: nominal voltage between a phase and the neutral conductor, in volts.
            zone: the zone of the station's local time, for schedules that follow it.

        Raises:
            ValueError: `maximum` or `voltage` is not above 0.
        """
        super().__init__()
        if not (0 < maximum < inf and 0 < voltage < inf):
            raise ValueError(
                f"maximum={maximum} A at voltage={voltage} V cannot be used [both must be above 0]"
            )
        self._model = model
        self._abilities = abilities
        self._profiles = InstalledProfiles(rules, abilities, uniform=uniform)
        self._circumstances = Circumstances(
            evses=tuple(evse_ids), voltage=voltage, maximum=maximum, zone=zone
        )
        self._limits = PresentLimits(self._profiles, self._tell)
        self._external = ExternalLimits(
            model,
            self._profiles,
            self._limits,
            report=self._report,
            tell=self._tell,
            count=self._count_profiles,
            look=self._update_limits,
        )
        self._dynamic = DynamicProfiles(
            self._profiles, report=self._report, changed=self._values_changed
        )
        self._on_command(UpdateDynamicProfile)(self._dynamic.update)
        self._on_reply(PullDynamicUpdate)(self._dynamic.take)
        self._on_event(BootAccepted, lambda event, now: self._dynamic.set_accepted(True))
        self._on_event(BootNotAccepted, lambda event, now: self._dynamic.set_accepted(False))
        self._on_command(SetProfile)(self._set_profile)
        self._on_command(ClearProfiles)(self._clear_profiles)
        self._on_command(GetComposite)(self._answer_composite)
        self._on_command(GetProfiles)(self._report_profiles)
        self._on_event(StationStarted, lambda event, now: self._update_limits(now))
        self._on_event(ClockChanged, lambda event, now: self._update_limits(now))
        self._on_event(VariableChanged, lambda event, now: self._update_limits(now))
        self._on_event(CsmsConnected, self._csms_connected)
        self._on_event(CsmsDisconnected, self._csms_disconnected)
        self._on_event(
            TransactionBegan,
            lambda event, now: self.transaction_began(event.evse_id, event.transaction_id, now),
        )
        self._on_event(TransactionNumbered, self._transaction_numbered)
        self._on_event(PowerPathChanged, self._power_path_changed)
        self._on_event(
            TransactionEnded, lambda event, now: self.transaction_ended(event.evse_id, now)
        )

    # What a program calls.

    def __iter__(self) -> Iterator[InstalledProfile]:
        """Iterates over the installed profiles."""
        return iter(self._profiles)

    def schedule(
        self, evse_id: int, duration: int, now: Moment, *, unit: RateUnit = RateUnit.AMPERES
    ) -> tuple[ChargingSchedulePeriod, ...]:
        """Returns the schedule that the profiles allow from now on, for example for the display of
        a station.

        Args:
            evse_id: the EVSE; 0 for the whole station.
            duration: seconds of the window.
            now: the present moment.
            unit: the unit of the limits.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        if evse_id != 0:
            self._require_evse(evse_id)
        return composite(
            self._profiles,
            self._circumstances,
            evse_id=evse_id,
            start=now.wall,
            duration=duration,
            unit=unit,
        )

    def transaction_began(self, evse_id: int, transaction_id: str, now: Moment) -> None:
        """Records that a transaction has begun, so that TxProfiles can be installed for it.

        Args:
            evse_id: the EVSE.
            transaction_id: its id; in OCPP 1.6, its number as text.
            now: the present moment.

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._require_evse(evse_id)
        self._change_transaction(evse_id, RunningTransaction(transaction_id=transaction_id), now)

    def energy_can_flow(self, evse_id: int, now: Moment, *, since: datetime | None = None) -> None:
        """Records that energy can flow in the transaction of an EVSE, as relative schedules start
        then. # CMP-04

        Args:
            evse_id: the EVSE.
            now: the present moment.
            since: the date and time; the present one by default.

        Raises:
            LocalProtocolError: no transaction runs there.
        """
        running = self._circumstances.transactions.get(evse_id)
        if running is None:
            raise LocalProtocolError(f"no transaction is running on EVSE {evse_id}")
        began = now.wall if since is None else since
        self._change_transaction(evse_id, replace(running, energy_since=began), now)

    def transaction_ended(self, evse_id: int, now: Moment) -> None:
        """Records that the transaction of an EVSE has ended, and removes its TxProfiles. # CHP-10

        Raises:
            LocalProtocolError: there is no such EVSE.
        """
        self._require_evse(evse_id)
        if self._profiles.end_transaction(evse_id):
            self._count_profiles()
        self._change_transaction(evse_id, None, now)

    def set_for_remote_start(
        self, profile: ChargingProfile, evse_id: int, as_sent: bytes | None = None
    ) -> ProfileRefusal | None:
        """Installs the TxProfile of a remote start, before its transaction begins. # K05

        Args:
            profile: the profile.
            evse_id: the EVSE of the transaction.
            as_sent: the profile as JSON of the OCPP version, for reports.

        Returns:
            Why it was refused; `None` if it is installed.
        """
        self._use_settings()
        refused = self._profiles.set(
            profile, evse_id, self._circumstances, starts_transaction=True, as_sent=as_sent
        )
        if refused is None:
            self._count_profiles()
        return refused

    def limit_externally(
        self,
        profile: ChargingProfile,
        evse_id: int,
        now: Moment,
        *,
        source: str = "EMS",
        is_grid_critical: bool | None = None,
    ) -> None:
        """Sets a limit that another system than the CSMS demands, such as an energy manager, and
        reports it. # K11, K12

        Args:
            profile: the limit, of the purpose ChargingStationExternalConstraints, in place of the
                one with its id, which is below 0. # CHP-19
            evse_id: where it holds; 0 for the whole station.
            now: the present moment.
            source: who limits: EMS, SO or another value of the specification.
            is_grid_critical: whether the limit is critical for the grid.

        Raises:
            LocalProtocolError: there is no such EVSE, or the profile is no external limit.
        """
        if evse_id != 0:
            self._require_evse(evse_id)
        self._external.set(profile, evse_id, now, source=source, is_grid_critical=is_grid_critical)

    def remove_external_limit(self, profile_id: int, now: Moment) -> bool:
        """Removes a limit that another system than the CSMS has set, and reports that. # K13

        Returns:
            Whether there was one.
        """
        return self._external.remove(profile_id, now)

    # What the CSMS asks.

    def _set_profile(self, command: SetProfile, now: Moment) -> SetProfileAnswer:
        self._use_settings()
        refused = self._profiles.set(
            with_update_time(command.charging_profile, now),
            command.evse_id,
            self._circumstances,
            as_sent=command.as_sent,
        )
        if refused is not None:
            return SetProfileAnswer(
                status=ProfileStatus.REJECTED,
                reason_code=refused.reason_code,
                additional_info=refused.text,
            )
        self._count_profiles()
        self._update_limits(now)
        return SetProfileAnswer(status=ProfileStatus.ACCEPTED)

    def _clear_profiles(self, command: ClearProfiles, now: Moment) -> ClearProfilesAnswer:
        number = command.charging_profile_id
        cleared = self._profiles.clear(
            ProfileCriteria(
                ids=None if number is None else [number],
                evse_id=command.evse_id,
                purpose=command.charging_profile_purpose,
                stack_level=command.stack_level,
            )
        )
        if not cleared:
            return ClearProfilesAnswer(status=ClearProfilesStatus.UNKNOWN)
        self._count_profiles()
        self._update_limits(now)
        return ClearProfilesAnswer(status=ClearProfilesStatus.ACCEPTED)

    def _answer_composite(self, command: GetComposite, now: Moment) -> CompositeAnswer:
        self._use_settings()
        unit = command.charging_rate_unit or RateUnit.AMPERES
        # CMP-12.
        if unit not in self._profiles.abilities.rate_units:
            return _no_schedule("UnsupportedRateUnit")
        if command.evse_id not in (0, *self._circumstances.evses):
            return _no_schedule("UnknownEvse")
        if command.duration <= 0:
            return _no_schedule("InvalidValue")
        periods = self.schedule(command.evse_id, command.duration, now, unit=unit)
        schedule = CompositeSchedule(
            evse_id=command.evse_id,
            schedule_start=now.wall.replace(microsecond=0),
            duration=command.duration,
            charging_rate_unit=unit,
            charging_schedule_period=periods,
        )
        return CompositeAnswer(status=ProfileStatus.ACCEPTED, schedule=schedule)

    def _report_profiles(self, command: GetProfiles, now: Moment) -> GetProfilesAnswer:
        found = self._profiles.find(
            ProfileCriteria(
                ids=command.ids,
                evse_id=command.evse_id,
                purpose=command.charging_profile_purpose,
                stack_level=command.stack_level,
                sources=command.sources,
            )
        )
        if not found:
            return GetProfilesAnswer(status=GetProfilesStatus.NO_PROFILES)
        for report in profile_reports(command.request_id, found):
            self._report(report)
        return GetProfilesAnswer(status=GetProfilesStatus.ACCEPTED)

    # What happens to the station.

    def _csms_connected(self, event: CsmsConnected, now: Moment) -> None:
        self._dynamic.set_connected(True)
        self._circumstances = replace(self._circumstances, offline_since=None)
        self._update_limits(now)

    def _csms_disconnected(self, event: CsmsDisconnected, now: Moment) -> None:
        self._dynamic.set_connected(False)
        self._circumstances = replace(self._circumstances, offline_since=now.wall)
        self._update_limits(now)

    def _transaction_numbered(self, event: TransactionNumbered, now: Moment) -> None:
        # In 1.6 profiles name a transaction by its number.
        running = self._circumstances.transactions.get(event.evse_id)
        if running is not None:
            changed = replace(running, transaction_id=str(event.number))
            self._change_transaction(event.evse_id, changed, now)

    def _power_path_changed(self, event: PowerPathChanged, now: Moment) -> None:
        running = self._circumstances.transactions.get(event.evse_id)
        if event.closed and running is not None and running.energy_since is None:
            self.energy_can_flow(event.evse_id, now, since=event.since)

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time at which a limit changes because time passes, or new values of a dynamic
        profile are due.
        """
        change, pull = self._limits.next_change, self._dynamic.next_deadline(now)
        dues = (None if change is None else now.due_at(change), pull)
        return min((each for each in dues if each is not None), default=None)

    def handle_timeout(self, now: Moment) -> None:
        """Reports limits that changed because time passed, and asks the CSMS for dynamic profile
        values that are due.
        """
        self._dynamic.ask(now)
        self._update_limits(now)

    def state(self) -> bytes:
        """Returns the installed profiles. # CHP-10"""
        return self._profiles.state()

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the profiles of an earlier run.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        self._profiles.restore(state)
        if CHARGING_PROFILE_ENTRIES in self._model:
            self._model[CHARGING_PROFILE_ENTRIES] = len(self._profiles)

    # What follows.

    def _require_evse(self, evse_id: int) -> None:
        if evse_id not in self._circumstances.evses:
            known = ", ".join(map(str, self._circumstances.evses))
            raise LocalProtocolError(f"there is no EVSE {evse_id} [use one of {known}]")

    def _change_transaction(
        self, evse_id: int, running: RunningTransaction | None, now: Moment
    ) -> None:
        transactions = {**self._circumstances.transactions}
        transactions.pop(evse_id, None)
        if running is not None:
            transactions[evse_id] = running
        self._circumstances = replace(self._circumstances, transactions=transactions)
        self._update_limits(now)

    def _use_settings(self) -> None:
        """Reads the abilities that are settings, as they may have changed."""
        self._profiles.abilities = abilities_of(self._model, self._abilities)

    def _values_changed(self, now: Moment) -> None:
        self._note_change()
        self._update_limits(now)

    def _count_profiles(self) -> None:
        self._note_change()
        if CHARGING_PROFILE_ENTRIES in self._model:
            self._model[CHARGING_PROFILE_ENTRIES] = len(self._profiles)

    def _update_limits(self, now: Moment) -> None:
        self._drop_outdated(now)
        self._limits.update(self._circumstances, now)

    def _drop_outdated(self, now: Moment) -> None:
        # K01 (2.1): some profiles never count again once the station was offline for too long.
        since = self._circumstances.offline_since
        if since is not None and self._profiles.drop_offline((now.wall - since).total_seconds()):
            self._count_profiles()


def _no_schedule(reason_code: str) -> CompositeAnswer:
    return CompositeAnswer(status=ProfileStatus.REJECTED, reason_code=reason_code)

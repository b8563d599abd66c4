"""The block that carries out a CSMS's orders: reset, unlock, send a message, start and stop."""

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from .._block import Block
from .._kept_state import KeptState, restored
from .._moment import Moment
from .._station_life import BootAccepted, BootNotAccepted, StationStarted
from ..authorization import AuthorizationBlock
from ..availability import AvailabilityBlock, ConnectorStatusChanged
from ..charging import ChargingBlock
from ..transactions import EvseChanged, EvseState, IdToken, StoppedReason, TransactionsBlock
from ..variables import AUTHORIZE_REMOTE_START, DeviceModel
from ._remote_messages import (
    BackgroundJob,
    RemoteAnswer,
    RemoteStatus,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    StartedRemotely,
    StartRemotely,
    StopRemotely,
    TriggerAnswer,
    UnlockAnswer,
    UnlockStatus,
)
from ._remote_rules import RemoteControlRules
from ._remote_starts import StartConditions, chosen_evse, start_refusal
from ._station_resets import StationResets
from ._trigger_replies import TriggerReplies

__all__ = ["RemoteControlBlock"]


class _KeptRemoteControl(KeptState, frozen=True):
    boot_reason: str | None


class RemoteControlBlock(Block):
    """Carries out a CSMS's orders: remote control (functional block F) and resets.

    It answers a command at once, so what it asks the program is a plain function that must not block: a
    lock that needs seconds is unlocked by a handler of the program's own, `station.on(UnlockConnectorRequest)`,
    which goes before this block's.
    """

    name = "remote_control"

    def __init__(
        self,
        rules: RemoteControlRules,
        model: DeviceModel,
        availability: AvailabilityBlock,
        transactions: TransactionsBlock | None = None,
        authorization: AuthorizationBlock | None = None,
        charging: ChargingBlock | None = None,
        *,
        unlock: Callable[[int, int], UnlockStatus] | None = None,
        may_reset: Callable[[int | None], bool] | None = None,
        jobs: Collection[BackgroundJob] = (),
        messages: Collection[str] = (),
    ) -> None:
        """Starts without resets.

        Args:
            rules: those of the OCPP version, `dialect.rules(RemoteControlRules)`.
            model: the variables of the station.
            availability: the block that knows the EVSEs.
            transactions: the block that starts and stops transactions. Without it, remote starts and
                stops are not obeyed, and the program stops its transactions when a reset is due.
            authorization: the block that decides who may charge. Without it, the driver of a remote start is
                authorized, and AuthorizeRemoteStart cannot be true.
            charging: the block that keeps charging profiles. Without it, the profile of a remote start is
                ignored. # REM-07
            unlock: unlocks a connector, by EVSE and connector, and returns whether it is unlocked now.
                Without it, the station has no locks.
            may_reset: returns whether an EVSE, or with `None` the station, can be reset at all now; by
                default always.
            jobs: what the station can do beside charging, of which the CSMS may ask how far it is.
            messages: the messages that the program sends when `MessageTriggered` tells it, such as
                SignChargingStationCertificate.
        """
        super().__init__()
        self._rules = rules
        self._model = model
        self._availability = availability
        self._transactions = transactions
        self._unlock = unlock
        self._authorization = authorization
        self._charging = charging
        self._resets = StationResets(
            rules,
            model,
            availability,
            transactions,
            may_reset=may_reset,
            tell=self._tell,
            note_change=self._note_change,
        )
        self._is_accepted = False
        self._triggers = TriggerReplies(
            model,
            availability,
            transactions,
            jobs=jobs,
            messages=messages,
            report=self._report,
            tell=self._tell,
        )
        self._on_command(RequestReset)(self._resets.handle_command)
        self._on_command(RequestUnlock)(self._unlock_connector)
        self._on_command(RequestTrigger)(self._answer_trigger)
        if transactions is not None:
            self._on_command(StartRemotely)(
                lambda command, now: self._start_remotely(command, transactions, now)
            )
            self._on_command(StopRemotely)(
                lambda command, now: self._stop_remotely(command, transactions, now)
            )
        self._on_event(StationStarted, self._station_started)
        self._on_event(BootAccepted, self._boot_accepted)
        self._on_event(BootNotAccepted, self._boot_not_accepted)
        self._on_event(EvseChanged, lambda event, now: self._resets.begin_what_is_idle(now))
        self._on_event(
            ConnectorStatusChanged, lambda event, now: self._resets.begin_what_is_idle(now)
        )

    # What a program calls.

    @property
    def boot_reason(self) -> str | None:
        """The boot reason if the boot follows a reset: RemoteReset or ScheduledReset; else `None`.
        # BOOT-02

        It is kept over the restart, and forgotten when a boot is accepted.
        """
        return self._resets.boot_reason

    def work_began(self, name: str, now: Moment) -> None:
        """Records that some work has begun, such as an upload, for which a scheduled reset has to
        wait. # RST-05
        """
        self._resets.set_work(name, True, now)

    def work_ended(self, name: str, now: Moment) -> None:
        """Records that some work has ended."""
        self._resets.set_work(name, False, now)

    def reset_done(self, evse_id: int, now: Moment) -> None:
        """Records that an EVSE was reset, so that it can be used again, unless the whole station is
        to be reset.

        Raises:
            ValueError: no reset of it was due.
        """
        self._resets.done(evse_id, now)

    def reset_failed(self, evse_id: int | None, now: Moment) -> None:
        """Records that a reset has failed. It is due again, as often as ResetRetries says. # RST-07

        Args:
            evse_id: the EVSE; `None` for the station.
            now: the present moment.

        Raises:
            ValueError: no reset of it was due.
        """
        self._resets.failed(evse_id, now)

    def set_job_status(
        self, job: BackgroundJob, status: str, request_id: int | None, now: Moment
    ) -> None:
        """Records the status of a job, as the program has reported it, because the CSMS may ask for
        it.

        Args:
            job: the job.
            status: the status of the message, such as Downloading.
            request_id: the number of the CSMS's request, if it has one.
            now: the present moment.

        Raises:
            ValueError: the station does not have the job.
        """
        self._triggers.set_job_status(job, status, request_id)

    # What a driver calls.

    def state(self) -> bytes:
        """Returns the boot reason of the next boot."""
        return msgspec.json.encode(_KeptRemoteControl(boot_reason=self.boot_reason))

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the stored state.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptRemoteControl, state, "a state of remote control")
        self._resets.restore(kept.boot_reason)

    # Resets.

    def _station_started(self, event: StationStarted, now: Moment) -> None:
        self._is_accepted = False

    def _boot_not_accepted(self, event: BootNotAccepted, now: Moment) -> None:
        self._is_accepted = False

    def _boot_accepted(self, event: BootAccepted, now: Moment) -> None:
        self._is_accepted = True
        self._resets.accepted(now)

    def _state_of(self, evse_id: int) -> EvseState:
        source = self._availability if self._transactions is None else self._transactions
        return source.state_of(evse_id)

    # Unlocking, triggers, remote start and stop.

    def _unlock_connector(self, command: RequestUnlock, now: Moment) -> UnlockAnswer:
        evse_id, connector_id = command.evse_id, command.connector_id
        if not self._availability.has(evse_id, connector_id):
            # F05.FR.03.
            return UnlockAnswer(status=UnlockStatus.UNKNOWN_CONNECTOR)
        state = self._state_of(evse_id)
        has_transaction = state.transaction_id is not None and (
            state.connector_id in (None, connector_id)
        )
        if has_transaction and state.authorized and not self._rules.unlock_stops_transaction:
            # F05.FR.02, also where there is no lock.
            return UnlockAnswer(status=UnlockStatus.ONGOING_AUTHORIZED_TRANSACTION)
        if self._unlock is None:
            return UnlockAnswer(status=UnlockStatus.NOT_SUPPORTED)
        if (
            has_transaction
            and self._rules.unlock_stops_transaction
            and self._transactions is not None
        ):
            # REM-11.
            self._transactions.stopped(evse_id, now, reason=StoppedReason.UNLOCK_COMMAND)
        # F05.FR.04 to F05.FR.06.
        return UnlockAnswer(status=self._unlock(evse_id, connector_id))

    def _answer_trigger(self, command: RequestTrigger, now: Moment) -> TriggerAnswer:
        return self._triggers.answer(command, self._is_accepted, now)

    def _start_remotely(
        self, command: StartRemotely, transactions: TransactionsBlock, now: Moment
    ) -> RemoteAnswer:
        if not self._is_accepted:
            return _NOT_ACCEPTED
        setting = StartConditions(
            self._availability,
            transactions,
            is_resetting=self._resets.has_reset_of,
            takes_profiles=self._charging is not None,
        )
        evse_id = command.evse_id
        if evse_id is None:
            evse_id = chosen_evse(command, setting)
        if evse_id is None:
            # F01.FR.07, F02.FR.15.
            return _rejected("NotFound", "no EVSE is free")
        refused = start_refusal(command, evse_id, setting)
        if refused is not None:
            return _rejected(*refused)
        return self._started_on(evse_id, command, transactions, now)

    def _started_on(
        self,
        evse_id: int,
        command: StartRemotely,
        transactions: TransactionsBlock,
        now: Moment,
    ) -> RemoteAnswer:
        refusal = self._authorization_refusal(evse_id, command.id_token)
        if refusal is not None:
            return _rejected(refusal, "the driver cannot be authorized")
        profile = command.charging_profile
        if profile is not None and self._charging is not None:
            # F01.FR.10, F01.FR.26.
            refused = self._charging.set_for_remote_start(profile, evse_id, command.profile_as_sent)
            if refused is not None:
                return _rejected(refused.reason_code, refused.text)
        started = StartedRemotely(
            evse_id=evse_id,
            id_token=command.id_token,
            remote_start_id=command.remote_start_id,
            group_id_token=command.group_id_token,
            charging_profile=profile,
        )
        # F01.FR.13.
        transaction_id = transactions.state_of(evse_id).transaction_id
        if self._authorization is not None:
            self._authorization.start_remotely(
                evse_id,
                command.id_token,
                command.remote_start_id,
                now,
                group_id_token=command.group_id_token,
            )
        else:
            self._authorize(started, transactions, now)
        self._tell(started)
        return RemoteAnswer(status=RemoteStatus.ACCEPTED, transaction_id=transaction_id)

    def _authorization_refusal(self, evse_id: int, id_token: IdToken) -> str | None:
        if self._authorization is not None:
            return self._authorization.remote_start_refusal(evse_id, id_token)
        # F01.FR.01: nobody can be asked.
        return "NotEnabled" if self._model.setting(AUTHORIZE_REMOTE_START) else None

    def _authorize(
        self, started: StartedRemotely, transactions: TransactionsBlock, now: Moment
    ) -> None:
        holder = self._availability.holder_of(started.evse_id)
        transactions.remote_start(
            started.evse_id,
            started.id_token,
            started.remote_start_id,
            now,
            group_id_token=started.group_id_token,
            reservation_id=None if holder is None else holder.reservation_id,
        )
        if holder is not None:
            self._availability.end_reservation(started.evse_id, now)

    def _stop_remotely(
        self, command: StopRemotely, transactions: TransactionsBlock, now: Moment
    ) -> RemoteAnswer:
        if not self._is_accepted:
            return _NOT_ACCEPTED
        # F03.FR.07, F03.FR.08.
        if not transactions.stop_remotely(command.transaction_id, now):
            return _rejected("TxNotFound", "no such transaction goes on")
        return RemoteAnswer(status=RemoteStatus.ACCEPTED)


def _rejected(reason_code: str, text: str) -> RemoteAnswer:
    return RemoteAnswer(status=RemoteStatus.REJECTED, reason_code=reason_code, additional_info=text)


# B02.FR.05.
_NOT_ACCEPTED: Final = _rejected("CSNotAccepted", "the boot is not accepted")

"""The station that you run: boots, sends heartbeats, reconnects, and answers the CSMS."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from msgspec import structs
from typing_extensions import Unpack

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import (
    BOOT,
    Connector,
    ConnectRequest,
    Endpoint,
    HandlerTable,
    loggable,
    wait_until,
)
from ocppkit.core import (
    Action,
    CallFailed,
    ConnectionClosed,
    ErrorCode,
    Limits,
    LocalProtocolError,
    Message,
    Protocol,
    Request,
    Response,
    Role,
    Send,
    WrongVersion,
)

from ._connect_loop import ConnectLoop
from ._connect_request import connect_request
from ._deliveries import Delivery
from ._delivery_queue import MessageIds
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile, NetworkProfiles, as_profiles
from ._offline_rules import OfflineRules
from ._options import StationOptions, StationSettings
from ._outbox import Outbox
from ._registrar import StationRegistrar
from ._registration_state import DAY, RegistrationState

__all__ = ["Station"]

_NO_RESTART: Final = "Unknown"
"""The reason of a boot without a restart; the same value in every version that has reasons."""

R = TypeVar("R", bound=Response)
Q = TypeVar("Q", bound=Message)


class Station:
    """A charging station (1.6: Charge Point). Generated roles derive typed stations from it.

    It needs a transport to connect, such as `ocppkit.transports.websockets`.
    """

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        boot: Request[Any],
        **options: Unpack[StationOptions],
    ) -> None:
        self.identity = identity
        self.protocol = protocol

        self.boot: Request[Any] = boot
        """What it sends when it boots."""

        settings = StationSettings(**options)
        ids = MessageIds(settings.new_id)
        self._settings = replace(settings, new_id=ids)
        self._handlers = HandlerTable(Role.STATION, protocol)
        self._registration_state = RegistrationState(
            protocol, settings.wall_clock, loggable(identity)
        )
        self._offline_rules = OfflineRules(
            protocol=protocol,
            queue_all_messages=settings.queue_all_messages,
            queued_severity=settings.queued_severity,
            monitor_severity=settings.monitor_severity,
        )
        self._outbox = Outbox(
            protocol,
            settings.journal,
            settings.retries,
            self._registration_state,
            ids=ids,
            policy=settings.outbound,
            identity=identity,
        )
        self._network_order = NetworkOrder(
            lambda: settings.back_off.waits(settings.random),
            settings.connection_attempts,
            loggable(identity),
        )
        self._connect_loop = ConnectLoop(
            identity,
            protocol,
            self._settings,
            boot=self._boot_message,
            handlers=self._handlers,
            registration_state=self._registration_state,
            outbox=self._outbox,
            network_order=self._network_order,
        )
        self._running = False

    def add_handlers(self, handlers: object) -> None:
        """Takes each method that a handler class overrides as a handler.

        Args:
            handlers: an instance of your subclass of a version's handler class for stations.
        """
        self._handlers.add_methods(handlers)

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the CSMS."""
        return self._connect_loop.endpoint is not None and self._connect_loop.endpoint.connected

    @property
    def status(self) -> RegistrationStatus:
        """What the CSMS last answered to our BootNotification."""
        return self._registration_state.registration.status

    @property
    def heartbeat_interval(self) -> float:
        """Seconds of silence after which a heartbeat is sent; an accepted boot sets it.

        Set it when the CSMS writes the configuration key or variable of that name; zero stands for
        a day.
        """
        return self._registration_state.heartbeat_interval

    @heartbeat_interval.setter
    def heartbeat_interval(self, seconds: float) -> None:
        self._registration_state.heartbeat_interval = seconds if seconds > 0 else DAY
        self._registration_state.tell()

    @property
    def queue_all_messages(self) -> bool:
        """Whether every message is kept until it is delivered: the variable of that name.

        Set it when the CSMS writes the variable. Boots and heartbeats are never kept.
        """
        return self._offline_rules.queue_all_messages

    @queue_all_messages.setter
    def queue_all_messages(self, switch: bool) -> None:
        self._offline_rules.queue_all_messages = switch

    @property
    def queued_severity(self) -> int | None:
        """Up to which severity events are kept: the variable OfflineMonitoringEventQueuingSeverity."""
        return self._offline_rules.queued_severity

    @queued_severity.setter
    def queued_severity(self, severity: int | None) -> None:
        self._offline_rules.queued_severity = severity

    @property
    def clock_offset(self) -> timedelta:
        """What the CSMS's clock showed more than ours when it last told the time."""
        return self._registration_state.clock_offset

    @property
    def undelivered(self) -> int:
        """How many messages wait that must arrive.

        Before the station runs, that is what the journal tells: zero if it has no `__len__`.
        """
        return len(self._outbox)

    @property
    def dropped(self) -> int:
        """How many messages a full journal has lost since the station was made. # QUE-09"""
        return self._outbox.dropped

    async def count_undelivered(self, transaction: str | None = None) -> int:
        """Returns how many messages wait that must arrive, as GetTransactionStatus asks. # QUE-14

        Args:
            transaction: the id of a transaction, or the note where it has none; all by default.

        Raises:
            JournalError: the journal cannot be read; or what else the journal raises.
        """
        return await self._outbox.count(transaction)

    def now(self) -> datetime:
        """Returns the time as the CSMS has it, for timestamps in messages."""
        return self._registration_state.now()

    async def wait_accepted(self) -> None:
        """Waits until the CSMS has accepted the boot; from then on messages may be sent."""
        while not self._registration_state.registration.accepted:
            await asyncio.wait({self._registration_state.changed()})

    def restart(
        self,
        boot: Request[Any] | None = None,
        network: NetworkProfiles | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        """Does what a restart of the station does: connects anew, at once, and boots.

        After a Reset, pass it to `current_call().after_response`.

        Args:
            boot: the boot message from now on.
            network: where to connect from now on, as in `run`.
            reason: the reason in the boot message from now on, such as
                `v201.BootReasonEnumType.REMOTE_RESET`; OCPP 1.6 has none.

        Raises:
            LocalProtocolError: a network profile cannot be used, or none is as safe as one before;
                or the boot message has no reason.
        """
        boot = self.boot if boot is None else boot
        if reason is not None:
            boot = _with_reason(boot, reason)
        if network is not None:
            self._take(network)
        self.boot = boot
        self._connect_loop.restart()

    def disconnect(self, reason: str = "") -> None:
        """Closes the connection, if there is one; the station connects again after its back-off."""
        if self._connect_loop.endpoint is not None:
            self._connect_loop.endpoint.close(reason=reason)

    # What transports call.

    @property
    def limits(self) -> Limits:
        """The bounds of a connection; a transport keeps to those about messages and pings."""
        return self._settings.limits

    def open(self, profile: str | NetworkProfile) -> ConnectRequest:
        """Returns the connection that this station wants.

        Args:
            profile: the endpoint of the CSMS, without the identity.

        Raises:
            LocalProtocolError: it would not be safe, or the URL cannot be used.
        """
        (completed,) = self._profiles(profile)
        return self._open(completed)

    async def run(self, network: NetworkProfiles, connect: Connector) -> None:
        """Connects, boots, sends heartbeats and reconnects, until it is cancelled.

        Args:
            network: the endpoint of the CSMS, without the identity; or several, the most wanted
                first, of which the next is tried when one fails too often.
            connect: opens a connection; a transport gives it.

        Raises:
            LocalProtocolError: the station cannot be run as it is described.
        """
        if self._running:
            raise LocalProtocolError(f"station {self.identity!r} runs already")
        self._take(network)
        self._running = True
        try:
            await self._connect_loop.run(self._open, connect)
        finally:
            self._running = False

    def _profiles(self, network: NetworkProfiles) -> Sequence[NetworkProfile]:
        return as_profiles(network, self._settings.password, self._settings.ssl)

    def _take(self, network: NetworkProfiles) -> None:
        profiles = self._profiles(network)
        for profile in profiles:
            self._open(profile)
        self._network_order.take(profiles)

    def _open(self, profile: NetworkProfile) -> ConnectRequest:
        return connect_request(
            profile, self.identity, self.protocol.subprotocol, insecure=self._settings.insecure
        )

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the CSMS by CALLRESULTERROR that a result of its cannot be used (OCPP 2.1).

        Results that break their schema are refused without this; it is for results that your
        program finds to be wrong.

        Args:
            response: the very object that the call returned, not a copy, and not long ago.
            code: the error code.
            description: text for the CSMS.
            details: more for the CSMS, as JSON.

        Raises:
            ConnectionClosed: the station is not connected.
            InvalidOutgoing: code, description or details cannot be sent.
            LocalProtocolError: the version has no CALLRESULTERROR, or the response is none that this
                connection received lately, or it was refused before.
        """
        endpoint = self._connect_loop.endpoint
        if endpoint is None:
            raise ConnectionClosed("not connected yet", by="us", delivered="no")
        endpoint.refuse_result(response, code, description, details)

    # What generated roles call.

    def _registrar(self, request: type[Q]) -> StationRegistrar[Q]:
        self._handlers.check(request)
        return StationRegistrar[Q](lambda handler: self._handlers.add(request, handler))

    def _call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        action = self._action_of(request)
        if self._offline_rules.must_arrive(request, action):
            return self._keep(request, call_timeout)
        return self._call_now(request, action, call_timeout)

    async def _call_now(self, request: Request[R], action: Action, call_timeout: float | None) -> R:
        state = self._registration_state
        if state.registering_again and action.name != BOOT:
            await self._registered_within(call_timeout)
            return await self._way_for(action).call(request, call_timeout)
        try:
            return await self._way_for(action).call(request, call_timeout)
        except CallFailed as error:
            # The CSMS has lost our registration: what it refused goes out again after the boot.
            if not state.was_refused_unregistered(error):
                raise
            if not await self._registered_within(call_timeout):
                raise
        return await self._way_for(action).call(request, call_timeout)

    async def _registered_within(self, seconds: float | None) -> bool:
        state = self._registration_state
        clock = self._settings.clock or asyncio.get_running_loop()
        wait = self._settings.limits.call_timeout if seconds is None else seconds
        deadline = clock.time() + wait
        while state.registering_again and clock.time() < deadline:
            await wait_until(clock, deadline, state.changed())
        return state.registration.accepted

    def _boot_message(self) -> Request[Any]:
        if not self._registration_state.boot_reported or not _has_reason(self.boot):
            return self.boot
        # BOOT-02: the station did not restart, so it must not repeat why it once did.
        boot: Any = self.boot
        return cast(Request[Any], structs.replace(boot, reason=type(boot.reason)(_NO_RESTART)))

    async def _keep(self, request: Request[R], call_timeout: float | None) -> R:
        kept = request if self.connected else self._offline_rules.marked(request)
        return await self._outbox.put(kept, call_timeout)

    async def _deliver(self, request: Request[R], note: str | None) -> Delivery[R]:
        self._action_of(request)
        kept = request if self.connected else self._offline_rules.marked(request)
        return await self._outbox.keep(kept, note=note)

    async def _send(self, message: Send) -> None:
        self._way_for(self._action_of(message)).send(message)

    def _action_of(self, message: Request[Any] | Send) -> Action:
        # Untyped code may pass anything.
        action = self.protocol.actions.get(getattr(message, "__ocpp_action__", ""))
        if action is None or not isinstance(message, action.request):
            raise WrongVersion(
                f"{self.identity!r} speaks OCPP {self.protocol.version}, which "
                f"{type(message).__module__}.{type(message).__qualname__} does not belong to"
            )
        return action

    def _way_for(self, action: Action) -> Endpoint:
        endpoint = self._connect_loop.endpoint
        if endpoint is None:
            raise ConnectionClosed("not connected yet", by="us", delivered="no", action=action.name)
        if not self._registration_state.registration.may_send(action):
            raise LocalProtocolError(
                "not before the CSMS has accepted the boot: see `wait_accepted`", action=action.name
            )
        return endpoint


def _with_reason(boot: Request[Any], reason: str) -> Request[Any]:
    if not _has_reason(boot):
        raise LocalProtocolError("the boot of this version has no reason", action=BOOT)
    return structs.replace(boot, reason=reason)


def _has_reason(boot: Request[Any]) -> bool:
    return "reason" in boot.__struct_fields__

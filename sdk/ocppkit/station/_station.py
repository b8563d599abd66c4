"""The station that you run: boots, sends heartbeats, reconnects, and answers the CSMS."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec import structs
from typing_extensions import Unpack

from ocppkit.aio import RegistrationStatus, VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import (
    BOOT,
    AnyHandler,
    Connector,
    ConnectRequest,
    Endpoint,
    EventStreams,
    HandlerTable,
    data_transfer,
    loggable,
    vendor_response,
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
    Offline,
    Protocol,
    Request,
    Response,
    Role,
    SecurityEvent,
    Send,
    WrongVersion,
    encode_payload,
)

from ._block_access import BlockAccess
from ._connect_loop import ConnectLoop
from ._connect_request import connect_request
from ._controls import Controls
from ._deliveries import Delivered, Delivery, DeliveryEvent, MessagesDropped
from ._delivery_queue import MessageIdSource
from ._journal import JournalFull
from ._lifecycle_events import EventsMissed, LifecycleEvent
from ._message_groups import MessageToStore
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile, NetworkProfiles, as_profiles
from ._offline_rules import OfflineRules
from ._options import StationOptions, StationSettings, controls_of
from ._outbox import Outbox
from ._queued_message import MessageHold
from ._registrar import StationRegistrar
from ._registration_state import HEARTBEAT, RegistrationState
from ._security_events import SecurityEvents, security_report
from ._station_clock import StationClock, monotonic_time
from ._station_credentials import StationCredentials

__all__ = ["Station"]

# At hand, as every call needs it.
_ACCEPTED: Final = RegistrationStatus.ACCEPTED

_DROP: Final = Offline.DROP

_SET_ELSEWHERE: Final[Mapping[str, str]] = {
    "back_off": "use station.controls.back_off",
    "call_timeout": "use station.controls.call_timeout",
    "clock_source": "use station.controls.clock_source",
    "connection_attempts": "use station.controls.connection_attempts",
    "password": "use station.reconnect(password=...)",
    "ping_interval": "use station.controls.ping_interval",
    "raise_security_events": "use station.controls.raise_security_events",
    "retries": "use station.controls.retries",
    "ssl": "use station.reconnect(ssl=...)",
}
"""Attributes that a station does not have, and where to set what they mean."""

_RECONFIGURED: Final = SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS

_TRIGGER: Final = "Trigger"
"""The trigger reason of a message that TriggerMessage asked for; the same value in every version."""

_NO_RESTART: Final = "Unknown"
"""The reason of a boot without a restart; the same value in every version that has reasons."""

R = TypeVar("R", bound=Response)
Q = TypeVar("Q", bound=Message | VendorRequest[Any])
V = TypeVar("V", bound=VendorResponse)


class Station:
    """A charging station (1.6: Charge Point). Generated roles derive typed stations from it.

    It needs a transport to connect, such as `ocppkit.transports.websockets`. What can be changed
    while it runs is in `controls`; an attribute that would do nothing cannot be assigned.
    """

    __slots__ = (
        "__weakref__", "_boot", "_connect_loop", "_controls", "_credentials", "_events", "_handlers",
        "_identity", "_network_order", "_offline_rules", "_outbox", "_protocol",
        "_registration_state", "_running", "_security_events", "_settings",
    )  # fmt: skip

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        boot: Request[Any],
        **options: Unpack[StationOptions],
    ) -> None:
        if HEARTBEAT not in protocol.actions:
            raise LocalProtocolError(
                f"{protocol.package} has no Heartbeat, without which no station can run "
                "[generate it with Heartbeat among the actions of --only]"
            )
        self._identity = identity
        self._protocol = protocol
        self._boot = boot
        settings = StationSettings(**options)
        name = loggable(identity)
        ids = MessageIdSource(settings.new_id)
        self._settings = replace(settings, new_id=ids)
        self._credentials = StationCredentials(
            settings.password, settings.ssl, settings.client_certificate
        )
        self._controls = controls = controls_of(settings)
        self._events: EventStreams[LifecycleEvent | DeliveryEvent] = EventStreams(_missed)
        self._handlers = HandlerTable(Role.STATION, protocol)
        monotonic = settings.monotonic or monotonic_time(settings.clock)
        clock = StationClock(
            settings.wall_clock, monotonic, controls, name=name, events=self._events
        )
        self._security_events = SecurityEvents(protocol, controls, clock.now, monotonic, name=name)
        self._registration_state = RegistrationState(
            protocol, controls, clock, self._events, name=name
        )
        self._offline_rules = OfflineRules(
            protocol=protocol,
            controls=controls,
            name=name,
            monitor_severity=settings.monitor_severity,
        )
        self._outbox = Outbox(
            protocol,
            settings.journal,
            controls,
            self._registration_state,
            ids=ids,
            policy=settings.outbound,
            identity=identity,
        )
        self._outbox.observer = self._tell_delivery
        self._network_order = NetworkOrder(
            lambda: controls.back_off.waits(settings.random),
            lambda: controls.connection_attempts,
            name,
        )
        self._connect_loop = ConnectLoop(
            identity,
            protocol,
            self._settings,
            station=self,
            boot=self._boot_message,
            controls=controls,
            handlers=self._handlers,
            registration_state=self._registration_state,
            outbox=self._outbox,
            network_order=self._network_order,
            events=self._events,
            security_events=self._security_events,
        )
        self._running = False

    if not TYPE_CHECKING:
        # For type checkers the slots say the same, and this would hide them.
        def __setattr__(self, name: str, value: object) -> None:
            if name in _SET_ELSEWHERE:
                raise AttributeError(
                    f"{name} of a station is not set here [{_SET_ELSEWHERE[name]}]"
                )
            object.__setattr__(self, name, value)

    @property
    def identity(self) -> str:
        """The last segment of the connection URL."""
        return self._identity

    @property
    def protocol(self) -> Protocol:
        """The version of OCPP that it speaks."""
        return self._protocol

    @property
    def boot(self) -> Request[Any]:
        """What it sends when it boots; set, it is checked at once.

        Raises:
            InvalidOutgoing: when set to a message that breaks its schema.
            WrongVersion: when set to a message of another version.
        """
        return self._boot

    @boot.setter
    def boot(self, boot: Request[Any]) -> None:
        self._check_boot(boot)
        self._boot = boot

    @property
    def controls(self) -> Controls:
        """The settings that can be changed while it runs: retries, back-off, timeouts, intervals, queueing."""
        return self._controls

    def add_handlers(self, handlers: object) -> None:
        """Registers each method that a handler class overrides as a handler.

        Args:
            handlers: an instance of your subclass of a version's handler class for stations.
        """
        self._handlers.add_methods(handlers)

    def events(self) -> AsyncIterator[LifecycleEvent | DeliveryEvent]:
        """Returns what happens to the station from now on, for `async for`.

        Connections, boots, acceptance, the clock, restarts, and what became of messages that must
        arrive, also of those that an earlier run of the program left. Call it before the station
        runs to miss nothing. A listener that falls more than a thousand events behind gets
        `EventsMissed` with their number in place of them, and then what follows.
        """
        return self._events.open()

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
        """The value of `Controls.heartbeat_interval`."""
        return self._controls.heartbeat_interval

    @heartbeat_interval.setter
    def heartbeat_interval(self, seconds: float) -> None:
        self._controls.heartbeat_interval = seconds

    @property
    def queue_all_messages(self) -> bool:
        """The value of `Controls.queue_all_messages`."""
        return self._controls.queue_all_messages

    @queue_all_messages.setter
    def queue_all_messages(self, switch: bool) -> None:
        self._controls.queue_all_messages = switch

    @property
    def queued_severity(self) -> int | None:
        """The value of `Controls.queued_severity`."""
        return self._controls.queued_severity

    @queued_severity.setter
    def queued_severity(self, severity: int | None) -> None:
        self._controls.queued_severity = severity

    @property
    def clock_offset(self) -> timedelta:
        """What the CSMS's clock showed more than the system's when it last told the time."""
        return self._registration_state.clock.offset

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
        """Returns the time for timestamps in messages.

        That is the CSMS's once it has told the time, whatever the system's clock does then; see
        `Controls.clock_source`.
        """
        return self._registration_state.clock.now()

    async def wait_accepted(self) -> None:
        """Waits until the CSMS has accepted the boot; from then on messages may be sent."""
        while not self._registration_state.registration.accepted:
            await asyncio.wait({self._registration_state.next_change()})

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
            InvalidOutgoing: the boot message breaks its schema; nothing has changed.
            LocalProtocolError: a network profile cannot be used, or none is as safe as one before;
                or the boot message has no reason.
            WrongVersion: the boot message is of another version.
        """
        boot = self._boot if boot is None else boot
        if reason is not None:
            boot = _with_reason(boot, reason)
        self._check_boot(boot)
        if network is not None:
            before = self._network_order.credentials
            self._take(network)
            if before not in (frozenset(), self._network_order.credentials):
                self._security_events.add(_RECONFIGURED, "network profiles")
        self._boot = boot
        self._connect_loop.restart()

    def reconnect(
        self,
        *,
        password: str | bytes | None = None,
        ssl: SSLContext | None = None,
        client_certificate: bool | None = None,
    ) -> None:
        """Connects anew, at once, with other credentials and without a boot. # A01

        They replace the station's own, wherever a network profile has none of its own. After the
        answer to the request that changed them: pass it to `current_call().after_response`.

        Args:
            password: for Basic authentication; as before by default.
            ssl: for `wss`; as before by default.
            client_certificate: whether `ssl` holds a client certificate; as before by default.

        Raises:
            LocalProtocolError: it would not be safe, or less safe than a connection before; nothing
                has changed.
        """
        old = self._credentials
        new = StationCredentials(
            old.password if password is None else password,
            old.ssl if ssl is None else ssl,
            old.client_certificate if client_certificate is None else client_certificate,
        )
        self._network_order.use_credentials(lambda profile: self._renewed(profile, old, new))
        self._credentials = new
        if new != old:
            self._security_events.add(
                _RECONFIGURED, "password" if new.password != old.password else "TLS"
            )
        self._connect_loop.reconnect("reconnecting")

    def _renewed(
        self, profile: NetworkProfile, old: StationCredentials, new: StationCredentials
    ) -> NetworkProfile:
        changed = new.replacing(old, profile)
        self._open(changed)
        return changed

    def disconnect(self, reason: str = "") -> None:
        """Closes the connection, if there is one; the station connects again after its back-off."""
        if self._connect_loop.endpoint is not None:
            self._connect_loop.endpoint.close(reason=reason)

    # What transports call.

    @property
    def limits(self) -> Limits:
        """The bounds of the next connection; a transport keeps to those about messages and pings."""
        controls = self._controls
        return structs.replace(
            self._settings.limits,
            call_timeout=controls.call_timeout,
            ping_interval=controls.ping_interval,
        )

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
            InvalidOutgoing: the boot message breaks its schema.
            LocalProtocolError: the station cannot be run as it is described; or the transport
                cannot use its first request to connect.
        """
        if self._running:
            raise LocalProtocolError(f"station {self._identity!r} runs already")
        self._check_boot(self._boot)
        self._take(network)
        self._running = True
        try:
            await self._connect_loop.run(self._open, connect)
        finally:
            self._running = False

    def _profiles(self, network: NetworkProfiles) -> Sequence[NetworkProfile]:
        own = self._credentials
        return as_profiles(network, own.password, own.ssl, own.client_certificate)

    def _take(self, network: NetworkProfiles) -> None:
        profiles = self._profiles(network)
        for profile in profiles:
            self._open(profile)
        self._network_order.set_profiles(profiles)

    def _open(self, profile: NetworkProfile) -> ConnectRequest:
        return connect_request(
            profile, self._identity, self._protocol.subprotocol, insecure=self._settings.insecure
        )

    async def security_event(
        self, event: SecurityEvent | str, tech_info: str | None = None
    ) -> Delivery[Any]:
        """Reports a security event that the program has seen: it is delivered, however long that takes.

        It returns when the report is in the journal. What the station sees by itself it reports by
        itself; the guide lists both kinds.

        Args:
            event: the event; its name on the wire is that of the station's version. Text is the name
                of a vendor's own.
            tech_info: more about it, for technicians; the first 255 characters are sent.

        Raises:
            InvalidOutgoing: the name is too long.
            JournalFull: there is no room, and nothing may be dropped.
            LocalProtocolError: the version has no such event.
        """
        report = security_report(self._protocol, event, self.now(), tech_info)
        if report is None:
            raise LocalProtocolError(
                f"OCPP {self._protocol.version} has no security event {event}"
                " [pass its name as text if it is one of your own]"
            )
        return await self._outbox.keep(report)

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

    # What the driver of functional blocks calls.

    @property
    def block_access(self) -> BlockAccess:
        """What `ocppkit.station.blocks` needs; programs have the public methods for the same."""
        return BlockAccess(
            clock=lambda: self._settings.clock or asyncio.get_running_loop(),
            set_default_handler=self._set_default_handler,
            must_arrive=lambda request: self._offline_rules.must_arrive(
                request, self._action_of(request)
            ),
            call=self._call,
            load_states=self._outbox.load_states,
            commit=self._commit,
            has_undelivered=self._outbox.has_waiting,
            boot_now=self._registration_state.boot_now,
            release=self._outbox.release,
            before_acknowledging=self._set_before_acknowledging,
        )

    def _set_default_handler(self, request: type[Message], handler: AnyHandler) -> None:
        self._handlers.check(request)
        self._handlers.set_default(request, handler)

    def _set_before_acknowledging(self, function: Callable[[Delivered], Awaitable[None]]) -> None:
        self._outbox.before_acknowledging = function

    async def _commit(
        self,
        messages: Sequence[MessageToStore],
        states: Mapping[str, bytes | None],
        hold: MessageHold | None,
    ) -> None:
        for each in messages:
            self._action_of(each.request)
        with self._telling_of_full_journal():
            await self._outbox.keep_together(
                messages,
                states,
                offline=not self.connected,
                triggered=self._is_triggered,
                hold=hold,
            )

    # What generated roles call.

    def _registrar(self, request: type[Q]) -> StationRegistrar[Q]:
        self._handlers.check(request)
        return StationRegistrar[Q](lambda handler: self._handlers.add(request, handler))

    def _call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        # No coroutine around another: each of them costs twice, when it begins and when it goes on.
        action = self._action_of(request)
        may_be_kept = action.offline is not _DROP or self._controls.queue_all_messages
        if may_be_kept and self._offline_rules.must_arrive(request, action):
            return self._keep(request, call_timeout)
        if self._registration_state.registering_again and action.name != BOOT:
            return self._call_when_registered(request, action, call_timeout)
        again = partial(self._call_again, request, action, call_timeout)
        return self._way_for(action).call(request, call_timeout, again=again)

    async def _call_vendor(self, message: VendorRequest[V], call_timeout: float | None = None) -> V:
        response = await self._call(data_transfer(self._protocol, message), call_timeout)
        return vendor_response(message, response)

    async def _call_when_registered(
        self, request: Request[R], action: Action, call_timeout: float | None
    ) -> R:
        await self._registered_within(call_timeout)
        return await self._way_for(action).call(request, call_timeout)

    async def _call_again(
        self, request: Request[R], action: Action, call_timeout: float | None, error: CallFailed
    ) -> R:
        # The CSMS has lost our registration: what it refused goes out again after the boot.
        if not self._registration_state.was_refused_unregistered(error):
            raise error
        if not await self._registered_within(call_timeout):
            raise error
        return await self._way_for(action).call(request, call_timeout)

    async def _registered_within(self, seconds: float | None) -> bool:
        state = self._registration_state
        clock = self._settings.clock or asyncio.get_running_loop()
        wait = self._controls.call_timeout if seconds is None else seconds
        deadline = clock.time() + wait
        while state.registering_again and clock.time() < deadline:
            await wait_until(clock, deadline, state.next_change())
        return state.registration.accepted

    def _check_boot(self, boot: Request[Any]) -> None:
        action = self._action_of(boot)
        if action.name != BOOT:
            raise LocalProtocolError(f"the boot message is a {action.name}", action=action.name)
        encode_payload(boot, policy=self._settings.outbound)

    def _boot_message(self) -> Request[Any]:
        if not self._registration_state.boot_reported or not _has_reason(self._boot):
            return self._boot
        # BOOT-02: the station did not restart, so it must not repeat why it once did.
        boot: Any = self._boot
        return cast(Request[Any], structs.replace(boot, reason=type(boot.reason)(_NO_RESTART)))

    async def _keep(self, request: Request[R], call_timeout: float | None) -> R:
        delivery = await self._put(request, call_timeout=call_timeout)
        return await delivery.answer()

    def _is_triggered(self, request: Any) -> bool:
        registration = self._registration_state.registration
        if registration.status is not RegistrationStatus.PENDING or not self.connected:
            return False
        # BOOT-12. Only 2.x says in the message that it was triggered.
        triggered = getattr(request, "trigger_reason", _TRIGGER) == _TRIGGER
        return triggered and registration.may_send(self._action_of(request))

    async def _deliver(self, request: Request[R], note: str | None) -> Delivery[R]:
        self._action_of(request)
        return await self._put(request, note=note)

    async def _put(
        self, request: Request[R], *, note: str | None = None, call_timeout: float | None = None
    ) -> Delivery[R]:
        with self._telling_of_full_journal():
            return await self._outbox.keep(
                request,
                note=note,
                timeout=call_timeout,
                offline=not self.connected,
                triggered=self._is_triggered(request),
            )

    @contextmanager
    def _telling_of_full_journal(self) -> Generator[None]:
        try:
            yield
        except JournalFull as problem:
            self._security_events.add_first_of_streak(SecurityEvent.MEMORY_EXHAUSTION, str(problem))
            raise

    def _tell_delivery(self, event: DeliveryEvent) -> None:
        if isinstance(event, MessagesDropped):
            about = f"journal is full: {len(event.message_ids)} messages dropped"
            self._security_events.add_first_of_streak(SecurityEvent.MEMORY_EXHAUSTION, about)
        self._events.publish(event)

    async def _send(self, message: Send) -> None:
        self._way_for(self._action_of(message)).send(message)

    def _action_of(self, message: Request[Any] | Send) -> Action:
        # Untyped code may pass anything.
        action = self._protocol.actions.get(getattr(message, "__ocpp_action__", ""))
        if action is None or not isinstance(message, action.request):
            raise WrongVersion(
                f"{self._identity!r} speaks OCPP {self._protocol.version}, which "
                f"{type(message).__module__}.{type(message).__qualname__} does not belong to"
            )
        return action

    def _way_for(self, action: Action) -> Endpoint:
        endpoint = self._connect_loop.endpoint
        if endpoint is None:
            raise ConnectionClosed("not connected yet", by="us", delivered="no", action=action.name)
        registration = self._registration_state.registration
        if registration.status is not _ACCEPTED and not registration.may_send(action):
            raise LocalProtocolError(
                "not before the CSMS has accepted the boot: see `wait_accepted`", action=action.name
            )
        return endpoint


def _missed(count: int) -> EventsMissed:
    return EventsMissed(count=count)


def _with_reason(boot: Request[Any], reason: str) -> Request[Any]:
    if not _has_reason(boot):
        raise LocalProtocolError("the boot of this version has no reason", action=BOOT)
    return structs.replace(boot, reason=reason)


def _has_reason(boot: Request[Any]) -> bool:
    return "reason" in boot.__struct_fields__

"""The charging station: boots, sends heartbeats, reconnects, and handles messages of the CSMS."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from dataclasses import replace
from datetime import datetime, timedelta
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import structs
from typing_extensions import Unpack

from ocppkit.aio import RegistrationStatus, VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import (
    BOOT,
    AnyHandler,
    Connector,
    ConnectRequest,
    EventStreams,
    HandlerTable,
    data_transfer,
    loggable,
    vendor_response,
)
from ocppkit.core import (
    ConnectionClosed,
    ErrorCode,
    Limits,
    LocalProtocolError,
    Message,
    Protocol,
    Request,
    Response,
    Role,
    SecurityEvent,
    encode_payload,
)

from ._block_access import BlockAccess
from ._boot_message import with_reason, without_restart
from ._connect_loop import ConnectLoop
from ._controls import Controls
from ._deliveries import Delivered, Delivery, DeliveryEvent
from ._delivery_queue import MessageIdSource
from ._lifecycle_events import EventsMissed, LifecycleEvent
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile, NetworkProfiles
from ._offline_rules import OfflineRules
from ._options import StationOptions, StationSettings, controls_of
from ._outbox import Outbox
from ._outgoing_messages import OutgoingMessages
from ._registrar import StationRegistrar
from ._registration_state import HEARTBEAT, RegistrationState
from ._security_events import SecurityEvents, security_report
from ._station_clock import StationClock, monotonic_time
from ._station_credentials import StationCredentials
from ._station_network import StationNetwork

__all__ = ["Station"]

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

Q = TypeVar("Q", bound=Message | VendorRequest[Any])
V = TypeVar("V", bound=VendorResponse)


class Station:
    """A charging station (in OCPP 1.6: Charge Point). Generated roles derive typed stations from
    it.

    It needs a transport to connect, such as `ocppkit.transports.websockets`. What can be changed
    while it runs is in `controls`; an attribute that would do nothing cannot be assigned.
    """

    __slots__ = (
        "__weakref__", "_boot", "_call", "_connect_loop", "_controls", "_deliver", "_events",
        "_handlers", "_identity", "_messages", "_network", "_offline_rules", "_outbox", "_protocol",
        "_registration_state", "_running", "_security_events", "_send", "_settings",
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
        self._controls = controls = controls_of(settings)
        self._events: EventStreams[LifecycleEvent | DeliveryEvent] = EventStreams(_events_missed)
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
        network_order = NetworkOrder(
            lambda: controls.back_off.waits(settings.random),
            lambda: controls.connection_attempts,
            name,
        )
        self._network = StationNetwork(
            identity,
            protocol.subprotocol,
            StationCredentials(settings.password, settings.ssl, settings.client_certificate),
            network_order,
            insecure=settings.insecure,
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
            network_order=network_order,
            events=self._events,
            security_events=self._security_events,
        )
        self._messages = messages = OutgoingMessages(
            identity,
            protocol,
            controls,
            settings.clock,
            offline_rules=self._offline_rules,
            registration_state=self._registration_state,
            outbox=self._outbox,
            connect_loop=self._connect_loop,
            security_events=self._security_events,
            events=self._events,
        )
        self._outbox.observer = messages.tell_delivery
        # What generated roles call. No method around another, as every message needs one of them.
        self._call = messages.call
        self._deliver = messages.deliver
        self._send = messages.send
        self._running = False

    if not TYPE_CHECKING:
        # For type checkers the slots say the same, and this would hide them.
        def __setattr__(self, name: str, value: object) -> None:
            if name in _SET_ELSEWHERE:
                raise AttributeError(
                    f"{name!r} is not an attribute of a station [{_SET_ELSEWHERE[name]}]"
                )
            object.__setattr__(self, name, value)

    @property
    def identity(self) -> str:
        """The identity of the station, the last segment of the URL that it connects to."""
        return self._identity

    @property
    def protocol(self) -> Protocol:
        """The version of OCPP that the station speaks."""
        return self._protocol

    @property
    def boot(self) -> Request[Any]:
        """The station's BootNotification. A new value is checked when it is set.

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
        """The settings that can be changed while the station runs: retries, back-off, timeouts,
        intervals, queueing.
        """
        return self._controls

    def add_handlers(self, handlers: object) -> None:
        """Registers the methods of an object as handlers: each one that its class overrides.

        Args:
            handlers: an instance of your subclass of a version's handler class for stations.
        """
        self._handlers.add_methods(handlers)

    def events(self) -> AsyncIterator[LifecycleEvent | DeliveryEvent]:
        """Returns an iterator for `async for` over all that happens to the station from now on.

        Connections, boots, acceptance, the clock, restarts, and what became of messages that must
        arrive, also of those that an earlier run of the program left. Call it before the station
        runs to miss nothing. A listener that falls more than a thousand events behind gets
        `EventsMissed` with their number in place of them, and then what follows.
        """
        return self._events.open()

    @property
    def connected(self) -> bool:
        """Whether the station is connected to the CSMS."""
        return self._connect_loop.open_endpoint is not None

    @property
    def status(self) -> RegistrationStatus:
        """How the CSMS answered the station's last BootNotification."""
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
        """The difference between the CSMS's clock and the system's, when the CSMS last told the
        time.
        """
        return self._registration_state.clock.offset

    @property
    def undelivered(self) -> int:
        """The number of messages that wait to be delivered.

        Before the station runs, that is what the journal tells: zero if it has no `__len__`.
        """
        return len(self._outbox)

    @property
    def dropped(self) -> int:
        """The number of messages that were removed from a full journal since the station was
        created. # QUE-09
        """
        return self._outbox.dropped

    async def count_undelivered(self, transaction: str | None = None) -> int:
        """Returns the number of messages that wait to be delivered, as GetTransactionStatus asks
        for it. # QUE-14

        Args:
            transaction: the id of a transaction, or the note where it has none; all by default.

        Raises:
            JournalError: the journal cannot be read; or what else the journal raises.
        """
        return await self._outbox.count(transaction)

    def now(self) -> datetime:
        """Returns the present time for timestamps in messages.

        That is the CSMS's once it has told the time, whatever the system's clock does then; see
        `Controls.clock_source`.
        """
        return self._registration_state.clock.now()

    async def wait_accepted(self) -> None:
        """Waits until the CSMS has accepted the station's boot, so that messages can be sent."""
        while not self._registration_state.registration.accepted:
            await asyncio.wait({self._registration_state.next_change()})

    def restart(
        self,
        boot: Request[Any] | None = None,
        network: NetworkProfiles | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        """Restarts the station within the program: connects again at once, and boots.

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
            boot = with_reason(boot, reason)
        self._check_boot(boot)
        if network is not None and self._network.use(network):
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
        """Connects again at once, with other credentials and without a boot. # A01

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
        changed = self._network.renew(password, ssl, client_certificate)
        if changed is not None:
            self._security_events.add(_RECONFIGURED, changed)
        self._connect_loop.reconnect("reconnecting")

    def disconnect(self, reason: str = "") -> None:
        """Closes the connection, if there is one. The station connects again after its back-off."""
        if self._connect_loop.endpoint is not None:
            self._connect_loop.endpoint.close(reason=reason)

    # What transports call.

    @property
    def limits(self) -> Limits:
        """The limits of the next connection; the transport enforces those on message sizes and
        pings.
        """
        controls = self._controls
        return structs.replace(
            self._settings.limits,
            call_timeout=controls.call_timeout,
            ping_interval=controls.ping_interval,
        )

    def open(self, profile: str | NetworkProfile) -> ConnectRequest:
        """Returns the request with which this station connects.

        Args:
            profile: the endpoint of the CSMS, without the identity.

        Raises:
            LocalProtocolError: it would not be safe, or the URL cannot be used.
        """
        return self._network.request_to(profile)

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
            raise LocalProtocolError(f"station {self._identity!r} is running already")
        self._check_boot(self._boot)
        self._network.use(network)
        self._running = True
        try:
            await self._connect_loop.run(self._network.request, connect)
        finally:
            self._running = False

    async def security_event(
        self, event: SecurityEvent | str, tech_info: str | None = None
    ) -> Delivery[Any]:
        """Reports a security event that the program has detected; the report is stored until it is
        delivered.

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
        """Tells the CSMS by a CALLRESULTERROR that its response cannot be used (OCPP 2.1).

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
            raise ConnectionClosed(
                "the station is not connected [wait for `station.wait_accepted()`]",
                by="us",
                delivered="no",
            )
        endpoint.refuse_result(response, code, description, details)

    # What the driver of functional blocks calls.

    @property
    def block_access(self) -> BlockAccess:
        """Access for `ocppkit.station.blocks`; programs use the public methods instead."""
        return BlockAccess(
            clock=lambda: self._settings.clock or asyncio.get_running_loop(),
            open_events=self._events.open,
            set_default_handler=self._set_default_handler,
            must_arrive=lambda request: self._offline_rules.must_arrive(
                request, self._messages.action_of(request)
            ),
            call=self._call,
            load_states=self._outbox.load_states,
            commit=self._messages.commit,
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

    # What generated roles call.

    def _registrar(self, request: type[Q]) -> StationRegistrar[Q]:
        self._handlers.check(request)
        return StationRegistrar[Q](lambda handler: self._handlers.add(request, handler))

    async def _call_vendor(self, message: VendorRequest[V], call_timeout: float | None = None) -> V:
        response = await self._call(data_transfer(self._protocol, message), call_timeout)
        return vendor_response(message, response)

    def _check_boot(self, boot: Request[Any]) -> None:
        action = self._messages.action_of(boot)
        if action.name != BOOT:
            raise LocalProtocolError(
                f"boot= is a {action.name} [pass a BootNotificationRequest]",
                action=action.name,
            )
        encode_payload(boot, policy=self._settings.outbound)

    def _boot_message(self) -> Request[Any]:
        reported = self._registration_state.boot_reported
        return without_restart(self._boot) if reported else self._boot


def _events_missed(count: int) -> EventsMissed:
    return EventsMissed(count=count)

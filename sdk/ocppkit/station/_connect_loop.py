"""Connects a station, serves the connection, waits, and connects again.

Theory of operation: only who stops the station ends this loop. What a transport, the journal or a
function of the user's raises is logged with its cause and counts as a failed attempt; the loop goes on.
The one exception is a first attempt whose request the transport refuses (`LocalProtocolError`), a URL
that it cannot read for instance: then the call of `run` was wrong, and it raises.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import (
    Connector,
    ConnectRequest,
    Endpoint,
    EventStreams,
    HandlerTable,
    OpenedConnection,
    loggable,
    running_beside,
    sleep,
    wait_until,
)
from ocppkit.core import ConnectionClosed, LocalProtocolError, Protocol, Request

from ._background_failures import is_failure
from ._boot_and_heartbeat import BootAndHeartbeat
from ._controls import Controls
from ._lifecycle_events import Connected, Disconnected, Restarting
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile
from ._options import StationSettings
from ._outbox import Outbox
from ._registration_state import HEARTBEAT, RegistrationState
from ._security_events import SecurityEvents
from ._station_connection import StationConnection

__all__ = ["ConnectLoop"]

logger = logging.getLogger("ocppkit.station")

_DELIVERY_WAIT: Final = 10.0
"""Seconds until delivery begins again after a failure that nobody foresaw."""


_GOING_AWAY: Final = 1001


class ConnectLoop:
    """Keeps one station connected to its CSMS."""

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        settings: StationSettings,
        *,
        station: object,
        boot: Callable[[], Request[Any]],
        controls: Controls,
        handlers: HandlerTable,
        registration_state: RegistrationState,
        outbox: Outbox,
        network_order: NetworkOrder,
        events: EventStreams[Any],
        security_events: SecurityEvents,
    ) -> None:
        self._identity = identity
        self._name = loggable(identity)
        self._protocol = protocol
        self._settings = settings
        self._station = station
        self._boot = boot
        self._controls = controls
        self._handlers = handlers
        self._registration_state = registration_state
        self._outbox = outbox
        self._network_order = network_order
        self._events = events
        self._security_events = security_events
        self._served: NetworkProfile | None = None
        self._connections: set[StationConnection] = set()
        self._at_once = False
        self._wait_changed = False
        self._offline_since: float | None = None
        self._connected_at = 0.0
        self.endpoint: Endpoint | None = None
        """The latest connection, which may have ended."""

        controls.observe(self._control_changed)

    @property
    def open_endpoint(self) -> Endpoint | None:
        """The open connection, or `None`."""
        endpoint = self.endpoint
        return endpoint if endpoint is not None and endpoint.connected else None

    def restart(self) -> None:
        """Closes the connection, connects again without waiting, and boots."""
        self._network_order.start_over()
        self._registration_state.reset_for_restart()
        self._events.publish(Restarting(boot=self._boot()))
        self.reconnect("restarting")

    def reconnect(self, reason: str) -> None:
        """Closes the connection and connects again without waiting."""
        self._at_once = True
        self._registration_state.wake_waiters()
        if self.endpoint is not None:
            self.endpoint.close(reason=reason)

    async def run(
        self, open_request: Callable[[NetworkProfile], ConnectRequest], connect: Connector
    ) -> None:
        """Connects again and again until it is cancelled.

        Raises:
            LocalProtocolError: the transport cannot use the first request to connect.
        """
        clock = self._settings.clock or asyncio.get_running_loop()
        try:
            async with (
                running_beside(self._deliver_messages(clock)),
                running_beside(self._security_events.run(self._outbox.keep, clock)),
            ):
                await self._stay_connected(open_request, connect, clock)
        finally:
            for connection in list(self._connections):
                await connection.endpoint.cancel_handlers()

    async def _deliver_messages(self, clock: Clock) -> None:
        while True:
            try:
                await self._outbox.deliver(lambda: self.open_endpoint, clock)
            except BaseException as problem:
                if not is_failure(problem):
                    raise
                self._log_failure(
                    "delivery of queued messages failed",
                    problem,
                    f"tried again in {_DELIVERY_WAIT:.0f} seconds",
                )
            await sleep(clock, _DELIVERY_WAIT)

    async def _stay_connected(
        self,
        open_request: Callable[[NetworkProfile], ConnectRequest],
        connect: Connector,
        clock: Clock,
    ) -> None:
        first = True
        while True:
            self._at_once = False
            profile = self._network_order.profile
            try:
                opened = await connect(open_request(profile))
            except BaseException as problem:
                if not is_failure(problem) or (first and isinstance(problem, LocalProtocolError)):
                    raise
                self._on_connect_failure(profile, problem)
            else:
                await self._serve_connection(opened, profile, clock)
            first = False
            await self._wait_to_reconnect(clock)

    def _on_connect_failure(self, profile: NetworkProfile, problem: BaseException) -> None:
        if isinstance(problem, ConnectionClosed):
            logger.warning("%s: cannot connect: %s [will be tried again]", self._name, problem)
        else:
            self._log_failure("cannot connect", problem, "will be tried again")
        self._note_failed_attempt(profile)
        self._security_events.note_connect_failure(problem)

    def _log_failure(self, what: str, problem: BaseException, effect: str) -> None:
        logger.error("%s: %s: %r [%s]", self._name, what, problem, effect, exc_info=problem)

    def _note_failed_attempt(self, profile: NetworkProfile) -> None:
        # After a restart in the meantime it may be another one's turn.
        if profile is self._network_order.profile:
            self._network_order.note_failed()

    async def _wait_to_reconnect(self, clock: Clock) -> None:
        began, seconds = clock.time(), self._seconds_to_wait()
        self._wait_changed = False
        if seconds > 0:
            logger.info("%s: not connected: connects again in %.1f seconds", self._name, seconds)
        while not self._at_once and clock.time() < began + seconds:
            await wait_until(clock, began + seconds, self._registration_state.next_change())
            if self._wait_changed:
                self._wait_changed = False
                seconds = self._seconds_to_wait()

    def _seconds_to_wait(self) -> float:
        if self._at_once:
            return 0.0
        try:
            return self._network_order.seconds_to_wait()
        except Exception as problem:  # noqa: BLE001 - `random` is the user's
            seconds = self._controls.back_off.wait_minimum
            self._log_failure(
                "the function random failed", problem, f"connects again in {seconds:.1f} seconds"
            )
            self._network_order.restart_back_off()
            return seconds

    def _control_changed(self, name: str) -> None:
        endpoint = self.endpoint
        if name == "back_off":
            self._network_order.restart_back_off()
            self._wait_changed = True
            self._registration_state.wake_waiters()
        elif endpoint is None:
            return
        elif name == "call_timeout":
            endpoint.call_timeout = self._controls.call_timeout
        elif name == "ping_interval":
            endpoint.set_ping_interval(self._controls.ping_interval)

    async def _serve_connection(
        self, opened: OpenedConnection, profile: NetworkProfile, clock: Clock
    ) -> None:
        connection = self._wrap_opened(opened)
        try:
            await self._run_connection(connection.endpoint, opened, profile, clock)
        except BaseException as problem:
            if not is_failure(problem):
                await connection.endpoint.drain(self._settings.grace)
                raise
            self._log_failure("connection failed", problem, "connects again")
            self._note_failed_attempt(profile)
            await self._close_connection(connection.endpoint, clock)
        if connection.endpoint.connected:
            await connection.endpoint.drain(self._settings.grace)

    async def _run_connection(
        self, endpoint: Endpoint, opened: OpenedConnection, profile: NetworkProfile, clock: Clock
    ) -> None:
        opened.wire.start(endpoint)
        if not self._speaks_our_version(opened):
            self._note_failed_attempt(profile)
        elif profile is self._network_order.profile:
            self._on_connected(profile, endpoint, clock)
            await self._boot_and_heartbeat(endpoint, clock).run()

    async def _close_connection(self, endpoint: Endpoint, clock: Clock) -> None:
        # A transport that has failed may never tell the end.
        try:
            endpoint.close(_GOING_AWAY, "going away")
        except Exception as problem:  # noqa: BLE001 - a transport's failure
            self._log_failure("closing the connection failed", problem, "connects again")
        await wait_until(clock, clock.time() + self._settings.grace, endpoint.ended)
        if endpoint.connected:
            endpoint.connection_lost(ConnectionClosed("given up", by="us"))

    def _on_connected(self, profile: NetworkProfile, endpoint: Endpoint, clock: Clock) -> None:
        self._network_order.note_connected()
        self._security_events.note_connected()
        if self._served is not None and not profile.is_same_way(self._served):
            self._registration_state.end_registration()  # BOOT-26
        self._served = profile
        self.endpoint = endpoint
        endpoint.call_timeout = self._controls.call_timeout
        endpoint.set_ping_interval(self._controls.ping_interval)
        since, self._connected_at = self._offline_since, clock.time()
        self._events.publish(
            Connected(profile=profile, offline_for=None if since is None else clock.time() - since)
        )
        self._registration_state.wake_waiters()

    def _wrap_opened(self, opened: OpenedConnection) -> StationConnection:
        connection = StationConnection(
            self._identity,
            self._protocol,
            opened.wire,
            self._settings,
            station=self._station,
            handlers=self._handlers,
            registration_state=self._registration_state,
            security_events=self._security_events,
            ended=self._on_disconnected,
            finished=self._connections.discard,
        )
        self._connections.add(connection)
        return connection

    def _on_disconnected(self, connection: StationConnection, end: ConnectionClosed) -> None:
        if connection.endpoint is self.endpoint:
            clock = self._settings.clock or asyncio.get_running_loop()
            now = self._offline_since = clock.time()
            self._outbox.disconnected()
            self._events.publish(Disconnected(end=end, connected_for=now - self._connected_at))

    def _boot_and_heartbeat(self, endpoint: Endpoint, clock: Clock) -> BootAndHeartbeat:
        heartbeat: Any = self._protocol.actions[HEARTBEAT].request
        return BootAndHeartbeat(
            endpoint,
            self._registration_state,
            self._controls,
            clock,
            identity=self._identity,
            boot=self._boot,
            heartbeat=heartbeat,
        )

    def _speaks_our_version(self, opened: OpenedConnection) -> bool:
        if opened.subprotocol is None and self._settings.assume_subprotocol:
            return True
        same = opened.subprotocol == self._protocol.subprotocol
        if not same:
            # SUB-07
            logger.error(
                "%s: the CSMS chose %s, not %s [the connection is closed]",
                self._name,
                loggable(opened.subprotocol or "no version of OCPP"),
                self._protocol.subprotocol,
            )
        return same

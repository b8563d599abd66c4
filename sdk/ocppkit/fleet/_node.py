"""`FleetNode`: one process of a fleet that serves stations."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import loggable, sleep, start_task
from ocppkit.core import ConnectionClosed
from ocppkit.csms import AttemptLimits, Credentials, Csms, StationHandle

from ._bus import Bus, BusError, BusMessage
from ._command_runner import CommandRunner
from ._fleet import Fleet
from ._fleet_stations import FleetStations
from ._held_connection import HeldConnection
from ._presence_writer import PresenceWriter
from ._replica import BEAT
from ._shared_attempts import SharedAttempts
from ._shared_registrations import SharedRegistrations
from ._values import FORMAT, Lease, Presence, WrongAttempt, write_value

__all__ = ["FleetNode"]

logger = logging.getLogger("ocppkit.fleet")

A = TypeVar("A")

_GOODBYE: Final = 2.0
"""Seconds that a node which stops waits for its last records to be written."""


class FleetNode:
    """A CSMS that serves stations together with others, each in a process of its own.

    ```python
    csms = Csms(v201.PROTOCOL, authenticator=...)
    node = FleetNode(csms, NatsBus("nats://bus:4222"))

    async with node, websockets.serve(csms, port=9000):
        station = await node.stations.wait("CP001", ConnectedStation)  # at whichever node
    ```

    All nodes share which stations are connected where, how their boots were answered, and wrong attempts
    to authenticate. The newest connection of a station wins, at whichever node it is; the one before is
    closed. `csms.stations` remains the registry of this process; `stations` is that of all.
    """

    def __init__(self, csms: Csms, bus: Bus, *, name: str = "ocpp") -> None:
        """Makes a CSMS a node; it must not serve yet.

        Args:
            csms: the CSMS. If it was given no `registrations`, the boots of its stations are kept in the
                fleet's records.
            bus: connects the nodes. The node enters and leaves it.
            name: of the fleet, the same for all its processes.
        """
        access = csms.fleet_access
        self.id: str = uuid4().hex[:16]
        """The name of this run of the node; another one after each start."""

        self.fleet: Fleet = Fleet(bus, *csms.protocols, name=name)
        """The fleet, as callers see it."""

        self._bus = bus
        self._clock = access.clock
        self._now = access.now
        self._local = access.stations
        self.fleet.use_clock(access.clock)
        self.fleet.use_local(self._own_handle, access.stations.get)
        self._replica = self.fleet.replica
        self._writer = PresenceWriter(self.id, bus, self._replica, self._lost, self._clock)
        self._registrations = SharedRegistrations(bus, self._replica, self._writer, self._now)
        self._writer.when_written.append(self._registrations.written)
        self._runner = CommandRunner(bus, self._replica.reader, self._find, self._clock)
        self._attempts: SharedAttempts | None = None
        self._numbers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack: AsyncExitStack | None = None
        self._replica.when_recorded.append(self._writer.recorded)
        self._replica.when_erased.append(self._writer.erased)
        self._replica.when_renewed.append(self._renewed)
        self._replica.when_settled.append(self._settled)
        bus.listen(self._bus_changed)
        access.stations.follow(self)
        access.share_registrations(self._registrations)
        access.share_attempts(self._share_attempts)

    @property
    def stations(self) -> FleetStations:
        """The stations that are connected to any node."""
        return self.fleet.stations

    @property
    def isolated(self) -> bool:
        """Whether this node cannot reach the bus: a balancer should send it no new stations."""
        return not self._bus.up

    @property
    def unsaved_boots(self) -> int:
        """Stations whose boot was answered although its record is not acknowledged by the bus.

        If this process ended now, other nodes would not know these boots.
        """
        return len(self._registrations.unsaved)

    @property
    def unread_boots(self) -> int:
        """How many times a station was taken for accepted, as the bus could not be asked."""
        return self._registrations.unread

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many records and messages were ignored, by reason; see `Fleet.ignored`."""
        return self.fleet.ignored

    async def __aenter__(self) -> Self:
        """Joins the fleet; if the bus is down, that goes on meanwhile."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.fleet)
            for subject, deliver in (
                (f"{self.fleet.name}.node.{self.id}", self._runner.received),
                (f"{self.fleet.name}.attempts", self._attempted),
            ):
                subscription = await self._bus.subscribe(subject, deliver)
                stack.push_async_callback(subscription.stop)
            self._writer.start()
            beats = start_task(self._beat())
            stack.push_async_callback(self._leave, beats)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Leaves the fleet: its last records are written, and its lease is taken back."""
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.aclose()

    def around(
        self, lifespan: Callable[[A], AbstractAsyncContextManager[Any]]
    ) -> Callable[[A], AbstractAsyncContextManager[Any]]:
        """Returns a lifespan for a web application that has this node run around another one.

        ```python
        app = FastAPI(lifespan=node.around(ocpp.lifespan))
        ```
        """

        @asynccontextmanager
        async def both(app: A) -> AsyncGenerator[Any]:
            async with self, lifespan(app) as state:
                yield state

        return both

    # What the stations of this process do.

    def entered(self, station: StationHandle) -> None:
        """Learns of a new connection."""
        self._numbers += 1
        self._writer.enter(HeldConnection(self.id, station, self._numbers, self._now()))

    def updated(self, station: StationHandle) -> None:
        """Learns that a station's boot was answered, or that it is served without."""
        held = self._writer.held(station.identity)
        if held is not None and held.station is station:
            self._writer.want(station.identity)

    def left(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Learns that a connection has ended."""
        held = self._writer.held(station.identity)
        if held is not None and held.station is station:
            self._writer.leave(held, end, self._now())

    def _lost(self, held: HeldConnection) -> None:
        """Closes a connection whose station has a newer one elsewhere."""
        if held.station.connected:
            logger.info("%s: has a newer connection elsewhere", loggable(held.station.identity))
            self._local.replace(held.station)

    def _find(self, identity: str, connection: int) -> StationHandle | None:
        held = self._writer.held(identity)
        return held.station if held is not None and held.number == connection else None

    def _own_handle(self, presence: Presence) -> StationHandle | None:
        if presence.node != self.id:
            return None
        return self._find(presence.identity, presence.connection)

    # The bus.

    def _bus_changed(self, up: bool) -> None:
        if up:
            self._writer.try_again()

    def _renewed(self, lost: bool) -> None:
        if lost:
            self._writer.claim_again()

    def _settled(self) -> None:
        for known in self._replica.unconnected():
            if known.unconfirmed:
                self._writer.restore(known)

    async def _beat(self) -> None:
        clock = self._clock()
        while True:
            try:
                await self._write_lease(clock)
                self._writer.erase_ghosts()
            except Exception:
                # Without a lease, all others would take the stations of this node for disconnected.
                logger.exception(
                    "writing the lease of this node failed [tried again in %.0f second]", BEAT
                )
            await sleep(clock, BEAT)

    async def _write_lease(self, clock: Clock) -> None:
        lease = Lease(format=FORMAT, reads=FORMAT, clock=clock.time())
        try:
            await self._replica.nodes_table.put(self.id, write_value(lease))
        except BusError as error:
            logger.debug("the lease of this node was not written: %s", error)

    async def _leave(self, beats: "asyncio.Task[None]") -> None:
        beats.cancel()
        await asyncio.wait([beats])
        await self._runner.stop()
        await self._writer.stop(_GOODBYE)
        try:
            await self._replica.nodes_table.delete(self.id)
        except BusError as error:
            logger.info("the lease of this node was not taken back: %s", error)

    # Attempts to authenticate.

    def _share_attempts(self, limits: AttemptLimits) -> AttemptLimits:
        self._attempts = SharedAttempts(limits, self._tell_attempt, self._clock)
        return self._attempts

    def _tell_attempt(self, credentials: Credentials) -> None:
        attempt = WrongAttempt(
            format=FORMAT,
            node=self.id,
            identity=credentials.identity,
            remote_address=credentials.remote_address,
        )
        self._start(self._publish_attempt(write_value(attempt)))

    async def _publish_attempt(self, data: bytes) -> None:
        try:
            await self._bus.publish(f"{self.fleet.name}.attempts", data)
        except BusError as error:
            logger.debug(
                "a failed login could not be shared with the fleet, so only this process counts "
                "it: %s",
                error,
            )

    def _attempted(self, message: BusMessage) -> None:
        attempt = self._replica.reader.read(message.data, WrongAttempt, message.subject)
        if attempt is not None and attempt.node != self.id and self._attempts is not None:
            self._start(self._attempts.failed_elsewhere(attempt))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

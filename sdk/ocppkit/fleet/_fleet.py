"""`Fleet`: the stations of all processes of a CSMS, as one process sees and commands them."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any, Final, Self, TypeVar

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import start_task, wait_until
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.csms import StationHandle, station_handle_class

from ._bus import Bus
from ._commands import Commands
from ._fleet_stations import FleetDirectory, FleetStations
from ._remote_peer import BoundPeer, Ends, FollowingPeer
from ._replica import Replica
from ._values import Presence

__all__ = ["Fleet"]

H = TypeVar("H", bound=StationHandle)

_FIRST_WAIT: Final = 2.0
"""Seconds that entering a fleet waits for the tables."""


class Fleet:
    """The stations of all processes of a CSMS, seen from one of them. It needs no connection of its own.

    ```python
    async with Fleet(NatsBus("nats://bus:4222"), v201.PROTOCOL) as fleet:
        await fleet.station("CP001", ConnectedStation).reset(type=v201.ResetEnumType.ON_IDLE)
    ```
    """

    def __init__(
        self, bus: Bus, *protocols: Protocol, name: str = "ocpp", clock: Clock | None = None
    ) -> None:
        """Describes the fleet; nothing is connected yet.

        Args:
            bus: connects the processes. The fleet enters and leaves it.
            protocols: the versions that stations speak, such as `v201.PROTOCOL`. Versions whose class
                of handles is passed to a method need not be named.
            name: of the fleet: what all its subjects and tables begin with.
            clock: tells the time; the event loop's by default.
        """
        self.name = name
        """What subjects and tables begin with."""

        self.bus = bus
        """What connects the processes."""

        self._clock: Callable[[], Clock] = (
            asyncio.get_running_loop if clock is None else lambda: clock
        )
        self._protocols = {each.subprotocol: each for each in protocols}
        self._replica = Replica(bus, name, self.clock)
        self._commands = Commands(bus, name, self._replica, self._replica.reader, self.clock)
        self._ends = Ends()
        self._directory = FleetDirectory(self._handle, bus, self._replica, self._ends)
        self.stations: FleetStations = FleetStations(self._directory, self._replica)
        """The stations that are connected to any process now."""

        self._local: Callable[[Presence], StationHandle | None] = lambda _: None
        self._stack: AsyncExitStack | None = None

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many records and messages were ignored, by reason.

        The reasons are `newer format`, `older format`, `not ours` and `too old`.
        """
        return self._replica.reader.ignored

    @property
    def replica(self) -> Replica:
        """What this process knows of all stations; for nodes."""
        return self._replica

    def clock(self) -> Clock:
        """Returns the clock of all timers."""
        return self._clock()

    def use_clock(self, clock: Callable[[], Clock]) -> None:
        """Takes the clock from a function; for nodes, which have that of their CSMS."""
        self._clock = clock

    def know(self, *protocols: Protocol) -> None:
        """Adds versions that stations speak."""
        self._protocols.update((each.subprotocol, each) for each in protocols)

    def use_local(
        self,
        of_presence: Callable[[Presence], StationHandle | None],
        of_identity: Callable[[str], StationHandle | None],
    ) -> None:
        """Reaches the stations of this process without the bus; for nodes.

        Args:
            of_presence: returns the handle of a connection, if it is one of this process.
            of_identity: returns the handle of a station that is connected to this process.
        """
        self._local = of_presence
        self._directory.local = of_identity

    def station(self, identity: str, handle: type[H]) -> H:
        """Returns a handle that follows a station: each call goes to the connection that it has then.

        A call raises `ConnectionClosed` with `delivered="no"` at once where the station is not
        connected, and `WrongVersion` where it speaks another version. What did not reach a node
        because the station was just moving is sent to its new node; nothing else is sent twice.

        Args:
            identity: the station.
            handle: the class of the version, such as `ocppkit.v201.roles.ConnectedStation`.
        """
        protocol = _protocol_of(handle)
        self.know(protocol)
        peer = FollowingPeer(
            identity, protocol, self._commands, self._replica, self._ends, self.clock, self._local
        )
        return handle(identity, protocol, peer, "")

    async def __aenter__(self) -> Self:
        """Connects to the bus and learns of the stations; if the bus is down, that goes on meanwhile."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.bus)
            await self._commands.start()
            stack.push_async_callback(self._commands.stop)
            watching = start_task(self._replica.run())
            stack.push_async_callback(_cancelled, watching)
            if self.bus.up:
                loading = start_task(self._replica.loaded.wait())
                clock = self.clock()
                await wait_until(clock, clock.time() + _FIRST_WAIT, loading, watching)
                loading.cancel()
                if watching.done():
                    await watching
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Leaves the fleet and the bus."""
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.aclose()

    def _handle(self, presence: Presence, kind: type[StationHandle]) -> StationHandle | None:
        own = self._local(presence)
        if own is not None:
            return own
        if presence.subprotocol not in self._protocols and kind is not StationHandle:
            self.know(_protocol_of(kind))
        protocol = self._protocols.get(presence.subprotocol)
        if protocol is None:
            return None
        peer = BoundPeer(presence, protocol, self._commands, self._replica, self._ends, self.clock)
        return station_handle_class(protocol)(
            presence.identity, protocol, peer, presence.remote_address
        )


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait([task])


def _protocol_of(handle: type[StationHandle]) -> Protocol:
    """Returns the version that a class of handles is for.

    Raises:
        LocalProtocolError: it is for none.
    """
    for kind in handle.__mro__:
        module = sys.modules[kind.__module__]
        if getattr(module, "STATION_HANDLE", None) is kind:
            protocol: Protocol = import_module(kind.__module__.rpartition(".")[0]).PROTOCOL
            return protocol
    raise LocalProtocolError(
        f"{handle!r} is for no version [pass the class of one, such as "
        "ocppkit.v201.roles.ConnectedStation]"
    )

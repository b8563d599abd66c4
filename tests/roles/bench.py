"""A station and a CSMS in memory, one of which answers a single action as a test wants it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import Event, Message, Response, Role, utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.station import Retries, Station
from ocppkit.testing import FakeClock, MemoryWire, connected
from roles.cases import Case, RoleClasses

__all__ = ["ENROLMENTS", "Answering", "Bench", "accepted", "bench", "members"]

IDENTITY: Final = "CP001"

_PATIENCE: Final = 20.0
"""Real seconds until a test that hangs is ended; none comes near."""


@dataclass
class Answering:
    """A handler for either end, plain or `async` by what it is asked for, that writes down its requests."""

    case: Case
    response: Response | None = None
    received: list[Any] = field(default_factory=list)
    stations: list[StationHandle] = field(default_factory=list)
    hanging: asyncio.Event | None = None
    """Set it to make the `async` form wait."""

    def plain(self, *arguments: Any) -> Any:
        """`(request)` on a station, `(station, request)` on a CSMS."""
        *stations, request = arguments
        self.stations += stations
        self.received.append(request)
        return self.response

    async def coroutine(self, *arguments: Any) -> Any:
        """The same, but it may take its time."""
        response = self.plain(*arguments)
        if self.hanging is not None:
            await self.hanging.wait()
        return response


def _decorated_async(peer: Any, answering: Answering) -> None:
    on: Callable[[AnyHandler], AnyHandler] = peer.on(answering.case.action.request)

    @on
    async def handler(*arguments: Any) -> Any:
        return await answering.coroutine(*arguments)


def _decorated_plain(peer: Any, answering: Answering) -> None:
    on: Callable[[AnyHandler], AnyHandler] = peer.on(answering.case.action.request)

    @on
    def handler(*arguments: Any) -> Any:
        return answering.plain(*arguments)


def _methods(handler: AnyHandler) -> Callable[[Any, Answering], None]:
    def enrol(peer: Any, answering: Answering) -> None:
        case = answering.case
        base = case.roles.handlers[case.sender.peer]
        function = handler.__get__(answering)

        def method(_: object, *arguments: Any) -> Any:
            return function(*arguments)

        peer.add_handlers(type("Handlers", (base,), {case.method: method})())

    return enrol


ENROLMENTS: Final[Mapping[str, Callable[[Any, Answering], None]]] = {
    "decorator-async": _decorated_async,
    "decorator-plain": _decorated_plain,
    "class-async": _methods(Answering.coroutine),
    "class-plain": _methods(Answering.plain),
}
"""The ways to give a station or a CSMS a handler."""


@dataclass
class _Frames:
    """Writes down what the CSMS reads and writes, as JSON."""

    log: dict[str, list[Any]] = field(default_factory=lambda: {"in": [], "out": []})

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        self.log[direction].append(json.loads(data))

    def event(self, identity: str, event: Event) -> None:
        """Frames are enough."""


@dataclass
class Bench:
    """The two ends."""

    station: Any
    handle: Any
    clock: FakeClock
    frames: _Frames
    wires: Mapping[Role, MemoryWire]

    def end(self, role: Role) -> Any:
        """Returns what sends for a role: the station, or the CSMS's handle on it."""
        return self.station if role is Role.STATION else self.handle


@asynccontextmanager
async def bench(
    case: Case,
    answering: Answering | None = None,
    enrol: Callable[[Any, Answering], None] = _decorated_async,
) -> AsyncGenerator[Bench, None]:
    """Connects a station to a CSMS until the block is left.

    Args:
        case: the station's boot is accepted, unless BootNotification is the case.
        answering: what the receiver of the case has for a handler; nothing by default, and the
            CSMS then answers no heartbeat by itself either.
        enrol: one of `ENROLMENTS`.
    """
    clock, frames = FakeClock(), _Frames()
    protocol = case.roles.protocol
    csms: Any = Csms(
        protocol,
        insecure=True,
        answer_heartbeats=False,
        clock=clock,
        observer=frames,
        unknown="serve",
    )
    station: Station = _station(case.roles, clock)
    boot = protocol.actions["BootNotification"]
    if case.action is not boot or case.sender is not Role.STATION:
        csms.on(boot.request)(lambda handle, request: accepted(case.roles))
    if answering is not None:
        enrol(csms if case.sender is Role.STATION else station, answering)
    async with asyncio.timeout(_PATIENCE), connected(station, csms) as network:
        if case.action is not boot:
            await station.wait_accepted()
        handle = await csms.stations.wait_connected(IDENTITY, case.roles.handle)
        await clock.advance(0)
        wires = {Role.STATION: network.wires[-1], Role.CSMS: network.wires[-1].peer}
        yield Bench(station, handle, clock, frames, wires)


def _station(roles: RoleClasses, clock: FakeClock) -> Any:
    about = (
        {"charge_point_vendor": "ACME", "charge_point_model": "Wall-11"}
        if "charge_point_vendor" in roles.station.__init__.__annotations__
        else {"vendor_name": "ACME", "model": "Wall-11"}
    )
    return roles.station(
        IDENTITY,
        **about,
        insecure=True,
        clock=clock,
        retries=Retries(attempts=1),
        # What it reports of invalid messages would stand among its answers.
        raise_security_events=False,
    )


def accepted(roles: RoleClasses) -> Response:
    """Returns the answer to a boot that lets a station in."""
    response = roles.protocol.actions["BootNotification"].response
    assert response is not None
    return msgspec.convert(
        {"currentTime": utcnow(), "interval": 86400, "status": "Accepted"}, response
    )


def members(message: Message) -> dict[str, Any]:
    """Returns what a keyword method takes to send this message: the members that are present."""
    present = {name: getattr(message, name) for name in message.__struct_fields__}
    absent = (None, msgspec.UNSET)
    return {name: value for name, value in present.items() if value not in absent}

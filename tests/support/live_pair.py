"""A station and a CSMS on one connection in memory, into which a test can inject frames of either side."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import msgspec

from ocppkit.aio import CallRefused
from ocppkit.core import STRICT, Action, ErrorCode, Event, Policy, Role, utcnow
from ocppkit.csms import Csms
from ocppkit.station import Retries
from ocppkit.testing import FakeClock, MemoryNetwork, connected, settle
from roles.cases import ROLES, RoleClasses, extremes

__all__ = ["Line", "line"]

IDENTITY: Final = "CP001"
ABOUT: Final = {
    "1.6": {"charge_point_model": "M", "charge_point_vendor": "V"},
    "2.0.1": {"model": "M", "vendor_name": "V"},
    "2.1": {"model": "M", "vendor_name": "V"},
}


class Ids:
    """A source of message ids; the test can set the next one."""

    def __init__(self, prefix: str) -> None:
        self.next: str | None = None
        self._prefix = prefix
        self._numbers = count(1)

    def __call__(self) -> str:
        chosen, self.next = self.next, None
        return chosen or f"{self._prefix}{next(self._numbers)}"


@dataclass
class Said:
    """Records the frames that one end sends."""

    frames: list[Any] = field(default_factory=list)

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        if direction == "out":
            self.frames.append(json.loads(data))

    def event(self, identity: str, event: Event) -> None:
        """Frames are enough."""


@dataclass
class Line:
    """The station and the CSMS of one connection, with the frames that each has sent."""

    roles: RoleClasses
    station: Any
    csms: Csms
    network: MemoryNetwork
    ids: Mapping[Role, Ids]
    said: Mapping[Role, Said]

    async def says(self, sender: Role, text: str) -> list[Any]:
        """Speaks for one end, and returns what the other writes then."""
        replies = self.said[sender.peer].frames
        replies.clear()
        self._wire(sender).write(text)
        await settle()
        return list(replies)

    @asynccontextmanager
    async def waiting(
        self, caller: Role, action: Action, message_id: str
    ) -> AsyncGenerator[asyncio.Task[Any], None]:
        """Lets one end wait for the answer to a call, which the other comes to read only afterwards."""
        self._wire(caller.peer).pause_reading()
        self.ids[caller].next = message_id
        end: Any = self.station
        if caller is Role.CSMS:
            end = self.csms.stations.get(IDENTITY)
        task = asyncio.create_task(end.call(extremes(action.request)[0]))
        await settle()
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._wire(caller.peer).resume_reading()
            await settle()

    async def still_lives(self) -> bool:
        """Whether both ends are answered, on the connection that they have had all the time."""
        by_csms = await self.says(Role.STATION, '[2,"alive","Heartbeat",{}]')
        by_station = await self.says(Role.CSMS, '[2,"alive","ClearCache",{}]')
        answers = [[frame[:2] for frame in each] for each in (by_csms, by_station)]
        return answers == [[[3, "alive"]], [[3, "alive"]]] and len(self.network.wires) == 1

    def _wire(self, end: Role) -> Any:
        wire = self.network.wires[0]
        return wire if end is Role.STATION else wire.peer


@asynccontextmanager
async def line(
    version: str,
    *,
    inbound: Policy = STRICT,
    boot: str = "Accepted",
    missing: str | None = None,
    refusing: tuple[str, ErrorCode] | None = None,
) -> AsyncGenerator[Line, None]:
    """Connects a station to a CSMS that both answer whatever they can be asked.

    Args:
        version: of OCPP.
        inbound: how both read.
        boot: how the CSMS answers the boot.
        missing: an action that nobody handles.
        refusing: an action whose handlers refuse it, and how.
    """
    (roles,) = (each for each in ROLES if each.protocol.version == version)
    ids = {role: Ids(role[0]) for role in Role}
    said = {role: Said() for role in Role}
    clock = FakeClock()
    common: dict[str, Any] = {"insecure": True, "clock": clock, "inbound": inbound}
    csms = Csms(roles.protocol, new_id=ids[Role.CSMS], observer=said[Role.CSMS], **common)
    station = roles.station(
        IDENTITY,
        **ABOUT[version],
        new_id=ids[Role.STATION],
        observer=said[Role.STATION],
        retries=Retries(attempts=1),
        # What it reports of invalid messages would stand among its answers.
        raise_security_events=False,
        **common,
    )
    ends: dict[Role, Any] = {Role.CSMS: csms, Role.STATION: station}
    for action in roles.protocol.actions.values():
        refusal = refusing[1] if refusing and refusing[0] == action.name else None
        for sender in action.senders:
            if action.name != missing:
                ends[sender.peer].on(action.request)(_handler(action, boot, refusal))
    async with connected(station, csms) as network:
        await settle()
        yield Line(roles, station, csms, network, ids, said)


def _handler(action: Action, boot: str, refusal: ErrorCode | None) -> Callable[..., Any]:
    response: Any = None
    if action.name == "BootNotification" and action.response is not None:
        members = {"currentTime": utcnow(), "interval": 86400, "status": boot}
        response = msgspec.convert(members, action.response)
    elif action.response is not None:
        response = extremes(action.response)[0]

    def handler(*arguments: Any) -> Any:
        if refusal is not None:
            raise CallRefused(refusal, "no such thing")
        return response

    return handler

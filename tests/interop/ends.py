"""The two ends of a session, whoever implements them, and the play itself."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, cast

from interop.script import Json, Step
from interop.security import IDENTITY, SERIAL_NUMBER, Files, SecurityMode
from ocppkit import core
from ocppkit.core import Payload, Role, decode_payload, encode_payload
from ocppkit.csms import CertificateAuthenticator, Csms, PasswordAuthenticator
from ocppkit.station import Station
from ocppkit.transports import aiohttp, websockets
from ocppkit.v16 import roles as roles16
from ocppkit.v21 import roles as roles21
from ocppkit.v201 import roles as roles201
from support.servers import Serving, by_websockets

__all__ = [
    "CLIENTS",
    "PATIENCE",
    "Connect",
    "End",
    "Inbox",
    "OurCsms",
    "OurStation",
    "our_csms",
    "our_station",
    "play",
]

Connect: TypeAlias = Callable[[Station, str], AbstractAsyncContextManager[Station]]

CLIENTS: Final[dict[str, Connect]] = {"aiohttp": aiohttp.connect}
"""What connects stations beside the default, `websockets`."""

PATIENCE: Final = 30.0
"""Seconds that a whole session may take; it takes less than one."""

_STATIONS: Final[dict[str, Callable[..., Station]]] = {
    "1.6": partial(roles16.ChargePoint, IDENTITY, charge_point_vendor="", charge_point_model=""),
    "2.0.1": partial(roles201.ChargingStation, IDENTITY, vendor_name="", model=""),
    "2.1": partial(roles21.ChargingStation, IDENTITY, vendor_name="", model=""),
}
"""What they boot with is set later."""


@dataclass
class Inbox:
    """What an end is asked, and what it shall answer."""

    response: Json = field(default_factory=dict)
    heard: list[tuple[str, Json]] = field(default_factory=list)
    responses: dict[str, Json] = field(default_factory=dict)
    """By action, what is answered in place of `response`."""

    _heard_more: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, action: str, request: Json) -> Json:
        """Writes a request down, and returns the answer to it."""
        self.heard.append((action, request))
        self._heard_more.set()
        return self.responses.get(action, self.response)

    async def wait(self, action: str, **members: Any) -> Json:
        """Returns the first request of this action that has these members, when it has been heard."""
        while True:
            for heard, request in self.heard:
                if heard == action and members.items() <= request.items():
                    return request
            self._heard_more.clear()
            await self._heard_more.wait()


class End(Protocol):
    """One end of a connection."""

    @property
    def inbox(self) -> Inbox:
        """What this end is asked."""
        ...

    async def say(self, action: str, request: Json) -> Json:
        """Calls the other end, and returns its response."""
        ...


async def play(steps: tuple[Step, ...], station: End, csms: End) -> None:
    """Plays a session; each request and each response must arrive as it was sent."""
    for step in steps:
        ends = (station, csms) if step.sender is Role.STATION else (csms, station)
        sender, receiver = ends
        receiver.inbox.heard.clear()
        receiver.inbox.response = step.response

        response = await sender.say(step.action, step.request)

        assert response == step.response, step.action
        assert receiver.inbox.heard == [(step.action, step.request)]


def to_json(payload: Payload) -> Json:
    """Returns a payload as it goes over the wire."""
    return cast(Json, json.loads(encode_payload(payload)))


class _OurEnd:
    """An end of ocppkit's, with a handler for everything."""

    def __init__(self, protocol: core.Protocol) -> None:
        self.protocol = protocol
        self.inbox = Inbox()

    def enrol(self, peer: Any, sender: Role) -> None:
        """Gives a station or a CSMS a handler for each call that can come."""
        for action in self.protocol.actions.values():
            if sender in action.senders:
                peer.on(action.request)(self._handler(action))

    def payload_of(self, action: str, request: Json) -> Any:
        """Returns a typed request."""
        return decode_payload(self.protocol.actions[action].request, json.dumps(request))

    def _handler(self, action: core.Action) -> Any:
        async def handler(*arguments: Any) -> Any:
            response = self.inbox.answer(action.name, to_json(arguments[-1]))
            return action.response and decode_payload(action.response, json.dumps(response))

        return handler


class OurStation(_OurEnd):
    """A station that runs already. It boots by itself."""

    def __init__(self, protocol: core.Protocol, station: Any) -> None:
        super().__init__(protocol)
        self.station = station

    async def say(self, action: str, request: Json) -> Json:
        return to_json(await self.station.call(self.payload_of(action, request)))


class OurCsms(_OurEnd):
    """A CSMS and its handle on one station."""

    def __init__(self, protocol: core.Protocol, csms: Csms) -> None:
        super().__init__(protocol)
        self.csms = csms
        self.port = 0

    async def say(self, action: str, request: Json) -> Json:
        station: Any = await self.csms.stations.wait_connected(IDENTITY)
        return to_json(await station.call(self.payload_of(action, request)))


@asynccontextmanager
async def our_csms(
    protocol: core.Protocol, mode: SecurityMode, files: Files, serving: Serving = by_websockets
) -> AsyncGenerator[OurCsms, None]:
    """Serves a CSMS that lets the one station in, secured in one way."""
    authenticator: Any = None
    if mode.password is not None:
        authenticator = PasswordAuthenticator({IDENTITY: mode.password}.get, require_tls=mode.tls)
    elif mode.client_certificate:
        authenticator = CertificateAuthenticator({IDENTITY: SERIAL_NUMBER}.get, organization="ACME")
    # The identity has characters that OCPP 2.x does not allow, so that their escaping is compared, too.
    csms = Csms(
        protocol, authenticator=authenticator, insecure=authenticator is None, any_identity=True
    )
    end = OurCsms(protocol, csms)
    end.enrol(csms, Role.STATION)
    async with serving(csms, files.for_csms(mode)) as port:
        end.port = port
        yield end


@asynccontextmanager
async def our_station(
    protocol: core.Protocol,
    mode: SecurityMode,
    files: Files,
    port: int,
    *,
    boot: Json,
    connect: Connect = websockets.connect,
    **options: Any,
) -> AsyncGenerator[OurStation, None]:
    """Runs a station that connects to a port.

    Args:
        protocol: the version that it speaks.
        mode: how it is secured.
        files: the certificates.
        port: where the CSMS listens.
        boot: what it boots with.
        connect: by which library.
        options: what it does otherwise than is right.
    """
    end = OurStation(protocol, None)
    right = {
        "password": mode.password,
        "ssl": files.for_station(mode),
        "client_certificate": mode.client_certificate,
        "insecure": mode.name == "open",
    }
    station: Any = _STATIONS[protocol.version](**{**right, **options})
    station.boot = end.payload_of("BootNotification", boot)
    end.station = station
    end.enrol(station, Role.CSMS)
    async with connect(station, f"{mode.scheme}://127.0.0.1:{port}/ocpp"):
        yield end

"""Stations and a central system made with the Python package `ocpp`, as its documentation has them."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

import ocpp.v16
import ocpp.v21
import ocpp.v201
from ocpp.charge_point import camel_to_snake_case
from ocpp.routing import on
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from interop.ends import Inbox
from interop.script import Json, steps
from interop.security import IDENTITY, Files, SecurityMode
from ocppkit.core import Protocol, Role

__all__ = ["MobilityHouse", "central_system", "charge_point"]

_PACKAGES: Final[dict[str, Any]] = {"1.6": ocpp.v16, "2.0.1": ocpp.v201, "2.1": ocpp.v21}

_CALL_RESULT: Final = 3


class MobilityHouse:
    """An end of theirs."""

    def __init__(self, protocol: Protocol, role: Role) -> None:
        self.inbox = Inbox()
        self._package = _PACKAGES[protocol.version]
        self._kind = _charge_point_class(protocol, role, self.inbox)
        self._connected = asyncio.Event()
        self.peer: Any = None
        self.port = 0

    async def serve(self, connection: Any) -> None:
        """Works for one connection until it ends."""
        self.peer = self._kind(IDENTITY, connection, response_timeout=10)
        self._connected.set()
        with suppress(ConnectionClosed):
            await self.peer.start()

    async def say(self, action: str, request: Json) -> Json:
        """Calls ocppkit, and returns the response as it stood in the frame and was understood."""
        await self._connected.wait()
        call = getattr(self._package.call, action)(**camel_to_snake_case(request))

        result = await self.peer.call(call, suppress=False)

        # Calls of the station may have come after it.
        results = (frame for frame in reversed(self.peer.frames) if frame[0] == _CALL_RESULT)
        response: Json = next(results)[2]
        expected = getattr(self._package.call_result, action)(**camel_to_snake_case(response))
        assert result == expected
        return response


def _charge_point_class(protocol: Protocol, role: Role, inbox: Inbox) -> type[Any]:
    package = _PACKAGES[protocol.version]

    base: Any = package.ChargePoint

    class ForeignEnd(base):  # type: ignore[misc]
        """Writes down the frames that it reads."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.frames: list[Any] = []
            super().__init__(*arguments, **options)

        async def route_message(self, raw_msg: str) -> None:
            self.frames.append(json.loads(raw_msg))
            await super().route_message(raw_msg)

    for action in {step.action for step in steps(protocol) if step.sender is not role}:
        setattr(ForeignEnd, f"on_{action}", on(action)(_handler(package, action, inbox)))
    return ForeignEnd


def _handler(package: Any, action: str, inbox: Inbox) -> Any:
    result = getattr(package.call_result, action)

    async def handler(self: Any, **members: Any) -> Any:
        request = self.frames[-1][3]
        # For multiples of 0.1 it reads numbers as decimals.
        assert json.loads(json.dumps(members, default=float)) == camel_to_snake_case(request)
        return result(**camel_to_snake_case(inbox.answer(action, request)))

    handler.__name__ = f"on_{action}"
    return handler


def _basic(password: bytes) -> str:
    return "Basic " + base64.b64encode(IDENTITY.encode() + b":" + password).decode()


@asynccontextmanager
async def charge_point(
    protocol: Protocol, mode: SecurityMode, files: Files, port: int, **options: Any
) -> AsyncGenerator[MobilityHouse, None]:
    """Connects a station to a port; it says what it is told to.

    Args:
        protocol: the version that it speaks.
        mode: how it is secured.
        files: the certificates.
        port: where the CSMS listens.
        options: what it does otherwise than is right.
    """
    end = MobilityHouse(protocol, Role.STATION)
    secret = options.get("password", mode.password)
    async with connect(
        f"{mode.scheme}://127.0.0.1:{port}/ocpp/{quote(IDENTITY, safe='')}",
        subprotocols=[Subprotocol(protocol.subprotocol)],
        additional_headers={} if secret is None else {"Authorization": _basic(secret)},
        ssl=options.get("ssl", files.for_station(mode)),
    ) as connection:
        task = asyncio.create_task(end.serve(connection))
        try:
            yield end
        finally:
            await connection.close()
            await task


@asynccontextmanager
async def central_system(
    protocol: Protocol, mode: SecurityMode, files: Files
) -> AsyncGenerator[MobilityHouse, None]:
    """Serves a central system; it says what it is told to."""
    end = MobilityHouse(protocol, Role.CSMS)

    def check(connection: ServerConnection, request: Request) -> Response | None:
        shown = request.headers.get("Authorization", "")
        wanted = "" if mode.password is None else _basic(mode.password)
        known = request.path == f"/ocpp/{quote(IDENTITY, safe='')}"
        if known and hmac.compare_digest(shown, wanted):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "not you\n")

    async with serve(
        end.serve,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(protocol.subprotocol)],
        process_request=check,
        ssl=files.for_csms(mode),
    ) as server:
        end.port = cast(int, next(iter(server.sockets)).getsockname()[1])
        yield end

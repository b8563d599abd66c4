"""Runs stations over any library that can open their connections."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

from ocppkit.aio.lowlevel import Connector, ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import Limits
from ocppkit.station import NetworkProfiles, Station

__all__ = ["ConnectFunction", "DialFunction", "RunFunction", "StationClient"]

S = TypeVar("S", bound=Station)


class RunFunction(Protocol):
    """The type of the function `run` of each transport."""

    async def __call__(
        self, station: Station, network: NetworkProfiles, *, compression: bool = True
    ) -> None:
        """Runs a station until it is cancelled: it boots, sends heartbeats and reconnects."""
        ...


class ConnectFunction(Protocol):
    """The type of the function `connect` of each transport."""

    def __call__(
        self, station: S, network: NetworkProfiles, *, compression: bool = True
    ) -> AbstractAsyncContextManager[S]:
        """Runs a station until the `async with` block is left."""
        ...


class DialFunction(Protocol):
    """The type of the function `dial` of each transport."""

    async def __call__(
        self, request: ConnectRequest, *, limits: Limits | None = None, compression: bool = True
    ) -> OpenedConnection:
        """Opens a WebSocket to a CSMS."""
        ...


class StationClient:
    """The station's side of a transport. Its methods are the functions `run`, `connect` and `dial`
    that programs call.
    """

    def __init__(self, connector: Callable[[Limits, bool], Connector]) -> None:
        """Sets a function that returns a connector for given limits, with or without compression."""
        self._connector = connector

    async def run(
        self, station: Station, network: NetworkProfiles, *, compression: bool = True
    ) -> None:
        """Runs a station until it is cancelled: it boots, sends heartbeats and reconnects.

        Args:
            station: the station.
            network: the endpoint of the CSMS, `ws://` or `wss://`, without the identity; or
                several, in order of preference, of which the next is tried when one fails too often.
            compression: offer permessage-deflate.

        Raises:
            LocalProtocolError: the station cannot be run as it is described, as it has no
                credentials for instance.
        """
        await station.run(network, self._connector_for(station, compression))

    async def dial(
        self, request: ConnectRequest, *, limits: Limits | None = None, compression: bool = True
    ) -> OpenedConnection:
        """Opens one WebSocket to a CSMS, for programs without a `Station`, such as a proxy.

        ```python
        request = ConnectRequest(url="ws://127.0.0.1:9000/CP001", subprotocols=("ocpp2.0.1",))
        wire, subprotocol = await dial(request)
        wire.start(receiver)
        ```

        Args:
            request: the URL with the station's identity, what is offered, headers and TLS.
            limits: the limits of the connection; those of `Limits()` by default.
            compression: offer permessage-deflate.

        Raises:
            HandshakeRefused: the CSMS refused; `status` is that of its answer.
            ConnectionClosed: the CSMS cannot be reached, or did not answer in time.
            LocalProtocolError: the URL cannot be used.
        """
        return await self._connector(limits or Limits(), compression)(request)

    def _connector_for(self, station: Station, compression: bool) -> Connector:
        """Returns a connector that uses the station's limits at the time of each connection."""
        connectors: dict[Limits, Connector] = {}

        async def open_connection(request: ConnectRequest) -> OpenedConnection:
            limits = station.limits
            if limits not in connectors:
                connectors[limits] = self._connector(limits, compression)
            return await connectors[limits](request)

        return open_connection

    @asynccontextmanager
    async def connect(
        self, station: S, network: NetworkProfiles, *, compression: bool = True
    ) -> AsyncGenerator[S, None]:
        """Runs a station until the `async with` block is left.

        ```python
        async with connect(station, url):
            await station.wait_accepted()
            await station.authorize(...)
        ```

        Args:
            station: the station.
            network: the endpoint of the CSMS, `ws://` or `wss://`, without the identity; or
                several, in order of preference, of which the next is tried when one fails too often.
            compression: offer permessage-deflate.
        """
        async with running_beside(self.run(station, network, compression=compression)):
            yield station

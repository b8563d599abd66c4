"""The CSMS's side: a server whose connections speak by picows, once their handshakes are decided."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext
from typing import Final

from multidict import CIMultiDict
from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener

from ocppkit.aio import Wire
from ocppkit.core import Limits
from ocppkit.csms import Csms

from .._http import answer_of
from .._serving import Server, Visit
from ..websockets._doorway import Doorway, Opening, OpenWire
from ._protocol import FrameProtocol
from ._wire import PicowsWire

__all__ = ["opener", "serve"]


@asynccontextmanager
async def serve(
    csms: Csms,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: SSLContext | None = None,
    compression: bool = True,
    max_connections: int | None = None,
    grace: float = 10.0,
) -> AsyncGenerator[Server, None]:
    """Serves a CSMS until the block is left.

    ```python
    async with picows.serve(csms, "127.0.0.1", 9000):
        station = await csms.stations.wait("CP001", ConnectedStation)
    ```

    When the block is left, running handlers get time to finish, stations are told goodbye, and
    nothing is left running.

    Args:
        csms: the CSMS; it may be served on several ports at once.
        host: the interface; all of them by default.
        port: the port; any free one by default, see `Server.port`.
        ssl: serve `wss` with the certificate in this context.
        compression: agree to permessage-deflate, which OCPP 2.x demands of a CSMS.
        max_connections: refuse more connections than these, half-open ones included.
        grace: seconds that running handlers have at the end.

    Raises:
        LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written.
    """
    csms.check_startable(ssl)
    server = Server(csms, max_connections)
    open_wire = opener(csms.limits)

    def new_connection(visit: Visit) -> Doorway:
        return Doorway(csms, visit, compression, open_wire)

    await server.listen(new_connection, host, port, ssl)
    try:
        yield server
    finally:
        await server.shut_down(grace)


def opener(limits: Limits) -> OpenWire:
    """Returns what opens WebSockets within these limits."""

    def open_wire(opening: Opening) -> Wire:
        wire = PicowsWire(limits, opening.lost)
        wire.use(opening.extensions)
        opening.transport.write(answer_of(opening.key, opening.headers))

        def agree(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
            return WSUpgradeResponseWithListener(_ANSWERED, wire)

        protocol = FrameProtocol(wire, agree, limits.frame_bytes)
        opening.transport.set_protocol(protocol)
        protocol.connection_made(opening.transport)
        protocol.feed(_BEGINNING + opening.rest)
        # picows keeps them: those of all connections are the same.
        protocol.transport.request.headers = _ANSWERED.headers
        return wire

    return open_wire


class _Answered(WSUpgradeResponse):
    """The answer to a handshake when it is sent already: there is nothing to send any more."""

    def __init__(self) -> None:
        self.status = HTTPStatus.SWITCHING_PROTOCOLS
        self.headers = CIMultiDict()

    def to_bytes(self) -> bytearray:
        """Returns what is still to be sent."""
        return bytearray()


_ANSWERED: Final = _Answered()

_BEGINNING: Final = (
    b"GET / HTTP/1.1\r\nUpgrade:websocket\r\nConnection:upgrade\r\n"
    b"Sec-WebSocket-Version:13\r\nSec-WebSocket-Key:AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
"""The least of a handshake: what the station asked for is decided and answered already."""

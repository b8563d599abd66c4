"""The CSMS's side with `websockets`: serves a CSMS on a port."""

from asyncio import BaseProtocol
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from socket import socket
from ssl import SSLContext

from ocppkit.aio.lowlevel import Served

from .._proxies import proxy_translation
from .._tls_handshake import TlsHandshake
from ._listening_server import Server, ServerConnection
from ._server_handshake import ServerHandshake

__all__ = ["Server", "serve"]


@asynccontextmanager
async def serve(
    csms: Served,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: SSLContext | None = None,
    compression: bool = True,
    max_connections: int | None = None,
    trusted_proxies: Sequence[str] = (),
    client_certificate_header: str | None = None,
    reuse_port: bool = False,
    sock: socket | None = None,
    grace: float = 10.0,
) -> AsyncGenerator[Server, None]:
    """Serves a CSMS until the `async with` block is left.

    ```python
    async with websockets.serve(csms, "127.0.0.1", 9000):
        station = await csms.stations.wait("CP001", ConnectedStation)
    ```

    When the block is left, running handlers get time to finish, connections are closed,
    and nothing is left running.

    Args:
        csms: the CSMS, or another object that can be `Served`; it may be served on several ports at
            once.
        host: the interface; all of them by default.
        port: the port; any free one by default, see `Server.port`.
        ssl: serve `wss` with the certificate in this context.
        compression: agree to permessage-deflate, which OCPP 2.x demands of a CSMS.
        max_connections: refuse more connections than these. They count from the moment they are there,
            before TLS and before their handshake.
        trusted_proxies: addresses and networks of reverse proxies in front, such as `"10.0.0.0/8"`, or
            `"unix"`. From these alone, X-Forwarded-For or Forwarded tells the station's address, and
            X-Forwarded-Proto or Forwarded whether it uses TLS.
        client_certificate_header: the header in which these proxies hand over the client certificate
            that they have verified; they must remove it from what clients send.
        reuse_port: let several processes of this host listen on the same port, among which the system
            divides the connections (`SO_REUSEPORT`; not on Windows).
        sock: a TCP socket that is bound already, in place of `host`, `port` and `reuse_port`, such as
            one that systemd or a parent process has opened. It is closed at the end.
        grace: seconds that running handlers have at the end.

    Raises:
        LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written; or
            `trusted_proxies` holds what is no address; or `sock` is given and `host`, `port` or
            `reuse_port` too.
    """
    csms.check_startable(ssl)
    proxies = proxy_translation(trusted_proxies, client_certificate_header)
    server = Server(csms, max_connections)

    def new_connection(connection: ServerConnection) -> BaseProtocol:
        handshake = ServerHandshake(csms, connection, compression, proxies)
        if ssl is None:
            return handshake
        return TlsHandshake(
            ssl,
            csms.limits.handshake_timeout,
            handshake,
            csms.report_refusal,
            begin=connection.begin,
            lost=connection.lost,
        )

    await server.listen(new_connection, host, port, reuse_port=reuse_port, sock=sock)
    try:
        yield server
    finally:
        await server.shut_down(grace)

"""Limits the connections of uvicorn before uvicorn handles them."""

import asyncio
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

from ocppkit.aio.lowlevel import Served

from .._bounded_listener import BoundedListener
from ._undocumented_uvicorn import connections_of, find_refusal

__all__ = ["first_request_within"]


def first_request_within(
    seconds: float,
    protocol: Callable[..., Any],
    csms: Served,
    *,
    ssl: SSLContext | None = None,
    max_connections: int | None = None,
) -> Callable[..., asyncio.BaseProtocol]:
    """Returns a protocol for uvicorn's option `http=` that ends connections on which no request
    comes in time.

    ```python
    from uvicorn.protocols.http.h11_impl import H11Protocol

    uvicorn.run(app, http=first_request_within(10.0, H11Protocol, csms))
    ```

    What uvicorn refuses without asking the application, such as a handshake of another WebSocket
    version, is reported as refused too; the address is that of the connection, which may be a proxy's.

    Args:
        seconds: how long the head of the first request may take.
        protocol: the HTTP of uvicorn that reads requests, such as its `H11Protocol`.
        csms: reports the connections that are ended, and TLS handshakes that fail, as refused.
        ssl: serve `wss` and `https` with the certificate in this context, in place of the settings of
            uvicorn for TLS, which reports no failure and waits 60 seconds for a handshake.
        max_connections: end new connections at once while there are as many as these. Each connection
            to uvicorn counts, from the moment it is there, before TLS and before its first request.
    """
    listener = BoundedListener(seconds, csms.report_refusal, ssl, max_connections, find_refusal)

    def connection(**options: Any) -> asyncio.BaseProtocol:
        return listener.new_connection(lambda: protocol(**options), connections_of(options))

    return connection

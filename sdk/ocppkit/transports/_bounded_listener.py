"""Limits and watches new connections before the server of another library handles them."""

import asyncio
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

from ._first_request import FindRefusal, FirstRequest
from ._open_connections import OpenConnections
from ._tls_handshake import ReportRefusal, TlsHandshake

__all__ = ["BoundedListener", "PendingConnection"]


class BoundedListener:
    """Limits the number of connections of one listener, and ends connections that send no request
    in time.
    """

    def __init__(
        self,
        seconds: float,
        report: ReportRefusal,
        tls: SSLContext | None,
        max_connections: int | None,
        find_refusal: FindRefusal | None = None,
    ) -> None:
        """Sets the limits.

        Args:
            seconds: how long the TLS handshake may take, and then the head of the first request.
            report: is told of connections that are refused.
            tls: how TLS is spoken; `None` if it is not.
            max_connections: how many connections there may be; any number if it is `None`.
            find_refusal: says why the server has refused a request without asking its application;
                `None` if it never does.
        """
        self._seconds = seconds
        self._report = report
        self._tls = tls
        self._find_refusal = find_refusal
        self._open = OpenConnections(max_connections)

    def new_connection(
        self, then: Callable[[], asyncio.Protocol], half_open: set[Any]
    ) -> asyncio.BaseProtocol:
        """Returns the asyncio protocol for a new connection.

        Args:
            then: makes the server's, which reads requests.
            half_open: holds the connection until the server takes it over, as a `PendingConnection`.
        """
        connection = PendingConnection(half_open, self._open)
        first = FirstRequest(
            then,
            self._seconds,
            self._report,
            self._find_refusal,
            begin=connection.begin,
            over=connection.forget,
        )
        if self._tls is None:
            return first
        return TlsHandshake(
            self._tls,
            self._seconds,
            first,
            self._report,
            begin=connection.begin,
            lost=connection.forget,
        )


class PendingConnection:
    """A new connection that has not sent a request yet."""

    __slots__ = ("_half_open", "_open", "_transport")

    def __init__(self, half_open: set[Any], open_connections: OpenConnections) -> None:
        self._half_open = half_open
        self._open = open_connections
        self._transport: asyncio.Transport

    def begin(self, transport: asyncio.Transport) -> bool:
        """Adds the connection, or its TLS transport, to the open ones; returns whether it is within
        the limit.
        """
        self._transport = transport
        if self in self._half_open:
            return True
        self._half_open.add(self)
        return self._open.add(transport)

    def forget(self) -> None:
        """Removes the connection, as it has ended or the server handles it now."""
        self._half_open.discard(self)

    def shutdown(self) -> None:
        """Ends the connection, because the server stops."""
        self._transport.abort()

"""Ends connections that send no HTTP request in time, before the server of another library handles
them.

aiohttp and uvicorn wait for the first request of a connection for ever, so that anybody can fill up a
server with connections that are silent, or stop in the middle of a header.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias, cast

from ._bounds import LONGEST_HEAD
from ._limited_reads import READ_BYTES, LimitedReads
from ._request_head import handshake_of, is_well_formed, refusal_response
from ._shared_reading import SharedReading
from ._tls_handshake import ReportRefusal, peer_address

__all__ = ["FindRefusal", "FirstRequest"]

FindRefusal: TypeAlias = Callable[[asyncio.BaseProtocol], tuple[str, int | None]]
"""Returns why the protocol of another library has refused a request, and the HTTP status if it is known."""


class FirstRequest(SharedReading):
    """The protocol of a new connection until the head of its first request has come; then the
    server's protocol takes over.
    """

    def __init__(
        self,
        then: Callable[[], asyncio.Protocol],
        seconds: float,
        report: ReportRefusal,
        find_refusal: FindRefusal | None,
        begin: Callable[[asyncio.Transport], bool],
        over: Callable[[], None],
    ) -> None:
        """Creates the protocol of one connection.

        Args:
            then: makes the protocol that reads requests.
            seconds: how long the head of the first request may take.
            report: is told of a connection that is refused.
            find_refusal: says why that protocol has refused a request without asking its application;
                `None` if it never does.
            begin: takes the connection, and returns whether there is room for it.
            over: called when that protocol takes the connection over, or when it ends before.
        """
        super().__init__()
        self._then = then
        self._seconds = seconds
        self._report = report
        self._begin = begin
        self._over = over
        self._find_refusal = find_refusal
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts waiting for a request, with a time limit, if the connection is within the limit of
        connections.
        """
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(
            self._seconds, self._end_silently, f"no handshake within {self._seconds:g} s"
        )
        if not self._begin(self._transport):
            self._end_silently("too many connections")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the buffer to read into. It is short, so that little is read beyond the head."""
        return self._shared.buffer[:READ_BYTES]

    def data_received(self, data: bytes) -> None:
        """Collects bytes, and passes them on once the head is complete."""
        if self._transport.is_closing():
            return
        self._head += data
        head, end, _ = self._head.partition(b"\r\n\r\n")
        if end and is_well_formed(head + end):
            self._timer.cancel()
            self._hand_over(head + end)
        elif end:
            # aiohttp would log a traceback of each, and uvicorn would not report them.
            self._refuse("no well-formed request", HTTPStatus.BAD_REQUEST)
        elif len(head) > LONGEST_HEAD:
            self._refuse(
                "the head of the request is too long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that the connection ended before its first request."""
        self._timer.cancel()
        self._over()

    def _hand_over(self, head: bytes) -> None:
        self._over()
        protocol = self._then()
        self._transport.set_protocol(LimitedReads(protocol))
        protocol.connection_made(self._transport)
        protocol.data_received(self._head)
        if self._find_refusal is not None and self._transport.is_closing():
            # An application is called in a task: one that has been answered by now was not asked.
            reason, status = self._find_refusal(self._transport.get_protocol())
            handshake = handshake_of(head, peer_address(self._transport))
            self._report(reason, status=status, handshake=handshake)

    def _refuse(self, reason: str, status: HTTPStatus) -> None:
        self._report(reason, remote_address=peer_address(self._transport), status=status)
        self._transport.write(refusal_response(status, f"{reason}\n".encode(), ()))
        self._transport.close()

    def _end_silently(self, reason: str) -> None:
        """Ends a connection without an answer."""
        self._report(reason, remote_address=peer_address(self._transport))
        self._transport.abort()

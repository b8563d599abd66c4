"""An aiohttp site that ends connections without a TLS handshake or a request in time."""

import asyncio
from ssl import SSLContext

from aiohttp import __version__, web

from ocppkit.aio.lowlevel import Served

from .._bounded_listener import BoundedListener, PendingConnection
from .._bounds import BACKLOG

__all__ = ["BoundedSite"]


class BoundedSite(web.TCPSite):
    """A `web.TCPSite` that ends connections without a TLS handshake or a request in time.

    It reads little of a connection at a time, too, so that compressed messages cannot stop the event
    loop.

    ```python
    runner = web.AppRunner(app)
    await runner.setup()
    await BoundedSite(runner, "0.0.0.0", 9000, handshake_timeout=10.0, csms=csms).start()
    ```
    """

    def __init__(
        self,
        runner: web.BaseRunner,
        host: str | None = None,
        port: int = 0,
        *,
        handshake_timeout: float = 10.0,
        ssl_context: SSLContext | None = None,
        backlog: int = BACKLOG,
        csms: Served | None = None,
        max_connections: int | None = None,
    ) -> None:
        """Creates the site; `start` makes it listen.

        Args:
            runner: the application's runner, set up already.
            host: the interface; all of them by default.
            port: the port; any free one by default, see `runner.addresses`.
            handshake_timeout: seconds for TLS, and then for the head of the first request.
            ssl_context: serve `wss` with the certificate in this context.
            backlog: connections that may wait to be taken.
            csms: reports the connections that are ended, and TLS handshakes that fail, as refused.
            max_connections: end new connections at once while there are as many as these. Each connection
                to this site counts, from the moment it is there, before TLS and before its first request.
        """
        super().__init__(runner, host, port, ssl_context=ssl_context, backlog=backlog)
        _check(self, __version__)
        self._app_runner = runner
        self._address = host, port
        self._waiting = backlog
        report = _ignore_report if csms is None else csms.report_refusal
        self._listener = BoundedListener(handshake_timeout, report, ssl_context, max_connections)
        self._half_open: set[PendingConnection] = set()

    async def start(self) -> None:
        """Starts accepting connections."""
        await web.BaseSite.start(self)
        self._server = await asyncio.get_running_loop().create_server(
            self._new_connection, *self._address, backlog=self._waiting
        )

    async def stop(self) -> None:
        """Stops accepting connections, and ends those on which no request has come yet."""
        await super().stop()
        for connection in tuple(self._half_open):
            connection.shutdown()

    def _new_connection(self) -> asyncio.BaseProtocol:
        server = self._app_runner.server
        assert server is not None  # the runner is set up
        return self._listener.new_connection(server, self._half_open)


def _check(site: web.BaseSite, installed: str) -> None:
    """Checks that aiohttp still closes `BaseSite._server`, which this class sets. It is not
    documented.

    Raises:
        ImportError: it has no such attribute.
    """
    if not hasattr(site, "_server"):
        raise ImportError(
            f"aiohttp {installed} has no BaseSite._server, which ocppkit uses [install an older "
            "version of aiohttp, or a newer one of ocppkit]"
        )


def _ignore_report(reason: str, **about: object) -> None:
    pass

"""A place where aiohttp listens, which ends connections that ask for nothing."""

import asyncio
from ssl import SSLContext

from aiohttp import web

from .._bounds import BACKLOG
from .._first_request import FirstRequest

__all__ = ["BoundedSite"]


class BoundedSite(web.TCPSite):
    """A `web.TCPSite` that ends connections without a TLS handshake or a request in time.

    ```python
    runner = web.AppRunner(app)
    await runner.setup()
    await BoundedSite(runner, "0.0.0.0", 9000, handshake_timeout=10.0).start()
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
    ) -> None:
        """Takes what is to be served.

        Args:
            runner: the application's runner, set up already.
            host: the interface; all of them by default.
            port: the port; any free one by default, see `runner.addresses`.
            handshake_timeout: seconds for TLS, and then for the head of the first request.
            ssl_context: serve `wss` with the certificate in this context.
            backlog: connections that may wait to be taken.
        """
        super().__init__(runner, host, port, ssl_context=ssl_context, backlog=backlog)
        self._host_name = host
        self._handshake_timeout = handshake_timeout

    async def start(self) -> None:
        """Takes connections from now on."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None  # the runner is set up
        seconds = self._handshake_timeout
        self._server = await asyncio.get_running_loop().create_server(
            lambda: FirstRequest(server, seconds),
            self._host_name,
            self._port,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=None if self._ssl_context is None else seconds,
        )

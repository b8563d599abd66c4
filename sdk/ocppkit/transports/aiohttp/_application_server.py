"""Runs an aiohttp application as a whole program, until a signal stops it."""

import asyncio
import logging
from collections.abc import Sequence
from ssl import SSLContext

from aiohttp import web

from ocppkit.aio import stop_requested

from ._server import CsmsHandler
from ._site import BoundedSite

__all__ = ["run_server"]

logger = logging.getLogger("ocppkit.transports")


async def run_server(
    app: web.Application,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: SSLContext | None = None,
    max_connections: int | None = None,
) -> None:
    """Serves an application until SIGTERM or SIGINT (Ctrl-C) comes, then shuts its connections
    down.

    ```python
    asyncio.run(run_server(app, "127.0.0.1", 9000))
    ```

    It takes the place of `aiohttp.web.run_app`, which reads nothing more from the moment of the
    signal. Here running handlers, and commands that wait for their answer, have the `grace` that was
    given to `mount` before aiohttp shuts down. A second signal ends the program at once. Connections on
    which no request comes within the CSMS's `Limits.handshake_timeout` are ended and reported to the
    CSMS, the first one if the application has several; see `BoundedSite`.

    Args:
        app: the application, with a CSMS in it; see `mount`.
        host: the interface; all of them by default.
        port: the port; any free one by default, which the log names.
        ssl: serve `wss` and `https` with the certificate in this context.
        max_connections: end new connections at once while there are as many as these; see `BoundedSite`.

    Raises:
        LocalProtocolError: this is not the main thread.
    """
    runner = web.AppRunner(app)
    await runner.setup()
    csms = [handler.csms for handler in _handlers(app)]
    try:
        await BoundedSite(
            runner,
            host,
            port,
            ssl_context=ssl,
            handshake_timeout=max((each.limits.handshake_timeout for each in csms), default=10.0),
            csms=csms[0] if csms else None,
            max_connections=max_connections,
        ).start()
        logger.info("serving stations on port %d", runner.addresses[0][1])
        await stop_requested()
        await asyncio.gather(*(handler.drain() for handler in _handlers(app)))
    finally:
        await runner.cleanup()


def _handlers(app: web.Application) -> Sequence[CsmsHandler]:
    """Returns the handlers of all routes, also those of nested applications."""
    called = (*(route.handler for route in app.router.routes()), *app.on_shutdown)
    owners = (getattr(function, "__self__", None) for function in called)
    return list(dict.fromkeys(owner for owner in owners if isinstance(owner, CsmsHandler)))

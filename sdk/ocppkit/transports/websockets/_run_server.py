"""Runs a CSMS as a whole program, until a signal stops it."""

from collections.abc import Sequence
from socket import socket
from ssl import SSLContext
from typing import TypedDict

from typing_extensions import Unpack

from ocppkit.aio import stop_requested
from ocppkit.aio.lowlevel import Served

from ._server import serve

__all__ = ["ServeOptions", "run_server"]


class ServeOptions(TypedDict, total=False):
    """The keyword options of `serve`, which describes them."""

    ssl: SSLContext | None
    compression: bool
    max_connections: int | None
    trusted_proxies: Sequence[str]
    client_certificate_header: str | None
    reuse_port: bool
    sock: socket | None
    grace: float


async def run_server(
    csms: Served, host: str | None = None, port: int = 0, **options: Unpack[ServeOptions]
) -> None:
    """Serves a CSMS until SIGTERM or SIGINT (Ctrl-C) comes, then shuts its connections down.

    ```python
    asyncio.run(websockets.run_server(csms, "127.0.0.1", 9000))
    ```

    On the signal new connections are refused. Running handlers, and commands that wait for their
    answer, have `grace` seconds; then connections are closed, and the function returns. A second
    signal ends the program at once. To run something beside, use `serve` and `stop_requested`.

    Args:
        csms: the CSMS.
        host: the interface; all of them by default.
        port: the port; any free one by default, which the log names.
        options: those of `serve`.

    Raises:
        LocalProtocolError: as `serve` does, or this is not the main thread.
    """
    async with serve(csms, host, port, **options):
        await stop_requested()

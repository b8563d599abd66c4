"""A central system of the package `ocpp`, as its documentation has it: on `websockets`, with all defaults."""

import argparse
import asyncio
import ssl
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from speed.mobilityhouse import central_system
from speed.peers.ending import end_of_input, tell


async def _on_connect(interval: int, connection: ServerConnection) -> None:
    assert connection.request is not None
    identity = connection.request.path.rpartition("/")[2]
    with suppress(ConnectionClosed):
        await central_system("2.0.1", identity, connection, interval=interval).start()


async def _main(certificate: str | None, interval: int) -> None:
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    handler = partial(_on_connect, interval)
    subprotocols = [Subprotocol("ocpp2.0.1")]
    async with serve(handler, "127.0.0.1", 0, subprotocols=subprotocols, ssl=tls) as server:
        tell(port=next(iter(server.sockets)).getsockname()[1])
        await end_of_input()


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description=__doc__)
    _parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    _parser.add_argument("--interval", type=int, default=300, help="of heartbeats, in seconds")
    _parser.add_argument("--certificate", help="serve wss with this certificate and key")
    _parsed = _parser.parse_args()
    _loop: Any = import_module("uvloop").new_event_loop if _parsed.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=_loop) as _runner:
        _runner.run(_main(_parsed.certificate, _parsed.interval))

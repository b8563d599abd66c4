"""The Autobahn test suite against every server that a CSMS can stand in: `python -m support.autobahn`.

It expects an echo, of binary messages too. So each server serves an echo in place of a CSMS, and the
transports, which send texts only, are taught to send bytes. The suite needs Python 2.7; its command
`wstest` is looked for on the path, or given by `--wstest`.
"""

import argparse
import asyncio
import json
import logging
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Wire
from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports import _transport_wire
from ocppkit.transports.aiohttp import _transport as aiohttp_transport
from ocppkit.transports.starlette import _transport as starlette_transport
from ocppkit.transports.websockets._wire import WebSocketWire
from support.servers import SERVERS

__all__ = ["Echo", "teach_bytes"]

_GOOD: Final = frozenset({"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"})

KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "websockets": frozenset(),
    # The library under uvicorn takes a close frame within a message for a violation.
    "starlette": frozenset({"7.1.5"}),
    "aiohttp": frozenset(),
}
"""Cases that fail by what another library does; docs/guides/starlette-aiohttp.md tells of them."""


class Echo:
    """Accepts every connection, and sends back what comes."""

    limits = Limits(frame_bytes=1 << 25, ping_interval=0, bytes_per_second=inf)

    def check_startable(self, tls: SSLContext | None = None) -> None:
        """Raises nothing: anybody may connect to an echo."""

    async def accept(self, handshake: Handshake) -> Accept:
        """Lets everybody in."""
        return Accept(subprotocol=None, identity="echo")

    def report_refusal(self, reason: str, **about: Any) -> None:
        """Reports nothing."""

    def attach(
        self, accept: Accept, wire: Wire, *, finished: Callable[[], None] = lambda: None
    ) -> "EchoConnection":
        """Serves a connection."""
        connection = EchoConnection(wire, finished)
        wire.start(connection)
        return connection


class EchoConnection:
    """One connection to the echo."""

    def __init__(self, wire: Wire, finished: Callable[[], None]) -> None:
        self._wire: Any = wire
        self._finished = finished

    def data_received(self, data: str | bytes) -> None:
        """Sends a message back."""
        if isinstance(data, bytes) and isinstance(self._wire, WebSocketWire):
            codec = self._wire._get_codec()
            codec._protocol.send_binary(data)
            self._wire._send_out(codec)
        else:
            self._wire.write(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Nothing is left to be done."""
        self._finished()

    async def drain(self, grace: float) -> None:
        """Closes the connection."""
        self._wire.close()


def teach_bytes() -> None:
    """Lets the transports of aiohttp and Starlette send bytes."""
    setattr(_transport_wire, "_byte_length", len)  # noqa: B010 - its type is that of a text's size
    for library in (aiohttp_transport, starlette_transport):
        _teach_transport(library.WebSocketTransport)


def _teach_transport(transport: Any) -> None:
    send_text = transport.send

    async def send(self: Any, data: str | bytes) -> None:
        await (send_text(self, data) if isinstance(data, str) else self._websocket.send_bytes(data))

    transport.send = send


async def run(name: str, command: list[str], cases: list[str]) -> dict[str, str]:
    """Plays cases against one server, and returns what became of each.

    Args:
        name: the server, of `support.servers.SERVERS`.
        command: what starts `wstest`.
        cases: names of cases, with `*` for any.
    """
    echo: Any = Echo()
    async with SERVERS[name](echo) as port:
        with tempfile.TemporaryDirectory() as folder:
            spec = {
                "outdir": folder,
                "servers": [{"agent": name, "url": f"ws://127.0.0.1:{port}/ocpp/echo"}],
                "cases": cases,
                "exclude-cases": [],
                "exclude-agent-cases": {},
            }
            path = Path(folder, "spec.json")
            path.write_text(json.dumps(spec), "utf-8")
            process = await asyncio.create_subprocess_exec(
                *(*command, "-m", "fuzzingclient", "-s", str(path)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            index = Path(folder, "index.json")
            if process.returncode or not index.exists():
                raise SystemExit(f"wstest failed:\n{output.decode()[-2000:]}")
            found = json.loads(index.read_text("utf-8"))[name]
    return {case: _verdict(each) for case, each in found.items()}


def _verdict(result: Mapping[str, str]) -> str:
    bad = [result[key] for key in ("behavior", "behaviorClose") if result[key] not in _GOOD]
    return bad[0] if bad else "OK"


def main() -> int:
    """Plays the suite against each server, and returns 1 if another case fails than is known."""
    parser = argparse.ArgumentParser(prog="python -m support.autobahn", description=__doc__)
    parser.add_argument("--wstest", default="wstest", help="the command that starts the suite")
    parser.add_argument("--cases", default="*", help="such as 7.*,9.1.*")
    options = parser.parse_args()
    command = shlex.split(options.wstest)
    if shutil.which(command[0]) is None:
        sys.stderr.write(
            f"{command[0]} is not found [with Python 2.7: pip install autobahntestsuite]\n"
        )
        return 2
    logging.disable(logging.CRITICAL)
    teach_bytes()
    unknown = 0
    for name in SERVERS:
        verdicts = asyncio.run(run(name, command, options.cases.split(",")))
        failed = {case: each for case, each in verdicts.items() if each != "OK"}
        unknown += len(failed.keys() - KNOWN[name])
        told = ", ".join(f"{case} {each}" for case, each in failed.items())
        sys.stdout.write(f"{name}: {len(verdicts)} cases, {len(failed)} failed: {told or '-'}\n")
        sys.stdout.flush()
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main())

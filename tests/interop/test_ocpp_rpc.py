"""Whole sessions with the npm package `ocpp-rpc` in strict mode (but for 2.1) at the other end, both ways, in every kind of security."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from interop import node_peer
from interop.block_ends import charge_at_theirs, serving_blocks, they_charge_at_ours
from interop.ends import CLIENTS, PATIENCE, our_csms, our_station, play
from interop.script import PROTOCOLS, steps
from interop.security import IDENTITY, MODES, PLAYED, PLAYED_ELSEWHERE, Files, SecurityMode
from ocppkit.core import CallFailed, ErrorCode
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from support.servers import SERVERS

pytestmark = pytest.mark.usefixtures("node")


def _lacking(what: str) -> None:
    if os.environ.get("OCPPKIT_REQUIRE_TOOLS") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def node() -> None:
    """Installs what the scripts need, as `make node` does."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        _lacking("node and npm are not installed")
    if not (node_peer.FOLDER / "node_modules" / ".package-lock.json").exists():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"],
            cwd=node_peer.FOLDER,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode != 0:
            _lacking(f"npm ci failed: {done.stderr}")


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED)
async def test_their_station_in_our_csms(version: str, mode: SecurityMode, files: Files) -> None:
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files) as csms,
        node_peer.station(protocol, mode, files, csms.port) as station,
    ):
        assert station.ready.result() == protocol.subprotocol
        await play(steps(protocol), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED)
async def test_our_station_in_their_csms(version: str, mode: SecurityMode, files: Files) -> None:
    protocol = PROTOCOLS[version]
    boot, *others = steps(protocol)
    async with asyncio.timeout(PATIENCE), node_peer.csms(protocol, mode, files) as csms:
        csms.inbox.response = boot.response
        port = csms.ready.result()
        async with our_station(protocol, mode, files, port, boot=boot.request) as station:
            await station.station.wait_accepted()
            assert csms.inbox.heard == [(boot.action, boot.request)]
            await play(tuple(others), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED_ELSEWHERE)
@pytest.mark.parametrize("server", ["starlette", "aiohttp"])
async def test_their_station_in_every_server(
    server: str, version: str, mode: SecurityMode, files: Files
) -> None:
    if server == "starlette" and mode.client_certificate:
        # No ASGI server hands a client certificate over.
        mode = MODES["tls"]
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files, SERVERS[server]) as csms,
        node_peer.station(protocol, mode, files, csms.port) as station,
    ):
        await play(steps(protocol), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED_ELSEWHERE)
@pytest.mark.parametrize("client", CLIENTS)
async def test_our_station_by_every_client(
    client: str, version: str, mode: SecurityMode, files: Files
) -> None:
    protocol = PROTOCOLS[version]
    boot, *others = steps(protocol)
    async with asyncio.timeout(PATIENCE), node_peer.csms(protocol, mode, files) as csms:
        csms.inbox.response = boot.response
        port = csms.ready.result()
        async with our_station(
            protocol, mode, files, port, boot=boot.request, connect=CLIENTS[client]
        ) as station:
            await station.station.wait_accepted()
            assert csms.inbox.heard == [(boot.action, boot.request)]
            await play(tuple(others), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["basic", "key", "tls"])
async def test_their_station_with_a_wrong_password_stays_outside(name: str, files: Files) -> None:
    protocol, mode = PROTOCOLS["1.6"], MODES[name]
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files) as csms,
        node_peer.station(protocol, mode, files, csms.port, password=b"wrong") as station,
    ):
        assert station.refused.result() == "401"
        assert len(csms.csms.stations) == 0


@pytest.mark.asyncio
async def test_our_station_with_a_wrong_password_stays_outside(files: Files) -> None:
    protocol, mode = PROTOCOLS["1.6"], MODES["key"]
    boot = steps(protocol)[0].request
    async with (
        asyncio.timeout(PATIENCE),
        node_peer.csms(protocol, mode, files) as csms,
        our_station(
            protocol, mode, files, csms.ready.result(), boot=boot, password=b"wrong"
        ) as station,
    ):
        assert await csms.refused == "401"
        assert not station.station.connected
        assert csms.inbox.heard == []


@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_errors_are_understood_both_ways(version: str, files: Files) -> None:
    protocol, mode = PROTOCOLS[version], MODES["open"]
    csms = Csms(
        protocol, insecure=True, boot_gate=False, answer_heartbeats=False, any_identity=True
    )
    async with (
        asyncio.timeout(PATIENCE),
        websockets.serve(csms, "127.0.0.1") as server,
        node_peer.station(protocol, mode, files, server.port) as station,
    ):
        assert await station.attempt("Heartbeat", {}) == {"failed": "NotSupported"}

        handle: Any = await csms.stations.wait_connected(IDENTITY)
        for code in ("InternalError", "NotImplemented", "SecurityError", "GenericError"):
            station.refusing = code
            with pytest.raises(CallFailed) as caught:
                await handle.call(protocol.actions["ClearCache"].request())
            assert caught.value.code == ErrorCode(code)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_a_station_with_blocks_charges_in_their_csms(
    version: str, files: Files, tmp_path: Path
) -> None:
    protocol = PROTOCOLS[version]
    async with asyncio.timeout(PATIENCE), node_peer.csms(protocol, MODES["open"], files) as csms:
        await charge_at_theirs(protocol, csms, csms.ready.result(), tmp_path / "journal.db")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_their_station_charges_in_a_csms_with_blocks(version: str, files: Files) -> None:
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        serving_blocks(protocol) as csms,
        node_peer.station(protocol, MODES["open"], files, csms.port) as station,
    ):
        await they_charge_at_ours(protocol, station, csms)

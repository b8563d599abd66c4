"""The FastAPI guide's program with functional blocks, for stations of blocks that connect over real sockets."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from interop.block_ends import CARD, EventLog, full_station, leave
from interop.ends import PATIENCE
from interop.script import PROTOCOLS
from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.charging import LimitChanged
from support.guide_code import LIMIT, free_port, program, wait_for

PAGE = "guides/fastapi.md"


async def first(http: httpx.AsyncClient, path: str, **members: object) -> dict[str, Any]:
    """Returns the first item of a list that has these members, once there is one."""
    while True:
        for item in (await http.get(path)).json():
            if all(item[name] == value for name, value in members.items()):
                return dict(item)
        await asyncio.sleep(0.02)


async def charged_by_routes(http: httpx.AsyncClient, version: str, port: int, path: Path) -> None:
    identity, log = f"CP-{version}", EventLog()
    station_path = f"/stations/{identity}"
    start = f"{station_path}/evses/1/start?card={CARD.id_token}"
    assert (await http.post(start)).status_code == 404
    async with full_station(PROTOCOLS[version], port, path, log, identity=identity) as station:
        station.plugged_in(1)
        assert (await http.post(start)).json() == {"status": "Accepted"}
        await log.wait(PowerPathChanged, closed=True)
        station.energy(1, True)
        going_on = await first(http, "/transactions", station=identity)
        assert (going_on["evse_id"], going_on["stopped_reason"]) == (1, None)

        limited = await http.post(f"{station_path}/evses/1/limit?amps=10")
        assert limited.json() == {"status": "Accepted"}
        while (await log.wait(LimitChanged, evse_id=1)).limit != 10.0:
            log.events.remove(await log.wait(LimitChanged, evse_id=1))
        impossible = await http.post(f"{station_path}/evses/1/limit?amps=-10")
        assert impossible.status_code == 409

        stop = f"{station_path}/transactions/{going_on['transaction_id']}/stop"
        assert (await http.post(stop)).json() == {"status": "Accepted"}
        await leave(station, log)
        bill = await first(http, "/bills", station=identity)
        assert bill["transaction_id"] == going_on["transaction_id"]
        assert bill["stopped_reason"] == "Remote"
        assert bill["energy"] > 0


@pytest.mark.asyncio
async def test_routes_start_limit_and_stop_stations_of_all_versions(tmp_path: Path) -> None:
    port = free_port()
    with program(PAGE, "billing_app.py", port) as server:
        await asyncio.to_thread(wait_for, port, server)
        async with (
            asyncio.timeout(PATIENCE),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        ):
            for version in PROTOCOLS:
                await charged_by_routes(http, version, port, tmp_path / f"{version}.db")
            assert (await http.get("/transactions")).json() == []
        server.send_signal(signal.SIGINT)
        said, problems = await asyncio.to_thread(server.communicate, timeout=LIMIT)
    assert "Traceback" not in said + problems

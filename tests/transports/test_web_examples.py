"""The examples with web frameworks do what they say, for a station that connects over a real socket."""

import runpy
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from ocppkit import v201
from ocppkit.station import Station
from ocppkit.transports import aiohttp, websockets
from ocppkit.v201.roles import ChargingStation
from support.servers import running

EXAMPLES = Path(__file__).parents[2] / "examples"

Connect = Callable[[ChargingStation, str], AbstractAsyncContextManager[Station]]


@asynccontextmanager
async def fastapi_example() -> AsyncGenerator[int]:
    names = runpy.run_path(str(EXAMPLES / "fastapi_app.py"))
    async with running(names["app"]) as port:
        yield port


@asynccontextmanager
async def aiohttp_example() -> AsyncGenerator[int]:
    runner = web.AppRunner(runpy.run_path(str(EXAMPLES / "aiohttp_app.py"))["make_app"]())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def station_that_resets(status: v201.ResetStatusEnumType) -> ChargingStation:
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True)

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        return v201.ResetResponse(status=status)

    return station


@pytest.mark.asyncio
@pytest.mark.parametrize("connect", [websockets.connect, aiohttp.connect])
@pytest.mark.parametrize("example", [fastapi_example, aiohttp_example])
async def test_a_route_commands_a_station(
    example: Callable[[], AbstractAsyncContextManager[int]], connect: Connect
) -> None:
    station = station_that_resets(v201.ResetStatusEnumType.SCHEDULED)
    async with (
        example() as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        missing = await http.post("/stations/CP001/reset")
        assert (missing.status_code, "not connected" in missing.text) == (404, True)
        async with connect(station, f"ws://127.0.0.1:{port}/ocpp"):
            await station.wait_accepted()
            assert (await http.get("/stations")).json() == {"CP001": "2.0.1"}
            done = await http.post("/stations/CP001/reset")
            assert (done.status_code, done.json()) == (200, {"status": "Scheduled"})


@pytest.mark.asyncio
async def test_a_route_says_what_failed() -> None:
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True)
    async with (
        fastapi_example() as port,
        websockets.connect(station, f"ws://127.0.0.1:{port}/ocpp"),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        await station.wait_accepted()
        failed = await http.post("/stations/CP001/reset")
        assert failed.status_code == 502
        assert "NotSupported" in failed.json()["detail"]

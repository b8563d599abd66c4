"""Who has read the README alone has a CSMS that somebody else's station talks to, and a route commands."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import ocpp.v16
import pytest
from ocpp.routing import on
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from support.servers import running

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def fastapi_program() -> dict[str, Any]:
    (code,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        if "FastAPI" in block
    )
    names: dict[str, Any] = {}
    exec(compile(code, "app.py", "exec"), names)
    return names


class TheirStation(ocpp.v16.ChargePoint):  # type: ignore[misc]
    """A charge point as the documentation of `ocpp` has it."""

    resets: list[str]

    @on("Reset")  # type: ignore[untyped-decorator]
    def on_reset(self, type: str) -> Any:
        self.resets.append(type)
        return ocpp.v16.call_result.Reset(status="Accepted")


@pytest.mark.asyncio
async def test_the_program_answers_and_commands_somebody_else_s_station() -> None:
    async with (
        running(fastapi_program()["app"]) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        connect(
            f"ws://127.0.0.1:{port}/ocpp/CP001", subprotocols=[Subprotocol("ocpp1.6")]
        ) as socket,
    ):
        station = TheirStation("CP001", socket)
        station.resets = []
        listening = asyncio.create_task(station.start())
        boot = ocpp.v16.call.BootNotification(charge_point_model="M", charge_point_vendor="V")
        assert (await station.call(boot, suppress=False)).status == "Accepted"
        assert (await station.call(ocpp.v16.call.Heartbeat(), suppress=False)).current_time
        done = await http.post("/stations/CP001/reset")
        assert (done.status_code, done.json()) == (200, {"status": "Accepted"})
        assert station.resets == ["Soft"]
        assert (await http.post("/stations/CP002/reset")).status_code == 404
        listening.cancel()


@pytest.mark.asyncio
async def test_a_station_of_another_version_is_told_what_is_spoken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(fastapi_program()["app"]) as port:
        with pytest.raises(InvalidStatus) as caught:
            await connect(
                f"ws://127.0.0.1:{port}/ocpp/CP001", subprotocols=[Subprotocol("ocpp2.0.1")]
            )
    assert b"spoken here, but ocpp1.6" in (caught.value.response.body or b"")
    assert "refused 400: none of the offered versions" in caplog.text

"""The guide's three lines make the FastAPI example a node of a fleet, and its web application commands the same stations."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ocppkit import v201
from ocppkit.transports import websockets
from ocppkit.v201.roles import ChargingStation
from support.guide_code import DOCS, Program, files, free_port, wait_for
from support.nats_servers import NatsServer, nats_program

PAGE = "guides/several-nodes.md"


def changed(code: str) -> str:
    """Returns the FastAPI example with the changes of the guide's diff."""
    page = (DOCS / PAGE).read_text("utf-8")
    found = re.search(r"```diff\n(.*?)```", page, re.DOTALL)
    assert found is not None
    before: list[str] = []
    after: list[str] = []
    imports: list[str] = []
    pairs: list[tuple[list[str], list[str]]] = []
    for line in found[1].splitlines():
        kind, text = line[0], line[1:]
        if kind == "+" and text.startswith("from "):
            imports.append(text)
        elif kind == "-":
            before, after = [text], []
            pairs.append((before, after))
        elif kind == "+":
            after.append(text)
    assert sum(len(new) for _, new in pairs) == 3
    for old, new in pairs:
        assert code.count("\n".join(old) + "\n") == 1
        code = code.replace("\n".join(old), "\n".join(new))
    first = "from ocppkit.transports"
    return code.replace(first, "\n".join(imports) + f"\n{first}", 1)


@contextmanager
def running_program(code: str, folder: Path, port: int, nats: str) -> Generator[Program]:
    folder.mkdir()
    text = code.replace("9000", str(port)).replace("nats://127.0.0.1:4222", nats)
    (folder / "app.py").write_text(text, "utf-8")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-W", "error", "app.py"],
            cwd=folder,
            stdout=log,
            stderr=log,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.asyncio
async def test_two_nodes_and_a_web_application(tmp_path: Path) -> None:
    station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        return v201.ResetResponse(status=v201.ResetStatusEnumType.SCHEDULED)

    node = changed(files("guides/fastapi.md")["app.py"][0])
    (web,) = files(PAGE)["web.py"]
    ports = [free_port() for _ in range(3)]
    with (
        NatsServer(nats_program("nats-pip"), tmp_path) as nats,
        running_program(node, tmp_path / "one", ports[0], nats.url) as one,
        running_program(node, tmp_path / "two", ports[1], nats.url) as two,
        running_program(web, tmp_path / "web", ports[2], nats.url) as far,
    ):
        for port, server in zip(ports, (one, two, far), strict=True):
            await asyncio.to_thread(wait_for, port, server)
        async with (
            httpx.AsyncClient() as http,
            websockets.connect(station, f"ws://127.0.0.1:{ports[0]}/ocpp"),
        ):
            await station.wait_accepted()
            async with asyncio.timeout(10):
                while not (
                    known := (await http.get(f"http://127.0.0.1:{ports[1]}/stations")).json()
                ):
                    await asyncio.sleep(0.05)
            assert known == {"CP001": "Accepted"}
            for port in ports:
                url = f"http://127.0.0.1:{port}/stations/CP001/reset"
                answer = await http.post(url, json={"type": "Immediate"})
                assert (answer.status_code, answer.json()) == (200, {"status": "Scheduled"})

"""The recipes for Docker and systemd, as they stand in the guide: on their signal no answer is lost."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncGenerator
from configparser import ConfigParser
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from support.guide_code import DOCS, executed, files, free_port

PAGE = "guides/csms-deploy.md"
TEXT = (DOCS / PAGE).read_text("utf-8")
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
EVENT = {
    "eventType": "Updated",
    "timestamp": "2026-05-01T12:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 1,
    "transactionInfo": {"transactionId": "T"},
}


class Recipe(NamedTuple):
    """How a service is started and stopped."""

    command: list[str]
    signal: str
    seconds: float
    """After which it is killed."""

    path: str
    """Where stations connect."""

    status: int


def dockerfiles() -> list[str]:
    return re.findall(r"```dockerfile\n(.*?)```", TEXT, re.DOTALL)


def by_docker(dockerfile: str) -> Recipe:
    command = json.loads(re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)[0])
    (stop,) = re.findall(r"^STOPSIGNAL (\S+)$", dockerfile, re.MULTILINE)
    (timeout,) = re.findall(r"docker stop --timeout (\d+)", TEXT)
    uvicorn = command[0] == "uvicorn"
    return Recipe(command, stop, float(timeout), "/ocpp" if uvicorn else "", -15 if uvicorn else 0)


def by_systemd() -> Recipe:
    (unit,) = re.findall(r"```ini\n(.*?)```", TEXT, re.DOTALL)
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit)
    service = parser["Service"]
    command = shlex.split(service["ExecStart"])
    return Recipe(command, service["KillSignal"], float(service["TimeoutStopSec"]), "", 0)


RECIPES = {
    "docker": by_docker(dockerfiles()[0]),
    "docker with uvicorn": by_docker(dockerfiles()[1]),
    "systemd": by_systemd(),
    "aiohttp": Recipe(["python", "web_app.py"], "SIGTERM", 20.0, "/ocpp", 0),
    "ctrl-c": Recipe(["python", "csms.py"], "SIGINT", 20.0, "", 0),
    "ctrl-c with aiohttp": Recipe(["python", "web_app.py"], "SIGINT", 20.0, "/ocpp", 0),
}


def here(command: list[str]) -> list[str]:
    """Returns a recipe's command with the Python of the tests."""
    name = Path(command[0]).name
    return [sys.executable, *(["-m", name] if name != "python" else []), *command[1:]]


@asynccontextmanager
async def service(
    recipe: Recipe, folder: Path, port: int
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Runs a recipe on loopback; what still runs at the end is killed."""
    for name, blocks in files(PAGE).items():
        (folder / name).write_text(blocks[0].replace("9000", str(port)), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *here(recipe.command),
        cwd=folder,
        env={**os.environ, "UVICORN_HOST": "127.0.0.1", "UVICORN_PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def connected(port: int, path: str) -> ClientConnection:
    while True:
        try:
            return await connect(
                f"ws://127.0.0.1:{port}{path}/CP001",
                subprotocols=["ocpp2.0.1"],  # type: ignore[list-item]
            )
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)


async def told(websocket: ClientConnection, message_id: str, action: str, payload: Any) -> Any:
    await websocket.send(json.dumps([2, message_id, action, payload]))
    return json.loads(await websocket.recv())


@pytest.mark.asyncio
@pytest.mark.parametrize("name", RECIPES)
async def test_the_answer_of_a_running_handler_leaves_before_the_close(
    name: str, tmp_path: Path
) -> None:
    recipe, port = RECIPES[name], free_port()
    async with service(recipe, tmp_path, port) as process:
        websocket = await connected(port, recipe.path)
        assert (await told(websocket, "1", "BootNotification", BOOT))[0] == 3
        assert (await told(websocket, "2", "Heartbeat", {}))[0] == 3
        # The handler is running when the answer to what came after it is there.
        await websocket.send(json.dumps([2, "3", "TransactionEvent", EVENT]))
        assert (await told(websocket, "4", "Heartbeat", {}))[:2] == [3, "4"]
        process.send_signal(signal.Signals[recipe.signal])
        assert json.loads(await websocket.recv()) == [3, "3", {}]
        with pytest.raises(ConnectionClosed):
            await websocket.recv()
        assert websocket.close_code == 1001
        async with asyncio.timeout(recipe.seconds):
            output, _ = await process.communicate()
        assert process.returncode == recipe.status, output.decode()
        assert b"Traceback" not in output, output.decode()


def test_services_have_more_time_than_handlers() -> None:
    graces = [float(grace) for grace in re.findall(r"grace=([\d.]+)", TEXT)]
    assert len(graces) >= 4
    assert all(recipe.seconds > max(graces) for recipe in RECIPES.values())


@pytest.mark.asyncio
async def test_both_ways_serve_the_same_port() -> None:
    """`main` is what `run_server` does; here it ends by a cancellation."""
    port = free_port()
    names = executed(PAGE, "csms.py", port=port)
    running = asyncio.create_task(names["main"]())
    websocket = await connected(port, "")
    assert (await told(websocket, "1", "BootNotification", BOOT))[0] == 3
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ConnectionClosed):
        await websocket.recv()

"""Stations and a CSMS made with the npm package `ocpp-rpc`, in strict mode but for 2.1, each in a process of its own."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from interop.ends import Inbox
from interop.script import Json
from interop.security import IDENTITY, SERIAL_NUMBER, Files, SecurityMode
from ocppkit.core import Protocol

__all__ = ["FOLDER", "NodePeer", "csms", "station"]

FOLDER: Final = Path(__file__).with_name("node")


class NodePeer:
    """An end of theirs; see `node/peer.js` for the conversation."""

    def __init__(self, process: Process) -> None:
        self.inbox = Inbox()
        self.broken: list[str] = []
        """What strict mode found wrong in frames, ours or theirs."""

        self.refusing: str | None = None
        """With what error it answers, if not with what the inbox says."""

        self.refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """With what a station was refused by a CSMS."""

        self.ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        """A station's subprotocol when it is connected, a CSMS's port when it listens."""

        self._process = process
        self._responses: asyncio.Queue[Json] = asyncio.Queue()

    async def say(self, action: str, request: Json) -> Json:
        """Calls ocppkit, and returns the response."""
        outcome = await self.attempt(action, request)
        assert "failed" not in outcome, outcome
        response: Json = outcome["response"]
        return response

    async def attempt(self, action: str, request: Json) -> Json:
        """Calls ocppkit, and returns `response`, or `failed` with an error code."""
        self._write({"say": action, "request": request})
        return await self._responses.get()

    async def converse(self) -> None:
        """Listens to the process until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            match json.loads(line):
                case {"heard": action, "request": request}:
                    answer = self.inbox.answer(action, request)
                    refusal = {"refuse": self.refusing}
                    self._write(refusal if self.refusing else {"answer": answer})
                case {"ready": what}:
                    self.ready.set_result(what)
                case {"refused": code}:
                    self.refused.set_result(code)
                case {"broken": problem}:
                    self.broken.append(problem)
                case outcome:
                    self._responses.put_nowait(outcome)

    def _write(self, message: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")


@asynccontextmanager
async def _run(script: str, config: Json) -> AsyncGenerator[NodePeer, None]:
    process = await asyncio.create_subprocess_exec(
        "node", FOLDER / script, json.dumps(config), stdin=PIPE, stdout=PIPE
    )
    peer = NodePeer(process)
    conversation = asyncio.create_task(peer.converse())
    try:
        yield peer
        assert process.stdin is not None
        process.stdin.close()
        await conversation
        assert await process.wait() == 0
        assert peer.broken == []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        conversation.cancel()
        await asyncio.wait({conversation})


def _config(protocol: Protocol, mode: SecurityMode, password: bytes | None) -> Json:
    return {
        "identity": IDENTITY,
        "serialNumber": SERIAL_NUMBER,
        "subprotocol": protocol.subprotocol,
        "password": None if password is None else password.hex(),
    }


@asynccontextmanager
async def station(
    protocol: Protocol, mode: SecurityMode, files: Files, port: int, **options: Any
) -> AsyncGenerator[NodePeer, None]:
    """Connects a station to a port; it says what it is told to.

    Args:
        protocol: the version that it speaks.
        mode: how it is secured.
        files: the certificates.
        port: where the CSMS listens.
        options: what it does otherwise than is right.
    """
    config = _config(protocol, mode, options.get("password", mode.password))
    config["url"] = f"{mode.scheme}://127.0.0.1:{port}/ocpp"
    if mode.tls:
        config["authority"] = str(files.authority)
    if mode.client_certificate:
        config["certificate"] = str(files.station)
    async with _run("station.js", config) as peer:
        await asyncio.wait({peer.ready, peer.refused}, return_when=asyncio.FIRST_COMPLETED)
        yield peer


@asynccontextmanager
async def csms(
    protocol: Protocol, mode: SecurityMode, files: Files
) -> AsyncGenerator[NodePeer, None]:
    """Serves a CSMS; it says what it is told to."""
    config = _config(protocol, mode, mode.password)
    if mode.tls:
        config["certificate"] = str(files.server)
    if mode.client_certificate:
        config["authority"] = str(files.authority)
    async with _run("csms.js", config) as peer:
        await peer.ready
        yield peer

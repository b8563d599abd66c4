"""A trial: a CSMS with many stations is killed with signal 9 and started again; it must reject no station.

`python -m support.restart_trial --stations 2000` runs it large; the gate runs it small. The stations are of
all versions, do not boot again when they reconnect (REC-04), and have each a transaction message with billing
data that they repeat under the same id until it is answered (MID-03). It runs once with registrations in a
file and once in memory. Without a file, 1.6 is served all the same (ERR-19 recommends only), and 2.x is
refused until it boots (B01.FR.10).
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

from ocppkit import v16, v21, v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms, MemoryRegistrations, SqliteRegistrations
from ocppkit.transports import websockets

from .soak_peers import RawSocket

__all__ = ["Figures", "trial"]

VERSIONS: Final = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
BOOTS: Final[dict[str, dict[str, Any]]] = {
    "ocpp1.6": {"chargePointModel": "M", "chargePointVendor": "V"},
    "ocpp2.0.1": {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
    "ocpp2.1": {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
}
_AT_ONCE: Final = 200
"""Stations that connect at a time."""

_AT_WORK: Final = b"a handler runs\n"
"""The slow CSMS prints this line for each billing message that it begins to handle."""


class Figures(NamedTuple):
    """The figures that a trial has measured."""

    stations: int
    answered: Counter[str]
    """Billing messages that were answered after the restart, by version."""

    refused: Counter[str]
    """Billing messages that were refused, by version."""

    stored: int
    """Stations whose billing data the CSMS has in its file."""

    seconds: float
    """From the start of the new CSMS until the last station had its answer."""

    lines: int
    """What the new CSMS logged at WARNING or above."""

    def __str__(self) -> str:
        return (
            f"{self.stations} stations: answered {dict(self.answered)}, refused {dict(self.refused)}, "
            f"stored {self.stored}, {self.seconds:.1f} s, {self.lines} log lines"
        )


async def trial(stations: int, *, in_file: bool) -> Figures:
    """Lets a fleet boot, kills its CSMS, starts another one and lets the fleet deliver its messages."""
    fleet = [(f"CP{number:05}", VERSIONS[number % 3]) for number in range(stations)]
    turn = asyncio.Semaphore(_AT_ONCE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _running(folder, 0, in_file, slow=True) as (csms, port):
            connected = await asyncio.gather(*(_boot(turn, port, *station) for station in fleet))
            for connection, version in connected:
                connection.call("bill", *_bill(version))
            # Each message is being handled, and none is answered.
            assert csms.stdout is not None
            for _ in connected:
                assert await csms.stdout.readline() == _AT_WORK
            csms.send_signal(signal.SIGKILL)
            await csms.wait()
        for connection, _ in connected:
            connection.reset()
        async with _running(folder, port, in_file, slow=False):
            start = perf_counter()
            outcomes = await asyncio.gather(*(_deliver(turn, port, *station) for station in fleet))
            seconds = perf_counter() - start
        stored = set((folder / "bills.txt").read_text("utf-8").split())
        lines = len((folder / "log.txt").read_text("utf-8").splitlines())
    answered = Counter(version for version, is_good in outcomes if is_good)
    refused = Counter(version for version, is_good in outcomes if not is_good)
    return Figures(stations, answered, refused, len(stored), seconds, lines)


async def _boot(
    turn: asyncio.Semaphore, port: int, identity: str, version: str
) -> tuple[RawSocket, str]:
    async with turn:
        connection = await RawSocket.opened(port, identity, version)
        connection.call("boot", "BootNotification", BOOTS[version])
        frame = await _answer(connection, "boot")
        if frame[0] != 3:
            raise RuntimeError(f"{identity}: {frame}")
    return connection, version


async def _deliver(
    turn: asyncio.Semaphore, port: int, identity: str, version: str
) -> tuple[str, bool]:
    """Reconnects, without a boot, and repeats the message."""
    async with turn:
        connection = await RawSocket.opened(port, identity, version)
        connection.call("bill", *_bill(version))
        frame = await _answer(connection, "bill")
        connection.reset()
    return version, frame[0] == 3


async def _answer(connection: RawSocket, message_id: str) -> list[Any]:
    while True:
        opcode, data = await connection.next_frame()
        if opcode == 1:
            frame: list[Any] = json.loads(data)
            if frame[1] == message_id:
                return frame


def _bill(version: str) -> tuple[str, dict[str, Any]]:
    now = "2026-05-01T12:00:00Z"
    if version == "ocpp1.6":
        return "StopTransaction", {"transactionId": 1, "meterStop": 7000, "timestamp": now}
    return "TransactionEvent", {
        "eventType": "Ended",
        "timestamp": now,
        "triggerReason": "StopAuthorized",
        "seqNo": 9,
        "transactionInfo": {"transactionId": "T"},
    }


# --- The CSMS, a process of its own -----------------------------------------------------------------


@asynccontextmanager
async def _running(
    folder: Path, port: int, in_file: bool, *, slow: bool
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int]]:
    """Runs the CSMS until the block is left; yields its process and its port, which a restart keeps."""
    arguments = ("--serve", str(folder), "--port", str(port))
    options = [name for name, is_set in (("--slow", slow), ("--in-file", in_file)) if is_set]
    with (folder / "log.txt").open("wb") as log:
        csms = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "support.restart_trial", *arguments, *options),
            cwd=Path(__file__).parents[1],
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        assert csms.stdout is not None
        line = await csms.stdout.readline()
        if not line:
            raise ChildProcessError((folder / "log.txt").read_text("utf-8"))
        yield csms, int(line)
    finally:
        if csms.returncode is None:
            csms.kill()
        await csms.wait()


def _make_csms(folder: Path, in_file: bool, slow: bool) -> Csms:
    csms = Csms(
        *(v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL),
        insecure=True,
        registrations=(
            SqliteRegistrations(folder / "stations.db") if in_file else MemoryRegistrations()
        ),
    )
    bills = (folder / "bills.txt").open("a", encoding="utf-8", buffering=1)
    for version in (v16, v201, v21):
        _add_handlers(csms, version, bills, slow)
    return csms


def _add_handlers(csms: Csms, version: Any, bills: Any, slow: bool) -> None:
    words: Any = getattr(version, "RegistrationStatus", None) or version.RegistrationStatusEnumType
    names = ("StopTransaction", "TransactionEvent")
    (bill,) = (version.PROTOCOL.actions[name] for name in names if name in version.PROTOCOL.actions)

    @csms.on(version.BootNotificationRequest)
    def boot(station: Any, request: Any) -> Any:
        return version.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=words.ACCEPTED
        )

    @csms.on(bill.request)
    async def store(station: Any, request: Any) -> Any:
        if slow:
            sys.stdout.buffer.write(_AT_WORK)
            sys.stdout.buffer.flush()
            # Until the process is killed.
            await asyncio.Event().wait()
        bills.write(f"{station.identity}\n")
        return bill.response()


async def _serve(folder: Path, port: int, in_file: bool, slow: bool) -> None:
    logging.basicConfig(level=logging.WARNING)
    csms = _make_csms(folder, in_file, slow)
    async with websockets.serve(csms, "127.0.0.1", port) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m support.restart_trial", description=__doc__)
    parser.add_argument("--stations", type=int, default=2000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--in-file", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--slow", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(options.serve, options.port, options.in_file, options.slow))
        return 0
    lost = 0
    for in_file in (True, False):
        figures = asyncio.run(trial(options.stations, in_file=in_file))
        where = "in a file" if in_file else "in memory"
        sys.stdout.write(f"registrations {where}: {figures}{os.linesep}")
        lost += in_file and figures.stored != options.stations
        lost += figures.refused["ocpp1.6"]
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())

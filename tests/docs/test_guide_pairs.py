"""The guides on stations and CSMSs begin with blocks: their programs charge with each other, and with those without blocks."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocppkit.testing import connected
from support.guide_code import LIMIT, executed, free_port, program, wait_for


def charged(server_file: str, station_file: str) -> tuple[list[str], list[str]]:
    """Returns what the programs of a CSMS and of a station have printed."""
    port = free_port()
    with ExitStack() as running:
        server = running.enter_context(program("guides/csms.md", server_file, port))
        wait_for(port, server)
        client = running.enter_context(program("guides/station.md", station_file, port))
        station_said, problems = client.communicate(timeout=LIMIT)
        assert (problems, client.returncode) == ("", 0)
        server.send_signal(signal.SIGINT)
        server_said, _ = server.communicate(timeout=LIMIT)
    return server_said.splitlines(), station_said.splitlines()


def test_both_with_blocks() -> None:
    server, station = charged("charging_csms.py", "wallbox.py")
    assert server == ["CP002: 500.0 Wh, Local"]
    assert station == ["04E91C5A: accepted", "04E91C5A: accepted"]


def test_a_station_without_blocks_at_a_csms_with_them() -> None:
    server, station = charged("charging_csms.py", "station.py")
    assert server == ["CP002: 500.0 Wh, Local"]
    assert station == []


def test_a_station_with_blocks_at_a_csms_without_them() -> None:
    server, station = charged("csms.py", "wallbox.py")
    assert station == ["04E91C5A: accepted", "04E91C5A: accepted"]
    told = [line for line in server if "transaction" in line]
    assert told[0] == "CP002: transaction Started [1200.0]"
    assert told[-1] == "CP002: transaction Ended [1200.0, 1700.0]"


@pytest.mark.asyncio
async def test_commands_and_handlers_beside_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    csms = executed("guides/csms.md", "charging_csms.py")
    station = executed("guides/station.md", "wallbox.py")
    async with station["wallbox"], connected(station["bare"], csms["csms"]):
        interval = await asyncio.wait_for(csms["heartbeat_interval"]("CP002"), LIMIT)
        assert interval == "300"
        handle = csms["csms"].stations.get("CP002")
        answer = await handle.data_transfer(vendor_id="org.example")
        assert answer.status == "Accepted"
        assert await csms["reset"]("CP002") == "Accepted"
    with pytest.raises(LookupError, match="CP002 is not connected"):
        await csms["reset"]("CP002")

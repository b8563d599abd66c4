"""The code in the guides runs, and type checkers accept it."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocppkit import v16, v201
from ocppkit.aio.lowlevel import running_beside
from ocppkit.transports import websockets
from ocppkit.v16.roles import ChargePoint, ConnectedChargePoint
from support.guide_code import executed, files, free_port, pages, wait_for

ROOT = Path(__file__).parents[2]


@pytest.mark.asyncio
async def test_moving_over() -> None:
    port = free_port()
    names = executed("migrating-from-ocpp.md", port=port)
    station: ChargePoint = names["station"]
    stations = names["csms"].stations
    with pytest.raises(LookupError, match="CP001 is not connected"):
        await names["soft_reset"]("CP001")

    @station.on(v16.ResetRequest)
    def reset(request: v16.ResetRequest) -> v16.ResetResponse:
        return v16.ResetResponse(status=v16.ResetStatus.ACCEPTED)

    async with running_beside(names["main"]()):
        await asyncio.to_thread(wait_for, port)
        async with websockets.connect(station, f"ws://127.0.0.1:{port}"):
            handle = await stations.wait("CP001", ConnectedChargePoint)
            assert await names["soft_reset"]("CP001") == "Accepted"
            before = station.clock_offset
            wanted = v16.MessageTrigger.HEARTBEAT
            answer = await handle.trigger_message(requested_message=wanted)
            assert answer.status == "Accepted"
            while station.clock_offset == before:  # the heartbeat's answer sets it
                await asyncio.sleep(0.01)


def test_the_home_page() -> None:
    assert executed("index.md")["request"] == v201.ResetRequest(type=v201.ResetEnumType.ON_IDLE)


def test_every_guide_has_code_that_is_checked_here() -> None:
    assert all(files(page) for page in pages())


def modules(page: str) -> Iterator[tuple[str, str]]:
    """Yields the code of each file of a page, under a name that no other page has."""
    prefix = Path(page).stem.replace("-", "_")
    for name, blocks in files(page).items():
        code = "\n\n".join(blocks)
        for other in filter(None, files(page)):
            module = Path(other).stem
            code = code.replace(f"from {module} import", f"from {prefix}__{module} import")
        yield f"{prefix}__{Path(name).stem}", code


def test_the_code_of_all_guides_is_typed(tmp_path: Path) -> None:
    for page in pages():
        for name, code in modules(page):
            (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    checked = sorted(tmp_path.glob("*.py"))
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *map(str, checked)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"no issues found in {len(checked)} source file" in run.stdout

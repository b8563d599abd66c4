"""The scenarios of functional blocks, which run in memory in all versions, run once each over real sockets."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.guide_code import LIMIT

TESTS = Path(__file__).parents[1]
ROOMS = ("blocks", "csms/blocks", "station/blocks")


def scenarios() -> list[Path]:
    """Returns the files whose tests have a bench."""
    paths = sorted(path for room in ROOMS for path in (TESTS / room).rglob("test_*.py"))
    return [path for path in paths if "import BlockBench" in path.read_text(encoding="utf-8")]


@pytest.mark.timeout(5 * LIMIT)
def test_each_scenario_runs_over_sockets() -> None:
    options = ["-p", "support.over_sockets", "-p", "no:cacheprovider", "-q", "-n", "0"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, scenarios())],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=5 * LIMIT,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    passed, connections = (
        re.search(pattern, run.stdout) for pattern in (r"(\d+) passed", r"(\d+) connections")
    )
    assert passed is not None
    assert int(passed[1]) >= 100
    assert connections is not None
    assert int(connections[1]) >= int(passed[1])


def test_the_files_with_scenarios_are_found() -> None:
    names = {path.name for path in scenarios()}
    assert {
        "test_authorization_scenarios.py",
        "test_charging_block.py",
        "test_full_station.py",
        "test_provisioning.py",
        "test_remote_scenarios.py",
        "test_transaction_scenarios.py",
        "test_variables_of_a_station.py",
    } <= names

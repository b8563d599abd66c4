"""The session that `make run` plays comes to its end, in all three versions."""

import subprocess
import sys
from pathlib import Path

from support.guide_code import LIMIT

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_main_job() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "session"],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    for version in ("1.6", "2.0.1", "2.1"):
        assert f"OCPP {version}\n" in run.stdout
    assert run.stdout.count("BootNotification answered") == 3
    assert "NotifyPeriodicEventStream" in run.stdout
    assert "NotifyPeriodicEventStream answered" not in run.stdout
    assert "failed" not in run.stdout
    assert run.stdout.endswith("frames in three sessions; all came to their end.\n")

"""The programs of the README run as they stand there; only the port is another."""

import re
import subprocess
import sys
from contextlib import ExitStack

from support.guide_code import DOCS, LIMIT, files, free_port, program, wait_for

PAGE = "../README.md"
README = (DOCS / PAGE).read_text(encoding="utf-8")


def test_the_csms_resets_the_station() -> None:
    port = free_port()
    with ExitStack() as running:
        server = running.enter_context(program(PAGE, "csms.py", port))
        wait_for(port, server)
        client = running.enter_context(program(PAGE, "station.py", port))
        printed, problems = server.communicate(timeout=LIMIT)
        assert "ResetResponse(status=<ResetStatusEnumType.ACCEPTED: 'Accepted'>" in printed
        assert problems == ""
        assert server.returncode == 0
        assert client.poll() is None  # it waits for the CSMS to come back


def test_messages_work_alone() -> None:
    (block,) = (
        code for blocks in files(PAGE).values() for code in blocks if "decode_payload" in code
    )
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
    assert len(screen.splitlines()) <= 60
    assert "make run" in screen
    assert "make test" in screen


def test_the_files_that_the_readme_points_to_are_there() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert "docs/guides/csms.md" in targets
    assert [target for target in targets if not (DOCS.parent / target).exists()] == []

"""mypy and pyright, both strict, report the lines in `cases/` that are marked `# E: why`, and no others.

A case asserts with `assert_type` what a right use is inferred as, and marks each wrong use.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))


def marked(path: Path) -> set[tuple[str, int]]:
    lines = path.read_text("utf-8").splitlines()
    return {(path.name, n) for n, line in enumerate(lines, 1) if re.search(r"# E: \S", line)}


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command, *map(str, CASES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def mypy() -> dict[tuple[str, int], str]:
    # A stub body `...` is no concern of these tests.
    output = run("mypy", "--strict", "--output=json", "--disable-error-code=empty-body")
    found = [json.loads(line) for line in output.splitlines()]
    return {
        (Path(each["file"]).name, each["line"]): each["message"]
        for each in found
        if each["severity"] == "error"
    }


def pyright() -> dict[tuple[str, int], str]:
    found = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable))[
        "generalDiagnostics"
    ]
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"]
        for each in found
        if each["severity"] == "error"
    }


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)
def test_the_marked_lines_are_errors_and_no_others(
    checker: Callable[[], dict[tuple[str, int], str]],
) -> None:
    reported = checker()
    expected = {line for path in CASES for line in marked(path)}
    assert expected
    unexpected = {line: reported[line] for line in sorted(reported.keys() - expected)}
    assert unexpected == {}
    assert sorted(expected - reported.keys()) == []

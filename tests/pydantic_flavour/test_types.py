"""mypy and pyright, both strict, understand the models: names, types, what is required, twins."""

import json
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("typed_use.py")
ROOT = FILE.parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
    )


def test_mypy_understands_the_models() -> None:
    done = run("mypy", "--strict", str(FILE))
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_understands_the_models() -> None:
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, str(FILE))
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    assert report["generalDiagnostics"] == []

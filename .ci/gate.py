"""Runs groups of the gate one after the other, and says how long each took.

    python .ci/gate.py lint types unit      groups are targets of the Makefile
    python .ci/gate.py changed              the tests of what differs from the main branch
    python .ci/gate.py pythons              the tests marked `runtime` on each other Python

It needs the standard library alone, and ends with the first group that fails.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
NEEDS = """
    .[ws,aiohttp,starlette] hypothesis pytest pytest-asyncio pytest-timeout pytest-xdist trustme uvicorn
    jsonschema ocpp==2.1.0 rfc3339-validator rfc3987
"""


def main(groups: list[str]) -> int:
    """Runs the groups, prints a table of times, and returns the exit status."""
    took: list[tuple[str, float, str]] = []
    for group in groups:
        start = time.monotonic()
        status = OWN[group]() if group in OWN else run("make", "--no-print-directory", group)
        took.append((group, time.monotonic() - start, "passed" if status == 0 else "FAILED"))
        say(f"{group}: {took[-1][2]} in {took[-1][1]:.1f} s")
        if status:
            break
    say("\n".join(f"  {group:16}{seconds:8.1f} s  {outcome}" for group, seconds, outcome in took))
    say(f"  {'together':16}{sum(each[1] for each in took):8.1f} s")
    return int(any(outcome == "FAILED" for *_, outcome in took))


def say(text: str) -> None:
    """Prints at once, between the outputs of the groups."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(*command: str | Path, **variables: str) -> int:
    """Runs a command in the root of the repository and returns its exit status."""
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, check=False
    ).returncode


def changed() -> int:
    """Runs the tests of the files that differ from the main branch, committed or not."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.rooms import targets_of

    targets = targets_of(changed_files())
    say(f"changed: tests of {', '.join(targets)}")
    tests = (f"tests/{each}" for each in targets)
    return run(sys.executable, "-m", "pytest", "-q", "-n", "auto", *tests)


def changed_files() -> list[str]:
    """Returns the paths that differ from where this branch left main, and untracked ones."""
    base = git("merge-base", "HEAD", "main") or ["HEAD"]
    return [
        *git("diff", "--name-only", base[0]),
        *git("ls-files", "--others", "--exclude-standard"),
    ]


def git(*arguments: str) -> list[str]:
    """Returns the lines that git prints; none if it fails, as without a branch `main`."""
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines() if done.returncode == 0 else []


def pythons() -> int:
    """Runs the tests marked `runtime` on each Python that is found beside the one that runs this."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    status = 0
    for version in VERSIONS:
        if version == own:
            say(f"pythons: {version} is this one; `make unit` runs all tests on it")
        elif python := interpreter(version):
            status = status or runtime_tests(version, python)
        else:
            say(f"pythons: {version} not found, not tested")
    return status


def runtime_tests(version: str, python: str) -> int:
    """Runs the tests marked `runtime` on a Python, with the runtime, its servers and pytest installed."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.rooms import RUNTIME

    folder = ROOT / ".venv" / "pythons" / version
    if installed(folder, python):
        return 1
    say(f"pythons: {version} ({python})")
    # Each Python compiles into a cache of its own name; only pytest's must be kept apart.
    cache = f"cache_dir={folder / '.pytest_cache'}"
    options = ("-q", "-m", "runtime", "-n", "auto", "-o", cache)
    targets = [f"tests/{room}" for room in RUNTIME]
    return run(folder / "bin" / "python", "-m", "pytest", *options, *targets, PYTHONPATH="")


def installed(folder: Path, python: str) -> int:
    """Makes the environment of a Python where it is missing or older than what it needs."""
    needs = "\n".join((python, NEEDS, (ROOT / "pyproject.toml").read_text("utf-8")))
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text("utf-8") == needs:
        return 0
    pip = (str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-e")
    status = run(python, "-m", "venv", "--clear", folder) or run(*pip, *NEEDS.split())
    if status == 0:
        stamp.write_text(needs, encoding="utf-8")
    return status


def interpreter(version: str) -> str | None:
    """Returns a Python of that version that starts: from the path, or from pyenv's folder."""
    return next((found for path in candidates(version) if (found := started(path, version))), None)


def candidates(version: str) -> Iterator[str]:
    """Yields where a Python of that version may be."""
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for folder in sorted(root.glob(f"versions/{version}.*"), reverse=True):
        yield str(folder / "bin" / "python")


def started(path: str, version: str) -> str | None:
    """Returns the executable behind a path, or None if it does not start or is another version."""
    code = "import sys, venv, ensurepip; print('{}.{}'.format(*sys.version_info), sys.executable)"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found, _, executable = done.stdout.strip().partition(" ")
    return executable if done.returncode == 0 and found == version else None


OWN: dict[str, Callable[[], int]] = {"changed": changed, "pythons": pythons}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

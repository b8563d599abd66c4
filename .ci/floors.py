"""Runs the tests marked `transport` or `runtime` with the lowest declared versions, and with the newest.

    python .ci/floors.py lowest newest

What pyproject.toml declares as `name>=version` is installed as `name==version`, in an environment of its
own in .venv-floors, so that a declared floor is one that was tried. It needs the network once.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("ws", "aiohttp", "starlette", "pydantic")
TOOLS = """
    hypothesis jsonschema ocpp==2.1.0 pytest pytest-asyncio pytest-timeout pytest-xdist
    rfc3339-validator rfc3987 trustme uvicorn
"""
NOT_PINNED = ("typing_extensions",)
"""What others of these need in a newer version."""

FLOOR = re.compile(r"([A-Za-z0-9_.-]+)>=([0-9][0-9A-Za-z.]*)")


def main(kinds: Sequence[str]) -> int:
    """Runs the tests with each set of versions; returns the exit status."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(each for extra in EXTRAS for each in project["optional-dependencies"][extra]),
    ]
    return next((status for kind in kinds if (status := tested(kind, declared))), 0)


def versions(kind: str, declared: Sequence[str]) -> list[str]:
    """Returns what is installed: for `lowest` each declared floor itself.

    Raises:
        ValueError: a requirement declares no floor, or the kind is no such word.
    """
    if kind == "newest":
        return [*declared]
    if kind != "lowest":
        raise ValueError(f"{kind}: write lowest or newest")
    floors = [FLOOR.fullmatch(requirement) for requirement in declared]
    for requirement, floor in zip(declared, floors, strict=True):
        if floor is None:
            raise ValueError(f"{requirement}: declares no floor in the form name>=version")
    return [
        floor[0] if floor[1] in NOT_PINNED else f"{floor[1]}=={floor[2]}"
        for floor in floors
        if floor is not None
    ]


def tested(kind: str, declared: Sequence[str]) -> int:
    """Runs the tests with one set of versions; returns the exit status."""
    wanted = versions(kind, declared)
    folder = ROOT / ".venv-floors" / kind
    if installed(folder, wanted):
        return 1
    sys.stdout.write(f"{kind}: {', '.join(wanted)}\n")
    sys.stdout.flush()
    command = [folder / "bin" / "python", "-m", "pytest", "-q", "-n", "auto"]
    cache = f"cache_dir={folder / '.pytest_cache'}"
    folders = rooms()
    options = ("-m", "runtime or transport", "-o", cache)
    return subprocess.run([*command, *options, *folders], cwd=ROOT, check=False).returncode


def rooms() -> list[str]:
    """Returns the folders and files of the marked tests; others may need more than is installed."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.rooms import RUNTIME, TRANSPORT

    return [f"tests/{room}" for room in dict.fromkeys((*RUNTIME, *TRANSPORT))]


def installed(folder: Path, wanted: Sequence[str]) -> int:
    """Makes the environment where it is missing or holds something else."""
    stamp = folder / ".installed"
    needs = "\n".join(wanted)
    if stamp.exists() and stamp.read_text("utf-8") == needs and "==" in needs:
        return 0
    pip = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--upgrade"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, *wanted, *TOOLS.split()],
        [*pip, "--no-deps", "-e", "."],
    ):
        if status := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return status
    stamp.write_text(needs, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["lowest", "newest"]))

"""Builds the wheel and the sdist, and creates virtual environments that have only them."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["Built", "Environment", "build", "contents", "environment", "run"]


def run(*command: str | Path) -> None:
    """Runs a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def build(source: Path, output: Path, *options: str) -> Path:
    """Builds wheel and sdist without network access, and returns their folder."""
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", output)
    run(*command, *options, source)
    return output


def contents(wheel: Path) -> dict[str, bytes]:
    """Returns the bytes of a wheel's files, by path."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@dataclass(frozen=True)
class Built:
    """The wheel and the sdist that were built."""

    source: Path
    """The clean copy that it was built from."""

    sdist: Path
    wheel: Path

    @cached_property
    def members(self) -> dict[str, bytes]:
        """The bytes of the wheel's files, by path."""
        return contents(self.wheel)


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel in it, outside of any checkout."""

    bin: Path
    folder: Path
    """Where its commands run."""

    def __call__(self, command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Runs one of its commands."""
        return subprocess.run(
            [self.bin / command, *map(str, arguments)],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, code: str) -> str:
        """Runs a program that must succeed without a warning, and returns what it prints."""
        done = self("python", "-W", "error", "-c", code)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the tests, without what points to their own Python."""
        own = ("COVERAGE", "MYPY", "PYTHON", "VIRTUAL_ENV")
        rest = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return {**rest, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}


def environment(place: Path, requirement: str) -> Environment:
    """Makes an empty environment and installs one thing in it."""
    home, folder = place / "venv", place / "empty"
    folder.mkdir()
    run(sys.executable, "-m", "venv", "--without-pip", home)
    bin = home / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", bin / "python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", requirement)
    return Environment(bin, folder)

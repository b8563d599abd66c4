"""A release of websockets that lacks what is used of it is told by name when it is imported."""

import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets import version
from websockets.protocol import SERVER, Protocol

from ocppkit.transports.websockets._undocumented import OLDEST, check

ROOT = Path(__file__).parents[3]


def test_the_installed_version_has_everything() -> None:
    check(version.version, Protocol(SERVER))


@pytest.mark.parametrize("old", ["13.1", "9.0", "13"])
def test_a_version_that_is_too_old(old: str) -> None:
    with pytest.raises(ImportError, match=f"websockets {old} is too old .* 14.0 or newer"):
        check(old, Protocol(SERVER))


def test_a_version_that_has_changed() -> None:
    with pytest.raises(ImportError, match=r"websockets 99.0 has no Protocol\.close_rcvd"):
        check("99.0", SimpleNamespace())


def test_a_version_without_a_function() -> None:
    code = (
        "import websockets.frames as frames; del frames.apply_mask; "
        "import ocppkit.transports.websockets"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "has no frames.apply_mask, which ocppkit uses" in done.stderr


def test_the_oldest_version_is_the_declared_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["optional-dependencies"]["ws"] == [f"websockets>={OLDEST[0]}"]

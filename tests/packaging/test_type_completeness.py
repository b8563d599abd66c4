"""`pyright --verifytypes` on the installed wheel: each public symbol has a known type.

A namespace package cannot be verified as a whole, so each subpackage is, by its own `py.typed`. What
other packages leave open (pydantic, and even the standard library's stubs) is not counted:
`--ignoreexternal`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.distributions import Environment

ROOT = Path(__file__).parents[2]
SDK = (
    "aio",
    "blocks",
    "core",
    "csms",
    "fleet",
    "journals",
    "observability",
    "quirks",
    "station",
    "testing",
    "tools",
    "transports",
    "v16",
    "v201",
    "v21",
)


def verify(room: str, environment: Environment) -> None:
    command = ("-m", "pyright", "--verifytypes", f"ocppkit.{room}", "--ignoreexternal")
    done = subprocess.run(
        [sys.executable, *command, "--outputjson"],
        cwd=environment.folder,
        env=environment.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["typeCompleteness"]
    # The installed one, not the checkout.
    assert found["pyTypedPath"].startswith(str(environment.bin.parent))
    assert found["exportedSymbolCounts"]["withKnownType"] > 0
    problems = [
        f"{symbol['name']}: {[each['message'] for each in symbol['diagnostics']]}"
        for symbol in found["symbols"]
        if symbol["isExported"] and (symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"])
    ]
    assert problems == []
    assert found["completenessScore"] == 1


@pytest.mark.parametrize("room", SDK)
def test_every_symbol_of_the_sdk_has_a_known_type(room: str, typed: Environment) -> None:
    verify(room, typed)


@pytest.mark.parametrize("room", ["cli", "codegen"])
def test_every_symbol_of_the_workshop_has_a_known_type(room: str, workshop: Environment) -> None:
    verify(room, workshop)


def test_every_room_is_verified() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/ocppkit/*/py.typed")}
    assert rooms == {*SDK, "cli", "codegen"}

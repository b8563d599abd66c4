"""`make floors` installs the floors that pyproject.toml declares, and no others."""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from support.rooms import RUNTIME, TESTS, TRANSPORT

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def floors() -> ModuleType:
    specification = importlib.util.spec_from_file_location("floors", ROOT / ".ci" / "floors.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_each_library_has_a_floor_that_is_tried(floors: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *(extras[name][0] for name in floors.EXTRAS)]
    lowest = floors.versions("lowest", declared)
    pinned = {requirement.partition("==")[0] for requirement in lowest if "==" in requirement}
    assert pinned == {"msgspec", "websockets", "aiohttp", "starlette", "pydantic"}
    assert floors.versions("newest", declared) == declared


def test_a_requirement_without_a_floor(floors: ModuleType) -> None:
    with pytest.raises(ValueError, match="aiohttp<4: declares no floor"):
        floors.versions("lowest", ["aiohttp<4"])
    with pytest.raises(ValueError, match="write lowest or newest"):
        floors.versions("middle", [])


def test_the_marked_tests_are_there() -> None:
    for room in (*RUNTIME, *TRANSPORT):
        assert (TESTS / room).exists(), room


def test_it_installs_the_tools_that_the_gate_needs_for_the_same_tests(floors: ModuleType) -> None:
    gate = (ROOT / ".ci" / "gate.py").read_text("utf-8").partition('NEEDS = """')[2]
    needed = set(gate.partition('"""')[0].split()) - {".[ws,aiohttp,starlette]"}
    assert set(floors.TOOLS.split()) >= needed

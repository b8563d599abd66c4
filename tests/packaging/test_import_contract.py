"""The import contract holds, and each part of it finds what it is there for."""

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest

from support.import_contracts import version_packages

ROOT = Path(__file__).parents[2]
TREES = ("sdk", "generated", "codegen")
CONTRACT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
    "importlinter"
]
NAMES: dict[str, str] = {each["id"]: each["name"] for each in CONTRACT["contracts"]}

# Site-packages comes without its .pth files, so that the copy is the only ocppkit there is.
LINT = """
import sys
sys.path[:] = [*{trees!r}, *(path for path in sys.path if path), {site!r}]
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename={config!r}, no_cache=True))
"""

BASE = {"msgspec", "typing_extensions"}
LIBRARIES = {
    "aio": BASE,
    "blocks": {"msgspec"},
    "cli": {"rich", "typer"},
    "codegen": {"black", "datamodel_code_generator", "jinja2"},
    "core": BASE,
    "csms": BASE,
    "fleet": {"msgspec"},
    "fleet.nats": {"nats"},
    "journals": BASE,
    "observability": {"opentelemetry"},
    "quirks": {"msgspec"},
    "station": BASE,
    "testing": BASE,
    "tools": {"msgspec"},
    "transports": {"msgspec"},
    "transports.aiohttp": {"aiohttp", "multidict", "yarl"},
    "transports.starlette": {"starlette"},
    "transports.websockets": {"typing_extensions", "websockets"},
    "v16": BASE,
    "v201": BASE,
    "v21": BASE,
    "v16.pydantic": BASE | {"pydantic", "pydantic_core"},
    "v201.pydantic": BASE | {"pydantic", "pydantic_core"},
    "v21.pydantic": BASE | {"pydantic", "pydantic_core"},
}

TRANSPORTS_MAY_USE = {
    "ocppkit.aio",
    "ocppkit.core.ConnectionClosed",
    "ocppkit.core.HandshakeRefused",
    "ocppkit.core.Limits",
    "ocppkit.core.LocalProtocolError",
    "ocppkit.csms.Csms",
    "ocppkit.station.NetworkProfiles",
    "ocppkit.station.Station",
}


def lint(folder: Path) -> tuple[int, str]:
    """Runs the linter on the trees in a folder, in an interpreter that sees no others."""
    code = LINT.format(
        trees=[str(folder / tree) for tree in TREES],
        site=sysconfig.get_path("purelib"),
        config=str(ROOT / "pyproject.toml"),
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def broken(output: str) -> set[str]:
    """Returns the ids of the contracts that are reported as broken."""
    # Rich wraps long lines, hence the white space.
    text = " ".join(output.split())
    return {key for key, name in NAMES.items() if f"{name} BROKEN" in text}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the three trees to plant imports in."""
    folder = tmp_path_factory.mktemp("planted")
    for tree in TREES:
        shutil.copytree(ROOT / tree, folder / tree, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_contract_holds(copy: Path) -> None:
    status, output = lint(copy)
    assert (status, broken(output)) == (0, set()), output
    assert f"Contracts: {len(NAMES)} kept, 0 broken." in output
    assert int(re.findall(r"Analyzed (\d+) files", output)[0]) >= len(list(modules()))


@pytest.mark.parametrize(
    ("file", "planted", "expected"),
    [
        ("sdk/ocppkit/core/model/_messages.py", "import ocppkit.v201", {"house"}),
        ("sdk/ocppkit/core/model/_messages.py", "from ocppkit.aio import Clock", {"core", "house"}),
        ("sdk/ocppkit/core/engine/_state.py", "import asyncio", {"core"}),
        ("sdk/ocppkit/core/engine/_state.py", "from time import monotonic", {"core"}),
        ("sdk/ocppkit/core/model/_utcnow.py", "def now():\n    import time", {"core"}),
        ("sdk/ocppkit/core/engine/_state.py", "from random import random", {"core"}),
        ("sdk/ocppkit/core/engine/_state.py", "from uuid import uuid4", {"core"}),
        ("sdk/ocppkit/core/engine/_state.py", "import socket", {"core", "network"}),
        ("sdk/ocppkit/core/engine/_state.py", "import threading", {"core"}),
        ("sdk/ocppkit/core/model/_json.py", "import ocppkit.core.frames._frames", {"core-rooms"}),
        ("sdk/ocppkit/core/frames/_frames.py", "from ..engine import _events", {"core-rooms"}),
        (
            "codegen/ocppkit/codegen/schemas/_toml.py",
            "from ..model import _ir",
            {"codegen-rooms"},
        ),
        ("sdk/ocppkit/aio/_endpoint.py", "import socket", {"network"}),
        ("sdk/ocppkit/aio/_endpoint.py", "from ocppkit.station import Station", {"house"}),
        ("sdk/ocppkit/aio/_endpoint.py", "from ocppkit.v16 import PROTOCOL", {"house"}),
        ("sdk/ocppkit/station/_station.py", "import websockets", {"network"}),
        ("sdk/ocppkit/station/_station.py", "from ocppkit.v201 import PROTOCOL", {"house"}),
        ("sdk/ocppkit/station/_station.py", "from ocppkit.csms import Csms", {"house"}),
        ("sdk/ocppkit/csms/_csms.py", "from websockets import serve", {"network"}),
        ("sdk/ocppkit/csms/_csms.py", "import ocppkit.transports", {"house"}),
        ("sdk/ocppkit/testing/_fake_clock.py", "from ocppkit import v21", {"house"}),
        ("sdk/ocppkit/fleet/_bus.py", "from ocppkit.v16 import PROTOCOL", {"house"}),
        ("sdk/ocppkit/fleet/_bus.py", "import ocppkit.transports.websockets", {"house"}),
        ("sdk/ocppkit/fleet/_bus.py", "import nats", {"nats"}),
        ("sdk/ocppkit/csms/_csms.py", "import nats", {"nats"}),
        ("sdk/ocppkit/transports/__init__.py", "import ocppkit.v16", {"house"}),
        ("sdk/ocppkit/station/_station.py", "import ocppkit.cli", {"house"}),
        (
            "sdk/ocppkit/station/_station.py",
            "from ocppkit.journals import SqliteJournal",
            {"house"},
        ),
        ("codegen/ocppkit/codegen/model/_ir.py", "import ocppkit.cli", {"house"}),
        ("codegen/ocppkit/codegen/model/_ir.py", "from ocppkit.core import Payload", {"codegen"}),
        ("codegen/ocppkit/codegen/model/_ir.py", "from ocppkit import v201", {"house"}),
        ("generated/ocppkit/v201/roles.py", "from ocppkit.v16 import enums", {"house"}),
        ("generated/ocppkit/v21/messages/reset.py", "import ocppkit.v201", {"house"}),
        (
            "generated/ocppkit/v201/messages/reset.py",
            "from ocppkit.aio import MaybeAwaitable",
            {"faces", "messages"},
        ),
        (
            "generated/ocppkit/v201/datatypes.py",
            "from ocppkit.station import Station",
            {"faces", "messages"},
        ),
        ("generated/ocppkit/v201/__init__.py", "from . import roles", {"faces"}),
        ("generated/ocppkit/v201/__init__.py", "from . import pydantic", {"faces", "pydantic"}),
        (
            "generated/ocppkit/v16/pydantic/datatypes.py",
            "from ocppkit.csms import Csms",
            {"messages"},
        ),
        ("sdk/ocppkit/csms/_csms.py", "import ocppkit.v16.pydantic", {"house", "pydantic"}),
        ("sdk/ocppkit/blocks/charging/_timeline.py", "import random", {"blocks"}),
        ("sdk/ocppkit/tools/_inspector.py", "import ocppkit.csms", {"tools"}),
        ("sdk/ocppkit/tools/_inspector.py", "import asyncio", {"tools"}),
        ("sdk/ocppkit/station/__init__.py", "from . import blocks", {"block-drivers"}),
        ("sdk/ocppkit/blocks/charging/_timeline.py", "import ocppkit.aio", {"house", "blocks"}),
    ],
)
def test_a_planted_import_is_found(file: str, planted: str, expected: set[str], copy: Path) -> None:
    path = copy / file
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n{planted}\n", "utf-8")
    try:
        status, output = lint(copy)
    finally:
        path.write_text(text, "utf-8")
    assert status == 1
    assert broken(output) >= expected, output


def test_a_new_room_must_find_its_floor(copy: Path) -> None:
    room = copy / "sdk" / "ocppkit" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text("", "utf-8")
    try:
        status, output = lint(copy)
    finally:
        shutil.rmtree(room)
    assert status == 1
    assert "attic" in output


def test_a_version_that_nobody_has_named_is_covered(copy: Path) -> None:
    package = copy / "generated" / "ocppkit"
    shutil.copytree(package / "v201", package / "v99")
    user = copy / "sdk" / "ocppkit" / "aio" / "_endpoint.py"
    text = user.read_text("utf-8")
    try:
        status, output = lint(copy)
        assert (status, broken(output)) == (0, set()), output
        (package / "v99" / "enums.py").write_text("from ocppkit.v16 import PROTOCOL\n", "utf-8")
        assert broken(lint(copy)[1]) == {"house"}
        (package / "v99" / "enums.py").write_text("from . import roles\n", "utf-8")
        assert broken(lint(copy)[1]) == {"faces", "messages"}
        shutil.copy(package / "v201" / "enums.py", package / "v99" / "enums.py")
        user.write_text(f"{text}\nimport ocppkit.v99\n", "utf-8")
        assert "house" in broken(lint(copy)[1])
    finally:
        user.write_text(text, "utf-8")
        shutil.rmtree(package / "v99")


def test_no_contract_names_a_version() -> None:
    versions = version_packages({module_name(path) for path in modules()})
    assert {"v16", "v201", "v21"} <= set(versions)
    text = str(CONTRACT)
    assert [name for name in versions if re.search(rf"\b{name}\b", text)] == []


def test_each_room_touches_its_own_libraries_only() -> None:
    graph = grimp.build_graph("ocppkit", include_external_packages=True, cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        if module.startswith("ocppkit."):
            imported = graph.find_modules_directly_imported_by(module)
            libraries = {name for name in imported if name.partition(".")[0] not in ours()}
            found.setdefault(room_of(module), set()).update(libraries)
    assert found["core"] == BASE
    foreign = {room: found[room] - LIBRARIES.get(room, set()) for room in found}
    assert {room: names for room, names in foreign.items() if names} == {}


def module_name(path: Path) -> str:
    """Returns the full name of a module from its file."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(parts).removesuffix(".__init__")


def ours() -> frozenset[str]:
    return frozenset({*sys.stdlib_module_names, "ocppkit"})


def room_of(module: str) -> str:
    """Returns the part of LIBRARIES that a module belongs to."""
    name = module.removeprefix("ocppkit.")
    room = max(
        (each for each in LIBRARIES if f"{name}.".startswith(f"{each}.")), default="", key=len
    )
    return room or name


def modules() -> Iterator[Path]:
    for tree in TREES:
        yield from (ROOT / tree / "ocppkit").rglob("*.py")


@cache
def imports(path: Path) -> frozenset[str]:
    """Returns what a module imports absolutely, by full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def test_transports_hold_no_policy_codec_state_or_messages() -> None:
    paths = list((ROOT / "sdk" / "ocppkit" / "transports").rglob("*.py"))
    assert paths
    used = {
        name
        for path in paths
        for name in imports(path)
        if name.startswith("ocppkit.")
        and not name.startswith(("ocppkit.aio.", "ocppkit.transports"))
    }
    assert used
    assert used - TRANSPORTS_MAY_USE == set()


def test_packages_know_each_other_by_their_faces() -> None:
    """Modules with an underscore may move."""
    paths = list(modules())
    assert len(paths) > 500
    private = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in imports(path)
        if re.match(r"ocppkit\.\w+\.(\w+\.)*_", name)
    }
    assert private == set()

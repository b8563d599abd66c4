"""Who imports whom: the pydantic flavour is an extra that nothing else knows of."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import ocppkit.v201

VERSIONS = ("v16", "v201", "v21")
GENERATED = Path(str(ocppkit.v201.__file__)).parents[1]

ALLOWED = {"msgspec", "pydantic", "pydantic_core"}
OF_THE_VERSION = {"datatypes", "enums", "messages"}
"""What the flavour may use of the package that it stands in."""


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yields the level and the module of every import; `from .. import x` counts as `x`."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Import():
                yield from ((0, alias.name) for alias in node.names)
            case ast.ImportFrom(module=None):
                yield from ((node.level, alias.name) for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield node.level, module
            case _:
                pass


@pytest.mark.parametrize("version", VERSIONS)
def test_the_flavour_knows_its_version_the_core_and_pydantic_alone(version: str) -> None:
    folder = GENERATED / version / "pydantic"
    files = list(folder.rglob("*.py"))
    assert len(files) > 40
    for file in files:
        inside = len(file.relative_to(folder).parts)  # so many dots stay within the flavour
        for level, module in imports(file):
            root = module.partition(".")[0]
            if level == 0:
                known = module == "ocppkit.core" or root in ALLOWED | sys.stdlib_module_names
                assert known, f"{file}: {module}"
            elif level > inside:
                assert level == inside + 1, f"{file}: {module}"
                assert root in OF_THE_VERSION, f"{file}: {module}"


def test_nothing_of_the_sdk_and_of_the_other_flavour_knows_pydantic() -> None:
    sdk = Path(str(import_module("ocppkit.core").__file__)).parents[1]
    files = list(sdk.rglob("*.py"))
    files += [file for file in GENERATED.rglob("*.py") if "pydantic" not in file.parts]
    assert len(files) > 200
    for file in files:
        roots = {module.partition(".")[0] for _, module in imports(file)}
        assert not roots & {"pydantic", "pydantic_core"}, str(file)


@pytest.mark.parametrize("version", VERSIONS)
def test_importing_a_version_does_not_import_pydantic(version: str) -> None:
    code = (
        f"import sys, ocppkit.{version}; print('pydantic' in sys.modules, 'msgspec' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_face_names_every_model(version: str) -> None:
    package = import_module(f"ocppkit.{version}.pydantic")
    modules = [import_module(f"{package.__name__}.{name}") for name in ("messages", "datatypes")]
    names = [name for each in modules for name in each.__all__]
    # What vendors derive their data from is no model of a schema; 1.6 has no customData.
    names += [] if version == "v16" else ["VendorData"]
    assert sorted(package.__all__) == sorted(names)
    assert all(hasattr(package, name) for name in package.__all__)

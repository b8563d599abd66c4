"""The project file: found from where one stands, read strictly, its paths relative to itself."""

from pathlib import Path

import pytest

from ocppkit.codegen import NO_PROJECT, ProjectVersion, find_project
from support.schema_files import refused, write

WHOLE = b"""
output = "src"
flavours = ["msgspec"]
templates = ["house"]

[versions."2.0.1"]
package = "acme.ocpp201"
base = "new/v201"
schemas = ["acme"]
errata = ["limits.toml", "exi-response-7500"]
facts = ["acme.toml"]
prose = ["words.toml"]
only = ["Reset"]

[versions."2.1"]
package = "acme.ocpp21"
facts = ["acme.toml", "more.toml"]
"""
SHARED = b'[project]\nname = "acme"\nsince = 2020-01-01\n\n[tool.ocppkit]\noutput = "src"\n'


def test_without_a_file_there_is_no_project(tmp_path: Path) -> None:
    assert find_project(tmp_path) is NO_PROJECT
    write(tmp_path, {"pyproject.toml": b'[project]\nname = "uses-ocppkit"\n'})
    assert find_project(tmp_path) is NO_PROJECT
    assert NO_PROJECT.version("2.1") == ProjectVersion("2.1")


@pytest.mark.parametrize("below", ["", "a/b"])
def test_paths_are_relative_to_the_file(
    tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"ocppkit.toml": WHOLE, "a/b/x": b""})
    monkeypatch.chdir(tmp_path / below)
    up = Path("../.." if below else "")
    project = find_project(Path())
    assert Path(project.file) == up / "ocppkit.toml"
    assert (project.output, project.flavours) == (up / "src", ("msgspec",))
    assert project.templates == (up / "house",)
    assert project.versions["2.0.1"] == ProjectVersion(
        version="2.0.1",
        package="acme.ocpp201",
        base=up / "new/v201",
        schemas=(up / "acme",),
        errata=(up / "limits.toml", Path("exi-response-7500")),
        facts=(up / "acme.toml",),
        prose=(up / "words.toml",),
        only=("Reset",),
    )
    assert project.facts == (up / "acme.toml", up / "more.toml")


def test_a_shared_file_may_hold_what_json_has_not(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": SHARED})
    assert find_project(tmp_path).output == Path("src")


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": SHARED, "a/ocppkit.toml": b'output = "own"\n'})
    write(tmp_path, {"a/b/pyproject.toml": b"[tool.black]\n"})
    found = find_project(tmp_path / "a/b").output
    assert found is not None
    assert found.name == "own"


@pytest.mark.parametrize(
    ("text", "problem", "pointer"),
    [
        (b"ouput = 1", "unknown key 'ouput'", "/ouput"),
        (b"output = 1", "'output' must be a text", "/output"),
        (b'flavours = "msgspec"', "'flavours' must be a list of texts", "/flavours"),
        (b"versions = []", "expected an object, found an array", "/versions"),
        (b'[versions."2.x"]', "'2.x' is not an OCPP version", "/versions/2.x"),
        (b'[versions."2.1"]\nschema = ["a"]', "unknown key 'schema'", "/versions/2.1/schema"),
        (b'[versions."2.1"]\nonly = [1]', "'only' must be a list", "/versions/2.1/only"),
        (
            b'[versions."2.1"]\nbase = 2020-01-01',
            "a value of this type is not allowed",
            "/versions/2.1/base",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, text: bytes, problem: str, pointer: str
) -> None:
    write(tmp_path, {"ocppkit.toml": text})
    with refused(problem, file="ocppkit.toml", pointer=pointer):
        find_project(tmp_path)
    if not text.startswith(b"["):
        write(tmp_path / "shared", {"pyproject.toml": b"[tool.ocppkit]\n" + text})
        with refused(problem, file="pyproject.toml", pointer=f"/tool/ocppkit{pointer}"):
            find_project(tmp_path / "shared")


def test_two_files_in_one_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": SHARED, "ocppkit.toml": WHOLE})
    with refused(
        "both this file and pyproject.toml beside it describe the project", file="ocppkit.toml"
    ):
        find_project(tmp_path)

"""Commands in a project: what the file says holds where no option says otherwise; `init` writes it."""

import io
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from ocppkit.codegen import find_project
from support.cli_outcomes import Cli
from support.schema_files import encode, message, pair, write

FACTS = b"""
[protocol]
version = "2.0.1"

[actions.AcmeBlink]
purpose = "Asks the Charging Station to blink."
direction = "csms"
block = "A"
citation = "ACME manual"
"""
LIMIT = b"""
version = "2.0.1"

[[change]]
path = "ResetRequest.json#/properties/evseId/minimum"
new = 1
reason = "Ours count from one."
citation = "ACME manual"
"""
PROJECT = b"""
[tool.ocppkit]
output = "src"
flavours = ["msgspec"]

[tool.ocppkit.versions."2.0.1"]
package = "acme.v201"
schemas = ["acme"]
facts = ["acme.toml"]
only = ["BootNotification", "Reset", "AcmeBlink"]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an action of its own."""
    monkeypatch.chdir(tmp_path)
    blink = {f"acme/{name}": data for name, data in pair("AcmeBlink").items()}
    files = {"pyproject.toml": PROJECT, "acme.toml": FACTS, "limit.toml": LIMIT, **blink}
    return write(tmp_path, files)


def test_generate_and_check_need_no_options(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = cli("generate")
    assert (done.status, done.err) == (0, "")
    assert Path("src/acme/v201/messages/acme_blink.py").is_file()
    assert not Path("src/acme/v201/pydantic").exists()
    assert cli("generate", "--check").status == 0
    below = folder / "docs"
    below.mkdir()
    monkeypatch.chdir(below)
    assert "are up to date" in cli("generate", "--check").out


def test_an_option_overrules_its_key(cli: Cli) -> None:
    assert cli("generate").status == 0
    done = cli("generate", "--package", "acme.small", "--only", "Reset", "--output", "other")
    assert done.status == 0
    assert Path("other/acme/small/messages/reset.py").is_file()
    assert not Path("other/acme/small/messages/acme_blink.py").exists()
    assert cli("generate", "--check", "--only", "Reset").status == 1


def test_a_version_that_the_project_does_not_name_needs_a_package(cli: Cli) -> None:
    problem = cli("generate", "--version", "2.1").problem
    assert "--package acme.ocpp21, or `package` under [tool.ocppkit.versions.'2.1']" in problem
    done = cli("generate", "--version", "2.1", "--package", "acme.v21", "--only", "Reset")
    assert done.status == 0


def test_two_versions_of_one_package_are_refused(cli: Cli, folder: Path) -> None:
    second = b'[tool.ocppkit.versions."1.6"]\npackage = "acme.v201"\n'
    write(folder, {"pyproject.toml": PROJECT + second})
    assert "would share the package 'acme.v201'" in cli("generate").problem


def test_explain_knows_the_project(cli: Cli) -> None:
    done = cli("explain", "AcmeBlink")
    assert done.status == 0
    assert "Asks the Charging Station to blink." in done.out


def test_diff_knows_the_facts_of_the_project(cli: Cli, folder: Path) -> None:
    facts = (
        b'[protocol]\nversion = "2.2"\nsubprotocol = "ocpp2.2"\npackage = "v22"\nextends = "2.1"\n'
    )
    version = b'[tool.ocppkit.versions."2.2"]\npackage = "acme.v22"\nfacts = ["v22.toml"]\n'
    write(folder, {"pyproject.toml": PROJECT + version, "v22.toml": facts})
    assert cli("diff", "acme", "acme", "--version", "2.2").status == 0
    assert "extends = " in cli("diff", "acme", "acme", "--version", "2.3").problem


def test_the_reference_knows_the_project(cli: Cli) -> None:
    done = cli("reference", "--output", "pages")
    assert done.status == 0, done.err
    assert "to blink" in Path("pages/v201/AcmeBlink.md").read_text("utf-8")


def test_init_writes_the_file_from_options(cli: Cli, folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    options = ("--version", "2.0.1", "--package", "acme.v201", "--output", "src")
    done = cli(
        "init", *options, "--schemas", "acme", "--facts", "acme.toml", "--flavour", "msgspec"
    )
    assert done.status == 0, done.err
    assert "add to .gitattributes: src/acme/v201/** text eol=lf" in done.out
    assert cli("generate", "--only", "AcmeBlink").status == 0
    assert "this project file exists already" in cli("init", *options).problem


def test_init_keeps_what_is_in_pyproject(cli: Cli, folder: Path) -> None:
    before = '[project]\nname = "acme"\n'
    (folder / "pyproject.toml").write_text(before)
    packages = ("--package", "acme.v16", "--package", "acme.v21")
    done = cli("init", "--version", "1.6", "--version", "2.1", *packages, "--output", "src")
    assert done.status == 0, done.err
    text = (folder / "pyproject.toml").read_text()
    assert text.startswith(before)
    assert tomllib.loads(text)["tool"]["ocppkit"]["versions"]["2.1"] == {"package": "acme.v21"}


@pytest.mark.parametrize(
    ("before", "version", "problem"),
    [
        (None, "latest", "ocppkit.toml#/versions/latest: 'latest' is not an OCPP version"),
        (b"[project]\n", "latest", "pyproject.toml#/tool/ocppkit/versions/latest: 'latest' is no"),
        (b"[project\n", "1.6", "pyproject.toml:1: not valid TOML"),
        (b"[project]\nname = '\xe9'\n", "1.6", "pyproject.toml: the file is not in UTF-8"),
        (b"[tool.ocppkit]\n", "1.6", "pyproject.toml:3: not valid TOML"),
    ],
)
def test_init_writes_nothing_that_would_be_refused(
    cli: Cli, folder: Path, before: bytes | None, version: str, problem: str
) -> None:
    path = folder / "pyproject.toml"
    path.unlink()
    if before is not None:
        path.write_bytes(before)
    options = ("--version", version, "--package", "acme.v16", "--output", "src")
    assert problem in cli("init", *options).problem
    assert not Path("ocppkit.toml").exists()
    assert (path.read_bytes() if path.exists() else None) == before


def test_init_asks_at_a_terminal(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyproject.toml").unlink()
    asked: list[str] = []

    def answer(question: str, default: str) -> str:
        asked.append(question)
        return default

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(typer, "prompt", answer)
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert cli("init").status == 0
    assert asked == [
        "OCPP versions, separated by commas",
        "Package of OCPP 2.0.1",
        "Folder for the packages",
    ]
    assert find_project(folder).version("2.0.1").package == "acme.ocpp201"


def test_init_needs_somebody_to_ask(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert "add --version 2.0.1 --package" in cli("init").problem
    two = ("--version", "1.6", "--version", "2.1", "--output", "src", "--package", "a")
    assert "each version needs one --package" in cli("init", *two).problem
    assert not Path("ocppkit.toml").exists()


def test_an_erratum_of_the_project_is_reported(cli: Cli, folder: Path) -> None:
    write(folder, {"pyproject.toml": PROJECT + b'errata = ["limit.toml"]\n'})
    write(folder, {"acme/AcmeBlinkRequest.json": encode(message())})
    done = cli("generate")
    assert done.status == 0, done.err
    assert done.out.startswith("erratum applied: ResetRequest.json#/properties/evseId/minimum")

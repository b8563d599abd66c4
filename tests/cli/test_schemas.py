"""`ocppkit schemas`: import, verify and check, from the outside."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ocpp
import pytest

from support.cli_outcomes import Cli
from support.schema_pairs import document, text


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_zip(name: str, **messages: Any) -> str:
    with zipfile.ZipFile(name, "w") as archive:
        for message, schema in messages.items():
            archive.writestr(f"json/{message}.json", json.dumps(schema))
    return name


SPOKEN = {**document({"x": text(maxLength=5)}), "title": "Reset", "description": "prose"}
IMPORT = ("--version", "2.0.1", "--output", "mine")


@pytest.fixture
def source() -> str:
    return write_zip("source.zip", ResetRequest=SPOKEN, ResetResponse=document())


@pytest.fixture
def imported(cli: Cli, source: str) -> Path:
    """A folder that `import` wrote."""
    assert cli("schemas", "import", source, *IMPORT).status == 0
    return Path("mine")


def test_import_writes_schemas_and_their_lock(imported: Path) -> None:
    assert sorted(path.as_posix() for path in imported.rglob("*.*")) == [
        "mine/lock.toml",
        "mine/v201/ResetRequest.json",
        "mine/v201/ResetResponse.json",
    ]
    assert "prose" not in (imported / "v201" / "ResetRequest.json").read_text()
    lock = (imported / "lock.toml").read_text()
    assert "source.zip" in lock
    assert "not stated" in lock


def test_import_says_what_changed(cli: Cli, source: str) -> None:
    first = cli("schemas", "import", source, *IMPORT).out
    assert "new       ResetRequest\n" in first
    assert "OCPP 2.0.1: 2 schemas in mine/v201" in first
    longer = {**SPOKEN, "properties": {"x": text(maxLength=9)}}
    names = {"ResetResponse": document(), "ClearRequest": document(), "ClearResponse": document()}
    other = write_zip("other.zip", ResetRequest=longer, **names)
    second = cli("schemas", "import", other, *IMPORT).out
    assert "changed   ResetRequest\n" in second
    assert "new       ClearRequest\n" in second
    third = cli("schemas", "import", source, *IMPORT).out
    assert "removed   ClearRequest\n" in third


def test_import_notes_what_the_source_is_called(cli: Cli, source: str) -> None:
    cli("schemas", "import", source, *IMPORT, "--name", "ACME", "--source-version", "7")
    lock = Path("mine/lock.toml").read_text()
    assert '"ACME"' in lock
    assert '"7"' in lock


def test_import_tells_of_corrections(cli: Cli) -> None:
    schemas = Path(ocpp.__file__).parent / "v16" / "schemas"
    known = ("--name", "ocpp", "--source-version", "2.1.0")
    outcome = cli("schemas", "import", schemas, "--version", "1.6", "--output", "mine", *known)
    assert outcome.status == 0
    corrections = [line for line in outcome.out.splitlines() if line.startswith("applied ")]
    assert len(corrections) >= 2
    assert all("correction of MeterValues" in line for line in corrections)


def test_import_fills_a_checkout(cli: Cli, source: str) -> None:
    for folder in ("generated/ocppkit", "schemas", "templates"):
        Path(folder).mkdir(parents=True)
    assert cli("schemas", "import", source, "--version", "2.1").status == 0
    assert Path("schemas/v21/ResetRequest.json").exists()
    assert cli("schemas", "check").status == 0


def test_elsewhere_the_output_must_be_named(cli: Cli, source: str) -> None:
    assert "--output" in cli("schemas", "import", source, "--version", "2.1").problem


def test_verify_finds_nothing_in_what_was_imported(cli: Cli, imported: Path, source: str) -> None:
    outcome = cli("schemas", "verify", source, "--version", "2.0.1", "--schemas", imported)
    assert (outcome.status, outcome.out) == (0, "OCPP 2.0.1: 2 identical\n")


def test_verify_forgives_other_bytes(cli: Cli, imported: Path) -> None:
    other = write_zip("other.zip", ResetRequest={**SPOKEN, "title": "x"}, ResetResponse=document())
    outcome = cli("schemas", "verify", other, "--version", "2.0.1", "--schemas", imported)
    assert outcome.status == 0
    assert "1 identical, 1 same structure, other bytes" in outcome.out


def test_verify_names_a_difference_and_fails(cli: Cli, imported: Path) -> None:
    longer = document({"x": text(maxLength=9)})
    other = write_zip("other.zip", ResetRequest=longer, ResetResponse=document())
    outcome = cli("schemas", "verify", other, "--version", "2.0.1", "--schemas", imported)
    assert outcome.status == 1
    assert "ResetRequest: different (json/ResetRequest.json)\n" in outcome.out
    assert "  /properties/x/maxLength: 5 here, 9 there\n" in outcome.out


def test_verify_names_what_only_one_side_has(cli: Cli, imported: Path) -> None:
    other = write_zip("other.zip", ClearRequest=document(), ClearResponse=document())
    outcome = cli("schemas", "verify", other, "--version", "2.0.1", "--schemas", imported)
    assert outcome.status == 1
    assert "ResetRequest: missing in the source\n" in outcome.out
    assert "ClearRequest: only in the source (json/ClearRequest.json)\n" in outcome.out


def test_verify_takes_the_shipped_schemas_if_none_are_named(cli: Cli, source: str) -> None:
    outcome = cli("schemas", "verify", source, "--version", "2.0.1")
    assert outcome.status == 1
    assert "BootNotificationRequest: missing in the source\n" in outcome.out


def test_check_is_content_with_what_was_imported(cli: Cli, imported: Path) -> None:
    outcome = cli("schemas", "check", "--schemas", imported)
    assert (outcome.status, outcome.out) == (0, "the schemas in mine match their lock\n")


@pytest.mark.parametrize("deed", ["edit", "add", "remove"])
def test_check_sees_what_no_import_did(deed: str, cli: Cli, imported: Path) -> None:
    path = imported / "v201" / "ResetRequest.json"
    if deed == "remove":
        path.unlink()
    elif deed == "add":
        (path.parent / "Extra.json").write_text(path.read_text())
    else:
        path.write_text(path.read_text().replace("5", "6"))
    outcome = cli("schemas", "check", "--schemas", imported)
    assert outcome.status == 1
    assert ("Extra.json" if deed == "add" else "ResetRequest.json") in outcome.out


def _climbing(name: str) -> None:
    with zipfile.ZipFile(name, "w") as archive:
        archive.writestr("../ResetRequest.json", json.dumps(document()))


def _empty(name: str) -> None:
    with zipfile.ZipFile(name, "w") as archive:
        archive.writestr("readme.txt", "prose")


BAD_SOURCES: dict[str, Callable[[str], object]] = {
    "nothing at all": lambda name: None,
    "no ZIP": lambda name: Path(name).write_text("mine"),
    "a ZIP without schemas": _empty,
    "a path that climbs out": _climbing,
    "half a message": lambda name: write_zip(name, ResetRequest=document()),
    "an unknown keyword": lambda name: write_zip(
        name, ResetRequest=document({"x": text(pattern="a")}), ResetResponse=document()
    ),
}


@pytest.mark.parametrize("command", ["import", "verify"])
@pytest.mark.parametrize("name", BAD_SOURCES)
def test_bad_sources_are_refused(name: str, command: str, cli: Cli, imported: Path) -> None:
    BAD_SOURCES[name]("bad.zip")
    before = {path: path.read_bytes() for path in imported.rglob("*.*")}
    option = "--output" if command == "import" else "--schemas"
    outcome = cli("schemas", command, "bad.zip", "--version", "2.0.1", option, imported)
    assert "bad.zip" in outcome.problem
    assert {path: path.read_bytes() for path in imported.rglob("*.*")} == before


def test_import_refuses_a_folder_with_foreign_files(cli: Cli, imported: Path, source: str) -> None:
    (imported / "v201" / "mine.txt").write_text("mine")
    assert "mine.txt" in cli("schemas", "import", source, *IMPORT).problem


WRONG = document({"tbc": {"type": "boolean", "default": "false"}})


def test_suggested_corrections_make_a_source_good(cli: Cli) -> None:
    source = write_zip("wrong.zip", ResetRequest=WRONG, ResetResponse=document())
    assert "--suggest FILE" in cli("schemas", "import", source, *IMPORT).problem
    suggest = ("schemas", "import", source, "--version", "2.0.1", "--suggest", "own.toml")
    done = cli(*suggest)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("own.toml has 1 correction: review it")
    assert not Path("mine").exists()
    assert "the file exists already" in cli(*suggest).problem
    done = cli("schemas", "import", source, *IMPORT, "--corrections", "own.toml")
    assert "applied   correction of ResetRequest.json#/properties/tbc/default" in done.out
    verified = ("schemas", "verify", source, "--version", "2.0.1", "--schemas", "mine")
    assert "--corrections FILE" in cli(*verified).problem
    assert cli(*verified, "--corrections", "own.toml").status == 0


def test_a_good_source_needs_no_corrections(cli: Cli, source: str) -> None:
    done = cli("schemas", "import", source, "--version", "2.0.1", "--suggest", "own.toml")
    assert (done.status, done.out) == (0, "there are no corrections to suggest\n")
    assert not Path("own.toml").exists()


def test_what_nobody_can_correct_is_said(cli: Cli) -> None:
    source = write_zip(
        "w.zip", ResetRequest=document({"x": {"oneOf": []}}), ResetResponse=document()
    )
    done = cli("schemas", "import", source, "--version", "2.0.1", "--suggest", "own.toml")
    assert done.status == 1
    assert (
        "no correction can be suggested: w.zip/json/ResetRequest.json#/properties/x/oneOf: generated types do not support a choice"
        in done.out
    )


def test_a_missing_draft_is_a_warning_on_stderr(cli: Cli) -> None:
    plain = {"type": "object"}
    names = ("Reset", "ClearCache", "GetLog")
    messages = {f"{name}{part}": plain for name in names for part in ("Request", "Response")}
    source = write_zip("plain.zip", **messages)
    done = cli("schemas", "import", source, *IMPORT)
    lines = done.err.splitlines()
    assert (done.status, len(lines)) == (0, 5)
    assert lines[0].endswith("ClearCacheRequest.json: $schema is missing; read as draft 6")
    assert lines[3:] == [
        "warning: the same for 3 more files",
        "if you know the draft, add --draft 4, 6, 7, 2019-09 or 2020-12",
    ]
    assert cli("schemas", "import", source, *IMPORT, "--draft", "2020-12").err == ""
    assert (
        '"http://json-schema.org/draft-06/schema#"'
        in Path("mine/v201/GetLogRequest.json").read_text()
    )
    assert cli("schemas", "import", source, *IMPORT, "--draft", "4").err == ""
    assert (
        '"http://json-schema.org/draft-04/schema#"'
        in Path("mine/v201/GetLogRequest.json").read_text()
    )

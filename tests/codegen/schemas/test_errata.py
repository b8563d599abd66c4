"""Errata at generation and corrections at import."""

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.schemas._derive import derive_document
from ocppkit.codegen.schemas._errata import (
    OPTIONAL_ERRATA,
    Corrections,
    EditOutcome,
    Errata,
    apply_corrections,
    apply_errata,
    derive_with_errata,
    load_corrections,
    load_errata,
    with_errata,
)
from ocppkit.codegen.schemas._schema_set import SchemaFile, SchemaSet, load_set, read_raw_schemas
from ocppkit.codegen.schemas._source_schemas import derive_source
from support.schema_files import DRAFT_6, FOLDERS, encode, message, pair, refused, write

WHY = 'reason = "Because."\ncitation = "Ticket 1"\n'


def errata(folder: Path, *entries: str, version: str = "2.0.1", name: str = "own.toml") -> Errata:
    """Writes a file of errata and read it."""
    text = f'version = "{version}"\n' + "".join(f"[[change]]\n{entry}\n{WHY}" for entry in entries)
    write(folder, {name: text.encode()})
    return load_errata(version, folder / name)[-1]


def status(*words: str) -> dict[str, Any]:
    """Makes a message that holds one definition."""
    return message(
        properties={"status": {"$ref": "#/definitions/StatusEnumType"}},
        definitions={"StatusEnumType": {"type": "string", "enum": list(words)}},
    )


def schemas(**documents: dict[str, Any]) -> SchemaSet:
    """Makes a set of schemas."""
    return SchemaSet(
        "2.0.1",
        {
            name: SchemaFile(name, f"v201/{name}.json", 6, derive_document(document, "").document)
            for name, document in documents.items()
        },
    )


def test_an_operator_raises_a_limit(tmp_path: Path) -> None:
    path = "ResetRequest.json#/properties/note/maxLength"
    before = schemas(
        ResetRequest=message(properties={"note": {"type": "string", "maxLength": 20}}),
        ResetResponse=message(),
    )
    one = errata(tmp_path, f'path = "{path}"\nold = 20\nnew = 500')
    after, (row,) = apply_errata(before, [one])
    assert after.files["ResetRequest"].document["properties"]["note"]["maxLength"] == 500
    assert before.files["ResetRequest"].document["properties"]["note"]["maxLength"] == 20
    assert after.files["ResetResponse"] is before.files["ResetResponse"]
    assert (row.change.path, row.outcome, row.messages) == (
        path,
        EditOutcome.APPLIED,
        ("ResetRequest",),
    )


def test_one_entry_changes_every_file_that_repeats_a_definition(tmp_path: Path) -> None:
    before = schemas(
        AResponse=status("Accepted"),
        BResponse=status("Accepted", "Rejected"),
        CResponse=status("Accepted"),
        DResponse=message(),
    )
    entry = 'path = "#/definitions/StatusEnumType/enum"\nnew = "Rejected"'
    after, (row,) = apply_errata(before, [errata(tmp_path, entry)])
    assert row.messages == ("AResponse", "CResponse")
    assert [
        file.document.get("definitions", {}).get("StatusEnumType", {}).get("enum")
        for file in after.files.values()
    ] == [*[["Accepted", "Rejected"]] * 3, None]
    again, (row,) = apply_errata(after, [errata(tmp_path, entry)])
    assert (row.outcome, row.messages) == (
        EditOutcome.ALREADY,
        ("AResponse", "BResponse", "CResponse"),
    )
    assert again == after


def test_a_later_entry_builds_on_an_earlier_one(tmp_path: Path) -> None:
    one = errata(
        tmp_path,
        'path = "ResetRequest.json#/definitions"\nnew = {}',
        'path = "ResetRequest.json#/definitions/XEnumType"\nnew = {type = "string", enum = ["A"]}',
        'path = "#/definitions/XEnumType/enum"\nnew = "B"',
        'path = "ResetRequest.json#/properties"\nnew = {x = {"$ref" = "#/definitions/XEnumType"}}',
    )
    other = errata(tmp_path, 'path = "ResetRequest.json#/required"\nnew = "x"', name="other.toml")
    after, rows = apply_errata(schemas(ResetRequest=message()), [one, other])
    assert after.files["ResetRequest"].document == {
        "$schema": DRAFT_6,
        "type": "object",
        "properties": {"x": {"$ref": "#/definitions/XEnumType"}},
        "required": ["x"],
        "additionalProperties": False,
        "definitions": {"XEnumType": {"type": "string", "enum": ["A", "B"]}},
    }
    assert [row.outcome for row in rows] == [EditOutcome.APPLIED] * 5


@pytest.mark.parametrize(
    ("entry", "problem", "pointer"),
    [
        ('path = "ClearRequest.json#/x"\nnew = 1', "there is no such message", "/change/0/path"),
        ('path = "#/definitions/X/y"\nnew = 1', "there is no such definition", "/change/0/path"),
        ('path = "ResetRequest.json#/type"\nold = "a"\nnew = "b"', 'is "object"', "/change/0"),
    ],
)
def test_refuses_an_erratum_that_fits_nothing(
    tmp_path: Path, entry: str, problem: str, pointer: str
) -> None:
    one = errata(tmp_path, entry)
    with refused(problem, file="own.toml", pointer=pointer):
        apply_errata(schemas(ResetRequest=message()), [one])


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('path = "ResetRequest.json#/required"\nnew = "x"', "v201/ResetRequest.json#/required/0"),
        (
            'path = "ResetRequest.json#/allOf"\nnew = []',
            "#/allOf: generated types do not support a combination of schemas",
        ),
        ('path = "ResetRequest.json#/properties"\nnew = {x = {maxLength = 1}}', "has no type"),
    ],
)
def test_refuses_an_erratum_that_breaks_a_schema(tmp_path: Path, entry: str, problem: str) -> None:
    one = errata(tmp_path, entry)
    with refused(problem, file="own.toml", pointer="/change/0", line=2):
        apply_errata(schemas(ResetRequest=message()), [one])


def test_an_erratum_mends_a_file_that_would_be_refused(tmp_path: Path) -> None:
    wrong = {"type": "boolean", "default": "false"}
    source = pair("Reset", a=wrong, b={"type": "string", "pattern": "x"})
    files = read_raw_schemas("2.0.1", write(tmp_path / "in", source))
    default = 'path = "ResetRequest.json#/properties/a/default"\nold = "false"\nnew = false'
    pattern = 'path = "ResetRequest.json#/properties/b/pattern"\nold = "x"'
    amended, rows = derive_with_errata("2.0.1", files, [errata(tmp_path, default, pattern)])
    assert [row.outcome for row in rows] == [EditOutcome.APPLIED] * 2
    assert amended.files["ResetRequest"].document["properties"] == {
        "a": {"type": "boolean", "default": False},
        "b": {"type": "string"},
    }
    with pytest.raises(CodegenError, match="regular expression") as caught:
        derive_with_errata("2.0.1", files, [errata(tmp_path, default)])
    suggested = tomllib.loads(str(caught.value.cure).partition("(--errata):")[2])
    assert suggested["version"] == "2.0.1"
    assert suggested["change"][0]["path"] == "ResetRequest.json#/properties/b/pattern"


def test_a_star_stands_for_all_messages_and_all_definitions(tmp_path: Path) -> None:
    opened = {key: value for key, value in status("A").items() if key != "additionalProperties"}
    definitions = {"Info": {"type": "object", "properties": {"x": {}}}}
    before = schemas(
        AResponse=opened, BResponse=status("A"), CResponse=message(definitions=definitions)
    )
    one = errata(
        tmp_path,
        'path = "*.json#/additionalProperties"\nnew = false',
        'path = "#/definitions/Info/additionalProperties"\nnew = false',
        'path = "#/definitions/*/enum"\nold = "Nothing"',
    )
    with refused("refers to nothing", file="own.toml", pointer="/change/2/path"):
        apply_errata(schemas(AResponse=message()), [replace(one, changes=one.changes[2:])])
    one = replace(one, changes=one.changes[:2])
    after, rows = apply_errata(before, [one])
    assert [row.messages for row in rows] == [("AResponse",), ("CResponse",)]
    assert all(file.document["additionalProperties"] is False for file in after.files.values())
    definition = after.files["CResponse"].document["definitions"]["Info"]
    assert definition["additionalProperties"] is False


def test_a_path_finds_definitions_by_either_name(tmp_path: Path) -> None:
    document = message(
        **{
            "properties": {"x": {"$ref": "#/$defs/XEnumType"}},
            "$defs": {"XEnumType": {"type": "string", "enum": ["A"]}},
        }
    )
    files = read_raw_schemas(
        "2.0.1", write(tmp_path / "in", pair() | {"ResetRequest.json": encode(document)})
    )
    one = errata(tmp_path, 'path = "#/definitions/XEnumType/enum"\nnew = "B"')
    amended, _ = derive_with_errata("2.0.1", files, [one])
    found = amended.files["ResetRequest"].document["definitions"]
    assert found == {"XEnumType": {"type": "string", "enum": ["A", "B"]}}


def test_amends_one_message_alone(tmp_path: Path) -> None:
    one = errata(
        tmp_path,
        'path = "BResponse.json#/additionalProperties"\nold = false',
        'path = "#/definitions/StatusEnumType/enum"\nold = "Accepted"\nnew = "Yes"',
    )
    document = derive_document(status("Accepted"), "").document
    assert with_errata(document, "AResponse", [one]) == derive_document(status("Yes"), "").document
    assert "additionalProperties" not in with_errata(document, "BResponse", [one])
    assert document == derive_document(status("Accepted"), "").document


def test_reads_folders_in_order(tmp_path: Path) -> None:
    for name, version in (("b.toml", "2.0.1"), ("a.toml", "2.0.1"), ("c.toml", "1.6")):
        errata(tmp_path, version=version, name=name)
    write(tmp_path, {"readme.txt": b""})
    files = [Path(one.file).name for one in load_errata("2.0.1", tmp_path)]
    assert files == ["a.toml", "b.toml"]
    assert [Path(one.file).name for one in load_errata("1.6", tmp_path)] == ["c.toml"]


@pytest.mark.parametrize(
    ("text", "problem", "pointer"),
    [
        ('version = "2.01"', "'2.01' is not an OCPP version", "/version"),
        ("", "'version' must be a text", "/version"),
        ('version = "2.0.1"\n[[chagne]]', "unknown key 'chagne'", "/chagne"),
        ('version = "2.0.1"\n[[change]]', "'path' must be a text", "/change/0/path"),
    ],
)
def test_refuses_a_file_of_errata(tmp_path: Path, text: str, problem: str, pointer: str) -> None:
    write(tmp_path, {"own.toml": text.encode()})
    with refused(problem, file="own.toml", pointer=pointer):
        load_errata("1.6", tmp_path / "own.toml")


def test_refuses_errata_that_are_not_there(tmp_path: Path) -> None:
    with refused("no such file or folder", file="own.toml"):
        load_errata("1.6", tmp_path / "own.toml")
    with refused("the folder has no file *.toml", file=tmp_path.name):
        load_errata("1.6", tmp_path)


@pytest.mark.parametrize("version", FOLDERS)
def test_no_shipped_erratum_applies_unasked(version: str) -> None:
    assert load_errata(version) == ()


def test_the_shipped_optional_errata_fit_the_shipped_schemas() -> None:
    schemas = load_set("2.0.1", schemas_dir() / "v201")
    errata = load_errata("2.0.1", *map(Path, OPTIONAL_ERRATA))
    after, (row,) = apply_errata(schemas, errata)
    assert row.outcome is EditOutcome.APPLIED
    name = "Get15118EVCertificateResponse"
    assert schemas.files[name].document["properties"]["exiResponse"]["maxLength"] == 5600
    assert after.files[name].document["properties"]["exiResponse"]["maxLength"] == 7500


def test_a_file_of_the_user_s_hides_an_optional_erratum_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    errata(tmp_path / "exi-response-7500")
    (own,) = load_errata("2.0.1", Path("exi-response-7500"))
    assert own.file == "exi-response-7500/own.toml"


def corrections(folder: Path, *entries: str, sha256: str = "abc") -> Corrections:
    """Writes a file of corrections and read it."""
    text = '[source]\nname = "copy"\nversion = "1"\nocpp = "1.6"\n'
    text += f'[sha256]\nResetRequest = "{sha256}"\n'
    text += "".join(f"[[change]]\n{entry}\n{WHY}" for entry in entries)
    write(folder, {"copy.toml": text.encode()})
    return load_corrections(folder / "copy.toml")[-1]


def test_a_correction_is_bound_to_bytes(tmp_path: Path) -> None:
    one = corrections(tmp_path, 'path = "ResetRequest.json#/additionalProperties"\nold = false')
    document = derive_document(message(), "").document
    assert apply_corrections(document, "ResetRequest", "other", [one]) == (document, ())
    assert apply_corrections(document, "ResetResponse", "abc", [one]) == (document, ())
    corrected, (row,) = apply_corrections(document, "ResetRequest", "abc", [one])
    assert corrected == {"$schema": DRAFT_6, "type": "object"}
    assert row.outcome is EditOutcome.APPLIED
    assert document["additionalProperties"] is False


def test_a_correction_is_bound_to_its_source(tmp_path: Path) -> None:
    one = corrections(tmp_path)
    assert one.binds("copy", "1", "1.6")
    assert not one.binds("other", "1", "1.6")
    assert not one.binds("copy", "2", "1.6")
    assert not one.binds("copy", "1", "2.1")


def test_a_correction_leaves_a_schema_as_an_import_writes_it(tmp_path: Path) -> None:
    one = corrections(
        tmp_path, 'path = "ResetRequest.json#/properties"\nnew = {x = {type = "boolean"}}'
    )
    source = write(tmp_path / "in", pair("Reset"))
    sha256 = hashlib.sha256((source / "ResetRequest.json").read_bytes()).hexdigest()
    one = replace(one, sha256={"ResetRequest": sha256})
    corrected = derive_source(source, "1.6", [one], sends=False)["ResetRequest"].document
    assert list(corrected) == ["$schema", "type", "properties", "additionalProperties"]


@pytest.mark.parametrize(
    ("entry", "problem", "pointer"),
    [
        (
            'path = "#/definitions/X/y"\nnew = 1',
            "the path of a correction must name a file",
            "/change/0/path",
        ),
        ('path = "ClearRequest.json#/x"\nnew = 1', "must be a text", "/sha256/ClearRequest"),
    ],
)
def test_refuses_a_correction_that_is_not_bound(
    tmp_path: Path, entry: str, problem: str, pointer: str
) -> None:
    with refused(problem, file="copy.toml", pointer=pointer):
        corrections(tmp_path, entry)


def test_refuses_a_correction_that_does_not_fit(tmp_path: Path) -> None:
    one = corrections(tmp_path, 'path = "ResetRequest.json#/required"\nnew = "x"')
    source = write(tmp_path / "in", pair("Reset"))
    sha256 = hashlib.sha256((source / "ResetRequest.json").read_bytes()).hexdigest()
    one = replace(one, sha256={"ResetRequest": sha256})
    problem = "the change makes the schema invalid"
    with refused(problem, file="copy.toml", pointer="/change/0"):
        derive_source(source, "1.6", [one], sends=False)

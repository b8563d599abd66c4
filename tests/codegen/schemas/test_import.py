"""Importing a source: what is written, and that nothing is written when something is wrong."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.schemas._errata import Corrections, EditOutcome, load_corrections
from ocppkit.codegen.schemas._import import ImportReport, import_schemas
from ocppkit.codegen.schemas._lock import check_lock, read_lock
from ocppkit.codegen.schemas._schema_set import load_set
from ocppkit.codegen.schemas._source_schemas import derive_source, editions_of
from ocppkit.codegen.schemas._suggestions import suggest_corrections
from support.schema_files import (
    BOM,
    DRAFT_4,
    DRAFT_6,
    encode,
    message,
    pair,
    refused,
    tree,
    write,
    zipped,
)


def run(source: Path, target: Path, version: str = "2.0.1", **options: Any) -> ImportReport:
    """Imports a source under a name of its own."""
    named = {"source_name": "Alliance", "source_version": "edition 4"} | options
    return import_schemas(source, version, target, **named)


def test_imports_the_publications_of_1_6(tmp_path: Path) -> None:
    core = {
        "OCPP_1.6_documentation/schemas/json/Reset.json": encode(
            message(
                **{"$schema": DRAFT_4, "id": "urn:OCPP:1.6:2019:12:ResetRequest", "title": "Reset"}
            ),
            bom=True,
        ),
        "OCPP_1.6_documentation/schemas/json/ResetResponse.json": encode(message(), bom=True),
        "OCPP_1.6_documentation/ocpp-1.6.pdf": b"%PDF",
        "__MACOSX/OCPP_1.6_documentation/schemas/json/._Reset.json": b"\0",
    }
    security = {
        "JSON_schemas.zip": zipped(
            {f"x/{name}": data for name, data in pair("GetLog", suffix="").items()}
        )
    }
    source = write(tmp_path / "in", {"core.zip": zipped(core), "security.zip": zipped(security)})
    report = run(source, tmp_path / "out", "1.6")
    assert report.folder == tmp_path / "out" / "v16"
    assert report.added == ("GetLogRequest", "GetLogResponse", "ResetRequest", "ResetResponse")
    assert report.editions == ("urn:OCPP:1.6:2019:12",)
    assert (report.changed, report.removed, report.unchanged, report.applied) == ((), (), (), ())
    assert list(tree(tmp_path / "out")) == [
        "lock.toml",
        *(f"v16/{name}.json" for name in report.added),
    ]
    written = (tmp_path / "out/v16/ResetRequest.json").read_text()
    assert written == (
        '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "type": "object",\n'
        '  "additionalProperties": false\n}\n'
    )
    locked = read_lock(tmp_path / "out")["v16"]
    assert (locked.version, locked.source, locked.source_version) == (
        "1.6",
        "Alliance",
        "edition 4",
    )
    entry = locked.files["ResetRequest"]
    assert entry.path == "core.zip/OCPP_1.6_documentation/schemas/json/Reset.json"
    assert entry.edition == "urn:OCPP:1.6:2019:12"
    data = core["OCPP_1.6_documentation/schemas/json/Reset.json"]
    assert data.startswith(BOM)
    assert entry.source_sha256 == hashlib.sha256(data).hexdigest()
    assert check_lock(tmp_path / "out") == ()


def test_imports_part_3_of_2_x(tmp_path: Path) -> None:
    entries = {
        f"OCPP-2.1_part3_JSON_schemas/{name}": data
        for name, data in (pair("Reset") | {"NotifyStream.json": encode(message())}).items()
    }
    source = write(tmp_path, {"part3.zip": zipped(entries)}) / "part3.zip"
    assert run(source, tmp_path / "out", "2.1").added == (
        *("NotifyStream", "ResetRequest", "ResetResponse"),
    )
    assert len(load_set("2.1", tmp_path / "out" / "v21").files) == 3


def test_replaces_one_version_and_reports_what_became_of_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(write(tmp_path / "other", pair("Reset", suffix="")), out, "1.6")
    run(write(tmp_path / "old", pair("Reset", x={"type": "string"}) | pair("ClearCache")), out)
    before = tree(out / "v16")
    report = run(
        write(tmp_path / "new", pair("Reset", x={"type": "integer"}) | pair("GetLog")), out
    )
    assert report.added == ("GetLogRequest", "GetLogResponse")
    assert report.changed == ("ResetRequest",)
    assert report.removed == ("ClearCacheRequest", "ClearCacheResponse")
    assert report.unchanged == ("ResetResponse",)
    assert sorted(path.name for path in out.iterdir()) == ["lock.toml", "v16", "v201"]
    assert tree(out / "v16") == before
    assert check_lock(out) == ()
    assert list(read_lock(out)) == ["v16", "v201"]


def test_importing_twice_writes_the_same(tmp_path: Path) -> None:
    source = write(tmp_path / "in", pair("Reset"))
    run(source, tmp_path / "out")
    first = tree(tmp_path / "out")
    assert run(source, tmp_path / "out").unchanged == ("ResetRequest", "ResetResponse")
    assert tree(tmp_path / "out") == first


BAD: dict[str, tuple[dict[str, bytes], str, str, str | None]] = {
    "half a message": (
        {"ResetResponse.json": encode(message())},
        "the response has no request",
        "e.json",
        None,
    ),
    "two files": (
        {f"{folder}/{name}": data for folder in "ab" for name, data in pair().items()},
        "are both for ResetRequest",
        "b/ResetRequest.json",
        None,
    ),
    "no message": (pair() | {"package.json": b"{}"}, "not named after", "package.json", None),
    "no schemas": ({"readme.txt": b""}, "has no file *.json", "", None),
    "unknown keyword": (
        pair(x={"type": "string", "pattern": "a"}),
        "a regular expression (pattern)",
        "ResetRequest.json",
        "/properties/x/pattern",
    ),
    "no type": (pair(x={"maxLength": 1}), "has no type", "ResetRequest.json", "/properties/x"),
    "dangling": (
        pair(x={"$ref": "#/definitions/X"}),
        "refers to nothing",
        "ResetRequest.json",
        "/properties/x/$ref",
    ),
    "unknown draft": (
        pair() | {"ResetResponse.json": encode(message(**{"$schema": "draft-07"}))},
        "unknown JSON Schema draft",
        "ResetResponse.json",
        "/$schema",
    ),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "ZIP"])
@pytest.mark.parametrize(("files", "problem", "file", "pointer"), BAD.values(), ids=BAD)
def test_a_refused_source_leaves_everything_as_it_was(
    tmp_path: Path,
    files: dict[str, bytes],
    problem: str,
    file: str,
    pointer: str | None,
    packed: bool,
) -> None:
    out = tmp_path / "out"
    run(write(tmp_path / "good", pair("ClearCache")), out)
    before = tree(out)
    source = write(tmp_path / "bad", {"bad.zip": zipped(files)} if packed else files)
    with refused(problem, file=file, pointer=pointer):
        run(source, out)
    assert tree(out) == before
    with refused(problem, file=file, pointer=pointer):
        run(source, tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()


def test_broken_json_is_refused_with_its_line(tmp_path: Path) -> None:
    source = write(tmp_path / "in", pair() | {"ResetRequest.json": b'{\n"type": "object"\nb}'})
    with refused("not JSON", file="in/ResetRequest.json", line=3):
        run(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [{"source_name": " "}, {"source_version": ""}])
def test_a_source_must_have_a_name(tmp_path: Path, options: dict[str, str]) -> None:
    with refused("the name or the version of the source is empty"):
        run(write(tmp_path / "in", pair()), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["notes.txt", "OwnRequest.json", "sub"])
def test_refuses_to_replace_what_no_import_wrote(tmp_path: Path, name: str) -> None:
    source = write(tmp_path / "in", pair())
    run(source, tmp_path / "out")
    foreign = tmp_path / "out" / "v201" / name
    foreign.write_bytes(b"") if "." in name else foreign.mkdir()
    before = tree(tmp_path / "out")
    with refused("which no import wrote", file=f"v201/{name}"):
        run(source, tmp_path / "out")
    assert tree(tmp_path / "out") == before
    assert foreign.exists()


def test_refuses_a_folder_that_has_no_lock(tmp_path: Path) -> None:
    source = write(tmp_path / "in", pair())
    write(tmp_path / "out/v201", pair())
    with refused("which no import wrote", file="v201/ResetRequest.json"):
        run(source, tmp_path / "out")


def test_refuses_another_version_in_the_same_folder(tmp_path: Path) -> None:
    source = write(tmp_path / "in", pair())
    run(source, tmp_path / "out", "2.0.1")
    with refused("the folder has the schemas of OCPP 2.0.1, not 20.1", file="v201"):
        run(source, tmp_path / "out", "20.1")


def test_refuses_a_target_that_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"out": b"x"})
    with refused("cannot be written: File exists", file="out"):
        run(write(tmp_path / "in", pair()), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"x"


@pytest.mark.parametrize("failing", ["v201", "lock.toml"])
def test_a_failure_while_writing_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    out = tmp_path / "out"
    run(write(tmp_path / "old", pair("ClearCache")), out)
    before = tree(out)
    move = Path.rename if failing == "v201" else Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.parent.name.startswith(".import-") and self.name == failing:
            raise OSError(28, "No space left on device")
        return move(self, target)

    monkeypatch.setattr(Path, move.__name__, fail)
    with refused("cannot be written: No space left on device", file="out"):
        run(write(tmp_path / "new", pair("Reset")), out)
    monkeypatch.undo()
    assert tree(out) == before
    assert sorted(path.name for path in out.iterdir()) == ["lock.toml", "v201"]
    with monkeypatch.context() as patch:
        patch.setattr(Path, move.__name__, fail)
        with refused("cannot be written: No space left on device", file="fresh"):
            run(tmp_path / "new", tmp_path / "fresh")
    assert tree(tmp_path / "fresh") == {}


def corrections(folder: Path, sha256: str) -> tuple[Corrections, ...]:
    """Writes corrections that open a message, bound to some bytes."""
    text = f"""
[source]
name = "Alliance"
version = "edition 4"
ocpp = "2.0.1"
[sha256]
ResetRequest = "{sha256}"
[[change]]
path = "ResetRequest.json#/additionalProperties"
old = false
reason = "Because."
citation = "Ticket 1"
"""
    return load_corrections(write(folder, {"copy.toml": text.encode()}) / "copy.toml")


def test_applies_the_corrections_of_a_source(tmp_path: Path) -> None:
    files = pair("Reset")
    sha256 = hashlib.sha256(files["ResetRequest.json"]).hexdigest()
    known = corrections(tmp_path, sha256)
    source = write(tmp_path / "in", files)
    report = run(source, tmp_path / "out", corrections=known)
    (row,) = report.applied
    assert (row.outcome, row.messages) == (EditOutcome.APPLIED, ("ResetRequest",))
    written = json.loads((tmp_path / "out/v201/ResetRequest.json").read_bytes())
    assert "additionalProperties" not in written
    assert read_lock(tmp_path / "out")["v201"].files["ResetRequest"].source_sha256 == sha256
    assert check_lock(tmp_path / "out") == ()
    assert run(source, tmp_path / "other", corrections=known, source_version="5").applied == ()


@pytest.mark.parametrize("files", [pair("Reset"), pair("ClearCache")], ids=["other", "missing"])
def test_refuses_a_source_that_is_not_what_it_says(tmp_path: Path, files: dict[str, bytes]) -> None:
    source = write(tmp_path / "in", files)
    with refused("this is not Alliance edition 4: its ResetRequest is not the file", file="in"):
        run(source, tmp_path / "out", corrections=corrections(tmp_path, "0" * 64))
    assert not (tmp_path / "out").exists()


BROKEN = pair(
    "Reset",
    tbc={"type": "boolean", "default": "false"},
    kind={"$ref": "#definitions/XEnumType"},
    odd={"type": "string", "pattern": "x"},
)


def broken(folder: Path) -> Path:
    """Writes a source with three values that are wrong."""
    document = json.loads(BROKEN["ResetRequest.json"])
    document["definitions"] = {"XEnumType": {"type": "string", "enum": ["A"]}}
    files = BROKEN | {"ResetRequest.json": encode(document)}
    return write(folder, {name.replace(".", "_v1p0."): data for name, data in files.items()})


def test_corrections_are_suggested_and_applied_before_deriving(tmp_path: Path) -> None:
    source = broken(tmp_path / "in")
    found = suggest_corrections(source, "2.0.1")
    assert (found.count, found.refused) == (3, ())
    known = load_corrections(write(tmp_path, {"own.toml": found.text.encode()}) / "own.toml")
    report = run(source, tmp_path / "out", corrections=known)
    assert [row.outcome for row in report.applied] == [EditOutcome.APPLIED] * 3
    written = json.loads((tmp_path / "out/v201/ResetRequest.json").read_bytes())
    assert written["properties"] == {
        "tbc": {"type": "boolean", "default": False},
        "kind": {"$ref": "#/definitions/XEnumType"},
        "odd": {"type": "string"},
    }


def test_the_error_shows_the_correction_to_paste(tmp_path: Path) -> None:
    source = broken(tmp_path / "in")
    known: tuple[Corrections, ...] = ()
    for count in range(1, 4):
        with pytest.raises(CodegenError) as caught:
            run(source, tmp_path / "out", corrections=known)
        pasted = str(caught.value.cure).partition("of the source):")[2].encode()
        path = write(tmp_path, {f"own{count}.toml": pasted}) / f"own{count}.toml"
        known = (*known, load_corrections(path)[-1])
    assert len(run(source, tmp_path / "out", corrections=known).applied) == 3


def test_corrections_for_other_bytes_are_refused(tmp_path: Path) -> None:
    source = broken(tmp_path / "in")
    text = suggest_corrections(source, "2.0.1").text
    (source / "ResetRequest_v1p0.json").write_bytes(pair()["ResetRequest.json"])
    known = load_corrections(write(tmp_path, {"own.toml": text.encode()}) / "own.toml")
    problem = "these corrections are for another ResetRequest.json than the one in the source"
    with refused(problem, file="own.toml", pointer="/sha256/ResetRequest"):
        run(source, tmp_path / "out", corrections=known)


def test_what_no_correction_is_known_for_is_said(tmp_path: Path) -> None:
    source = write(tmp_path / "in", pair(x={"oneOf": []}))
    found = suggest_corrections(source, "2.0.1")
    assert (found.text, found.count) == ("", 0)
    assert "a choice of schemas" in found.refused[0].problem


@pytest.mark.parametrize(("draft", "version", "read_as"), [(None, "1.6", 4), (6, "1.6", 6)])
def test_a_file_without_a_draft_is_read_like_ours(
    tmp_path: Path, draft: int | None, version: str, read_as: int
) -> None:
    files = {name: encode({"type": "object"}) for name in pair()}
    report = run(write(tmp_path / "in", files), tmp_path / "out", version, draft=draft)
    assert len(report.warnings) == (0 if draft else 2)
    written = json.loads((tmp_path / "out/v16/ResetRequest.json").read_bytes())
    assert written["$schema"] == (DRAFT_4 if read_as == 4 else DRAFT_6)


def test_an_array_of_schemas_is_a_bundle(tmp_path: Path) -> None:
    names = ("urn:Reset.req", "urn:OCPP:Cp:2:2020:3:ResetResponse", "http://x.org/ClearCache.json")
    schemas = [message(**{"$id": name}) for name in (*names, "#ClearCacheResponse")]
    source = write(tmp_path, {"bundle.json": encode(schemas, bom=True)}) / "bundle.json"
    derived = derive_source(source, "2.0.1")
    assert list(derived) == [
        *("ClearCacheRequest", "ClearCacheResponse"),
        *("ResetRequest", "ResetResponse"),
    ]
    assert derived["ResetRequest"].source.path == "Reset.req.json"
    packed = write(tmp_path, {"a.zip": zipped({"all.json": encode(schemas)})}) / "a.zip"
    assert derive_source(packed, "2.0.1")["ResetRequest"].source.path == "all.json/Reset.req.json"


def test_a_bundle_names_its_messages(tmp_path: Path) -> None:
    source = write(tmp_path / "in", {"all.json": encode([message()])})
    problem = "this schema in an array of schemas has no $id"
    with refused(problem, file="all.json", pointer="/0/$id"):
        derive_source(source, "2.0.1")


def test_derives_a_source_without_writing(tmp_path: Path) -> None:
    files = {
        f"{folder}/{name}": data
        for folder, action in (("a", "Reset"), ("b", "ClearCache"))
        for name, data in pair(action, x={"type": "string"}).items()
    }
    derived = derive_source(write(tmp_path / "in", files), "2.0.1")
    assert list(derived) == [
        *("ClearCacheRequest", "ClearCacheResponse"),
        *("ResetRequest", "ResetResponse"),
    ]
    assert derived["ResetRequest"].document["properties"] == {"x": {"type": "string"}}
    assert derived["ResetRequest"].source.path == "a/ResetRequest.json"
    assert list(tree(tmp_path)) == [f"in/{path}" for path in sorted(files)]


def test_lists_the_editions_that_a_source_claims(tmp_path: Path) -> None:
    claims = ("C", "A", "", "D", "A", "B")
    files = {f"Act{n}.json": encode(message(comment=claim)) for n, claim in enumerate(claims)}
    derived = derive_source(write(tmp_path, files), "2.1")
    assert editions_of(derived.values()) == ("A", "B", "C", "D")

"""The lock: written in one way, read strictly, compared with the folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocppkit.codegen.schemas._derive import derive
from ocppkit.codegen.schemas._json_text import write_json
from ocppkit.codegen.schemas._lock import (
    LockedFile,
    LockedVersion,
    check_lock,
    read_lock,
    write_lock,
)
from ocppkit.codegen.schemas._structure import canonical_hash
from support.schema_files import encode, message, pair, refused, write

REQUEST = message(properties={"a": {"type": "integer"}, "b": {"type": "string"}})
RESPONSE = message()


def structure(document: object) -> bytes:
    """Writes a schema as an import writes it."""
    return write_json(derive(encode(document), "").document)


def locked(document: object, path: str = "Reset.json", edition: str = "") -> LockedFile:
    """Makes the entry of a schema."""
    return LockedFile(
        path, edition, "0" * 64, canonical_hash(derive(encode(document), "").document)
    )


LOCK = {
    "v201": LockedVersion(
        "2.0.1",
        "ocpp",
        "2.1.0",
        {
            "ResetResponse": locked(RESPONSE),
            "ResetRequest": replace(
                locked(REQUEST, "a/R.json", 'x "FINAL"'), official_sha256="1" * 64
            ),
        },
        official="Edition 4",
    ),
    "v16": LockedVersion("1.6", "b", "1", {"ResetRequest": locked(REQUEST)}),
}


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A folder of schemas that agrees with its lock."""
    return write(
        tmp_path,
        {
            "lock.toml": write_lock({"v201": LOCK["v201"]}),
            "v201/ResetRequest.json": structure(REQUEST),
            "v201/ResetResponse.json": structure(RESPONSE),
        },
    )


def test_is_written_in_one_order_for_people_to_read() -> None:
    text = write_lock(LOCK).decode()
    hashes = {name: file.structure_sha256 for name, file in LOCK["v201"].files.items()}
    assert text.startswith("# What each schema was derived from")
    assert text[text.index("[v16]") :] == f"""\
[v16]
version = "1.6"
source = "b"
source_version = "1"

[v16.files.ResetRequest]
path = "Reset.json"
edition = ""
source_sha256 = "{"0" * 64}"
structure_sha256 = "{hashes["ResetRequest"]}"

[v201]
version = "2.0.1"
source = "ocpp"
source_version = "2.1.0"
official = "Edition 4"

[v201.files.ResetRequest]
path = "a/R.json"
edition = "x \\"FINAL\\""
source_sha256 = "{"0" * 64}"
structure_sha256 = "{hashes["ResetRequest"]}"
official_sha256 = "{"1" * 64}"

[v201.files.ResetResponse]
path = "Reset.json"
edition = ""
source_sha256 = "{"0" * 64}"
structure_sha256 = "{hashes["ResetResponse"]}"
"""
    assert write_lock(dict(reversed(LOCK.items()))).decode() == text


def test_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_lock(write(tmp_path, {"lock.toml": write_lock(LOCK)})) == LOCK


def test_is_empty_where_there_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == {}


@pytest.mark.parametrize(
    ("data", "problem", "pointer"),
    [
        (b"v201 = 1", "expected an object, found a number", "/v201"),
        (b"[v201]\nversion = '2.0.1'", "expected an object, found null", "/v201/files"),
        (b"[v201]\n[v201.files]", "'version' must be a text", "/v201/version"),
        (b"[v201]\nsuorce = 'ocpp'\n[v201.files]", "unknown key 'suorce'", "/v201/suorce"),
        (
            b"[v201]\nversion = '2.0.1'\nsource = 'a'\nsource_version = '1'\n"
            b"[v201.files.X]\npath = 'x'",
            "'edition' must be a text",
            "/v201/files/X/edition",
        ),
    ],
)
def test_refuses_a_lock_that_an_import_did_not_write(
    tmp_path: Path, data: bytes, problem: str, pointer: str
) -> None:
    write(tmp_path, {"lock.toml": data})
    with refused(problem, file="lock.toml", pointer=pointer):
        read_lock(tmp_path)


def test_finds_nothing_where_nothing_was_touched(schemas: Path) -> None:
    assert check_lock(schemas) == ()


EDITED = message(properties={"a": {"type": "integer"}, "b": {"type": "string", "maxLength": 9}})

EDITS = {
    "edited": (structure(EDITED), "the structure of the schema has been changed"),
    "written otherwise": (encode(REQUEST), "the format of the file has been changed"),
    "broken": (b"{", "not JSON"),
    "gone": (None, "the file is in the lock, but not in the folder"),
}


@pytest.mark.parametrize(("data", "problem"), EDITS.values(), ids=EDITS)
def test_notices_an_edit_by_hand(schemas: Path, data: bytes | None, problem: str) -> None:
    path = schemas / "v201/ResetRequest.json"
    path.unlink() if data is None else path.write_bytes(data)
    (error,) = check_lock(schemas)
    assert problem in error.problem
    assert error.file == str(path)
    assert error.cure


@pytest.mark.parametrize("path", ["v201/ClearCacheRequest.json", "v30/ResetRequest.json"])
def test_notices_a_file_that_is_not_locked(schemas: Path, path: str) -> None:
    write(schemas, {path: pair()["ResetRequest.json"]})
    (error,) = check_lock(schemas)
    assert error.problem == "the file is in the folder, but not in the lock"
    assert error.file == str(schemas / path)

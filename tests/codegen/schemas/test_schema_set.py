"""Loading schemas, and the schemas of the repository themselves."""

import json
from pathlib import Path

import pytest

from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.schemas._import import import_schemas
from ocppkit.codegen.schemas._lock import check_lock, read_lock
from ocppkit.codegen.schemas._schema_set import (
    by_message,
    folder_of,
    is_version,
    load_set,
    message_names,
)
from support.schema_files import (
    FOLDERS,
    encode,
    message,
    package_schemas,
    pair,
    refused,
    tree,
    write,
)

COUNTS = {"1.6": 78, "2.0.1": 128, "2.1": 181}


@pytest.mark.parametrize(("version", "folder"), FOLDERS.items())
def test_a_version_has_its_folder(version: str, folder: str) -> None:
    assert is_version(version)
    assert folder_of(version) == folder


@pytest.mark.parametrize("text", ["", "2", "2.01", "v201", "2.", "../2.0", "2.0.1\n", "2.\u0661"])
def test_refuses_what_is_no_version(text: str) -> None:
    assert not is_version(text)
    with refused("is not an OCPP version"):
        folder_of(text)


def test_loads_a_folder_by_message(tmp_path: Path) -> None:
    write(tmp_path, pair("Reset") | pair("ClearCache") | {"readme.txt": b""})
    loaded = load_set("2.0.1", tmp_path)
    assert loaded.version == "2.0.1"
    assert list(loaded.files) == [
        "ClearCacheRequest",
        "ClearCacheResponse",
        "ResetRequest",
        "ResetResponse",
    ]
    file = loaded.files["ResetRequest"]
    assert (file.name, file.path, file.draft) == (
        "ResetRequest",
        str(tmp_path / "ResetRequest.json"),
        6,
    )
    assert file.document["type"] == "object"


def test_a_later_folder_lies_over_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path / "ours", pair("Reset") | pair("ClearCache"))
    raised = message(properties={"note": {"type": "string", "maxLength": 500}})
    write(tmp_path / "theirs", {"Reset.json": encode(raised)} | pair("AcmeHello"))
    loaded = load_set("1.6", tmp_path / "ours", tmp_path / "theirs")
    assert list(loaded.files) == [
        *("AcmeHelloRequest", "AcmeHelloResponse"),
        *("ClearCacheRequest", "ClearCacheResponse"),
        *("ResetRequest", "ResetResponse"),
    ]
    assert loaded.files["ResetRequest"].path.endswith("theirs/Reset.json")
    assert loaded.files["ResetResponse"].path.endswith("ours/ResetResponse.json")


def test_refuses_folders_without_schemas(tmp_path: Path) -> None:
    with refused("no such file or folder", file="nowhere"):
        load_set("2.0.1", tmp_path / "nowhere")
    with refused("the folder has no file *.json", file=tmp_path.name):
        load_set("2.0.1", tmp_path)


def test_refuses_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, pair("Reset"))
    (tmp_path / "ResetRequest.json").unlink()
    (tmp_path / "ResetRequest.json").mkdir()
    with refused("cannot be read: Is a directory", file="ResetRequest.json"):
        load_set("2.0.1", tmp_path)


@pytest.mark.parametrize(
    ("version", "paths", "names"),
    [
        ("2.0.1", ["ResetRequest.json", "ResetResponse.json"], ["ResetRequest", "ResetResponse"]),
        ("1.6", ["a/Reset.json", "b/ResetResponse.json"], ["ResetRequest", "ResetResponse"]),
        ("1.6", ["Reset.req.json", "Reset.conf.json"], ["ResetRequest", "ResetResponse"]),
        ("2.1", ["NotifyStream.json"], ["NotifyStream"]),
        ("1.6", ["Reset.JSON", "ResetResponse.JSON"], ["ResetRequest", "ResetResponse"]),
    ],
)
def test_tells_messages_by_the_names_of_files(
    version: str, paths: list[str], names: list[str]
) -> None:
    sends = version == "2.1"
    assert message_names(version, paths, sends=sends) == dict(zip(paths, names, strict=True))


@pytest.mark.parametrize(
    ("version", "paths", "problem", "file"),
    [
        (
            "2.0.1",
            ["a/ResetResponse.json"],
            "the response has no request",
            "a/ResetResponse.json",
        ),
        ("2.0.1", ["a/ResetRequest.json"], "the request has no response", "a/ResetRequest.json"),
        ("1.6", ["Reset.json"], "the message has no response, but OCPP 1.6", "Reset.json"),
        ("2.0.1", ["Reset.json"], "the message has no response, but OCPP 2.0.1", "Reset.json"),
        ("2.1", ["package-lock.json"], "not named after a message", "package-lock.json"),
        ("2.1", ["a/Request.json"], "not named after a message", "a/Request.json"),
        ("2.1", ["reset.json"], "not named after a message", "reset.json"),
    ],
)
def test_refuses_half_messages_and_other_files(
    version: str, paths: list[str], problem: str, file: str
) -> None:
    with refused(problem, file=file):
        message_names(version, paths, sends=version == "2.1")


def test_refuses_two_files_for_one_message() -> None:
    paths = ["a/Reset.json", "a/ResetRequest.json", "a/ResetResponse.json"]
    with refused(
        "this file and a/Reset.json are both for ResetRequest", file="a/ResetRequest.json"
    ):
        by_message(paths, message_names("1.6", paths))


@pytest.mark.parametrize("version", FOLDERS)
def test_the_schemas_of_the_repository_load(version: str) -> None:
    files = load_set(version, schemas_dir() / FOLDERS[version]).files
    assert len(files) == COUNTS[version]
    bare = [name for name in files if not name.endswith(("Request", "Response"))]
    assert bare == (["NotifyPeriodicEventStream"] if version == "2.1" else [])


def test_the_schemas_of_the_repository_agree_with_their_lock() -> None:
    lock = read_lock(schemas_dir())
    assert {locked.version: len(locked.files) for locked in lock.values()} == COUNTS
    assert check_lock(schemas_dir()) == ()


def test_deriving_again_gives_the_schemas_of_the_repository(tmp_path: Path) -> None:
    for version in FOLDERS:
        import_schemas(
            package_schemas(version), version, tmp_path, source_name="ocpp", source_version="2.1.0"
        )
    assert tree(tmp_path) == tree(schemas_dir())


def test_the_schemas_of_the_repository_hold_no_prose() -> None:
    strings = (
        text
        for path in schemas_dir().glob("*/*.json")
        for text in _strings(json.loads(path.read_bytes()))
    )
    # The longest words are OCPP's own: a security event or a measurand.
    assert [text for text in strings if " " in text or len(text) > 60] == []


def _strings(value: object) -> list[str]:
    match value:
        case dict():
            return [text for key, item in value.items() for text in [str(key), *_strings(item)]]
        case list():
            return [text for item in value for text in _strings(item)]
        case str():
            return [value]
        case _:
            return []

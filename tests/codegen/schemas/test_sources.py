"""Reading ZIPs and folders with suspicion."""

import hashlib
import io
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.schemas._sources import SourceLimits, read_source
from support.schema_files import pair, refused, write, zipped

SCHEMA = b'{"type": "object"}'


def paths(source: Path, limits: SourceLimits | None = None) -> list[str]:
    """Reads a source and name its files."""
    return [file.path for file in read_source(source, limits)]


def archive(folder: Path, entries: dict[str, bytes], name: str = "a.zip") -> Path:
    """Writes a ZIP into a folder."""
    return write(folder, {name: zipped(entries)}) / name


LAYOUTS: dict[str, tuple[dict[str, bytes], list[str]]] = {
    "1.6: the documentation, with the schemas in a folder": (
        {
            "OCPP_1.6_documentation/ocpp-1.6 edition 2.pdf": b"%PDF",
            "OCPP_1.6_documentation/schemas/": b"",
            "OCPP_1.6_documentation/schemas/json/Reset.json": SCHEMA,
            "OCPP_1.6_documentation/schemas/wsdl/ocpp.wsdl": b"<wsdl/>",
        },
        ["OCPP_1.6_documentation/schemas/json/Reset.json"],
    ),
    "2.0.1: part 3, the schemas alone": (
        {"OCPP-2.0.1_part3_JSON_schemas/ResetRequest.json": SCHEMA},
        ["OCPP-2.0.1_part3_JSON_schemas/ResetRequest.json"],
    ),
    "2.0.1: all files, with part 3 as a ZIP between the PDFs": (
        {
            "OCPP-2.0.1_all_files/OCPP-2.0.1_part2_specification.pdf": b"%PDF",
            "OCPP-2.0.1_all_files/OCPP-2.0.1_part3_JSON_schemas.zip": zipped(
                {"OCPP-2.0.1_part3_JSON_schemas/ResetRequest.json": SCHEMA}
            ),
        },
        [
            "OCPP-2.0.1_all_files/OCPP-2.0.1_part3_JSON_schemas.zip/"
            "OCPP-2.0.1_part3_JSON_schemas/ResetRequest.json"
        ],
    ),
    "what a Mac leaves behind": (
        {
            "schemas/ResetRequest.json": SCHEMA,
            "__MACOSX/schemas/._ResetRequest.json": b"\0",
            "schemas/._ResetRequest.json": b"\0",
            "schemas/.DS_Store": b"\0",
            ".cache/Old.json": b"\0",
        },
        ["schemas/ResetRequest.json"],
    ),
    "backslashes, as Windows tools write them": (
        {"schemas\\json\\Reset.JSON": SCHEMA},
        ["schemas/json/Reset.JSON"],
    ),
}


@pytest.mark.parametrize(("entries", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_reads_the_layouts_of_the_alliance(
    tmp_path: Path, entries: dict[str, bytes], expected: list[str]
) -> None:
    assert paths(archive(tmp_path, entries)) == expected


def test_a_zip_needs_no_ending(tmp_path: Path) -> None:
    assert paths(archive(tmp_path, {"Reset.json": SCHEMA}, "download")) == ["Reset.json"]


def test_reads_folders_and_the_zips_in_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "core/schemas/json/Reset.json": SCHEMA,
            "core/readme.txt": b"",
            ".git/Old.json": b"\0",
            "security.zip": zipped({"JSON_schemas.zip": zipped({"GetLog.json": SCHEMA})}),
        },
    )
    assert paths(tmp_path) == [
        "core/schemas/json/Reset.json",
        "security.zip/JSON_schemas.zip/GetLog.json",
    ]


def test_hands_on_bytes_and_their_hash(tmp_path: Path) -> None:
    (file,) = read_source(archive(tmp_path, {"Reset.json": SCHEMA}))
    assert file.data == SCHEMA
    assert file.sha256 == hashlib.sha256(SCHEMA).hexdigest()


def test_a_name_that_is_no_text_becomes_one(tmp_path: Path) -> None:
    (tmp_path / "a\udcff").mkdir()
    write(tmp_path / "a\udcff", pair())
    assert paths(tmp_path) == ["a?/ResetRequest.json", "a?/ResetResponse.json"]


@pytest.mark.parametrize(
    "name",
    ["../Reset.json", "a/../../Reset.json", "/etc/Reset.json", "C:/Reset.json", "..\\Reset.json"],
)
def test_refuses_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    with refused("leads out of the archive", file=f"a.zip/{name}".replace("\\", "/")):
        read_source(archive(tmp_path, {"ResetRequest.json": SCHEMA, name: SCHEMA}))


def test_refuses_a_path_with_a_nul(tmp_path: Path) -> None:
    data = zipped({"Reset.json_evil": SCHEMA}).replace(b"Reset.json_evil", b"Reset.json\0evil")
    write(tmp_path, {"a.zip": data})
    with refused("leads out of the archive"):
        read_source(tmp_path / "a.zip")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_refuses_links_and_devices(tmp_path: Path, mode: int) -> None:
    data = zipped({"ResetRequest.json": b"/etc/passwd"}, mode=mode | 0o644)
    with refused("a link or a device", file="a.zip/ResetRequest.json"):
        read_source(write(tmp_path, {"a.zip": data}) / "a.zip")


def test_reads_entries_with_the_rights_of_a_file(tmp_path: Path) -> None:
    data = zipped({"Reset.json": SCHEMA}, mode=stat.S_IFREG | 0o644)
    assert paths(write(tmp_path, {"a.zip": data}) / "a.zip") == ["Reset.json"]


def test_refuses_encrypted_entries(tmp_path: Path) -> None:
    data = bytearray(zipped({"Reset.json": SCHEMA}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with refused("encrypted", file="a.zip/Reset.json"):
        read_source(write(tmp_path, {"a.zip": bytes(data)}) / "a.zip")


@pytest.mark.parametrize(
    "data",
    [b"", b"no ZIP", zipped({"Reset.json": SCHEMA})[:-30], b"PK\x05\x06" + b"\xff" * 18],
    ids=["empty", "text", "cut off", "nonsense"],
)
def test_refuses_damaged_archives(tmp_path: Path, data: bytes) -> None:
    with refused("the file is not a ZIP, or is damaged", file="a.zip"):
        read_source(write(tmp_path, {"a.zip": data}) / "a.zip")


def test_refuses_an_entry_that_lies_about_its_size(tmp_path: Path) -> None:
    data = bytearray(zipped({"Reset.json": b" " * 100_000 + SCHEMA}))
    directory = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, directory + 24, 10)
    with refused("the file is not a ZIP, or is damaged: Bad CRC", file="a.zip"):
        read_source(write(tmp_path, {"a.zip": bytes(data)}) / "a.zip")


def test_an_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    data = bytearray(zipped({"a_folder": b"", "Reset.json": SCHEMA}))
    directory = data.index(b"PK\x01\x02")
    # The eight bytes of the name become an extra field of a kind that nobody knows.
    struct.pack_into("<HH", data, directory + 28, 0, 8)
    struct.pack_into("<HH", data, directory + 46, 0x9999, 4)
    assert paths(write(tmp_path, {"a.zip": bytes(data)}) / "a.zip") == ["Reset.json"]


def test_refuses_an_unknown_compression(tmp_path: Path) -> None:
    data = bytearray(zipped({"Reset.json": SCHEMA}))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 99)
    with refused("the file is not a ZIP, or is damaged"):
        read_source(write(tmp_path, {"a.zip": bytes(data)}) / "a.zip")


@pytest.mark.parametrize("source", ["folder", "a.zip"])
def test_refuses_a_source_without_schemas(tmp_path: Path, source: str) -> None:
    write(tmp_path, {"folder/readme.txt": b"", "a.zip": zipped({"readme.txt": b""})})
    with refused("has no file *.json", file=source):
        read_source(tmp_path / source)


def test_refuses_a_source_that_is_not_there(tmp_path: Path) -> None:
    with refused("no such file or folder", file="nowhere"):
        read_source(tmp_path / "nowhere")


LIMITS = {
    "schema": (
        SourceLimits(schema_bytes=len(SCHEMA)),
        {"A.json": SCHEMA},
        {"A.json": SCHEMA + b" "},
    ),
    "total": (
        SourceLimits(total_bytes=2 * len(SCHEMA)),
        {"A.json": SCHEMA, "B.json": SCHEMA},
        {"A.json": SCHEMA, "B.json": SCHEMA + b" "},
    ),
    "entries": (
        SourceLimits(entries=2),
        {"A.json": SCHEMA, "b": b""},
        {"A.json": b"", "b": b"", "c": b""},
    ),
    "nested archive": (
        SourceLimits(archive_bytes=500),
        {"a.zip": zipped({"A.json": SCHEMA})},
        {"a.zip": zipped({"A.json": SCHEMA}) + b"\0" * 500, "B.json": SCHEMA},
    ),
    "depth": (
        SourceLimits(depth=2),
        {"a.zip": zipped({"A.json": SCHEMA})},
        {"a.zip": zipped({"b.zip": zipped({"A.json": SCHEMA})})},
    ),
}


BEYOND = {
    "schema": "19 bytes are more than the 18 allowed",
    "total": "37 bytes are more than the 36 allowed",
    "entries": "more than 2 files",
    "nested archive": "bytes are more than the 500 allowed",
    "depth": "ZIPs are inside each other",
}


@pytest.mark.parametrize(
    ("problem", "limits", "within", "beyond"),
    [(problem, *LIMITS[name]) for name, problem in BEYOND.items()],
    ids=BEYOND,
)
def test_refuses_what_is_beyond_a_limit(
    tmp_path: Path,
    problem: str,
    limits: SourceLimits,
    within: dict[str, bytes],
    beyond: dict[str, bytes],
) -> None:
    assert paths(archive(tmp_path, within), limits)
    with refused(problem):
        read_source(archive(tmp_path, beyond), limits)


@pytest.mark.parametrize("name", ["schema", "total", "entries"])
def test_the_limits_hold_for_folders_too(tmp_path: Path, name: str) -> None:
    limits, within, beyond = LIMITS[name]
    assert paths(write(tmp_path / "within", within), limits)
    with refused("more than"):
        read_source(write(tmp_path / "beyond", beyond), limits)


def test_refuses_an_archive_beyond_the_limit_unopened(tmp_path: Path) -> None:
    source = archive(tmp_path, {"A.json": SCHEMA})
    size = source.stat().st_size
    assert paths(source, SourceLimits(archive_bytes=size)) == ["A.json"]
    with refused(f"{size} bytes are more than the {size - 1} allowed", file="a.zip"):
        read_source(source, SourceLimits(archive_bytes=size - 1))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    source = archive(tmp_path, {"A.json": b" " * 50 * 2**20})
    assert source.stat().st_size < 100_000
    with refused("more than the 4194304 allowed", file="a.zip/A.json"):
        read_source(source)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Pipe.json")
    with refused("not a regular file", file="Pipe.json"):
        read_source(tmp_path)


def test_refuses_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "Broken.json").symlink_to("nowhere")
    with refused("cannot be read: No such file", file="Broken.json"):
        read_source(tmp_path)


def test_refuses_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"A.json": SCHEMA})

    def forbid(self: Path, *args: object, **kwargs: object) -> io.BytesIO:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    with refused("cannot be read: Permission denied", file="A.json"):
        read_source(tmp_path)


def test_refuses_a_folder_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", forbid)
    with refused("cannot be read: Permission denied", file=tmp_path.name):
        read_source(tmp_path)


GOOD = zipped({"schemas/Reset.json": SCHEMA, "b.zip": zipped({"A.json": SCHEMA})})


@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_a_damaged_archive_is_read_or_refused(edits: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for position, byte in edits:
        data[position] = byte
    with TemporaryDirectory() as folder:
        source = write(Path(folder), {"a.zip": bytes(data)}) / "a.zip"
        with suppress(CodegenError):
            assert read_source(source)

"""Comparing a source with our schemas."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pytest

from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.schemas._errata import Errata, load_errata
from ocppkit.codegen.schemas._import import import_schemas
from ocppkit.codegen.schemas._lock import read_lock, write_lock
from ocppkit.codegen.schemas._structure import ABSENT, Difference
from ocppkit.codegen.schemas._verify import VerifyReport, VerifyRow, VerifyStatus, verify_schemas
from support.schema_files import (
    FOLDERS,
    encode,
    message,
    package_schemas,
    pair,
    refused,
    tree,
    write,
    zipped,
)

X = {"type": "string", "maxLength": 20}


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """Imported schemas of one action."""
    source = write(tmp_path / "source", pair("Reset", x=X))
    target = tmp_path / "schemas"
    import_schemas(source, "2.0.1", target, source_name="Alliance", source_version="edition 4")
    return target


def verify(files: dict[str, bytes], schemas: Path, **options: Any) -> VerifyReport:
    """Compares a source of these files."""
    source = schemas.parent / "compared.zip"
    source.write_bytes(zipped({f"part3/{name}": data for name, data in files.items()}))
    return verify_schemas(source, "2.0.1", schemas, **options)


def test_tells_the_kinds_of_agreement_apart(schemas: Path) -> None:
    response = message(comment="OCPP 2.0.1 FINAL", description="Other bytes.")
    files = pair("Reset", x=X) | {"ResetResponse.json": encode(response, bom=True)}
    report = verify(files, schemas)
    assert report.rows == (
        VerifyRow("ResetRequest", VerifyStatus.IDENTICAL, "part3/ResetRequest.json"),
        VerifyRow("ResetResponse", VerifyStatus.SAME_STRUCTURE, "part3/ResetResponse.json"),
    )
    assert report.ok
    assert (report.version, report.source, report.source_version) == (
        "2.0.1",
        "Alliance",
        "edition 4",
    )
    assert report.editions == ("OCPP 2.0.1 FINAL",)


def test_names_what_differs_and_fails(schemas: Path) -> None:
    report = verify(pair("Reset", x=X | {"maxLength": 30}, y={"type": "integer"}), schemas)
    assert report.rows[0] == VerifyRow(
        "ResetRequest",
        VerifyStatus.DIFFERENT,
        "part3/ResetRequest.json",
        (
            Difference("/properties/x/maxLength", 20, 30),
            Difference("/properties/y", ABSENT, {"type": "integer"}),
        ),
    )
    assert report.rows[1].status is VerifyStatus.IDENTICAL
    assert not report.ok


def test_names_what_is_missing_and_what_is_more(schemas: Path) -> None:
    report = verify(pair("ClearCache"), schemas)
    assert [(row.message, row.status, row.path) for row in report.rows] == [
        ("ClearCacheRequest", VerifyStatus.EXTRA, "part3/ClearCacheRequest.json"),
        ("ClearCacheResponse", VerifyStatus.EXTRA, "part3/ClearCacheResponse.json"),
        ("ResetRequest", VerifyStatus.MISSING, None),
        ("ResetResponse", VerifyStatus.MISSING, None),
    ]
    assert not report.ok


def test_writes_nothing(schemas: Path) -> None:
    before = tree(schemas)
    verify(pair("ClearCache"), schemas)
    assert tree(schemas) == before


def errata(folder: Path, old: int, new: int) -> list[Errata]:
    """Writes an erratum on the length of one member."""
    text = f"""
version = "2.0.1"
[[change]]
path = "ResetRequest.json#/properties/x/maxLength"
old = {old}
new = {new}
reason = "Because."
citation = "Ticket 1"
"""
    return list(load_errata("2.0.1", write(folder, {"own.toml": text.encode()}) / "own.toml")[-1:])


def test_an_erratum_explains_a_difference(schemas: Path, tmp_path: Path) -> None:
    files = pair("Reset", x=X | {"maxLength": 10})
    assert not verify(files, schemas, errata=[]).ok
    report = verify(files, schemas, errata=errata(tmp_path, 10, 20))
    assert report.ok
    assert report.rows[0] == VerifyRow(
        "ResetRequest",
        VerifyStatus.SAME_AFTER_ERRATA,
        "part3/ResetRequest.json",
        (Difference("/properties/x/maxLength", 20, 10),),
    )


@pytest.mark.parametrize(("old", "new"), [(5, 20), (10, 15)])
def test_an_erratum_that_does_not_fit_explains_nothing(
    schemas: Path, tmp_path: Path, old: int, new: int
) -> None:
    report = verify(
        pair("Reset", x=X | {"maxLength": 10}), schemas, errata=errata(tmp_path, old, new)
    )
    assert report.rows[0].status is VerifyStatus.DIFFERENT


def test_our_schema_is_compared_and_not_the_lock(schemas: Path) -> None:
    files = pair("Reset", x=X)
    edited = schemas / "v201" / "ResetRequest.json"
    edited.write_bytes(edited.read_bytes().replace(b"20", b"21"))
    report = verify(files, schemas)
    assert report.rows[0].status is VerifyStatus.DIFFERENT
    assert report.rows[0].differences == (Difference("/properties/x/maxLength", 21, 20),)


def test_refuses_a_folder_without_a_lock(schemas: Path) -> None:
    with refused("the lock has no schemas of OCPP 1.6", file="lock.toml"):
        verify_schemas(schemas.parent / "source", "1.6", schemas)


def test_refuses_a_bad_source(schemas: Path) -> None:
    with refused(
        "a regular expression (pattern)", file="ResetRequest.json", pointer="/properties/x/pattern"
    ):
        verify(pair("Reset", x=X | {"pattern": "a"}), schemas)


@pytest.mark.parametrize("version", FOLDERS)
def test_the_schemas_of_the_repository_are_identical_with_their_source(version: str) -> None:
    report = verify_schemas(package_schemas(version), version, schemas_dir())
    assert Counter(row.status for row in report.rows) == {VerifyStatus.IDENTICAL: len(report.rows)}
    assert (report.source, report.source_version) == ("ocpp", "2.1.0")


PUBLISHED = {
    "1.6": "3670935fe2f181ee6fcdc423ef4f241a5ad08af96a5c9b1deb3f2663e9f2657b",
    "1.6 security": "f923a3e19b1f987f679eb4bd7d9ebfd7abfb0ba79852ec524cb5fbe5c6f34672",
    "2.0.1": "629b20e435babe7338ea16795625a330cace4538e97b0ca4f2d85fde1d723f67",
    "2.1": "213e47614976f7a5419abe69b922d0420a5ed820a3042096dcbe09b66df44202",
}
"""SHA-256 over the sorted lines `hash  file name` of the Alliance's archives, as others published it."""


def test_the_official_hashes_of_the_lock_are_those_of_the_published_archives() -> None:
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for version in read_lock(schemas_dir()).values():
        for file in version.files.values():
            security = version.version == "1.6" and file.edition
            archive = f"{version.version} security" if security else version.version
            lines[archive].append(f"{file.official_sha256}  {PurePath(file.path).name}\n")
    digests = {
        archive: hashlib.sha256("".join(sorted(each)).encode()).hexdigest()
        for archive, each in lines.items()
    }
    assert digests == PUBLISHED


def test_bytes_of_the_official_file_are_identical(schemas: Path) -> None:
    response = encode(message(description="Other bytes."))
    lock = read_lock(schemas)["v201"]
    files = dict(lock.files)
    files["ResetResponse"] = replace(
        files["ResetResponse"], official_sha256=hashlib.sha256(response).hexdigest()
    )
    write(schemas, {"lock.toml": write_lock({"v201": replace(lock, files=files)})})
    report = verify(pair("Reset", x=X) | {"ResetResponse.json": response}, schemas)
    assert [row.status for row in report.rows] == [VerifyStatus.IDENTICAL, VerifyStatus.IDENTICAL]


def test_the_correction_of_2_0_1_brings_the_official_bound_back() -> None:
    report = verify_schemas(package_schemas("2.0.1"), "2.0.1", schemas_dir(), corrections=[])
    (row,) = (row for row in report.rows if row.status is VerifyStatus.DIFFERENT)
    assert row.message == "Get15118EVCertificateResponse"
    assert list(map(str, row.differences)) == [
        "/properties/exiResponse/maxLength: 5600 here, 7500 there"
    ]


def test_the_corrections_are_what_makes_them_identical() -> None:
    report = verify_schemas(package_schemas("1.6"), "1.6", schemas_dir(), corrections=[])
    (row,) = (row for row in report.rows if row.status is VerifyStatus.DIFFERENT)
    assert row.message == "MeterValuesRequest"
    assert [str(difference).rpartition("/")[2] for difference in row.differences] == [
        'enum: nothing here, "Hertz" there',
        "minItems: nothing here, 1 there",
        "minItems: nothing here, 1 there",
    ]

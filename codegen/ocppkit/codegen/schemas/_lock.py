"""Reads and writes `lock.toml`, which records the source file of each schema and its hashes.

The lock is in the folder of the schemas. Only an import writes it. The hash of the structure reveals a manual
edit of a schema. The hash of the source distinguishes an identical source file from one that differs but has the
same structure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .._errors import CodegenError
from .._files import read_file
from ._derive import derive
from ._json_text import write_json
from ._structure import canonical_hash
from ._toml import Table, read_toml, write_table

__all__ = ["LOCK", "Lock", "LockedFile", "LockedVersion", "check_lock", "read_lock", "write_lock"]

LOCK = "lock.toml"
"""The name of the lock file."""

_HEADER = """\
# What each schema was derived from: where its source lay, the edition that the source claims, the
# SHA-256 of the source's bytes, the SHA-256 of the file that the Open Charge Alliance published in
# the edition named as `official`, and the SHA-256 of the derived structure.
# Written by `ocppkit schemas import`, read by `ocppkit schemas verify`.
"""

_CURE = "restore the file, or import its source again; write an erratum for your own change"


@dataclass(frozen=True)
class LockedFile:
    """The record of one schema in the lock."""

    path: str
    """The path of the schema's source file in the archive or folder."""

    edition: str
    """The edition that the source file names; empty if it names none."""

    source_sha256: str
    """The hash of the source file."""

    structure_sha256: str
    """The hash of the derived structure; see `canonical_hash`."""

    official_sha256: str = ""
    """The hash of the file in the archive of the Open Charge Alliance; empty if unknown."""


@dataclass(frozen=True)
class LockedVersion:
    """The records of one OCPP version in the lock."""

    version: str
    """`1.6`, `2.0.1` or `2.1`."""

    source: str
    """The name of the source."""

    source_version: str
    """The version of the source, as its publisher names it."""

    files: Mapping[str, LockedFile]
    """The record of each schema, by message."""

    official: str = ""
    """The published edition with the official hashes; empty if there are none."""


Lock = Mapping[str, LockedVersion]
"""The contents of a lock: versions by folder name, such as `v201`."""


def read_lock(folder: Path) -> Lock:
    """Reads the lock in a folder of schemas; returns an empty lock if there is no file."""
    path = folder / LOCK
    if not path.exists():
        return {}
    lock = read_toml(read_file(path), str(path))
    return {name: _read_locked_version(lock.table(name)) for name in lock}


def write_lock(lock: Lock) -> bytes:
    """Serialises a lock, sorted by version and message."""
    tables = (table for folder in sorted(lock) for table in _version_tables(folder, lock[folder]))
    return "\n".join([_HEADER, *tables]).encode()


def check_lock(folder: Path) -> tuple[CodegenError, ...]:
    """Checks that the schemas in a folder are those that its lock records.

    Returns:
        An error for each schema that was edited, is missing, or is not in the lock.
    """
    lock = read_lock(folder)
    folders = lock.keys() | {path.parent.name for path in folder.glob("*/*.json")}
    return tuple(error for name in sorted(folders) for error in _problems_in(folder, name, lock))


def _version_tables(folder: str, version: LockedVersion) -> Iterator[str]:
    header = {
        "version": version.version,
        "source": version.source,
        "source_version": version.source_version,
        "official": version.official,
    }
    yield write_table([folder], _without_unknown_official(header))
    for name, file in sorted(version.files.items()):
        yield write_table([folder, "files", name], _without_unknown_official(vars(file)))


def _without_unknown_official(entries: Mapping[str, str]) -> dict[str, str]:
    """Returns the entries without empty ones about the official file."""
    return {key: text for key, text in entries.items() if text or not key.startswith("official")}


def _read_locked_version(table: Table) -> LockedVersion:
    table.only("version", "source", "source_version", "official", "files")
    files = table.table("files")
    return LockedVersion(
        version=table.text("version"),
        source=table.text("source"),
        source_version=table.text("source_version"),
        files={name: _read_locked_file(files.table(name)) for name in files},
        official=_optional_text(table, "official"),
    )


def _read_locked_file(table: Table) -> LockedFile:
    table.only("path", "edition", "source_sha256", "structure_sha256", "official_sha256")
    return LockedFile(
        path=table.text("path"),
        edition=table.text("edition", blank=True),
        source_sha256=table.text("source_sha256"),
        structure_sha256=table.text("structure_sha256"),
        official_sha256=_optional_text(table, "official_sha256"),
    )


def _optional_text(table: Table, key: str) -> str:
    return table.text(key) if key in table else ""


def _problems_in(folder: Path, name: str, lock: Lock) -> Iterator[CodegenError]:
    locked: Mapping[str, LockedFile] = lock[name].files if name in lock else {}
    found = {path.stem for path in (folder / name).glob("*.json")}
    for message in sorted(locked.keys() | found):
        path = folder / name / f"{message}.json"
        try:
            problem = _problem_of(path, locked.get(message))
        except CodegenError as exc:
            yield exc
            continue
        if problem:
            yield CodegenError(problem, file=str(path), cure=_CURE)


def _problem_of(path: Path, locked: LockedFile | None) -> str | None:
    if locked is None:
        return "the file is in the folder, but not in the lock"
    if not path.exists():
        return "the file is in the lock, but not in the folder"
    data = read_file(path)
    document = derive(data, str(path)).document
    if canonical_hash(document) != locked.structure_sha256:
        return "the structure of the schema has been changed since its import"
    if data != write_json(document):
        return "the format of the file has been changed since its import"
    return None

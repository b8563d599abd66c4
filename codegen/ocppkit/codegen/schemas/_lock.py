"""The lock: which bytes of which source each schema of the repository was derived from.

`lock.toml` stands beside the folders of schemas. It is written by an import and never by hand. The
hash of the structure shows an edit by hand; the hash of the source tells an identical source from
one that only says the same.
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
"""Name of the lock's file."""

_HEADER = """\
# What each schema was derived from: where its source lay, the edition that the source claims, the
# SHA-256 of the source's bytes, the SHA-256 of the file that the Open Charge Alliance published in
# the edition named as `official`, and the SHA-256 of the derived structure.
# Written by `ocppkit schemas import`, read by `ocppkit schemas verify`.
"""

_CURE = "restore the file or import its source again; a change of yours belongs into an erratum"


@dataclass(frozen=True)
class LockedFile:
    """One schema."""

    path: str
    """Where its source lay, in the source."""

    edition: str
    """What the source claims about its edition; empty if nothing."""

    source_sha256: str
    """Hash of the source's bytes."""

    structure_sha256: str
    """`canonical_hash` of what was derived."""

    official_sha256: str = ""
    """Hash of the file in the Alliance's own archive; empty if it is not known."""


@dataclass(frozen=True)
class LockedVersion:
    """The schemas of one OCPP version."""

    version: str
    """`1.6`, `2.0.1` or `2.1`."""

    source: str
    """Name of the source."""

    source_version: str
    """Its version, as its publisher counts."""

    files: Mapping[str, LockedFile]
    """Each schema by message."""

    official: str = ""
    """The published edition that the official hashes are of; empty if there are none."""


Lock = Mapping[str, LockedVersion]
"""The versions by folder: `v16`, `v201`, `v21`."""


def read_lock(folder: Path) -> Lock:
    """Reads the lock of a folder of schemas; it is empty if there is none yet."""
    path = folder / LOCK
    if not path.exists():
        return {}
    lock = read_toml(read_file(path), str(path))
    return {name: _version(lock.table(name)) for name in lock}


def write_lock(lock: Lock) -> bytes:
    """Serialises a lock in its one stable order."""
    tables = (table for folder in sorted(lock) for table in _tables(folder, lock[folder]))
    return "\n".join([_HEADER, *tables]).encode()


def check_lock(folder: Path) -> tuple[CodegenError, ...]:
    """Compares a folder of schemas with its lock.

    Returns:
        What is wrong, file by file: edited, missing, or not in the lock; nothing if all is well.
    """
    lock = read_lock(folder)
    folders = lock.keys() | {path.parent.name for path in folder.glob("*/*.json")}
    return tuple(error for name in sorted(folders) for error in _deviations(folder, name, lock))


def _tables(folder: str, version: LockedVersion) -> Iterator[str]:
    header = {
        "version": version.version,
        "source": version.source,
        "source_version": version.source_version,
        "official": version.official,
    }
    yield write_table([folder], _known(header))
    for name, file in sorted(version.files.items()):
        yield write_table([folder, "files", name], _known(vars(file)))


def _known(entries: Mapping[str, str]) -> dict[str, str]:
    """Leaves out what is said of the official file where nothing is known of it."""
    return {key: text for key, text in entries.items() if text or not key.startswith("official")}


def _version(table: Table) -> LockedVersion:
    table.only("version", "source", "source_version", "official", "files")
    files = table.table("files")
    return LockedVersion(
        version=table.text("version"),
        source=table.text("source"),
        source_version=table.text("source_version"),
        files={name: _file(files.table(name)) for name in files},
        official=_optional(table, "official"),
    )


def _file(table: Table) -> LockedFile:
    table.only("path", "edition", "source_sha256", "structure_sha256", "official_sha256")
    return LockedFile(
        path=table.text("path"),
        edition=table.text("edition", blank=True),
        source_sha256=table.text("source_sha256"),
        structure_sha256=table.text("structure_sha256"),
        official_sha256=_optional(table, "official_sha256"),
    )


def _optional(table: Table, key: str) -> str:
    return table.text(key) if key in table else ""


def _deviations(folder: Path, name: str, lock: Lock) -> Iterator[CodegenError]:
    locked: Mapping[str, LockedFile] = lock[name].files if name in lock else {}
    found = {path.stem for path in (folder / name).glob("*.json")}
    for message in sorted(locked.keys() | found):
        path = folder / name / f"{message}.json"
        try:
            problem = _deviation(path, locked.get(message))
        except CodegenError as exc:
            yield exc
            continue
        if problem:
            yield CodegenError(problem, file=str(path), cure=_CURE)


def _deviation(path: Path, locked: LockedFile | None) -> str | None:
    if locked is None:
        return "in the folder, but not in the lock"
    if not path.exists():
        return "in the lock, but not in the folder"
    data = read_file(path)
    document = derive(data, str(path)).document
    if canonical_hash(document) != locked.structure_sha256:
        return "its structure is not the one that was derived from the source"
    if data != write_json(document):
        return "not written as an import writes it"
    return None

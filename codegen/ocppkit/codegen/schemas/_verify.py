"""Compares a source of schemas with a folder of imported ones, for `ocppkit schemas verify`.

The structure of the source is derived again and compared file by file. Files that differ only in their bytes count as
equal. Files with another structure count as equal if applying the errata to both makes them equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .._errors import CodegenError
from ._errata import Corrections, Errata, load_corrections, load_errata, with_errata
from ._json_text import Object
from ._lock import LOCK, LockedFile, LockedVersion, read_lock
from ._schema_set import SchemaFile, folder_of, load_set
from ._source_schemas import Imported, derive_source, editions_of
from ._structure import Difference, differences

__all__ = ["VerifyReport", "VerifyRow", "VerifyStatus", "verify_schemas"]


class VerifyStatus(StrEnum):
    """The result of comparing one message of a source with the imported schema."""

    IDENTICAL = "identical"
    SAME_STRUCTURE = "same structure, other bytes"
    SAME_AFTER_ERRATA = "same structure after errata"
    DIFFERENT = "different"
    MISSING = "missing in the source"
    EXTRA = "only in the source"

    @property
    def ok(self) -> bool:
        """Whether the two schemas of the message are equal."""
        return self in (
            VerifyStatus.IDENTICAL,
            VerifyStatus.SAME_STRUCTURE,
            VerifyStatus.SAME_AFTER_ERRATA,
        )


@dataclass(frozen=True)
class VerifyRow:
    """How one message's imported schema compares with that of the source."""

    message: str
    status: VerifyStatus
    path: str | None
    """The path of its schema in the source; `None` if the source lacks the message."""

    differences: tuple[Difference, ...] = ()
    """The differences: first the imported schema, then the one of the source."""


@dataclass(frozen=True)
class VerifyReport:
    """The result of comparing a source with imported schemas."""

    version: str
    source: str
    """The name of the source that the schemas were imported from, as in the lock."""

    source_version: str
    editions: tuple[str, ...]
    """The editions that the files of the compared source name."""

    rows: tuple[VerifyRow, ...]

    warnings: tuple[str, ...] = ()
    """Warnings about assumptions, such as a missing `$schema`."""

    @property
    def ok(self) -> bool:
        """Whether all messages are equal in both."""
        return all(row.status.ok for row in self.rows)


def verify_schemas(
    source: Path,
    version: str,
    schemas: Path,
    *,
    corrections: Iterable[Corrections] | None = None,
    errata: Iterable[Errata] | None = None,
    draft: int | None = None,
) -> VerifyReport:
    """Compares a source with the imported schemas of one version.

    Args:
        source: a ZIP or a folder with the schemas of one OCPP version.
        version: the version: `1.6`, `2.0.1` or `2.1`.
        schemas: the folder with `lock.toml` and one folder per version.
        corrections: the corrections to use instead of the shipped ones. A correction applies only to a source file
            with its hash.
        errata: the errata that may explain a difference, instead of the shipped ones.
        draft: the JSON Schema draft of source files without `$schema`.

    Raises:
        CodegenError: the source is invalid, or the folder has no lock for this version.
    """
    locked = _locked_version(schemas, version)
    known = load_corrections() if corrections is None else corrections
    bound = [one for one in known if one.binds(locked.source, locked.source_version, version)]
    amending = tuple(load_errata(version) if errata is None else errata)
    ours = load_set(version, schemas / folder_of(version)).files
    theirs = derive_source(source, version, bound, draft=draft)
    rows = (
        _compare_message(name, ours.get(name), theirs.get(name), locked.files.get(name), amending)
        for name in sorted(ours.keys() | theirs.keys())
    )
    return VerifyReport(
        version=version,
        source=locked.source,
        source_version=locked.source_version,
        editions=editions_of(theirs.values()),
        rows=tuple(rows),
        warnings=tuple(warning for one in theirs.values() for warning in one.warnings),
    )


def _locked_version(schemas: Path, version: str) -> LockedVersion:
    lock = read_lock(schemas)
    folder = folder_of(version)
    if folder not in lock:
        raise CodegenError(
            f"the lock has no schemas of OCPP {version}",
            file=str(schemas / LOCK),
            cure="import them first: ocppkit schemas import",
        )
    return lock[folder]


def _compare_message(
    name: str,
    ours: SchemaFile | None,
    theirs: Imported | None,
    locked: LockedFile | None,
    errata: tuple[Errata, ...],
) -> VerifyRow:
    if theirs is None:
        return VerifyRow(name, VerifyStatus.MISSING, None)
    path = theirs.source.path
    if ours is None:
        return VerifyRow(name, VerifyStatus.EXTRA, path)
    document = dict(ours.document)
    found = differences(document, theirs.document)
    if not found:
        known = (locked.source_sha256, locked.official_sha256) if locked else ()
        identical = theirs.source.sha256 in known
        return VerifyRow(
            name, VerifyStatus.IDENTICAL if identical else VerifyStatus.SAME_STRUCTURE, path
        )
    if _equal_after_errata(errata, name, document, theirs.document):
        return VerifyRow(name, VerifyStatus.SAME_AFTER_ERRATA, path, found)
    return VerifyRow(name, VerifyStatus.DIFFERENT, path, found)


def _equal_after_errata(
    errata: tuple[Errata, ...], name: str, ours: Object, theirs: Object
) -> bool:
    """Tells whether two schemas are the same once the errata are applied to both."""
    try:
        return not differences(with_errata(ours, name, errata), with_errata(theirs, name, errata))
    except CodegenError:
        # An erratum that does not fit explains no difference.
        return False

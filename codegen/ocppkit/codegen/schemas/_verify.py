"""Behind `ocppkit schemas verify`: does a source say what our schemas say?

The source is derived afresh and compared file by file. Other bytes that say the same are fine;
another structure is not, unless the errata explain it: a published file may stay as it was when an
erratum changed what it means.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .._errors import CodegenError
from ._errata import Corrections, Errata, amend, load_corrections, load_errata
from ._import import Imported, derive_source, editions_of
from ._json_text import Object
from ._lock import LOCK, LockedFile, LockedVersion, read_lock
from ._schema_set import SchemaFile, folder_of, load_set
from ._structure import Difference, differences

__all__ = ["Status", "VerifyReport", "VerifyRow", "verify_schemas"]


class Status(StrEnum):
    """How a message of the source compares with ours."""

    IDENTICAL = "identical"
    SAME_STRUCTURE = "same structure, other bytes"
    SAME_AFTER_ERRATA = "same structure after errata"
    DIFFERENT = "different"
    MISSING = "missing in the source"
    EXTRA = "only in the source"

    @property
    def ok(self) -> bool:
        """Whether the message is the same in both."""
        return self in (Status.IDENTICAL, Status.SAME_STRUCTURE, Status.SAME_AFTER_ERRATA)


@dataclass(frozen=True)
class VerifyRow:
    """One message."""

    message: str
    status: Status
    path: str | None
    """Where it lies in the source, if it does."""

    differences: tuple[Difference, ...] = ()
    """Where the structures differ: ours, then the source's."""


@dataclass(frozen=True)
class VerifyReport:
    """What a comparison found, message by message."""

    version: str
    source: str
    """The source that our schemas were derived from, by its name in the lock."""

    source_version: str
    editions: tuple[str, ...]
    """What the files of the compared source claim about their edition."""

    rows: tuple[VerifyRow, ...]

    warnings: tuple[str, ...] = ()
    """What was assumed because the files of the compared source do not say it."""

    @property
    def ok(self) -> bool:
        """Whether every message is the same in both."""
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
    """Compares a source with our schemas of one version.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version: `1.6`, `2.0.1` or `2.1`.
        schemas: the folder that holds `lock.toml` and one folder per version.
        corrections: the corrections to choose from, if not the shipped ones. They apply to files
            of the source whose bytes they know.
        errata: the errata that may explain a difference, if not the shipped ones.
        draft: the JSON Schema draft of the source's files without `$schema`.

    Raises:
        CodegenError: if the source is refused, or the folder has no lock for this version.
    """
    locked = _locked(schemas, version)
    known = load_corrections() if corrections is None else corrections
    bound = [one for one in known if one.binds(locked.source, locked.source_version, version)]
    amending = tuple(load_errata(version) if errata is None else errata)
    ours = load_set(version, schemas / folder_of(version)).files
    theirs = derive_source(source, version, bound, draft=draft)
    rows = (
        _row(name, ours.get(name), theirs.get(name), locked.files.get(name), amending)
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


def _locked(schemas: Path, version: str) -> LockedVersion:
    lock = read_lock(schemas)
    folder = folder_of(version)
    if folder not in lock:
        raise CodegenError(
            f"the lock knows nothing of OCPP {version}",
            file=str(schemas / LOCK),
            cure="run `ocppkit schemas import` first",
        )
    return lock[folder]


def _row(
    name: str,
    ours: SchemaFile | None,
    theirs: Imported | None,
    locked: LockedFile | None,
    errata: tuple[Errata, ...],
) -> VerifyRow:
    if theirs is None:
        return VerifyRow(name, Status.MISSING, None)
    path = theirs.source.path
    if ours is None:
        return VerifyRow(name, Status.EXTRA, path)
    document = dict(ours.document)
    found = differences(document, theirs.document)
    if not found:
        known = (locked.source_sha256, locked.official_sha256) if locked else ()
        identical = theirs.source.sha256 in known
        return VerifyRow(name, Status.IDENTICAL if identical else Status.SAME_STRUCTURE, path)
    if _explain(errata, name, document, theirs.document):
        return VerifyRow(name, Status.SAME_AFTER_ERRATA, path, found)
    return VerifyRow(name, Status.DIFFERENT, path, found)


def _explain(errata: tuple[Errata, ...], name: str, ours: Object, theirs: Object) -> bool:
    """Tells whether two schemas are the same once the errata are applied to both."""
    try:
        return not differences(amend(ours, name, errata), amend(theirs, name, errata))
    except CodegenError:
        # An erratum that does not fit explains nothing: the difference must be shown.
        return False

"""Imports schemas from a folder or archive: derives their structure, and writes the results and `lock.toml`.

Everything is derived in memory first. If all of it is valid, a new folder is written and replaces the old one.
A source with an error changes nothing on the disk.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .._errors import CodegenError
from .._files import read_file
from .._resources import schemas_dir
from ._errata import Corrections, EditReport, load_corrections
from ._json_text import write_json
from ._lock import LOCK, LockedVersion, read_lock, write_lock
from ._schema_set import folder_of
from ._source_schemas import SourceSchema, derive_files, editions_of, read_source_schemas

__all__ = ["ImportReport", "import_schemas"]


@dataclass(frozen=True)
class ImportReport:
    """The result of an import: which messages were added, changed or removed. Each list is sorted."""

    folder: Path
    """The folder with the imported schemas."""

    editions: tuple[str, ...]
    """The editions that the imported files name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    applied: tuple[EditReport, ...]
    """The effect of each correction."""

    warnings: tuple[str, ...] = ()
    """Warnings about assumptions, such as a missing `$schema`."""


def import_schemas(
    source: Path,
    version: str,
    target: Path,
    *,
    source_name: str,
    source_version: str,
    corrections: Iterable[Corrections] | None = None,
    sends: bool = True,
    draft: int | None = None,
) -> ImportReport:
    """Imports the schemas of a source; they replace all earlier schemas of the version.

    Args:
        source: a ZIP or a folder with the schemas of one OCPP version.
        version: the OCPP version, such as `2.0.1`.
        target: the folder with `lock.toml` and one folder per version; it is created if it does not exist.
        source_name: the name of the source, for the lock, such as `Open Charge Alliance`.
        source_version: the edition or release of the source.
        corrections: the corrections to use instead of the shipped ones.
        sends: whether the version has messages without a response.
        draft: the JSON Schema draft of files without `$schema`.

    Raises:
        CodegenError: the source is invalid, its corrections are for other files, or the target has files that
            no import wrote. Nothing has been written then.
    """
    known = load_corrections() if corrections is None else corrections
    bound = tuple(one for one in known if one.binds(source_name, source_version, version))
    _check_source(source, source_name, source_version)
    files = read_source_schemas(source, version, sends)
    _check_corrections_fit(source, files, bound)
    imported = derive_files(files, version, bound, draft)
    lock = dict(read_lock(target))
    folder = target / folder_of(version)
    before = _read_existing(folder, version, lock.get(folder.name))
    after = {name: write_json(one.document) for name, one in imported.items()}
    lock[folder.name] = _with_official_hashes(
        LockedVersion(
            version, source_name, source_version, {n: one.lock() for n, one in imported.items()}
        )
    )
    _write_schemas(folder, after, write_lock(lock))
    return ImportReport(
        folder=folder,
        editions=editions_of(imported.values()),
        added=tuple(sorted(after.keys() - before.keys())),
        changed=_in_both(before, after, same=False),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=_in_both(before, after, same=True),
        applied=tuple(row for one in imported.values() for row in one.applied),
        warnings=tuple(warning for one in imported.values() for warning in one.warnings),
    )


def _with_official_hashes(locked: LockedVersion) -> LockedVersion:
    """Returns a lock entry with the hashes of the Open Charge Alliance's files, taken from the shipped lock."""
    shipped = read_lock(schemas_dir()).get(folder_of(locked.version))
    if shipped is None:
        return locked
    files = {
        name: (
            replace(file, official_sha256=shipped.files[name].official_sha256)
            if name in shipped.files
            else file
        )
        for name, file in locked.files.items()
    }
    return replace(locked, files=files, official=shipped.official)


def _in_both(
    before: Mapping[str, bytes], after: Mapping[str, bytes], *, same: bool
) -> tuple[str, ...]:
    common = sorted(before.keys() & after.keys())
    return tuple(name for name in common if (before[name] == after[name]) is same)


def _check_source(source: Path, name: str, version: str) -> None:
    if not (name.strip() and version.strip()):
        raise CodegenError(
            "the name or the version of the source is empty, but the lock needs both",
            file=str(source),
            cure="add --name 'Open Charge Alliance' --source-version '2.1 edition 1'",
        )


def _check_corrections_fit(
    source: Path, files: Mapping[str, SourceSchema], corrections: Iterable[Corrections]
) -> None:
    """Raises an error if corrections for this source are for other files than it has."""
    for one in corrections:
        for name, sha256 in one.sha256.items():
            if name in files and files[name].source.sha256 == sha256:
                continue
            if one.source is None:
                raise _other_file_error(name, files, one)
            raise CodegenError(
                f"this is not {one.source} {one.source_version}: "
                f"its {name} is not the file that {one.file} corrects",
                file=str(source),
                cure="give the source its own name and version",
            )


def _other_file_error(
    name: str, files: Mapping[str, SourceSchema], one: Corrections
) -> CodegenError:
    """Returns the error about corrections for a file that the source does not have."""
    if name in files:
        path, found = files[name].path, files[name].source.sha256
        cure = f"check whether {path} still needs them, then write its hash here: {found}"
    else:
        cure = "remove these corrections, or import the source that they are for"
    problem = f"these corrections are for another {name}.json than the one in the source"
    return CodegenError(problem, file=one.file, pointer=f"/sha256/{name}", cure=cure)


def _read_existing(folder: Path, version: str, locked: LockedVersion | None) -> dict[str, bytes]:
    """Reads the schemas that the import would replace; raises an error if no import wrote them."""
    if locked is not None and locked.version != version:
        raise CodegenError(
            f"the folder has the schemas of OCPP {locked.version}, not {version}",
            file=str(folder),
            cure="correct --version",
        )
    if not folder.exists():
        return {}
    ours = {f"{name}.json" for name in locked.files} if locked else set[str]()
    for path in sorted(folder.iterdir()):
        if path.name not in ours:
            raise CodegenError(
                "the import would delete this file, which no import wrote",
                file=str(path),
                cure="move the file away, or choose another folder with --output",
            )
    return {path.stem: read_file(path) for path in folder.iterdir()}


def _write_schemas(folder: Path, files: Mapping[str, bytes], lock: bytes) -> None:
    """Writes new schemas and the lock; if that fails, the old ones stay."""
    target = folder.parent
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".import-") as scratch:
            new = Path(scratch, folder.name)
            new.mkdir()
            for name, data in files.items():
                (new / f"{name}.json").write_bytes(data)
            Path(scratch, LOCK).write_bytes(lock)
            _swap_folder_and_lock(folder, Path(scratch))
    except OSError as exc:
        raise CodegenError(
            f"the schemas cannot be written: {exc.strerror}",
            file=str(target),
            cure="choose another folder",
        ) from exc


def _swap_folder_and_lock(folder: Path, scratch: Path) -> None:
    """Replaces the folder and the lock by those in the scratch folder: both or neither."""
    old = scratch / "old"
    if folder.exists():
        folder.rename(old)
    try:
        (scratch / folder.name).rename(folder)
        (scratch / LOCK).replace(folder.parent / LOCK)
    except OSError:
        if folder.exists():
            folder.rename(scratch / "refused")
        if old.exists():
            old.rename(folder)
        raise

"""Behind `ocppkit schemas import`: from a ZIP or a folder to structure-only schemas and their lock.

Everything is derived in memory first. Only when all of it is good is a new folder written beside
the old one and put into its place: a source that is refused leaves nothing behind.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .._errors import CodegenError
from .._files import read_file
from .._resources import schemas_dir
from ._derive import derive
from ._errata import Applied, Corrections, correct, load_corrections
from ._json_text import Object, write_json
from ._lock import LOCK, LockedFile, LockedVersion, read_lock, write_lock
from ._schema_set import by_message, folder_of, message_names
from ._sources import SourceFile, read_source
from ._structure import canonical_hash

__all__ = ["ImportReport", "Imported", "derive_source", "editions_of", "import_schemas"]


@dataclass(frozen=True)
class Imported:
    """One message, derived from its source."""

    name: str
    source: SourceFile
    document: Object
    edition: str
    applied: tuple[Applied, ...]
    """What became of the corrections that are bound to its bytes."""

    def lock(self) -> LockedFile:
        """Make its entry of the lock."""
        return LockedFile(
            path=self.source.path,
            edition=self.edition,
            source_sha256=self.source.sha256,
            structure_sha256=canonical_hash(self.document),
        )


@dataclass(frozen=True)
class ImportReport:
    """What an import did to a folder of schemas. Messages are named in sorted order."""

    folder: Path
    """Where the schemas lie now."""

    editions: tuple[str, ...]
    """What the files claim about their edition; files that claim nothing add nothing."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    applied: tuple[Applied, ...]
    """What became of the corrections."""


def import_schemas(
    source: Path,
    version: str,
    target: Path,
    *,
    source_name: str,
    source_version: str,
    corrections: Iterable[Corrections] | None = None,
    sends: bool = True,
) -> ImportReport:
    """Derive the schemas of a source and put them in the place of those of the version.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version, such as `2.0.1`.
        target: the folder that holds `lock.toml` and one folder per version; made if it is not
            there.
        source_name: what the source is called, for the lock: `ocpp`, `Open Charge Alliance`.
        source_version: which edition or release of it.
        corrections: the corrections to choose from, if not the shipped ones.
        sends: whether the version has messages without a response.

    Raises:
        CodegenError: if the source is refused, is not the one that its corrections know, or the
            target holds files that no import wrote. Nothing was written.
    """
    known = load_corrections() if corrections is None else corrections
    bound = tuple(one for one in known if one.binds(source_name, source_version, version))
    imported = derive_source(source, version, bound, sends=sends)
    _check_source(source, source_name, source_version)
    _check_bound(source, imported, bound)
    lock = dict(read_lock(target))
    folder = target / folder_of(version)
    before = _read_before(folder, version, lock.get(folder.name))
    after = {name: write_json(one.document) for name, one in imported.items()}
    lock[folder.name] = _with_official(
        LockedVersion(
            version, source_name, source_version, {n: one.lock() for n, one in imported.items()}
        )
    )
    _publish(folder, after, write_lock(lock))
    return ImportReport(
        folder=folder,
        editions=editions_of(imported.values()),
        added=tuple(sorted(after.keys() - before.keys())),
        changed=_common(before, after, same=False),
        removed=tuple(sorted(before.keys() - after.keys())),
        unchanged=_common(before, after, same=True),
        applied=tuple(row for one in imported.values() for row in one.applied),
    )


def _with_official(locked: LockedVersion) -> LockedVersion:
    """Adds the hashes of the Alliance's own files, which the shipped lock records."""
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


def derive_source(
    source: Path,
    version: str,
    corrections: Iterable[Corrections] = (),
    *,
    sends: bool = True,
) -> dict[str, Imported]:
    """Derive every schema of a source, by message, in sorted order.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version.
        corrections: applied to the files whose bytes they know.
        sends: whether the version has messages without a response.

    Raises:
        CodegenError: if the source or one of its files is refused.
    """
    files = {f"{source}/{file.path}": file for file in read_source(source)}
    paths = by_message(files, message_names(version, files, sends=sends))
    known = tuple(corrections)
    return {name: _imported(name, paths[name], files[paths[name]], known) for name in sorted(paths)}


def editions_of(imported: Iterable[Imported]) -> tuple[str, ...]:
    """List the editions that the files of a source claim, each once, in sorted order."""
    return tuple(sorted({one.edition for one in imported if one.edition}))


def _imported(
    name: str, path: str, file: SourceFile, corrections: Iterable[Corrections]
) -> Imported:
    derived = derive(file.data, path)
    document, applied = correct(derived.document, name, file.sha256, corrections)
    return Imported(name, file, document, derived.edition, applied)


def _common(
    before: Mapping[str, bytes], after: Mapping[str, bytes], *, same: bool
) -> tuple[str, ...]:
    common = sorted(before.keys() & after.keys())
    return tuple(name for name in common if (before[name] == after[name]) is same)


def _check_source(source: Path, name: str, version: str) -> None:
    if not (name.strip() and version.strip()):
        raise CodegenError(
            "the source has no name or no version, and the lock must say where schemas come from",
            file=str(source),
            cure="say --name 'Open Charge Alliance' --source-version '2.1 edition 1'",
        )


def _check_bound(
    source: Path, imported: Mapping[str, Imported], corrections: Iterable[Corrections]
) -> None:
    """Refuse a source that goes by the name of one that has corrections, but is another one."""
    for one in corrections:
        for name, sha256 in one.sha256.items():
            if name not in imported or imported[name].source.sha256 != sha256:
                raise CodegenError(
                    f"this is not {one.source} {one.source_version}: "
                    f"its {name} is not the file that {one.file} corrects",
                    file=str(source),
                    cure="give the source its own name and version",
                )


def _read_before(folder: Path, version: str, locked: LockedVersion | None) -> dict[str, bytes]:
    """Read the schemas that stand there, all of which an import must have written."""
    if locked is not None and locked.version != version:
        raise CodegenError(
            f"holds OCPP {locked.version}, not {version}",
            file=str(folder),
            cure="correct --version",
        )
    if not folder.exists():
        return {}
    ours = {f"{name}.json" for name in locked.files} if locked else set[str]()
    for path in sorted(folder.iterdir()):
        if path.name not in ours:
            raise CodegenError(
                "a file that no import wrote, in a folder that would be replaced",
                file=str(path),
                cure="move it away or choose another folder with --output",
            )
    return {path.stem: read_file(path) for path in folder.iterdir()}


def _publish(folder: Path, files: Mapping[str, bytes], lock: bytes) -> None:
    """Put new schemas and the lock into place; on failure what was there stays there."""
    target = folder.parent
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".import-") as scratch:
            new = Path(scratch, folder.name)
            new.mkdir()
            for name, data in files.items():
                (new / f"{name}.json").write_bytes(data)
            Path(scratch, LOCK).write_bytes(lock)
            _swap(folder, Path(scratch))
    except OSError as exc:
        raise CodegenError(
            f"cannot be written: {exc.strerror}", file=str(target), cure="choose another folder"
        ) from exc


def _swap(folder: Path, scratch: Path) -> None:
    """Exchange the folder and the lock for those in the scratch folder, both or neither."""
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

"""Behind `ocppkit schemas import`: from a ZIP or a folder to structure-only schemas and their lock.

Everything is derived in memory first. Only when all of it is good is a new folder written beside
the old one and put into its place: a source that is refused leaves nothing behind.
"""

import tempfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .._errors import CodegenError
from .._files import read_file
from .._resources import schemas_dir
from ._derive import ASSUMED_DRAFT, derive, derive_document, draft_warning
from ._errata import Applied, Corrections, correct, derive_changed, load_corrections
from ._json_text import Object, Place, read_json, split, write_json
from ._lock import LOCK, LockedFile, LockedVersion, read_lock, write_lock
from ._patch import write_change
from ._schema_set import by_message, folder_of, message_names
from ._sources import SourceFile, read_source
from ._structure import ABSENT, canonical_hash
from ._toml import write_table

__all__ = [
    "ImportReport",
    "Imported",
    "Suggestion",
    "derive_source",
    "editions_of",
    "import_schemas",
    "suggest_corrections",
]

_MOST_ENTRIES = 100
"""Entries that are suggested for one file; one that needs more is no schema of OCPP."""


@dataclass(frozen=True)
class Imported:
    """One message, derived from its source."""

    name: str
    source: SourceFile
    document: Object
    edition: str
    applied: tuple[Applied, ...]
    """What became of the corrections that are bound to its bytes."""

    warnings: tuple[str, ...] = ()
    """What was assumed because the file does not say it."""

    def lock(self) -> LockedFile:
        """Makes its entry of the lock."""
        return LockedFile(
            path=self.source.path,
            edition=self.edition,
            source_sha256=self.source.sha256,
            structure_sha256=canonical_hash(self.document),
        )


@dataclass(frozen=True)
class Suggestion:
    """Corrections that would make a source acceptable."""

    text: str
    """A file of corrections; empty if no correction is known."""

    count: int
    """How many entries it has."""

    refused: tuple[CodegenError, ...]
    """What no correction is known for, file by file."""


@dataclass(frozen=True)
class _Read:
    """One file of a source that is the schema of a message."""

    path: str
    """The file as the user knows it."""

    source: SourceFile

    def document(self) -> Object:
        """Returns the schema as it stands in the file."""
        return Place(self.path).object(read_json(self.source.data, self.path))


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

    warnings: tuple[str, ...] = ()
    """What was assumed because the files do not say it."""


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
    """Derives the schemas of a source and puts them in the place of those of the version.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version, such as `2.0.1`.
        target: the folder that holds `lock.toml` and one folder per version; made if it is not
            there.
        source_name: what the source is called, for the lock: `ocpp`, `Open Charge Alliance`.
        source_version: which edition or release of it.
        corrections: the corrections to choose from, if not the shipped ones.
        sends: whether the version has messages without a response.
        draft: the JSON Schema draft of files without `$schema`.

    Raises:
        CodegenError: if the source is refused, is not the one that its corrections know, or the
            target holds files that no import wrote. Nothing was written.
    """
    known = load_corrections() if corrections is None else corrections
    bound = tuple(one for one in known if one.binds(source_name, source_version, version))
    _check_source(source, source_name, source_version)
    files = _read(source, version, sends)
    _check_bound(source, files, bound)
    imported = _derive_files(files, version, bound, draft)
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
        warnings=tuple(warning for one in imported.values() for warning in one.warnings),
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
    draft: int | None = None,
) -> dict[str, Imported]:
    """Derives every schema of a source, by message, in sorted order.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version.
        corrections: applied to the files whose bytes they know.
        sends: whether the version has messages without a response.
        draft: the JSON Schema draft of files without `$schema`; without it, that of the shipped
            schema of the message, and a warning.

    Raises:
        CodegenError: the source or one of its files is refused. The error suggests an entry of
            corrections where one value of the file is wrong.
    """
    return _derive_files(_read(source, version, sends), version, tuple(corrections), draft)


def suggest_corrections(
    source: Path, version: str, *, sends: bool = True, corrections: Iterable[Corrections] = ()
) -> Suggestion:
    """Returns a file of corrections that would make a source acceptable, as far as that is known.

    Args:
        source: a ZIP, or a folder, that holds the schemas of one OCPP version.
        version: which version.
        sends: whether the version has messages without a response.
        corrections: applied before anything is suggested.

    Raises:
        CodegenError: the source is refused as a whole.
    """
    known = tuple(corrections)
    entries: dict[str, list[str]] = {}
    hashes: dict[str, str] = {}
    refused: list[CodegenError] = []
    for name, file in _read(source, version, sends).items():
        found, error = _mend(name, file, known)
        refused += [error] if error else []
        if found:
            entries[name], hashes[name] = found, file.source.sha256
    text = _corrections_text(version, hashes, [each for name in entries for each in entries[name]])
    return Suggestion(text if entries else "", sum(map(len, entries.values())), tuple(refused))


def _mend(
    name: str, file: _Read, corrections: tuple[Corrections, ...]
) -> tuple[list[str], CodegenError | None]:
    """Returns the entries that make a file acceptable, and what is left to refuse it for."""
    document, _ = correct(file.document(), name, file.source.sha256, corrections)
    document, entries = deepcopy(document), list[str]()
    while True:
        try:
            derive_document(document, file.path)
        except CodegenError as error:
            if error.change is None or len(entries) == _MOST_ENTRIES:
                return entries, error
            entries.append(write_change(f"{name}.json", error))
            _put(document, split(error.pointer or ""), error.change[1])
        else:
            return entries, None


def _put(document: Object, way: list[str], value: object) -> None:
    """Sets what stands at a path, or takes it away."""
    at: Any = document
    for token in way[:-1]:
        at = at[int(token) if isinstance(at, list) else token]
    if value is ABSENT:
        del at[way[-1]]
    else:
        at[way[-1]] = value


def _corrections_text(version: str, hashes: Mapping[str, str], entries: Iterable[str]) -> str:
    """Writes a file of corrections that are bound to the hashes of the files."""
    return "\n".join(
        [write_table(["source"], {"ocpp": version}), write_table(["sha256"], hashes), *entries]
    )


def editions_of(imported: Iterable[Imported]) -> tuple[str, ...]:
    """Lists the editions that the files of a source claim, each once, in sorted order."""
    return tuple(sorted({one.edition for one in imported if one.edition}))


def _read(source: Path, version: str, sends: bool) -> dict[str, _Read]:
    """Reads a source, by message, in sorted order."""
    files = {f"{source}/{file.path}".rstrip("/"): file for file in read_source(source)}
    paths = by_message(files, message_names(version, files, sends=sends))
    return {name: _Read(paths[name], files[paths[name]]) for name in sorted(paths)}


def _derive_files(
    files: Mapping[str, _Read],
    version: str,
    corrections: tuple[Corrections, ...],
    draft: int | None,
) -> dict[str, Imported]:
    return {
        name: _imported(name, file, version, corrections, draft) for name, file in files.items()
    }


def _imported(
    name: str, file: _Read, version: str, corrections: Iterable[Corrections], draft: int | None
) -> Imported:
    read = file.document()
    document, applied = correct(read, name, file.source.sha256, corrections)
    warnings: tuple[str, ...] = ()
    if draft is None and "$schema" not in document:
        draft = _shipped_draft(name, version)
        warnings = (draft_warning(file.path, draft),)
    try:
        changes = [row.change for row in applied]
        derived = derive_changed(changes, document, file.path, draft=draft)
    except CodegenError as error:
        raise _with_correction(error, version, name, file) from error
    return Imported(name, file.source, derived.document, derived.edition, applied, warnings)


def _shipped_draft(name: str, version: str) -> int:
    """Returns the draft of the shipped schema of a message, which a source without one may share."""
    shipped = schemas_dir() / f"v{version.replace('.', '')}" / f"{name}.json"
    return derive(read_file(shipped), str(shipped)).draft if shipped.is_file() else ASSUMED_DRAFT


def _with_correction(error: CodegenError, version: str, name: str, file: _Read) -> CodegenError:
    """Adds the correction that would mend a file to its error, where one value is wrong."""
    if error.change is None:
        return error
    entry = write_change(f"{name}.json", error)
    text = _corrections_text(version, {name: file.source.sha256}, [entry])
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
    return error.with_cure(
        f"""{error.cure}; or import with --corrections FILE, a file with this in it
  (--suggest FILE writes it for all files of the source):

{lines.rstrip()}"""
    )


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
    source: Path, files: Mapping[str, _Read], corrections: Iterable[Corrections]
) -> None:
    """Refuses a source that is not the one that its corrections are for."""
    for one in corrections:
        for name, sha256 in one.sha256.items():
            if name in files and files[name].source.sha256 == sha256:
                continue
            if one.source is None:
                raise _other_file(name, files, one)
            raise CodegenError(
                f"this is not {one.source} {one.source_version}: "
                f"its {name} is not the file that {one.file} corrects",
                file=str(source),
                cure="give the source its own name and version",
            )


def _other_file(name: str, files: Mapping[str, _Read], one: Corrections) -> CodegenError:
    """Makes the error about corrections of a file that the source does not hold."""
    if name in files:
        path, found = files[name].path, files[name].source.sha256
        cure = f"look whether {path} still needs them, then write its hash there: {found}"
    else:
        cure = "remove these corrections, or import the source that they are for"
    problem = f"these corrections are for another {name}.json than the source holds"
    return CodegenError(problem, file=one.file, pointer=f"/sha256/{name}", cure=cure)


def _read_before(folder: Path, version: str, locked: LockedVersion | None) -> dict[str, bytes]:
    """Reads the schemas that stand there, all of which an import must have written."""
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
    """Puts new schemas and the lock into place; on failure what was there stays there."""
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
    """Exchanges the folder and the lock for those in the scratch folder, both or neither."""
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

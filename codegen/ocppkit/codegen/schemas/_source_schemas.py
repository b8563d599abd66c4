"""Reads the schemas of a source and derives the structure of each: the first half of an import.

A source is a ZIP or a folder that holds the schemas of one OCPP version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .._errors import CodegenError
from .._files import read_file
from .._resources import schemas_dir
from ._derive import ASSUMED_DRAFT, derive, draft_warning
from ._errata import Corrections, EditReport, apply_corrections, derive_edited
from ._json_text import Object, Place, read_json
from ._lock import LockedFile
from ._patch import write_edit
from ._schema_set import by_message, message_names
from ._sources import SourceFile, read_source
from ._structure import canonical_hash
from ._toml import write_table

__all__ = [
    "Imported",
    "SourceSchema",
    "corrections_text",
    "derive_files",
    "derive_source",
    "editions_of",
    "read_source_schemas",
]


@dataclass(frozen=True)
class SourceSchema:
    """A file of a source with the schema of a message."""

    path: str
    """The path of the file, for errors."""

    source: SourceFile

    def document(self) -> Object:
        """Returns the parsed contents of the file."""
        return Place(self.path).object(read_json(self.source.data, self.path))


@dataclass(frozen=True)
class Imported:
    """The schema of one message, derived from its source file."""

    name: str
    source: SourceFile
    document: Object
    edition: str
    applied: tuple[EditReport, ...]
    """The effect of each correction of the file."""

    warnings: tuple[str, ...] = ()
    """Warnings about assumptions, such as a missing `$schema`."""

    def lock(self) -> LockedFile:
        """Returns the entry for the lock."""
        return LockedFile(
            path=self.source.path,
            edition=self.edition,
            source_sha256=self.source.sha256,
            structure_sha256=canonical_hash(self.document),
        )


def derive_source(
    source: Path,
    version: str,
    corrections: Iterable[Corrections] = (),
    *,
    sends: bool = True,
    draft: int | None = None,
) -> dict[str, Imported]:
    """Derives the structure of all schemas of a source.

    Args:
        source: a ZIP or a folder with the schemas of one OCPP version.
        version: the OCPP version.
        corrections: the corrections to apply to files with their hashes.
        sends: whether the version has messages without a response.
        draft: the JSON Schema draft of files without `$schema`; by default that of the shipped schema of the same
            message, with a warning.

    Returns:
        The schemas by name of the message, sorted.

    Raises:
        CodegenError: the source or a schema is invalid. The error suggests a correction if replacing one value
            is enough.
    """
    return derive_files(
        read_source_schemas(source, version, sends), version, tuple(corrections), draft
    )


def editions_of(imported: Iterable[Imported]) -> tuple[str, ...]:
    """Returns the editions that the files of a source name, each once, sorted."""
    return tuple(sorted({one.edition for one in imported if one.edition}))


def read_source_schemas(source: Path, version: str, sends: bool) -> dict[str, SourceSchema]:
    """Reads the schema files of a source, by name of the message, sorted."""
    files = {f"{source}/{file.path}".rstrip("/"): file for file in read_source(source)}
    paths = by_message(files, message_names(version, files, sends=sends))
    return {name: SourceSchema(paths[name], files[paths[name]]) for name in sorted(paths)}


def derive_files(
    files: Mapping[str, SourceSchema],
    version: str,
    corrections: tuple[Corrections, ...],
    draft: int | None,
) -> dict[str, Imported]:
    return {
        name: _import_file(name, file, version, corrections, draft) for name, file in files.items()
    }


def _import_file(
    name: str,
    file: SourceSchema,
    version: str,
    corrections: Iterable[Corrections],
    draft: int | None,
) -> Imported:
    read = file.document()
    document, applied = apply_corrections(read, name, file.source.sha256, corrections)
    warnings: tuple[str, ...] = ()
    if draft is None and "$schema" not in document:
        draft = _shipped_draft(name, version)
        warnings = (draft_warning(file.path, draft),)
    try:
        changes = [row.change for row in applied]
        derived = derive_edited(changes, document, file.path, draft=draft)
    except CodegenError as error:
        raise _with_suggestion(error, version, name, file) from error
    return Imported(name, file.source, derived.document, derived.edition, applied, warnings)


def _shipped_draft(name: str, version: str) -> int:
    """Returns the JSON Schema draft of the shipped schema of a message; 6 if none is shipped."""
    shipped = schemas_dir() / f"v{version.replace('.', '')}" / f"{name}.json"
    return derive(read_file(shipped), str(shipped)).draft if shipped.is_file() else ASSUMED_DRAFT


def _with_suggestion(
    error: CodegenError, version: str, name: str, file: SourceSchema
) -> CodegenError:
    """Returns an error with a correction in its cure, if replacing one value corrects the file."""
    if error.change is None:
        return error
    entry = write_edit(f"{name}.json", error)
    text = corrections_text(version, {name: file.source.sha256}, [entry])
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
    return error.with_cure(
        f"""{error.cure}; or import with --corrections FILE, a file with this in it
  (--suggest FILE writes it for all files of the source):

{lines.rstrip()}"""
    )


def corrections_text(version: str, hashes: Mapping[str, str], entries: Iterable[str]) -> str:
    """Returns the text of a file of corrections for files with these hashes."""
    return "\n".join(
        [write_table(["source"], {"ocpp": version}), write_table(["sha256"], hashes), *entries]
    )

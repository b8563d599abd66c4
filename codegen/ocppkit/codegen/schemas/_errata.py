"""Reads and applies changes to schemas: errata when packages are generated, corrections when schemas are imported.

An *erratum* changes a schema that is as its publisher meant it: a later edition decided otherwise, or a user's equipment
needs a higher limit. A *correction* undoes a change that one source made to the publisher's files. It applies only to
that source, which it identifies by name, version and the hash of each file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from .._errors import CodegenError
from .._files import list_files, read_file
from ._derive import Derived, derive_document
from ._json_text import Object
from ._patch import EditOutcome, EditReport, SchemaEdit, apply_edit, read_edits
from ._schema_set import RawSchemaFile, SchemaSet, build_schema_set, is_version
from ._toml import Table, read_toml

__all__ = [
    "OPTIONAL_ERRATA",
    "Corrections",
    "EditOutcome",
    "EditReport",
    "Errata",
    "SchemaEdit",
    "apply_corrections",
    "apply_errata",
    "derive_edited",
    "derive_with_errata",
    "load_corrections",
    "load_errata",
    "read_errata",
    "with_errata",
]

_HERE = Path(__file__).parents[1]

OPTIONAL_ERRATA = {path.stem: path for path in sorted((_HERE / "errata/optional").glob("*.toml"))}
"""The shipped errata that apply only if the user names them: their paths by name."""


@dataclass(frozen=True)
class Errata:
    """The contents of one file of errata."""

    file: str
    version: str
    """The OCPP version whose schemas it changes."""

    changes: tuple[SchemaEdit, ...]


@dataclass(frozen=True)
class Corrections:
    """The contents of one file of corrections."""

    file: str
    source: str | None
    """The name of the source that it corrects; `None` if only the hashes identify the source."""

    source_version: str | None
    """The version of that source."""

    version: str
    """The OCPP version whose schemas it changes."""

    sha256: Mapping[str, str]
    """The hash of the source's file for each message that is changed."""

    changes: tuple[SchemaEdit, ...]

    def binds(self, source: str, source_version: str, version: str) -> bool:
        """Tells whether these corrections apply to a source."""
        named = self.source in (None, source) and self.source_version in (None, source_version)
        return named and self.version == version


def load_errata(version: str, *paths: Path) -> tuple[Errata, ...]:
    """Reads the errata of one version: first the shipped ones, then the user's.

    Args:
        version: `1.6`, `2.0.1` or `2.1`.
        paths: the user's files, or folders of `*.toml` files. Files of other versions are checked, but not
            returned. A name in `OPTIONAL_ERRATA`, such as `exi-response-7500`, means these shipped errata, unless there
            is such a file or folder.
    """
    return tuple(one for one in read_errata(*paths) if one.version == version)


def read_errata(*paths: Path) -> tuple[Errata, ...]:
    """Reads the errata of all versions: first the shipped ones, then the user's; see `load_errata`."""
    return _load_files(
        [*_shipped_paths("errata"), *map(_optional_or_own, paths)], _read_errata_file
    )


def load_corrections(*paths: Path) -> tuple[Corrections, ...]:
    """Reads corrections: first the shipped ones, then those in `paths`, which are files or folders."""
    return _load_files([*_shipped_paths("corrections"), *paths], _read_corrections_file)


def _shipped_paths(folder: str) -> list[Path]:
    return sorted((_HERE / folder).glob("*.toml"))


def _optional_or_own(path: Path) -> Path:
    if path.exists():
        return path
    if str(path) not in OPTIONAL_ERRATA:
        raise CodegenError(
            "there is no such file or folder, and ocppkit ships no errata of this name",
            file=str(path),
            cure=f"correct the path, or use one of {', '.join(OPTIONAL_ERRATA)}",
        )
    return OPTIONAL_ERRATA[str(path)]


def apply_errata(
    schemas: SchemaSet, errata: Iterable[Errata]
) -> tuple[SchemaSet, tuple[EditReport, ...]]:
    """Applies errata to a set of schemas, one after the other.

    Returns:
        The changed set, and the effect of each change.

    Raises:
        CodegenError: a change does not fit its schema, or makes a schema invalid.
    """
    documents = {name: deepcopy(dict(file.document)) for name, file in schemas.files.items()}
    rows, touched = _apply_all(documents, errata)
    files = dict(schemas.files)
    for name, changes in touched.items():
        file = files[name]
        derived = derive_edited(changes, documents[name], file.path)
        files[name] = replace(file, document=derived.document)
    return replace(schemas, files=files), rows


def derive_with_errata(
    version: str, files: Mapping[str, RawSchemaFile], errata: Iterable[Errata]
) -> tuple[SchemaSet, tuple[EditReport, ...]]:
    """Applies errata to schema files, and then derives their structure.

    In this order an erratum can correct a file whose structure could not be derived.

    Returns:
        The set of schemas, and the effect of each change.

    Raises:
        CodegenError: a change does not fit its schema, or a schema is invalid after all changes.
    """
    errata = tuple(errata)
    documents = {name: file.document for name, file in files.items()}
    if any(one.changes for one in errata):
        documents = deepcopy(documents)
    rows, touched = _apply_all(documents, errata)
    derived = {
        name: replace(file, document=documents[name]).derived(
            version, partial(derive_edited, touched.get(name, ()))
        )
        for name, file in files.items()
    }
    return build_schema_set(version, derived), rows


def _apply_all(
    documents: Mapping[str, Object], errata: Iterable[Errata]
) -> tuple[tuple[EditReport, ...], dict[str, list[SchemaEdit]]]:
    """Applies all errata to documents, in place.

    Returns:
        The effect of each change, and the changes by the documents that they concern.
    """
    rows = [
        _apply_one(change, _concerned_documents(documents, change))
        for one in errata
        for change in one.changes
    ]
    touched: dict[str, list[SchemaEdit]] = {}
    for row in rows:
        for name in row.messages:
            touched.setdefault(name, []).append(row.change)
    return tuple(rows), touched


def with_errata(document: Object, message: str, errata: Iterable[Errata]) -> Object:
    """Returns the schema of one message with the errata that concern it applied.

    Raises:
        CodegenError: an erratum does not fit the schema.
    """
    amended = deepcopy(document)
    for one in errata:
        for change in one.changes:
            if change.concerns(message, amended):
                apply_edit(amended, change)
    return amended


def apply_corrections(
    document: Object, message: str, sha256: str, corrections: Iterable[Corrections]
) -> tuple[Object, tuple[EditReport, ...]]:
    """Applies the corrections of one schema file, before its structure is derived.

    Args:
        document: the contents of the file.
        message: the message of the file.
        sha256: the hash of the file; corrections with another hash are not applied.
        corrections: the corrections of its source.

    Returns:
        The changed contents, and the effect of each change.
    """
    report: list[EditReport] = []
    for one in corrections:
        if one.sha256.get(message) == sha256:
            changed = {message: deepcopy(document)}
            report += [
                _apply_one(change, changed)
                for change in one.changes
                if change.concerns(message, document)
            ]
            document = changed[message]
    return document, tuple(report)


def _apply_one(change: SchemaEdit, documents: Mapping[str, Object]) -> EditReport:
    """Applies one change to each document that it concerns."""
    outcomes = {name: apply_edit(documents[name], change) for name in documents}
    applied = tuple(name for name in documents if outcomes[name] is EditOutcome.APPLIED)
    if applied:
        return EditReport(change, EditOutcome.APPLIED, applied)
    return EditReport(change, EditOutcome.ALREADY, tuple(documents))


def _concerned_documents(documents: Mapping[str, Object], change: SchemaEdit) -> dict[str, Object]:
    """Returns the documents that a change concerns."""
    found = {name: one for name, one in documents.items() if change.concerns(name, one)}
    if not found:
        kind = "message" if change.message else "definition"
        raise change.place.at("path").error(
            f"{change.path} refers to nothing: there is no such {kind}", "correct the path"
        )
    return found


def derive_edited(
    changes: Sequence[SchemaEdit], document: Object, path: str, *, draft: int | None = None
) -> Derived:
    """Derives the structure of a schema file that errata or corrections have changed.

    Args:
        changes: the changes that were made.
        document: the changed contents of the file.
        path: the path of the file, for errors.
        draft: the JSON Schema draft of a file without `$schema`.

    Raises:
        CodegenError: the changed schema is invalid. The error names the change at that place, if there is one.
    """
    try:
        return derive_document(document, path, draft=draft)
    except CodegenError as error:
        for change in reversed(changes):
            if change.touches(error.pointer or ""):
                raise change.place.error(
                    f"the change makes the schema invalid at {error.file}#{error.pointer}: {error.problem}",
                    error.cure or "correct the entry",
                ) from error
        raise


_Loaded = TypeVar("_Loaded")


def _load_files(paths: Iterable[Path], read: Callable[[Table], _Loaded]) -> tuple[_Loaded, ...]:
    files = (file for path in paths for file in list_files(path, ".toml"))
    return tuple(read(read_toml(read_file(file), str(file))) for file in files)


def _read_errata_file(table: Table) -> Errata:
    table.only("version", "change")
    version = table.text("version")
    if not is_version(version):
        raise table.place.at("version").error(
            f"{version!r} is not an OCPP version", "write a version such as 2.0.1"
        )
    return Errata(table.place.file, version, read_edits(table))


def _read_corrections_file(table: Table) -> Corrections:
    table.only("source", "sha256", "change")
    source = table.table("source")
    source.only("name", "version", "ocpp")
    named = "name" in source or "version" in source
    hashes = table.table("sha256")
    changes = read_edits(table)
    for change in changes:
        if change.message in (None, "*"):
            raise change.place.at("path").error(
                "the path of a correction must name a file", "write ResetRequest.json#/..."
            )
        hashes.text(str(change.message))
    return Corrections(
        file=table.place.file,
        source=source.text("name") if named else None,
        source_version=source.text("version") if named else None,
        version=source.text("ocpp"),
        sha256={name: hashes.text(name) for name in hashes},
        changes=changes,
    )

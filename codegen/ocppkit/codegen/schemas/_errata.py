"""What the schemas should say differently: errata at generation, corrections at import.

An *erratum* changes a schema that says what its publisher meant at the time: a later edition
decided otherwise, or an operator's own equipment needs a higher limit. A *correction* takes back
what one source changed about the publisher's files; it is bound to that source by name, version and
the hash of each file, and touches nothing else.
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
from ._patch import Applied, EditOutcome, SchemaEdit, apply_change, read_changes
from ._schema_set import ReadFile, SchemaSet, is_version, set_of
from ._toml import Table, read_toml

__all__ = [
    "OPTIONAL_ERRATA",
    "Applied",
    "Corrections",
    "EditOutcome",
    "Errata",
    "SchemaEdit",
    "amend",
    "amend_set",
    "apply_errata",
    "correct",
    "derive_changed",
    "load_corrections",
    "load_errata",
    "read_errata",
]

_HERE = Path(__file__).parents[1]

OPTIONAL_ERRATA = {path.stem: path for path in sorted((_HERE / "errata/optional").glob("*.toml"))}
"""The shipped errata that apply only where a user names them, by name."""


@dataclass(frozen=True)
class Errata:
    """One file of errata."""

    file: str
    version: str
    """The OCPP version that it changes: `1.6`, `2.0.1` or `2.1`."""

    changes: tuple[SchemaEdit, ...]


@dataclass(frozen=True)
class Corrections:
    """One file of corrections."""

    file: str
    source: str | None
    """Name of the source that it is bound to; `None` if the hashes alone say what it is for."""

    source_version: str | None
    """Version of that source."""

    version: str
    """The OCPP version that it changes."""

    sha256: Mapping[str, str]
    """Hash of the source's bytes for each message that it changes."""

    changes: tuple[SchemaEdit, ...]

    def binds(self, source: str, source_version: str, version: str) -> bool:
        """Tells whether these corrections are for a source."""
        named = self.source in (None, source) and self.source_version in (None, source_version)
        return named and self.version == version


def load_errata(version: str, *paths: Path) -> tuple[Errata, ...]:
    """Reads the errata of one version: the shipped ones that always apply, then the user's.

    Args:
        version: `1.6`, `2.0.1` or `2.1`.
        paths: files, or folders of `*.toml` files. Those of other versions are checked and left
            out. A name without suffix, such as `exi-response-7500`, is one of `OPTIONAL_ERRATA`
            unless there is such a file or folder.
    """
    return tuple(one for one in read_errata(*paths) if one.version == version)


def read_errata(*paths: Path) -> tuple[Errata, ...]:
    """Reads the errata of all versions: the shipped ones that always apply, then the user's."""
    return _load([*_shipped("errata"), *map(_optional_or_own, paths)], _errata)


def load_corrections(*paths: Path) -> tuple[Corrections, ...]:
    """Reads corrections: the shipped ones, then those of `paths`, which may be folders."""
    return _load([*_shipped("corrections"), *paths], _corrections)


def _shipped(folder: str) -> list[Path]:
    return sorted((_HERE / folder).glob("*.toml"))


def _optional_or_own(path: Path) -> Path:
    if path.exists():
        return path
    if str(path) not in OPTIONAL_ERRATA:
        raise CodegenError(
            "no such file or folder, and no erratum of that name is shipped",
            file=str(path),
            cure=f"correct the path, or name one of {', '.join(OPTIONAL_ERRATA)}",
        )
    return OPTIONAL_ERRATA[str(path)]


def apply_errata(
    schemas: SchemaSet, errata: Iterable[Errata]
) -> tuple[SchemaSet, tuple[Applied, ...]]:
    """Applies errata in their order, so that a user's entry may build on a shipped one.

    Returns:
        The changed set, and what became of each change.

    Raises:
        CodegenError: if a change fits nothing, or leaves a schema that `derive` refuses.
    """
    documents = {name: deepcopy(dict(file.document)) for name, file in schemas.files.items()}
    rows, touched = _apply_all(documents, errata)
    files = dict(schemas.files)
    for name, changes in touched.items():
        file = files[name]
        derived = derive_changed(changes, documents[name], file.path)
        files[name] = replace(file, document=derived.document)
    return replace(schemas, files=files), rows


def amend_set(
    version: str, files: Mapping[str, ReadFile], errata: Iterable[Errata]
) -> tuple[SchemaSet, tuple[Applied, ...]]:
    """Applies errata to schemas as they were read, and derives their structure after that.

    An erratum can so mend a file that would be refused.

    Returns:
        The set, and what became of each change.

    Raises:
        CodegenError: a change fits nothing, or a schema is refused with all changes applied.
    """
    errata = tuple(errata)
    documents = {name: file.document for name, file in files.items()}
    if any(one.changes for one in errata):
        documents = deepcopy(documents)
    rows, touched = _apply_all(documents, errata)
    derived = {
        name: replace(file, document=documents[name]).derived(
            version, partial(derive_changed, touched.get(name, ()))
        )
        for name, file in files.items()
    }
    return set_of(version, derived), rows


def _apply_all(
    documents: Mapping[str, Object], errata: Iterable[Errata]
) -> tuple[tuple[Applied, ...], dict[str, list[SchemaEdit]]]:
    """Changes documents in place.

    Returns:
        What became of each change, and the changes of each document that was touched.
    """
    rows = [
        _apply(change, _concerned(documents, change)) for one in errata for change in one.changes
    ]
    touched: dict[str, list[SchemaEdit]] = {}
    for row in rows:
        for name in row.messages:
            touched.setdefault(name, []).append(row.change)
    return tuple(rows), touched


def amend(document: Object, message: str, errata: Iterable[Errata]) -> Object:
    """Applies those errata that concern one message.

    Raises:
        CodegenError: if one of them does not fit.
    """
    amended = deepcopy(document)
    for one in errata:
        for change in one.changes:
            if change.concerns(message, amended):
                apply_change(amended, change)
    return amended


def correct(
    document: Object, message: str, sha256: str, corrections: Iterable[Corrections]
) -> tuple[Object, tuple[Applied, ...]]:
    """Applies the corrections that are bound to a file's bytes, before its structure is derived.

    Args:
        document: the file as it was read.
        message: the message that it is.
        sha256: the hash of its bytes.
        corrections: those of its source.
    """
    report: list[Applied] = []
    for one in corrections:
        if one.sha256.get(message) == sha256:
            changed = {message: deepcopy(document)}
            report += [
                _apply(change, changed)
                for change in one.changes
                if change.concerns(message, document)
            ]
            document = changed[message]
    return document, tuple(report)


def _apply(change: SchemaEdit, documents: Mapping[str, Object]) -> Applied:
    """Applies one change to each document that it concerns."""
    outcomes = {name: apply_change(documents[name], change) for name in documents}
    applied = tuple(name for name in documents if outcomes[name] is EditOutcome.APPLIED)
    if applied:
        return Applied(change, EditOutcome.APPLIED, applied)
    return Applied(change, EditOutcome.ALREADY, tuple(documents))


def _concerned(documents: Mapping[str, Object], change: SchemaEdit) -> dict[str, Object]:
    """Chooses the documents that a change concerns."""
    found = {name: one for name, one in documents.items() if change.concerns(name, one)}
    if not found:
        kind = "message" if change.message else "definition"
        raise change.place.at("path").error(
            f"{change.path} leads nowhere: there is no such {kind}", "correct the path"
        )
    return found


def derive_changed(
    changes: Sequence[SchemaEdit], document: Object, path: str, *, draft: int | None = None
) -> Derived:
    """Derives a changed document: a change can break a schema as well as a source can.

    Args:
        changes: what was changed.
        document: the document as it is now.
        path: its file, for errors.
        draft: the draft of a file without `$schema`.

    Raises:
        CodegenError: the document is refused. The error names the change that was made there, if
            one was.
    """
    try:
        return derive_document(document, path, draft=draft)
    except CodegenError as error:
        for change in reversed(changes):
            if change.reaches(error.pointer or ""):
                raise change.place.error(
                    "the changes leave a schema that is refused, "
                    f"at {error.file}#{error.pointer}: {error.problem}",
                    error.cure or "mend the entry",
                ) from error
        raise


_Loaded = TypeVar("_Loaded")


def _load(paths: Iterable[Path], read: Callable[[Table], _Loaded]) -> tuple[_Loaded, ...]:
    files = (file for path in paths for file in list_files(path, ".toml"))
    return tuple(read(read_toml(read_file(file), str(file))) for file in files)


def _errata(table: Table) -> Errata:
    table.only("version", "change")
    version = table.text("version")
    if not is_version(version):
        raise table.place.at("version").error(
            f"{version!r} is no OCPP version", "write the version as in 2.0.1"
        )
    return Errata(table.place.file, version, read_changes(table))


def _corrections(table: Table) -> Corrections:
    table.only("source", "sha256", "change")
    source = table.table("source")
    source.only("name", "version", "ocpp")
    named = "name" in source or "version" in source
    hashes = table.table("sha256")
    changes = read_changes(table)
    for change in changes:
        if change.message in (None, "*"):
            raise change.place.at("path").error(
                "a correction names its file", "write ResetRequest.json#/..."
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

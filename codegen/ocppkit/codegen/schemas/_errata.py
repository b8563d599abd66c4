"""What the schemas should say differently: errata at generation, corrections at import.

An *erratum* changes a schema that says what its publisher meant at the time: a later edition
decided otherwise, or an operator's own equipment needs a higher limit. A *correction* takes back
what one source changed about the publisher's files; it is bound to that source by name, version and
the hash of each file, and touches nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from .._errors import CodegenError
from .._files import list_files, read_file
from ._derive import derive_document
from ._json_text import Object
from ._patch import Applied, Change, Outcome, apply_change, read_changes
from ._schema_set import SchemaSet, is_version
from ._toml import Table, read_toml

__all__ = [
    "OPTIONAL_ERRATA",
    "Applied",
    "Change",
    "Corrections",
    "Errata",
    "Outcome",
    "amend",
    "apply_errata",
    "correct",
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

    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Corrections:
    """One file of corrections."""

    file: str
    source: str
    """Name of the source that it is bound to."""

    source_version: str
    """Version of that source."""

    version: str
    """The OCPP version that it changes."""

    sha256: Mapping[str, str]
    """Hash of the source's bytes for each message that it changes."""

    changes: tuple[Change, ...]

    def binds(self, source: str, source_version: str, version: str) -> bool:
        """Tell whether these corrections are for a source."""
        return (self.source, self.source_version, self.version) == (source, source_version, version)


def load_errata(version: str, *paths: Path) -> tuple[Errata, ...]:
    """Read the errata of one version: the shipped ones that always apply, then the user's.

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
    """Read corrections: the shipped ones, then those of `paths`, which may be folders."""
    return _load([*_shipped("corrections"), *paths], _corrections)


def _shipped(folder: str) -> list[Path]:
    return sorted((_HERE / folder).glob("*.toml"))


def _optional_or_own(path: Path) -> Path:
    shipped = OPTIONAL_ERRATA.get(str(path))
    return shipped if shipped is not None and not path.exists() else path


def apply_errata(
    schemas: SchemaSet, errata: Iterable[Errata]
) -> tuple[SchemaSet, tuple[Applied, ...]]:
    """Apply errata in their order, so that a user's entry may build on a shipped one.

    Returns:
        The changed set, and what became of each change.

    Raises:
        CodegenError: if a change fits nothing, or leaves a schema that `derive` refuses.
    """
    report: list[Applied] = []
    for one in errata:
        documents = {name: deepcopy(dict(file.document)) for name, file in schemas.files.items()}
        rows = [_apply(change, _concerned(documents, change)) for change in one.changes]
        touched = {name: documents[name] for row in rows for name in row.messages}
        schemas = _with_documents(schemas, touched, one.file)
        report += rows
    return schemas, tuple(report)


def amend(document: Object, message: str, errata: Iterable[Errata]) -> Object:
    """Apply those errata that concern one message.

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
    """Apply the corrections that are bound to a file's bytes.

    Args:
        document: what was derived from the file.
        message: the message that it is.
        sha256: the hash of its bytes.
        corrections: those of its source.
    """
    report: list[Applied] = []
    for one in corrections:
        if one.sha256.get(message) == sha256:
            changed = {message: deepcopy(document)}
            report += [
                _apply(change, changed) for change in one.changes if change.message == message
            ]
            document = _derived(changed[message], f"{message}.json", one.file)
    return document, tuple(report)


def _apply(change: Change, documents: Mapping[str, Object]) -> Applied:
    """Apply one change to each document that it concerns."""
    outcomes = {name: apply_change(documents[name], change) for name in documents}
    applied = tuple(name for name in documents if outcomes[name] is Outcome.APPLIED)
    if applied:
        return Applied(change, Outcome.APPLIED, applied)
    return Applied(change, Outcome.ALREADY, tuple(documents))


def _concerned(documents: Mapping[str, Object], change: Change) -> dict[str, Object]:
    """Choose the documents that a change concerns."""
    found = {name: one for name, one in documents.items() if change.concerns(name, one)}
    if not found:
        kind = "message" if change.message else "definition"
        raise change.place.at("path").error(
            f"{change.path} leads nowhere: there is no such {kind}", "correct the path"
        )
    return found


def _with_documents(schemas: SchemaSet, documents: Mapping[str, Object], file: str) -> SchemaSet:
    files = dict(schemas.files)
    for name, document in documents.items():
        files[name] = replace(files[name], document=_derived(document, files[name].path, file))
    return replace(schemas, files=files)


def _derived(document: Object, path: str, file: str) -> Object:
    """Derive a changed document afresh: a change can break a schema as well as a source can."""
    try:
        return derive_document(document, path).document
    except CodegenError as exc:
        raise CodegenError(
            "the changes leave a schema that is refused, "
            f"at {exc.file}#{exc.pointer}: {exc.problem}",
            file=file,
            cure=exc.cure,
        ) from exc


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
    hashes = table.table("sha256")
    changes = read_changes(table)
    for change in changes:
        if change.message is None:
            raise change.place.at("path").error(
                "a correction names its file", "write ResetRequest.json#/..."
            )
        hashes.text(change.message)
    return Corrections(
        file=table.place.file,
        source=source.text("name"),
        source_version=source.text("version"),
        version=source.text("ocpp"),
        sha256={name: hashes.text(name) for name in hashes},
        changes=changes,
    )

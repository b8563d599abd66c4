"""Suggests the corrections that a source needs before it can be imported."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import CodegenError
from ._derive import derive_document
from ._errata import Corrections, apply_corrections
from ._json_text import Object, split
from ._patch import write_edit
from ._source_schemas import SourceSchema, corrections_text, read_source_schemas
from ._structure import ABSENT

__all__ = ["Suggestion", "suggest_corrections"]

_MOST_ENTRIES = 100
"""The greatest number of suggested entries for one file; a file that needs more is hardly a schema of OCPP."""


@dataclass(frozen=True)
class Suggestion:
    """Suggested corrections for a source."""

    text: str
    """The text of a file of corrections; empty if there is nothing to suggest."""

    count: int
    """The number of entries in the text."""

    refused: tuple[CodegenError, ...]
    """The errors for which no correction can be suggested, at most one per file."""


def suggest_corrections(
    source: Path, version: str, *, sends: bool = True, corrections: Iterable[Corrections] = ()
) -> Suggestion:
    """Suggests corrections with which a source could be imported.

    Args:
        source: a ZIP or a folder with the schemas of one OCPP version.
        version: the OCPP version.
        sends: whether the version has messages without a response.
        corrections: corrections that the user already has; they are applied first.

    Raises:
        CodegenError: the source cannot be read, or a file is not named after a message.
    """
    known = tuple(corrections)
    entries: dict[str, list[str]] = {}
    hashes: dict[str, str] = {}
    refused: list[CodegenError] = []
    for name, file in read_source_schemas(source, version, sends).items():
        found, error = _suggested_entries(name, file, known)
        refused += [error] if error else []
        if found:
            entries[name], hashes[name] = found, file.source.sha256
    text = corrections_text(version, hashes, [each for name in entries for each in entries[name]])
    return Suggestion(text if entries else "", sum(map(len, entries.values())), tuple(refused))


def _suggested_entries(
    name: str, file: SourceSchema, corrections: tuple[Corrections, ...]
) -> tuple[list[str], CodegenError | None]:
    """Returns the entries that a file needs, and the error that remains if no entry solves it."""
    document, _ = apply_corrections(file.document(), name, file.source.sha256, corrections)
    document, entries = deepcopy(document), list[str]()
    while True:
        try:
            derive_document(document, file.path)
        except CodegenError as error:
            if error.change is None or len(entries) == _MOST_ENTRIES:
                return entries, error
            entries.append(write_edit(f"{name}.json", error))
            _set_at(document, split(error.pointer or ""), error.change[1])
        else:
            return entries, None


def _set_at(document: Object, way: list[str], value: object) -> None:
    """Sets the value at a path of a document, or removes it if the value is `ABSENT`."""
    at: Any = document
    for token in way[:-1]:
        at = at[int(token) if isinstance(at, list) else token]
    if value is ABSENT:
        del at[way[-1]]
    else:
        at[way[-1]] = value

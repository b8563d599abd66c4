"""Reads the JSON schemas of one OCPP version: a folder with one file per message."""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from .._errors import CodegenError
from .._files import list_files, read_file
from ._derive import Derived, derive_document
from ._json_text import Object, Place, read_json
from ._patch import write_edit
from ._references import resolve_references, without_edition

__all__ = [
    "RawSchemaFile",
    "SchemaFile",
    "SchemaSet",
    "build_schema_set",
    "by_message",
    "folder_of",
    "is_version",
    "load_set",
    "message_names",
    "read_raw_schemas",
]

_PARTS = {"Request": "Request", ".req": "Request", "Response": "Response", ".conf": "Response"}
"""The endings of file names, and the part of the message that each means; `.req` and `.conf` are of OCPP 1.6."""

_VERSION = re.compile(r"[1-9]\d*(\.(0|[1-9]\d*))+", re.ASCII)
_ACTION = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True)
class SchemaFile:
    """The schema of one message, reduced to its structure."""

    name: str
    """The name of the message, such as `ResetRequest`; for a SEND the name of the action."""

    path: str
    """The path of the file, for error messages."""

    draft: int
    """The JSON Schema draft: 4 or 6."""

    document: Mapping[str, Any]
    """The schema. It has only keywords of `_keywords.KEYWORDS`; properties are in the order of the source."""

    warnings: tuple[str, ...] = ()
    """Warnings about assumptions, such as a missing `$schema`."""


@dataclass(frozen=True)
class RawSchemaFile:
    """The schema of one message as read from its file, before its structure is derived."""

    name: str
    """The name of the message."""

    path: str
    """The path of the file, for error messages."""

    document: Object
    """The contents of the file."""

    def derived(
        self, version: str, derive: Callable[[Object, str], Derived] = derive_document
    ) -> SchemaFile:
        """Derives the structure of the schema.

        Args:
            version: the OCPP version, for the erratum that an error may suggest.
            derive: the function that derives the structure of a document.
        """
        try:
            return self._with_document(derive(self.document, self.path))
        except CodegenError as error:
            raise _suggest_erratum(error, version, self.name) from error

    def _with_document(self, derived: Derived) -> SchemaFile:
        return SchemaFile(self.name, self.path, derived.draft, derived.document, derived.warnings)


@dataclass(frozen=True)
class SchemaSet:
    """All schemas of one version."""

    version: str
    """The OCPP version, such as `2.0.1`."""

    files: Mapping[str, SchemaFile]
    """The schemas by name of the message, sorted."""


def is_version(text: str) -> bool:
    """Tells whether a text looks like an OCPP version, such as `2.0.1`."""
    return _VERSION.fullmatch(text) is not None


def folder_of(version: str) -> str:
    """Returns the name of an OCPP version's folder in `schemas/`: `v201` for `2.0.1`.

    Raises:
        CodegenError: the text does not look like a version.
    """
    if not is_version(version):
        raise CodegenError(
            f"{version!r} is not an OCPP version", cure="write a version such as 2.0.1"
        )
    return f"v{version.replace('.', '')}"


def load_set(version: str, *folders: Path, sends: bool = True) -> SchemaSet:
    """Reads the schemas of one version.

    Args:
        version: the OCPP version, such as `2.0.1`.
        folders: folders of `*.json` files. A file in a later folder replaces the file of the same message in an
            earlier one.
        sends: whether the version has messages without a response.

    Raises:
        CodegenError: a folder cannot be read or is empty, or a schema is invalid.
    """
    files = read_raw_schemas(version, *folders, sends=sends)
    return build_schema_set(version, {name: file.derived(version) for name, file in files.items()})


def build_schema_set(version: str, files: Mapping[str, SchemaFile]) -> SchemaSet:
    """Combines schema files to a set, and resolves references between them.

    Raises:
        CodegenError: a reference points to nothing.
    """
    places = {name: Place(file.path) for name, file in files.items()}
    documents = resolve_references({name: each.document for name, each in files.items()}, places)
    return SchemaSet(
        version, {name: replace(file, document=documents[name]) for name, file in files.items()}
    )


def read_raw_schemas(version: str, *folders: Path, sends: bool = True) -> dict[str, RawSchemaFile]:
    """Reads the schema files of one version without deriving their structure.

    The arguments are those of `load_set`.

    Returns:
        The files by name of the message, sorted.

    Raises:
        CodegenError: a folder cannot be read or is empty, or a file is not a JSON object.
    """
    layers = [list_files(folder, ".json") for folder in folders]
    names = message_names(version, (str(path) for layer in layers for path in layer), sends=sends)
    files: dict[str, str] = {}
    for layer in layers:
        files |= by_message(map(str, layer), names)
    return {name: _read_schema(name, files[name]) for name in sorted(files)}


def message_names(version: str, paths: Iterable[str], *, sends: bool = True) -> dict[str, str]:
    """Returns the name of the message of each schema file, by path.

    A file `X.json` beside `XResponse.json` is the request, as in OCPP 1.6. Without a response it is a SEND,
    in versions that have SENDs.

    Args:
        version: the OCPP version, for errors.
        paths: the files, such as `schemas/json/BootNotification.json`.
        sends: whether the version has messages without a response. If not, a request without a response is an
            error.

    Raises:
        CodegenError: a file is not named after a message, or a request or response is missing.
    """
    parts = {path: _action_and_part(path) for path in paths}
    found = set(parts.values())
    names: dict[str, str] = {}
    for path, (action, part) in parts.items():
        if not part and (action, "Response") in found:
            part = "Request"
        _check_pair(None if sends else version, path, action, part, found)
        names[path] = action + part
    return names


def by_message(paths: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """Returns the files of one folder or archive by name of their message.

    Args:
        paths: the files.
        names: the result of `message_names` for these files.

    Raises:
        CodegenError: two files have the same message.
    """
    files: dict[str, str] = {}
    for path in paths:
        other = files.setdefault(names[path], path)
        if other != path:
            raise CodegenError(
                f"this file and {other} are both for {names[path]}",
                file=path,
                cure="remove one of the two files",
            )
    return files


def _action_and_part(path: str) -> tuple[str, str]:
    """Splits the name of a file into action and part; the part is `Request`, `Response` or empty."""
    # The files of OCPP 2.0 carry the number of their edition: AuthorizeRequest_v1p0.json.
    stem = without_edition(PurePath(path).stem)
    suffix = next((suffix for suffix in _PARTS if stem.endswith(suffix)), "")
    action = stem.removesuffix(suffix)
    if not _ACTION.fullmatch(action):
        raise CodegenError(
            "the file is not named after a message",
            file=path,
            cure="rename it like BootNotificationRequest.json, or remove it",
        )
    return action, _PARTS.get(suffix, "")


def _check_pair(
    version: str | None, path: str, action: str, part: str, found: Set[tuple[str, str]]
) -> None:
    """Raises an error for a request without response, or a response without request.

    `version` is given if each message of the version must have a response.
    """
    missing = f"{action}Response.json"
    if part == "Response" and not {(action, "Request"), (action, "")} & found:
        problem, missing = "the response has no request", f"{action}Request.json"
    elif part == "Request" and (action, "Response") not in found:
        problem = "the request has no response"
    elif not part and version is not None:
        problem = (
            f"the message has no response, but OCPP {version} has no messages without response"
        )
    else:
        return
    raise CodegenError(problem, file=path, cure=f"add {missing}, or remove this file")


def _read_schema(name: str, path: str) -> RawSchemaFile:
    document = Place(path).object(read_json(read_file(Path(path)), path))
    return RawSchemaFile(name, path, document)


def _suggest_erratum(error: CodegenError, version: str, name: str) -> CodegenError:
    """Returns an error with an erratum in its cure, if replacing one value corrects the schema."""
    if error.change is None:
        return error
    entry = write_edit(f"{name}.json", error).strip().replace("\n", "\n    ")
    return error.with_cure(f"""{error.cure}; or add this to a file of errata (--errata):

    version = "{version}"

    {entry}""")

"""What the generator reads: a set of structure-only JSON schemas, one file per message."""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from .._errors import CodegenError
from .._files import list_files, read_file
from ._derive import Derived, derive_document
from ._json_text import Object, Place, read_json
from ._patch import write_change
from ._references import resolve_references, without_edition

__all__ = [
    "ReadFile",
    "SchemaFile",
    "SchemaSet",
    "by_message",
    "folder_of",
    "is_version",
    "load_set",
    "message_names",
    "read_set",
    "set_of",
]

_PARTS = {"Request": "Request", ".req": "Request", "Response": "Response", ".conf": "Response"}
"""Endings of file names; 1.6 speaks of `.req` and `.conf`."""

_VERSION = re.compile(r"[1-9]\d*(\.(0|[1-9]\d*))+", re.ASCII)
_ACTION = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True)
class SchemaFile:
    """One message's schema, structure only."""

    name: str
    """Name of the message: `ResetRequest`, `ResetResponse`, or a SEND's bare name."""

    path: str
    """The file as the user knows it, for error messages."""

    draft: int
    """JSON Schema draft: 4 or 6."""

    document: Mapping[str, Any]
    """The schema: keywords of `_keywords.KEYWORDS`, properties in the source's order."""

    warnings: tuple[str, ...] = ()
    """What was assumed because the file does not say it."""


@dataclass(frozen=True)
class ReadFile:
    """One message's schema as it was read, before its structure is derived."""

    name: str
    """Name of the message."""

    path: str
    """The file as the user knows it, for error messages."""

    document: Object
    """The schema as it stands in the file."""

    def derived(
        self, version: str, derive: Callable[[Object, str], Derived] = derive_document
    ) -> SchemaFile:
        """Returns the file with its structure derived.

        Args:
            version: the OCPP version, for the erratum that an error may suggest.
            derive: derives the structure of a document.
        """
        try:
            return self._with_document(derive(self.document, self.path))
        except CodegenError as error:
            raise _with_erratum(error, version, self.name) from error

    def _with_document(self, derived: Derived) -> SchemaFile:
        return SchemaFile(self.name, self.path, derived.draft, derived.document, derived.warnings)


@dataclass(frozen=True)
class SchemaSet:
    """The schemas of one version, by message name, in sorted order."""

    version: str
    """The OCPP version, such as `2.0.1`."""

    files: Mapping[str, SchemaFile]


def is_version(text: str) -> bool:
    """Tells whether a text is written like an OCPP version."""
    return _VERSION.fullmatch(text) is not None


def folder_of(version: str) -> str:
    """Returns the folder of an OCPP version under `schemas/`: `v201` for `2.0.1`.

    Raises:
        CodegenError: if it is no version.
    """
    if not is_version(version):
        raise CodegenError(f"{version!r} is no OCPP version", cure="write it as in 2.0.1")
    return f"v{version.replace('.', '')}"


def load_set(version: str, *folders: Path, sends: bool = True) -> SchemaSet:
    """Reads the schemas of one version.

    Args:
        version: such as `2.0.1`.
        folders: folders of `*.json` files. A later folder lies over the earlier ones, file by
            file: that is how users add a vendor's messages or replace one of ours.
        sends: whether the version has messages without a response.

    Raises:
        CodegenError: if a folder cannot be read or is empty, or `derive` refuses a file.
    """
    files = read_set(version, *folders, sends=sends)
    return set_of(version, {name: file.derived(version) for name, file in files.items()})


def set_of(version: str, files: Mapping[str, SchemaFile]) -> SchemaSet:
    """Returns files as a set, each complete: their references to one another become definitions.

    Raises:
        CodegenError: a reference leads nowhere.
    """
    places = {name: Place(file.path) for name, file in files.items()}
    documents = resolve_references({name: each.document for name, each in files.items()}, places)
    return SchemaSet(
        version, {name: replace(file, document=documents[name]) for name, file in files.items()}
    )


def read_set(version: str, *folders: Path, sends: bool = True) -> dict[str, ReadFile]:
    """Reads the schemas of one version without deriving their structure, by message, sorted.

    The arguments are those of `load_set`.

    Raises:
        CodegenError: a folder cannot be read or is empty, or a file is no JSON object.
    """
    layers = [list_files(folder, ".json") for folder in folders]
    names = message_names(version, (str(path) for layer in layers for path in layer), sends=sends)
    files: dict[str, str] = {}
    for layer in layers:
        files |= by_message(map(str, layer), names)
    return {name: _read(name, files[name]) for name in sorted(files)}


def message_names(version: str, paths: Iterable[str], *, sends: bool = True) -> dict[str, str]:
    """Tells which message each file of a set is.

    A file `X.json` beside `XResponse.json` is the request: that is how the files of 1.6 are named.
    Without a response it is a SEND, in versions that have one.

    Args:
        version: the OCPP version, for errors.
        paths: the files, such as `schemas/json/BootNotification.json`.
        sends: whether the version has messages without a response; if not, a file that lacks its
            response is an error.

    Returns:
        The name of the message by path.

    Raises:
        CodegenError: if a file is not named after a message, or one half of a message is missing.
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
    """Keys the files of one folder or archive by message.

    Args:
        paths: the files.
        names: what `message_names` returned for them.

    Raises:
        CodegenError: if two files are the same message.
    """
    files: dict[str, str] = {}
    for path in paths:
        other = files.setdefault(names[path], path)
        if other != path:
            raise CodegenError(
                f"a second file for {names[path]}, beside {other}",
                file=path,
                cure="leave one of the two out",
            )
    return files


def _action_and_part(path: str) -> tuple[str, str]:
    """Splits a file's name into action and part: `Request`, `Response` or nothing."""
    # The files of OCPP 2.0 carry the number of their edition: AuthorizeRequest_v1p0.json.
    stem = without_edition(PurePath(path).stem)
    suffix = next((suffix for suffix in _PARTS if stem.endswith(suffix)), "")
    action = stem.removesuffix(suffix)
    if not _ACTION.fullmatch(action):
        raise CodegenError(
            "not named after a message",
            file=path,
            cure="name it like BootNotificationRequest.json, or leave it out",
        )
    return action, _PARTS.get(suffix, "")


def _check_pair(
    version: str | None, path: str, action: str, part: str, found: Set[tuple[str, str]]
) -> None:
    """Refuses half a message; `version` is given where each message must have a response."""
    missing = f"{action}Response.json"
    if part == "Response" and not {(action, "Request"), (action, "")} & found:
        problem, missing = "a response without its request", f"{action}Request.json"
    elif part == "Request" and (action, "Response") not in found:
        problem = "a request without its response"
    elif not part and version is not None:
        problem = f"a message without its response; OCPP {version} has none of that kind"
    else:
        return
    raise CodegenError(problem, file=path, cure=f"add {missing} or leave this file out")


def _read(name: str, path: str) -> ReadFile:
    document = Place(path).object(read_json(read_file(Path(path)), path))
    return ReadFile(name, path, document)


def _with_erratum(error: CodegenError, version: str, name: str) -> CodegenError:
    """Adds the erratum that would mend a schema to its error, where one value is wrong."""
    if error.change is None:
        return error
    entry = write_change(f"{name}.json", error).strip().replace("\n", "\n    ")
    return error.with_cure(f"""{error.cure}; or put this into a file of errata (--errata):

    version = "{version}"

    {entry}""")

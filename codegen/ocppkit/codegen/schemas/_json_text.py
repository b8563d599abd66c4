"""JSON as the generator reads and writes it: strict on the way in, stable on the way out.

The standard parser forgives what a schema must not contain: it keeps the last of two equal keys and
reads `NaN`. Everything that it forgives is an error here, with the line or the JSON pointer.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from .._errors import CodegenError

__all__ = [
    "Json",
    "Object",
    "Place",
    "join",
    "kind",
    "normal_number",
    "read_json",
    "split",
    "write_json",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = dict[str, Json]

_MAX_DEPTH = 100
"""Levels of nesting; the official schemas have 14."""

_TOO_DEEP = "nested too deeply for a schema"
_LEAVE_OUT = "mend the file or leave it out"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Place:
    """Where a value stands, so that whoever finds it wrong can say so."""

    file: str
    """The file as the user knows it."""

    pointer: str = ""
    """JSON pointer (RFC 6901) in that file."""

    line: int | None = None
    """The line of the entry that it belongs to, in files that people write by hand."""

    def at(self, *tokens: str | int) -> "Place":
        """Goes down to a member or an item."""
        return Place(self.file, join(self.pointer, *tokens), self.line)

    def error(
        self, problem: str, cure: str, change: tuple[object, object] | None = None
    ) -> CodegenError:
        """Makes the error that names this place.

        Args:
            problem: what is wrong.
            cure: what the user can do about it.
            change: the value that stands here and the one that would be right, if one would.
        """
        return CodegenError(
            problem,
            file=self.file,
            pointer=self.pointer,
            line=self.line,
            cure=cure,
            change=change,
        )

    def object(self, value: Json) -> Object:
        """Returns `value` if it is an object, else raises."""
        if isinstance(value, dict):
            return value
        raise self.error(f"{kind(value)} where an object is due", "write an object")

    def list(self, value: Json) -> list[Json]:
        """Returns `value` if it is an array, else raises."""
        if isinstance(value, list):
            return value
        raise self.error(f"{kind(value)} where an array is due", "write an array")


class _Members(dict[str, Json]):
    """A JSON object that remembers a key met twice: the parser's hook cannot know its place."""

    repeated: str | None = None


def read_json(data: bytes, file: str) -> Json:
    """Parses a file's bytes, in any of JSON's encodings, with or without a byte order mark.

    Args:
        data: the bytes of the file.
        file: the file as the user knows it, for the error.

    Raises:
        CodegenError: if it is no JSON, repeats a key, or holds a number that is not finite.
    """
    text = _decode(data, file)
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
        return _plain(value, Place(file))
    except json.JSONDecodeError as exc:
        raise CodegenError(
            f"not JSON: {exc.msg} (column {exc.colno})",
            file=file,
            line=exc.lineno,
            cure=_LEAVE_OUT,
        ) from exc
    except ValueError as exc:
        # NaN and the infinities, and integers with more digits than Python converts.
        raise CodegenError(f"not JSON: {exc}", file=file, cure="write a finite number") from exc
    except RecursionError as exc:
        raise CodegenError(_TOO_DEEP, file=file, cure=_LEAVE_OUT) from exc


def write_json(document: Mapping[str, Json]) -> bytes:
    """Serialises a document the one way in which the repository holds it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def kind(value: Json) -> str:
    """Returns the name of a value's JSON type, for error texts."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def normal_number(value: Json) -> Json:
    """Writes a whole number as an integer: 0.0 and 0 are one number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def join(pointer: str, *tokens: str | int) -> str:
    """Appends tokens to a JSON pointer."""
    escaped = (str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
    return "/".join([pointer, *escaped])


def split(pointer: str) -> list[str]:
    """Takes a JSON pointer apart into its tokens."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _decode(data: bytes, file: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise CodegenError(
            f"not text in {encoding}: {exc.reason}",
            file=file,
            line=data[: exc.start].count(b"\n") + 1,
            cure="save the file as UTF-8",
        ) from exc


def _members(pairs: list[tuple[str, Json]]) -> _Members:
    members = _Members()
    for key, value in pairs:
        if key in members:
            members.repeated = key
        members[key] = value
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _plain(value: Json, place: Place) -> Json:
    """Turns parsed members into plain dictionaries and refuses what the parser let through."""
    if place.pointer.count("/") > _MAX_DEPTH:
        raise CodegenError(_TOO_DEEP, file=place.file, cure=_LEAVE_OUT)
    match value:
        case _Members():
            return _plain_members(value, place)
        case list():
            return [_plain(item, place.at(position)) for position, item in enumerate(value)]
        case float() if not math.isfinite(value):
            raise place.error("the number is too large", "write a finite number")
        case str() if _LONE_SURROGATE.search(value):
            raise place.error("half of a surrogate pair", "write the whole character")
        case _:
            return value


def _plain_members(members: _Members, place: Place) -> Object:
    if members.repeated is not None:
        raise place.at(members.repeated).error(
            f"the key {members.repeated!r} stands twice in one object", "keep one of the two"
        )
    for key in members:
        _plain(key, place)
    return {key: _plain(item, place.at(key)) for key, item in members.items()}

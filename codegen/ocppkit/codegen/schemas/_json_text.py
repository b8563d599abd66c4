"""Reads JSON files strictly, and writes them always in the same form.

Python's parser accepts files that a schema must not be: it keeps the last of two equal keys, and reads `NaN`.
Here these are errors, with the line or the JSON pointer.
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
"""The greatest number of nested levels; the official schemas have 14."""

_TOO_DEEP = f"the file has more than {_MAX_DEPTH} nested levels"
_LEAVE_OUT = "correct the file, or remove it"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Place:
    """The place of a value in a file, for error messages about it."""

    file: str
    """The path of the file, as the user wrote it."""

    pointer: str = ""
    """The JSON pointer (RFC 6901) of the value."""

    line: int | None = None
    """The line of the entry with the value, in files that users write."""

    def at(self, *tokens: str | int) -> "Place":
        """Returns the place of a member or an item of the value."""
        return Place(self.file, join(self.pointer, *tokens), self.line)

    def error(
        self, problem: str, cure: str, change: tuple[object, object] | None = None
    ) -> CodegenError:
        """Returns an error about the value at this place.

        Args:
            problem: what is wrong.
            cure: what the user can do about it.
            change: the wrong value and the right one, if the right one is known.
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
        """Returns the value at this place if it is an object; raises an error otherwise."""
        if isinstance(value, dict):
            return value
        raise self.error(f"expected an object, found {kind(value)}", "write an object")

    def list(self, value: Json) -> list[Json]:
        """Returns the value at this place if it is an array; raises an error otherwise."""
        if isinstance(value, list):
            return value
        raise self.error(f"expected an array, found {kind(value)}", "write an array")


class _Members(dict[str, Json]):
    """A JSON object that remembers a repeated key until its place in the file is known."""

    repeated: str | None = None


def read_json(data: bytes, file: str) -> Json:
    """Parses a JSON file in any encoding that JSON allows, with or without a byte order mark.

    Args:
        data: the bytes of the file.
        file: the path of the file, for errors.

    Raises:
        CodegenError: the file is not valid JSON, repeats a key, or has a number that is not finite.
    """
    text = _decode_text(data, file)
    try:
        value = json.loads(
            text, object_pairs_hook=_members_of_object, parse_constant=_refuse_constant
        )
        return _checked_value(value, Place(file))
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
    """Serialises a JSON document as the repository stores it: indented by two spaces, in UTF-8."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def kind(value: Json) -> str:
    """Returns the JSON type of a value with its article, such as `a string`, for error texts."""
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
    """Returns a float without fraction as an integer, because 0.0 and 0 are the same number in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def join(pointer: str, *tokens: str | int) -> str:
    """Appends tokens to a JSON pointer."""
    escaped = (str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
    return "/".join([pointer, *escaped])


def split(pointer: str) -> list[str]:
    """Returns the tokens of a JSON pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _decode_text(data: bytes, file: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise CodegenError(
            f"the file is not text in {encoding}: {exc.reason}",
            file=file,
            line=data[: exc.start].count(b"\n") + 1,
            cure="save the file as UTF-8",
        ) from exc


def _members_of_object(pairs: list[tuple[str, Json]]) -> _Members:
    members = _Members()
    for key, value in pairs:
        if key in members:
            members.repeated = key
        members[key] = value
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _checked_value(value: Json, place: Place) -> Json:
    """Returns parsed JSON as plain dictionaries; raises errors for what Python's parser accepts wrongly."""
    if place.pointer.count("/") > _MAX_DEPTH:
        raise CodegenError(_TOO_DEEP, file=place.file, cure=_LEAVE_OUT)
    match value:
        case _Members():
            return _checked_members(value, place)
        case list():
            return [_checked_value(item, place.at(position)) for position, item in enumerate(value)]
        case float() if not math.isfinite(value):
            raise place.error("the number is too large", "write a finite number")
        case str() if _LONE_SURROGATE.search(value):
            raise place.error("the text has half of a surrogate pair", "write the whole character")
        case _:
            return value


def _checked_members(members: _Members, place: Place) -> Object:
    if members.repeated is not None:
        raise place.at(members.repeated).error(
            f"the key {members.repeated!r} occurs twice in one object", "remove one of the two"
        )
    for key in members:
        _checked_value(key, place)
    return {key: _checked_value(item, place.at(key)) for key, item in members.items()}

"""Reads and writes TOML files; an error in a file that a user wrote names the place."""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from .._errors import CodegenError
from ._json_text import Json, Object, Place
from ._structure import ABSENT, JsonOrAbsent

__all__ = ["Table", "read_toml", "write_table", "write_value"]

_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Table:
    """One table of a TOML file; its methods raise an error for missing, unknown or wrong entries."""

    def __init__(self, entries: Json, place: Place, text: str = "") -> None:
        self.place = place
        self._entries: Object = place.object(entries)
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def only(self, *keys: str) -> None:
        """Raises an error if the table has a key that is not among these."""
        for key in self._entries:
            if key not in keys:
                raise self.place.at(key).error(
                    f"unknown key {key!r}", f"use one of {', '.join(keys)}"
                )

    def text(self, key: str, *, blank: bool = False) -> str:
        """Returns a required text; an empty one is an error unless `blank` is true."""
        value = self._entries.get(key)
        if not isinstance(value, str) or not (value.strip() or blank):
            raise self.place.at(key).error(f"{key!r} must be a text", f'write {key} = "..."')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Returns a list of texts; an empty one if the key is absent."""
        values = self._entries.get(key, [])
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise self.place.at(key).error(
                f"{key!r} must be a list of texts", f'write {key} = ["...", "..."]'
            )
        return tuple(str(each) for each in values)

    def value(self, key: str) -> JsonOrAbsent:
        """Returns the value of a key, or `ABSENT`."""
        return self._entries.get(key, ABSENT)

    def table(self, key: str) -> "Table":
        """Returns a required table."""
        return Table(self._entries.get(key), self.place.at(key))

    def array(self, key: str) -> Iterator["Table"]:
        """Returns the tables of an array of tables; none if the key is absent."""
        place = self.place.at(key)
        entries = place.list(self._entries.get(key, []))
        lines = self._lines_of(key, len(entries))
        return (
            Table(entry, replace(place.at(position), line=lines[position]))
            for position, entry in enumerate(entries)
        )

    def _lines_of(self, key: str, count: int) -> Sequence[int | None]:
        """Returns the lines of an array's tables in the file, which Python's parser does not tell."""
        header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(key)}[ \t]*\]\]")
        lines = self._text.splitlines()
        found = [number for number, line in enumerate(lines, start=1) if header.match(line)]
        # A text of several lines can look like a header, and an inline array has no headers.
        return found if len(found) == count else [None] * count


def read_toml(data: bytes, file: str, *under: str) -> Table:
    """Parses a TOML file of strings, numbers, booleans, arrays and tables.

    Args:
        data: the bytes of the file.
        file: the path of the file, for errors.
        under: the keys of the wanted table, if it is not the whole file. Other tables are not checked.
            An absent table counts as empty.

    Raises:
        CodegenError: the file is not valid TOML, or has a value that JSON does not have, such as a date.
    """
    try:
        tables: Object = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise CodegenError(
            "the file is not in UTF-8", file=file, cure="save the file as UTF-8"
        ) from exc
    except RecursionError as exc:
        raise CodegenError(
            "the file has too many nested levels", file=file, cure="correct the file"
        ) from exc
    except ValueError as exc:
        # The parser names the line in its text; the error about too many digits has no line.
        at = _LINE.search(str(exc))
        last = data.count(b"\n") + 1
        raise CodegenError(
            f"not valid TOML: {_LINE.sub('', str(exc))}",
            file=file,
            line=int(at[1] or last) if at else None,
            cure="correct the file",
        ) from exc
    place = Place(file)
    for key in under:
        place, tables = place.at(key), place.at(key).object(tables.get(key, {}))
    _check_value_types(tables, place)
    return Table(tables, place, data.decode("utf-8-sig"))


def write_table(path: Iterable[str], entries: Mapping[str, str]) -> str:
    """Returns the TOML text of a table of strings."""
    header = ".".join(map(_toml_key, path))
    lines = [f"{_toml_key(key)} = {_toml_text(value)}" for key, value in entries.items()]
    return "\n".join([f"[{header}]", *lines]) + "\n"


def write_value(value: object) -> str:
    """Returns the TOML text of a JSON value on one line; the value must not contain null."""
    match value:
        case str():
            return _toml_text(value)
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(write_value, cast('list[object]', value)))}]"
        case dict():
            members = cast("dict[str, object]", value).items()
            return f"{{{', '.join(f'{_toml_key(key)} = {write_value(each)}' for key, each in members)}}}"
        case _:
            return repr(value)


def _check_value_types(value: Json, place: Place) -> None:
    match value:
        case dict():
            for key, item in value.items():
                _check_value_types(item, place.at(key))
        case list():
            for position, item in enumerate(value):
                _check_value_types(item, place.at(position))
        case bool() | int() | str():
            pass
        case float() if math.isfinite(value):
            pass
        case _:
            # TOML has dates, infinities and NaN as well.
            raise place.error(
                f"a value of this type is not allowed: {value}", "write a string or a number"
            )


def _toml_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _toml_text(key)


def _toml_text(text: str) -> str:
    # TOML has the escapes of JSON. DEL is the one control character that JSON does not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

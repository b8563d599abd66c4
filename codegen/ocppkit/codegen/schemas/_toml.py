"""TOML as the generator reads and writes it: people edit it, so a slip is named with its place."""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from .._errors import CodegenError
from ._json_text import Json, Object, Place
from ._structure import ABSENT, Maybe

__all__ = ["Table", "read_toml", "write_table", "write_value"]

_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Table:
    """One table of a file. What is missing, unknown or of the wrong type in it is an error."""

    def __init__(self, entries: Json, place: Place, text: str = "") -> None:
        self.place = place
        self._entries: Object = place.object(entries)
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def only(self, *keys: str) -> None:
        """Refuses keys without a meaning here, which most often are misspelt ones."""
        for key in self._entries:
            if key not in keys:
                raise self.place.at(key).error(f"unknown key {key!r}", f"use {', '.join(keys)}")

    def text(self, key: str, *, blank: bool = False) -> str:
        """Returns a string that must be there, and must say something unless it may be `blank`."""
        value = self._entries.get(key)
        if not isinstance(value, str) or not (value.strip() or blank):
            raise self.place.at(key).error(f"{key!r} must be a text", f'write {key} = "..."')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Returns a list of strings, which is empty if it is not there."""
        values = self._entries.get(key, [])
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise self.place.at(key).error(
                f"{key!r} must be a list of texts", f'write {key} = ["...", "..."]'
            )
        return tuple(str(each) for each in values)

    def value(self, key: str) -> Maybe:
        """Returns what stands under a key, or `ABSENT`."""
        return self._entries.get(key, ABSENT)

    def table(self, key: str) -> "Table":
        """Returns a table that must be there."""
        return Table(self._entries.get(key), self.place.at(key))

    def array(self, key: str) -> Iterator["Table"]:
        """Returns the tables of an array, which is empty if it is not there."""
        place = self.place.at(key)
        entries = place.list(self._entries.get(key, []))
        lines = self._lines_of(key, len(entries))
        return (
            Table(entry, replace(place.at(position), line=lines[position]))
            for position, entry in enumerate(entries)
        )

    def _lines_of(self, key: str, count: int) -> Sequence[int | None]:
        """Finds the lines with the headers of an array's tables, which the parser does not tell."""
        header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(key)}[ \t]*\]\]")
        lines = self._text.splitlines()
        found = [number for number, line in enumerate(lines, start=1) if header.match(line)]
        # A text of several lines may look like a header, and an inline array has none.
        return found if len(found) == count else [None] * count


def read_toml(data: bytes, file: str, *under: str) -> Table:
    """Parses a TOML file of strings, numbers, booleans, arrays and tables.

    Args:
        data: the bytes of the file.
        file: the file as the user knows it, for errors.
        under: the keys that lead to the table that is wanted, if not the whole file is; what stands
            elsewhere is not looked at. The table is empty if it is not there.

    Raises:
        CodegenError: if it is no TOML, or holds a value that JSON has not, such as a date.
    """
    try:
        tables: Object = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise CodegenError("not UTF-8", file=file, cure="save the file as UTF-8") from exc
    except RecursionError as exc:
        raise CodegenError("nested too deeply", file=file, cure="mend the file") from exc
    except ValueError as exc:
        # The parser says the line in its text; Python's limit on digits comes without one.
        at = _LINE.search(str(exc))
        last = data.count(b"\n") + 1
        raise CodegenError(
            f"not TOML: {_LINE.sub('', str(exc))}",
            file=file,
            line=int(at[1] or last) if at else None,
            cure="mend the file",
        ) from exc
    place = Place(file)
    for key in under:
        place, tables = place.at(key), place.at(key).object(tables.get(key, {}))
    _check(tables, place)
    return Table(tables, place, data.decode("utf-8-sig"))


def write_table(path: Iterable[str], entries: Mapping[str, str]) -> str:
    """Writes one table of strings."""
    header = ".".join(map(_key, path))
    lines = [f"{_key(key)} = {_quoted(value)}" for key, value in entries.items()]
    return "\n".join([f"[{header}]", *lines]) + "\n"


def write_value(value: object) -> str:
    """Writes a value of JSON, which must not be or hold null, on one line."""
    match value:
        case str():
            return _quoted(value)
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(write_value, cast('list[object]', value)))}]"
        case dict():
            members = cast("dict[str, object]", value).items()
            return f"{{{', '.join(f'{_key(key)} = {write_value(each)}' for key, each in members)}}}"
        case _:
            return repr(value)


def _check(value: Json, place: Place) -> None:
    match value:
        case dict():
            for key, item in value.items():
                _check(item, place.at(key))
        case list():
            for position, item in enumerate(value):
                _check(item, place.at(position))
        case bool() | int() | str():
            pass
        case float() if math.isfinite(value):
            pass
        case _:
            # TOML has dates, infinities and NaN as well.
            raise place.error(f"JSON has no such value: {value}", "write a string or a number")


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's as well; DEL is the one control character that JSON writes as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

"""Words of our own for messages, datatypes, enums and their members: read from TOML, hung into the IR.

A file names its OCPP version and has one table per class:

    version = "2.0.1"

    [everywhere]                        # members that mean the same in every class
    statusInfo = "Why the status is what it is. [Part 2 appendix 5]"

    [BootReasonEnumType]
    about = "Why the station has restarted."
    source = "B01"                      # of each text here that names none in brackets

    [BootReasonEnumType.values]          # `fields` of a message or datatype
    Watchdog = "A watchdog noticed that the software hung. [B01.FR.04]"

A text that is not there is looked for in the versions that this one extends, the nearest first.
Generated docstrings,
pydantic's descriptions, the reference pages and `ocppkit explain` all show these texts.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from .._files import list_files, read_file
from ..schemas._schema_set import folder_of
from ..schemas._toml import Table, read_toml
from ._ir import Api, ApiMessage, Datatype, Doc, EnumType, Field

__all__ = ["describe", "documented"]

_FOLDER = Path(__file__).parents[1] / "prose"
_EVERYWHERE = "everywhere"
_KINDS = ("fields", "values")

# Texts end up in docstrings: nothing that could close the docstring or escape in it.
_TEXT = re.compile(r'([^"\\\r\n\[\]]*[^"\\\s\[\]])(?: \[([^"\\\r\n\[\]]+)\])?')


@dataclass(frozen=True)
class _Prose:
    """The texts of one version."""

    classes: Mapping[str, Doc]
    """What a message, datatype or enum is for, by its name."""

    members: Mapping[tuple[str, str], Doc]
    """What a member means, by class and name on the wire; a value of an enum by enum and value."""

    everywhere: Mapping[str, Doc]
    """What a member means in each class that says nothing else of it."""

    def of_member(self, owner: str, name: str) -> Doc | None:
        """Returns the text of a member of a message or datatype."""
        return self.members.get((owner, name)) or self.everywhere.get(name)


def describe(api: Api, *paths: Path) -> Api:
    """Returns the version with its texts; what has none stays without.

    Args:
        api: the version.
        paths: the user's own files, or folders of them, which overrule ours. A file of a version
            that this one extends holds for both; those of other versions are checked and left out.

    Raises:
        CodegenError: a file is no TOML, has an unknown key, or a text that is not one line; a file of
            the user's has a text for what is not in this version.
    """
    prose = _load(api, paths)
    return replace(
        api,
        enums=tuple(_enum(each, prose) for each in api.enums),
        datatypes=tuple(_object(each, prose) for each in api.datatypes),
        actions=tuple(
            replace(
                each,
                request=_object(each.request, prose),
                response=each.response and _object(each.response, prose),
            )
            for each in api.actions
        ),
    )


def _load(api: Api, paths: Iterable[Path]) -> _Prose:
    prose = _Prose({}, {}, {})
    for table in _tables(api, paths):
        above = _read(table)
        prose = _Prose(
            {**prose.classes, **above.classes},
            {**prose.members, **above.members},
            {**prose.everywhere, **above.everywhere},
        )
    return prose


def _tables(api: Api, paths: Iterable[Path]) -> Iterator[Table]:
    """Yields the files of a version, each before those that overrule it."""
    version = api.protocol.version
    users = [table for path in paths for table in _in(path)]
    for table in users:
        if table.text("version") == version:
            _require_known(table, api)
    for each in (*api.protocol.ancestors, version):
        yield from _in_folder(each)
        yield from (table for table in users if table.text("version") == each)


def _require_known(table: Table, api: Api) -> None:
    """Refuses a text for what is not there: its name is misspelt, or of another version.

    Ours may have such texts: a user's errata or a selection of actions takes things away.
    """
    known = {name: {field.wire for field in fields} for name, fields in api.fields_of().items()}
    known |= {enum.name: {member.value for member in enum.members} for enum in api.enums}
    for name in _classes_in(table):
        one = table.table(name)
        if name not in known:
            raise one.place.error(
                f"OCPP {api.protocol.version} has no class {name!r}",
                _nearest(name, known, "name a message, datatype or enum as generated code does"),
            )
        for kind in _KINDS:
            texts = one.table(kind) if kind in one else ()
            for key in texts:
                if key not in known[name]:
                    raise one.place.at(kind, key).error(
                        f"{name} has no {key!r}",
                        _nearest(key, known[name], "name members and values as on the wire"),
                    )


def _nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else otherwise


def _in_folder(version: str) -> Iterator[Table]:
    folder = _FOLDER / folder_of(version)
    return iter(_shipped(folder)) if folder.is_dir() else iter(())


@cache
def _shipped(folder: Path) -> tuple[Table, ...]:
    return tuple(_in(folder))


def _in(path: Path) -> Iterator[Table]:
    return (read_toml(read_file(file), str(file)) for file in list_files(path, ".toml"))


def documented(fields: Iterable[Field]) -> dict[str, Doc]:
    """Returns the texts of members by their names in Python, without those that have none."""
    return {each.name: each.doc for each in fields if each.doc is not None}


_Object = TypeVar("_Object", Datatype, ApiMessage)


def _object(bare: _Object, prose: _Prose) -> _Object:
    return replace(
        bare,
        doc=prose.classes.get(bare.name),
        fields=tuple(
            replace(each, doc=prose.of_member(bare.name, each.wire)) for each in bare.fields
        ),
    )


def _enum(bare: EnumType, prose: _Prose) -> EnumType:
    return replace(
        bare,
        doc=prose.classes.get(bare.name),
        members=tuple(
            replace(each, doc=prose.members.get((bare.name, each.value))) for each in bare.members
        ),
    )


def _read(table: Table) -> _Prose:
    classes: dict[str, Doc] = {}
    members: dict[tuple[str, str], Doc] = {}
    for name in _classes_in(table):
        one = table.table(name)
        one.only("about", "source", *_KINDS)
        source = one.text("source") if "source" in one else None
        if "about" in one:
            classes[name] = _doc(one, "about", source)
        for kind in _KINDS:
            if kind in one:
                texts = one.table(kind)
                members |= {(name, key): _doc(texts, key, source) for key in texts}
    return _Prose(classes, members, _everywhere(table))


def _classes_in(table: Table) -> Iterator[str]:
    return (name for name in table if name not in ("version", _EVERYWHERE))


def _everywhere(table: Table) -> dict[str, Doc]:
    if _EVERYWHERE not in table:
        return {}
    texts = table.table(_EVERYWHERE)
    return {key: _doc(texts, key, None) for key in texts}


def _doc(table: Table, key: str, source: str | None) -> Doc:
    """Reads a text and its source, which stands in brackets behind it.

    Without brackets, the class's source counts.
    """
    found = _TEXT.fullmatch(table.text(key))
    if found is None:
        raise table.place.at(key).error(
            "a text is one line without quotation marks, backslashes and brackets",
            'write key = "What it is. [K01.FR.06]"; the brackets at the end hold its source',
        )
    cited = found[2] or source
    if cited is None:
        raise table.place.at(key).error(
            "the text has no source", "write it in brackets behind the text: [K01.FR.06]"
        )
    return Doc(found[1], cited)

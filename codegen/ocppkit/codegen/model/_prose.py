"""Adds explanatory texts to messages, datatypes, enums and their members; reads the texts from TOML files.

A file names its OCPP version and has one table per class:

    version = "2.0.1"

    [everywhere]                        # members that mean the same in every class
    statusInfo = "Why the status is what it is. [Part 2 appendix 5]"

    [BootReasonEnumType]
    about = "Why the station has restarted."
    source = "B01"                      # of each text here that names none in brackets

    [BootReasonEnumType.values]          # `fields` of a message or datatype
    Watchdog = "A watchdog noticed that the software hung. [B01.FR.04]"

If a version has no text for something, the text of the nearest version that it extends is used. The texts appear in
generated docstrings, in the descriptions of pydantic models, in the reference and in `ocppkit explain`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from .._errors import did_you_mean
from .._files import list_files, read_file
from ..schemas._schema_set import folder_of
from ..schemas._toml import Table, read_toml
from ._ir import Api, ApiMessage, Datatype, Doc, EnumType, Field

__all__ = ["add_prose", "docs_by_name"]

_FOLDER = Path(__file__).parents[1] / "prose"
_EVERYWHERE = "everywhere"
_KINDS = ("fields", "values")

# Texts end up in docstrings: nothing that could close the docstring or escape in it.
_TEXT = re.compile(r'([^"\\\r\n\[\]]*[^"\\\s\[\]])(?: \[([^"\\\r\n\[\]]+)\])?')


@dataclass(frozen=True)
class _Prose:
    """The texts of one version."""

    classes: Mapping[str, Doc]
    """The texts of messages, datatypes and enums, by name."""

    members: Mapping[tuple[str, str], Doc]
    """The texts of members, by class and JSON name; those of enum values, by enum and value."""

    everywhere: Mapping[str, Doc]
    """The texts of members that mean the same in every class, by JSON name."""

    def of_member(self, owner: str, name: str) -> Doc | None:
        """Returns the explanatory text for a field of a message or datatype."""
        return self.members.get((owner, name)) or self.everywhere.get(name)


def add_prose(api: Api, *paths: Path) -> Api:
    """Returns the version with explanatory texts.

    Args:
        api: the version.
        paths: files of the user, or folders of such files. Their texts replace shipped ones. A file of a version
            that this one extends applies to both; files of other versions are only checked.

    Raises:
        CodegenError: a file is not valid TOML, has an unknown key, or a text that is not one line; or a file of
            the user has a text for a name that the version does not have.
    """
    prose = _load_prose(api, paths)
    return replace(
        api,
        enums=tuple(_enum_with_docs(each, prose) for each in api.enums),
        datatypes=tuple(_object_with_docs(each, prose) for each in api.datatypes),
        actions=tuple(
            replace(
                each,
                request=_object_with_docs(each.request, prose),
                response=each.response and _object_with_docs(each.response, prose),
            )
            for each in api.actions
        ),
    )


def _load_prose(api: Api, paths: Iterable[Path]) -> _Prose:
    prose = _Prose({}, {}, {})
    for table in _tables_in_order(api, paths):
        above = _read_table(table)
        prose = _Prose(
            {**prose.classes, **above.classes},
            {**prose.members, **above.members},
            {**prose.everywhere, **above.everywhere},
        )
    return prose


def _tables_in_order(api: Api, paths: Iterable[Path]) -> Iterator[Table]:
    """Yields the files of a version; a later file replaces texts of an earlier one."""
    version = api.protocol.version
    users = [table for path in paths for table in _tables_of_path(path)]
    for table in users:
        if table.text("version") == version:
            _require_known(table, api)
    for each in (*api.protocol.ancestors, version):
        yield from _shipped_tables_of(each)
        yield from (table for table in users if table.text("version") == each)


def _require_known(table: Table, api: Api) -> None:
    """Raises an error if a file of the user has a text for a class or member that does not exist.

    Shipped files may have such texts: errata and a selection of actions can remove classes.
    """
    known = {name: {field.wire for field in fields} for name, fields in api.fields_of().items()}
    known |= {enum.name: {member.value for member in enum.members} for enum in api.enums}
    for name in _classes_in(table):
        one = table.table(name)
        if name not in known:
            raise one.place.error(
                f"OCPP {api.protocol.version} has no class {name!r}",
                did_you_mean(name, known, "use the name of a generated message, datatype or enum"),
            )
        for kind in _KINDS:
            texts = one.table(kind) if kind in one else ()
            for key in texts:
                if key not in known[name]:
                    raise one.place.at(kind, key).error(
                        f"{name} has no {key!r}",
                        did_you_mean(key, known[name], "write members and values as in JSON"),
                    )


def _shipped_tables_of(version: str) -> Iterator[Table]:
    folder = _FOLDER / folder_of(version)
    return iter(_shipped_tables(folder)) if folder.is_dir() else iter(())


@cache
def _shipped_tables(folder: Path) -> tuple[Table, ...]:
    return tuple(_tables_of_path(folder))


def _tables_of_path(path: Path) -> Iterator[Table]:
    return (read_toml(read_file(file), str(file)) for file in list_files(path, ".toml"))


def docs_by_name(fields: Iterable[Field]) -> dict[str, Doc]:
    """Returns the texts of the members that have one, by Python name."""
    return {each.name: each.doc for each in fields if each.doc is not None}


_Object = TypeVar("_Object", Datatype, ApiMessage)


def _object_with_docs(bare: _Object, prose: _Prose) -> _Object:
    return replace(
        bare,
        doc=prose.classes.get(bare.name),
        fields=tuple(
            replace(each, doc=prose.of_member(bare.name, each.wire)) for each in bare.fields
        ),
    )


def _enum_with_docs(bare: EnumType, prose: _Prose) -> EnumType:
    return replace(
        bare,
        doc=prose.classes.get(bare.name),
        members=tuple(
            replace(each, doc=prose.members.get((bare.name, each.value))) for each in bare.members
        ),
    )


def _read_table(table: Table) -> _Prose:
    classes: dict[str, Doc] = {}
    members: dict[tuple[str, str], Doc] = {}
    for name in _classes_in(table):
        one = table.table(name)
        one.only("about", "source", *_KINDS)
        source = one.text("source") if "source" in one else None
        if "about" in one:
            classes[name] = _read_doc(one, "about", source)
        for kind in _KINDS:
            if kind in one:
                texts = one.table(kind)
                members |= {(name, key): _read_doc(texts, key, source) for key in texts}
    return _Prose(classes, members, _common_docs(table))


def _classes_in(table: Table) -> Iterator[str]:
    return (name for name in table if name not in ("version", _EVERYWHERE))


def _common_docs(table: Table) -> dict[str, Doc]:
    if _EVERYWHERE not in table:
        return {}
    texts = table.table(_EVERYWHERE)
    return {key: _read_doc(texts, key, None) for key in texts}


def _read_doc(table: Table, key: str, source: str | None) -> Doc:
    """Reads a text and its source: the end of the text in brackets, or else the source of the class."""
    found = _TEXT.fullmatch(table.text(key))
    if found is None:
        raise table.place.at(key).error(
            "the text must be one line without quotation marks, backslashes and brackets",
            'write key = "What it is. [K01.FR.06]"; only the source at the end is in brackets',
        )
    cited = found[2] or source
    if cited is None:
        raise table.place.at(key).error(
            "this description does not cite the requirement that it comes from",
            "write the source in brackets behind the text: [K01.FR.06]",
        )
    return Doc(found[1], cited)

"""Reads the names that OCPP standardises outside its schemas: variables, configuration keys, lists of values.

Each version has a TOML file of them; a version without one uses the file of the nearest version that it extends.
If no source defines the mutability of a variable, it is left out, not guessed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from .._files import list_files, read_file
from ..schemas._schema_set import folder_of
from ..schemas._toml import Table, read_toml
from ._ir import Api, StandardNames, Value, ValueList, Variable
from ._naming import member_name

__all__ = ["add_standard_names", "group_by_component", "read_standard_names"]

_FOLDER = Path(__file__).parents[1] / "standard"

_ANY_COMPONENT = "*"

_VARIABLE = (
    *("type", "units", "instances", "required", "required_when", "values", "values_of"),
    *("mutability", "source", "group", "successor", "successor_limit", "successor_values"),
)
_TYPES = (
    *("string", "decimal", "integer", "dateTime", "boolean"),
    *("OptionList", "SequenceList", "MemberList"),
)
_MUTABILITY = ("ReadOnly", "WriteOnly", "ReadWrite")


def add_standard_names(api: Api) -> Api:
    """Returns the version with its standard names.

    Raises:
        CodegenError: a file of names has an unknown key, type or value, or two names that are equal in Python.
    """
    for version in reversed((*api.protocol.ancestors, api.protocol.version)):
        path = _FOLDER / f"{folder_of(version)}.toml"
        if path in list_files(_FOLDER, ".toml"):
            return replace(api, names=read_standard_names(path))
    return api


@cache
def read_standard_names(path: Path) -> StandardNames:
    """Reads a file of standard names."""
    table = read_toml(read_file(path), str(path))
    table.only("version", "source", "keys", "variables", "values")
    source = table.text("source")
    variables: list[Variable] = []
    for name, keys in _tables_under(table, "keys"):
        variables.append(_read_variable(None, name, keys, source))
    for component, entries in _tables_under(table, "variables"):
        where = None if component == _ANY_COMPONENT else component
        variables += (_read_variable(where, name, entries.table(name), source) for name in entries)
    _check_distinct(table, variables)
    lists = tuple(_read_list(name, entries) for name, entries in _tables_under(table, "values"))
    return StandardNames(tuple(variables), lists)


def _tables_under(table: Table, key: str) -> Iterator[tuple[str, Table]]:
    if key in table:
        inner = table.table(key)
        yield from ((name, inner.table(name)) for name in inner)


def _read_variable(component: str | None, written: str, table: Table, source: str) -> Variable:
    table.only(*_VARIABLE)
    name, _, instance = written.removesuffix("]").partition("[")
    mutability = _read_texts(table, "mutability", _MUTABILITY)
    (type_,) = _read_texts(table, "type", _TYPES, single=True) or (None,)
    return Variable(
        name=name,
        component=component,
        instance=instance or None,
        member=member_name(f"{name} {instance}"),
        instances=_optional_text(table, "instances"),
        type=type_,
        units=_read_texts(table, "units") or (),
        required=table.value("required") is True,
        required_when=_optional_text(table, "required_when"),
        values=_read_texts(table, "values") or (),
        values_of=_optional_text(table, "values_of"),
        mutability=mutability,
        group=_optional_text(table, "group"),
        successor=_optional_text(table, "successor"),
        successor_limit=table.value("successor_limit") is True,
        successor_values=_read_texts(table, "successor_values") or (),
        source=_optional_text(table, "source") or source,
    )


def _read_list(name: str, table: Table) -> ValueList:
    table.only("about", "source", "values", "critical")
    texts = _read_texts(table, "values") or ()
    critical = _read_texts(table, "critical", texts) or ()
    values = tuple(Value(member_name(text), text, text in critical) for text in texts)
    return ValueList(name, table.text("about"), table.text("source"), values)


def _optional_text(table: Table, key: str) -> str | None:
    return table.text(key) if key in table else None


def _read_texts(
    table: Table, key: str, known: Iterable[str] = (), *, single: bool = False
) -> tuple[str, ...] | None:
    """Returns the texts of an array, or a single text, under a key; `None` if the key is absent.

    Args:
        table: the table with the key.
        key: the key.
        known: the allowed texts; any text is allowed if empty.
        single: whether the value is one text instead of an array.

    Raises:
        CodegenError: the value is not an array of texts or not a text, or a text is not allowed.
    """
    if key not in table:
        return None
    value = table.value(key)
    texts = [value] if single else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        wanted = '"a text"' if single else '["some", "texts"]'
        raise table.place.at(key).error(f"{key!r} is not {wanted}", f"write {key} = {wanted}")
    allowed = tuple(known)
    for text in texts:
        if allowed and text not in allowed:
            raise table.place.at(key).error(
                f"there is no {key} {text!r}", f"use {', '.join(allowed)}"
            )
    return tuple(str(text) for text in texts)


def _check_distinct(table: Table, variables: Iterable[Variable]) -> None:
    """Raises an error if two variables of one component would have the same name in Python."""
    taken: dict[tuple[str | None, str], Variable] = {}
    for each in variables:
        other = taken.setdefault((each.component, each.member), each)
        if other is not each:
            raise table.place.error(
                f"{other} and {each} would both be named {each.member} in Python",
                "rename one of them",
            )


def group_by_component(variables: Iterable[Variable]) -> Mapping[str | None, tuple[Variable, ...]]:
    """Returns the variables by component; under `None` those that any component may have."""
    found: dict[str | None, list[Variable]] = {}
    for each in variables:
        found.setdefault(each.component, []).append(each)
    return {name: tuple(found[name]) for name in sorted(found, key=lambda name: name or "")}

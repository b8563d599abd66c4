"""Collects what `ocppkit explain` shows about standard variables, configuration keys and values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocppkit.codegen import Api, ValueList, Variable

__all__ = ["StandardName", "known_names", "standard_names"]


@dataclass(frozen=True)
class StandardName:
    """A standard name in one version, with its description."""

    name: str
    version: str
    kind: str
    """`variable`, `configuration key`, or for a value the name of its list."""

    python: str
    type: str | None
    units: tuple[str, ...]
    required: bool
    mutability: tuple[str, ...] | None
    """Whether a CSMS may read and write it; `None` if no source defines it."""

    notes: tuple[str, ...]
    source: str


def standard_names(api: "Api", wanted: str) -> list[StandardName]:
    """Returns the standard names of a version that match a text.

    Args:
        api: the version.
        wanted: a variable with or without its component, a component, a configuration key or a value; upper and lower
            case are equal.
    """
    word = wanted.lower()
    found = [
        _variable(api, each)
        for each in api.names.variables
        if word in (name.lower() for name in _names_of(each))
    ]
    for values in api.names.lists:
        found += _values(api, values, word)
    return found


def known_names(api: "Api") -> Iterator[str]:
    """Yields all names that `standard_names` can find, in the spelling of OCPP."""
    for variable in api.names.variables:
        yield from _names_of(variable)
    for values in api.names.lists:
        yield values.name
        yield from (value.value for value in values.values)


def _names_of(variable: "Variable") -> Sequence[str]:
    if variable.component is None:
        return variable.name, str(variable)
    place = f"{variable.component}.{variable.name}"
    return variable.name, place, str(variable), variable.component


def _variable(api: "Api", variable: "Variable") -> StandardName:
    from ocppkit.codegen import key_notes

    module = f"{api.protocol.package}.variables"
    is_key = all(each.component is None for each in api.names.variables)
    place = "" if is_key else f"{variable.component or 'AnyComponent'}."
    return StandardName(
        name=str(variable),
        version=api.protocol.version,
        kind="configuration key" if is_key else "variable",
        python=f"{module}.{place}{variable.member}",
        type=variable.type,
        units=variable.units,
        required=variable.required,
        mutability=variable.mutability,
        notes=tuple(key_notes(variable)),
        source=variable.source,
    )


def _values(api: "Api", values: "ValueList", word: str) -> Iterator[StandardName]:
    for value in values.values:
        if word in (value.value.lower(), values.name.lower()):
            yield StandardName(
                name=value.value,
                version=api.protocol.version,
                kind=values.name,
                python=f"{api.protocol.package}.values.{values.name}.{value.name}",
                type=None,
                units=(),
                required=False,
                mutability=None,
                notes=("must reach the CSMS",) if value.critical else (),
                source=values.source,
            )

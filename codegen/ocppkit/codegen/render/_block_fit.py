"""Checks whether a generated functional block uses only what a version has.

One template of a block serves several versions. The schemas of a user may lack a message, a type, a member or a value
that the template uses. Then the block is left out of the package.
"""

import ast
from collections.abc import Collection, Iterator

from ..model._ir import Api

__all__ = ["missing_in_version"]

_TYPES = {"datatypes", "enums", "messages"}


def missing_in_version(api: Api, text: str, left_out: Collection[str] = ()) -> str | None:
    """Returns the first thing that a block uses and a version lacks, in words; `None` if it lacks nothing.

    Args:
        api: the version.
        text: the source code of the block.
        left_out: the names of blocks that are already left out, which this block must not import.
    """
    module = ast.parse(text)
    return next(_VersionNames(api, left_out, _imported_types(module)).lacking(module), None)


def _imported_types(module: ast.Module) -> frozenset[str]:
    """Returns the types of the version that a module imports; other names may be equal by accident."""
    return frozenset(
        each.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level == 2 and node.module in _TYPES
        for each in node.names
        if each.asname is None
    )


class _VersionNames:
    """The messages, types, members and values of a version that a block may use."""

    def __init__(self, api: Api, left_out: Collection[str], imported: Collection[str]) -> None:
        self._known = {*api.fields_of(), *api.enum_names()}
        self._fields = {
            owner: {field.name: field.required for field in fields}
            for owner, fields in api.fields_of().items()
            if owner in imported
        }
        self._values = {
            enum.name: {each.name for each in enum.members}
            for enum in api.enums
            if enum.name in imported
        }
        self._left_out = left_out

    def lacking(self, module: ast.Module) -> Iterator[str]:
        """Yields in words each thing that the module uses and the version lacks."""
        for node in ast.walk(module):
            match node:
                case ast.ImportFrom(module=str(source), names=names, level=level):
                    if level == 2 and source in _TYPES:
                        yield from self._missing_types(names)
                    elif level == 1 and source in self._left_out:
                        yield f"there is no block {source}"
                case ast.ImportFrom(module=None, names=names, level=1):
                    yield from (
                        f"there is no block {each.name}"
                        for each in names
                        if each.name in self._left_out
                    )
                case ast.Call(func=ast.Name(id=name), keywords=given) if name in self._fields:
                    yield from self._wrong_arguments(name, [each.arg for each in given if each.arg])
                case ast.Attribute(value=ast.Name(id=name), attr=value) if (
                    name in self._values and value.isupper() and value not in self._values[name]
                ):
                    yield f"{name} has no value {value}"
                case ast.FunctionDef():
                    yield from self._missing_members(node)
                case _:
                    pass

    def _missing_types(self, names: list[ast.alias]) -> Iterator[str]:
        yield from (f"there is no {each.name}" for each in names if each.name not in self._known)

    def _wrong_arguments(self, owner: str, given: list[str]) -> Iterator[str]:
        fields = self._fields[owner]
        yield from (f"{owner} has no member {name}" for name in given if name not in fields)
        if given:
            yield from (
                f"{owner} requires the member {name}"
                for name, required in fields.items()
                if required and name not in given
            )

    def _missing_members(self, function: ast.FunctionDef) -> Iterator[str]:
        """Yields in words each member that a function reads from an argument whose type lacks the member."""
        typed = {
            each.arg: each.annotation.id
            for each in (*function.args.args, *function.args.kwonlyargs)
            if isinstance(each.annotation, ast.Name) and each.annotation.id in self._fields
        }
        for node in ast.walk(function):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=member) if (
                    name in typed and member not in self._fields[typed[name]]
                ):
                    yield f"{typed[name]} has no member {member}"
                case _:
                    pass

"""Whether the text of a functional block fits a version.

The templates of blocks are written for families of versions. An edition that a user brings may lack a message, a
type, a member or a value that they use; the block is then left out of its package.
"""

import ast
from collections.abc import Collection, Iterator

from ..model._ir import Api

__all__ = ["misfit"]

_TYPES = {"datatypes", "enums", "messages"}


def misfit(api: Api, text: str, left_out: Collection[str] = ()) -> str | None:
    """Returns what a version lacks for the text of a block; `None` if it has everything.

    Args:
        api: the version.
        text: the module.
        left_out: the names of blocks that are left out already.
    """
    module = ast.parse(text)
    return next(_Names(api, left_out, _imported(module)).lacking(module), None)


def _imported(module: ast.Module) -> frozenset[str]:
    """Returns the names of the version's types that a module imports; others may be called alike."""
    return frozenset(
        each.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level == 2 and node.module in _TYPES
        for each in node.names
        if each.asname is None
    )


class _Names:
    """The names of a version that a module may use."""

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
        """Yields what the version lacks."""
        for node in ast.walk(module):
            match node:
                case ast.ImportFrom(module=str(source), names=names, level=level):
                    if level == 2 and source in _TYPES:
                        yield from self._types(names)
                    elif level == 1 and source in self._left_out:
                        yield f"there is no block {source}"
                case ast.ImportFrom(module=None, names=names, level=1):
                    yield from (
                        f"there is no block {each.name}"
                        for each in names
                        if each.name in self._left_out
                    )
                case ast.Call(func=ast.Name(id=name), keywords=given) if name in self._fields:
                    yield from self._arguments(name, [each.arg for each in given if each.arg])
                case ast.Attribute(value=ast.Name(id=name), attr=value) if (
                    name in self._values and value.isupper() and value not in self._values[name]
                ):
                    yield f"{name} has no value {value}"
                case ast.FunctionDef():
                    yield from self._reads(node)
                case _:
                    pass

    def _types(self, names: list[ast.alias]) -> Iterator[str]:
        yield from (f"there is no {each.name}" for each in names if each.name not in self._known)

    def _arguments(self, owner: str, given: list[str]) -> Iterator[str]:
        fields = self._fields[owner]
        yield from (f"{owner} has no member {name}" for name in given if name not in fields)
        if given:
            yield from (
                f"{owner} wants {name}"
                for name, required in fields.items()
                if required and name not in given
            )

    def _reads(self, function: ast.FunctionDef) -> Iterator[str]:
        """Yields a problem for each member that the function reads from an argument whose type lacks it."""
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

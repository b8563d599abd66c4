"""Formats generated Python with black, in a mode that is set here and nowhere else, and refuses what would not run."""

import ast
import builtins
from collections.abc import Iterator

from .._errors import CodegenError

__all__ = ["LINE_LENGTH", "format_python"]

LINE_LENGTH = 100

_BUILTINS = {name: "Python's own" for name in dir(builtins) if name.islower()}
"""What generated code uses without an import; `Warning` and other capitalised names it does not."""


def format_python(path: str, text: str) -> str:
    """Returns the text as black writes it.

    Raises:
        CodegenError: the text is no Python, so the template that wrote it is wrong; or a name of the
            schemas meets one that the module needs for something else.
    """
    import black
    from black.mode import Mode, TargetVersion
    from black.parsing import InvalidInput

    mode = Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
    try:
        formatted = black.format_str(text, mode=mode)
        tree = ast.parse(formatted)
        # black lets through what only the compiler refuses, such as two parameters of one name.
        compile(tree, path, "exec", dont_inherit=True)
    except (InvalidInput, SyntaxError) as error:
        raise CodegenError(
            f"the template wrote what is no Python: {error}",
            file=path,
            cure="mend the template of this file",
        ) from error
    _refuse_clashes(path, tree)
    return formatted


def _refuse_clashes(path: str, tree: ast.Module) -> None:
    """Refuses a second binding of a name: a definition called `DateTime`, say, would hide ours."""
    taken = dict(_BUILTINS)
    for name, what, line in _bindings(tree):
        if name in taken:
            raise CodegenError(
                f"{name} would stand for two things: {taken[name]} and {what}",
                file=path,
                line=line,
                cure="rename the type, in the schema or under [names] in the facts",
            )
        taken[name] = what


def _bindings(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Yields what a module imports, and the classes and variables that it defines."""
    for node in tree.body:
        match node:
            case ast.Import(names) | ast.ImportFrom(names=names):
                for each in names:
                    yield each.asname or each.name, "an import", each.lineno
            case ast.ClassDef(name):
                yield name, "a class of this module", node.lineno
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
                yield name, "a variable of this module", node.lineno
            case _:
                pass

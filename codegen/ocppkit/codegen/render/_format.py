"""Formats generated Python, and refuses what would not run.

The shipped templates write what black would write, which a test compares; black takes ten times as
long as everything else together. It is run, in a mode that is set here and nowhere else, on the output
of users' templates, and on a file with a line that is longer than the templates foresaw.
"""

import ast
import builtins
from collections.abc import Iterator

from .._errors import CodegenError

__all__ = ["LINE_LENGTH", "format_python"]

LINE_LENGTH = 100

_BUILTINS = {name: "Python's own" for name in dir(builtins) if name.islower()}
"""What generated code uses without an import; `Warning` and other capitalised names it does not."""


def format_python(path: str, text: str, *, users: bool = False) -> str:
    """Returns the text as black writes it.

    Args:
        path: the file, for errors.
        text: what a template wrote.
        users: whether templates of the user's had a part in it.

    Raises:
        CodegenError: the text is no Python, so the template that wrote it is wrong; or a name of the
            schemas meets one that the module needs for something else.
    """
    formatted = text.strip("\n") + "\n" if text.strip() else ""
    try:
        if users:
            formatted = _blackened(path, text)
        tree = ast.parse(formatted)
        if not users and _has_long_lines(formatted, tree):
            formatted = _blackened(path, text)
            tree = ast.parse(formatted)
        # The parser lets through what only the compiler refuses, such as two parameters of one name.
        compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _no_python(path, error) from error
    _refuse_clashes(path, tree)
    return formatted


def _has_long_lines(text: str, tree: ast.Module) -> bool:
    """Tells whether a line is too long that is no part of a docstring, which black leaves alone."""
    long = {n for n, line in enumerate(text.splitlines(), start=1) if len(line) > LINE_LENGTH}
    if not long:
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            long.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return bool(long)


def _blackened(path: str, text: str) -> str:
    # Imported here: it takes a tenth of a second, and is seldom needed.
    import black
    from black.mode import Mode, TargetVersion
    from black.parsing import InvalidInput

    mode = Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        raise _no_python(path, error) from error


def _no_python(path: str, error: Exception) -> CodegenError:
    return CodegenError(
        f"the template wrote what is no Python: {error}",
        file=path,
        cure="mend the template of this file",
    )


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

"""Formats generated Python, and refuses what would not run.

The shipped templates write what black would write, which a test compares; black takes ten times as
long as everything else together. It is run, in a mode that is set here and nowhere else, on the output
of users' templates, and on a file with a line that is longer than the templates foresaw.
"""

import ast
import builtins
import dis
from collections.abc import Iterator
from types import CodeType

from .._errors import CodegenError

__all__ = ["LINE_LENGTH", "format_python"]

LINE_LENGTH = 100

_STORE_NAME, _EXTENDED_ARG = dis.opmap["STORE_NAME"], dis.opmap["EXTENDED_ARG"]

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
        if users or _has_long_lines(formatted):
            formatted = _blackened(path, text)
        # Compiled, not only parsed: the parser lets two parameters of one name through. And from the
        # text, since a tree of Python objects takes three times as long.
        module = compile(formatted, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _no_python(path, error) from error
    if _may_clash(module):
        _refuse_clashes(path, ast.parse(formatted))
    return formatted


def _may_clash(module: CodeType) -> bool:
    """Tells whether a module binds a name twice, or one of Python's own: a quick look before the exact one."""
    bound = list(_stored_names(module))
    return len(set(bound)) < len(bound) or not _BUILTINS.keys().isdisjoint(bound)


def _stored_names(module: CodeType) -> Iterator[str]:
    """Yields what a module binds, once for each time; `dis.get_instructions` would take ten times as long."""
    high, code = 0, module.co_code
    for operation, low in zip(code[::2], code[1::2], strict=True):
        argument = high | low
        if operation == _STORE_NAME:
            yield module.co_names[argument]
        high = argument << 8 if operation == _EXTENDED_ARG else 0


def _has_long_lines(text: str) -> bool:
    """Tells whether a line is too long that is neither comment nor docstring, which black leaves alone."""
    long = {
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > LINE_LENGTH and not line.lstrip().startswith("#")
    }
    if not long:
        return False
    for node in ast.walk(ast.parse(text)):
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

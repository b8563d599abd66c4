"""Formats generated Python code with black if necessary, and checks that it compiles.

Black takes ten times as long as all other steps together. Therefore the shipped templates write code as black
would format it, and a test compares the two. Black runs only on the output of a user's templates, and on files with a line
that is too long.
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
"""The builtin names that generated code uses; it uses none with a capital letter, such as `Warning`."""


def format_python(path: str, text: str, *, users: bool = False) -> str:
    """Returns Python code as black formats it.

    Args:
        path: the file, for errors.
        text: the output of a template.
        users: whether templates of the user were used.

    Raises:
        CodegenError: the text is not valid Python, or defines a name twice.
    """
    formatted = text.strip("\n") + "\n" if text.strip() else ""
    try:
        if users or _has_long_lines(formatted):
            formatted = _format_with_black(path, text)
        # Compiled, because the parser alone accepts two parameters of the same name. The text is compiled
        # directly, because compiling a syntax tree takes three times as long.
        module = compile(formatted, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _syntax_error(path, error) from error
    if _may_clash(module):
        _check_name_clashes(path, ast.parse(formatted))
    return formatted


def _may_clash(module: CodeType) -> bool:
    """Tells quickly whether a module may bind a name twice, or a builtin name; `_check_name_clashes` is exact."""
    bound = list(_stored_names(module))
    return len(set(bound)) < len(bound) or not _BUILTINS.keys().isdisjoint(bound)


def _stored_names(module: CodeType) -> Iterator[str]:
    """Yields the names that a module binds, once per binding; `dis.get_instructions` takes ten times as long."""
    high, code = 0, module.co_code
    for operation, low in zip(code[::2], code[1::2], strict=True):
        argument = high | low
        if operation == _STORE_NAME:
            yield module.co_names[argument]
        high = argument << 8 if operation == _EXTENDED_ARG else 0


def _has_long_lines(text: str) -> bool:
    """Tells whether a line of code is too long; black does not change comments and docstrings."""
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


def _format_with_black(path: str, text: str) -> str:
    # Imported here: it takes a tenth of a second, and is seldom needed.
    import black
    from black.mode import Mode, TargetVersion
    from black.parsing import InvalidInput

    mode = Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        raise _syntax_error(path, error) from error


def _syntax_error(path: str, error: Exception) -> CodegenError:
    return CodegenError(
        f"the template of this file wrote invalid Python: {error}",
        file=path,
        cure="correct the template",
    )


def _check_name_clashes(path: str, tree: ast.Module) -> None:
    """Raises an error if a module binds a name twice, for example a datatype with the name of an import."""
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
    """Yields the names that a module imports or defines, each with a description and its line."""
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

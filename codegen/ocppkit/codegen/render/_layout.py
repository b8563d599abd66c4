"""Formats parts of generated code: imports as isort does, lists and brackets as black does, and docstrings."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ._format import LINE_LENGTH

__all__ = [
    "Imports",
    "attribute_doc",
    "bracket",
    "docstring",
    "exports",
    "fit",
    "import_block",
    "literal",
    "natural_key",
    "spread",
    "wrap_words",
]

Imports = Mapping[str, Iterable[str]]
"""Names to import, by module; a module that starts with a dot belongs to the generated package."""

_LATE = "  # noqa: E402"

_INSTALLED = ("msgspec", "pydantic", "pydantic_core", "typing_extensions")


def import_block(*imports: Imports, indent: int = 0, late: bool = False) -> str:
    """Returns import statements sorted as isort does: standard library, other packages, ocppkit, the package itself.

    Args:
        imports: the names to import, by module; several mappings are merged.
        indent: the number of spaces before each statement.
        late: whether other code precedes the imports. Then they get a comment for linters.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for each in imports:
        for module, names in each.items():
            wanted[module].update(names)
    groups: list[list[str]] = [[], [], [], []]
    for module in sorted(filter(wanted.get, wanted), key=_module_key):
        names = sorted(wanted[module], key=_import_key)
        groups[_import_group(module)].append(
            _import_statement(" " * indent, module, names, _LATE if late else "")
        )
    return "\n\n".join("\n".join(group) for group in groups if group)


def _import_statement(pad: str, module: str, names: Sequence[str], mark: str) -> str:
    line = f"{pad}from {module} import {', '.join(names)}{mark}"
    if len(line) <= LINE_LENGTH:
        return line
    items = "".join(f"{pad}    {name},\n" for name in names)
    return f"{pad}from {module} import ({mark}\n{items}{pad})"


def _module_key(module: str) -> tuple[int, str]:
    # isort sorts more dots first: `..enums` before `.enums`.
    dots = len(module) - len(module.lstrip("."))
    return -dots, module


def _import_key(name: str) -> tuple[int, list[tuple[int, str]], str]:
    # Unlike names in `__all__`, imported names are sorted case-insensitively.
    return _name_rank(name), natural_key(name.lower()), name


def _import_group(module: str) -> int:
    if module.startswith("."):
        return 3
    root = module.partition(".")[0]
    return 1 if root in _INSTALLED else 2 if root == "ocppkit" else 0


def exports(names: Iterable[str]) -> str:
    """Returns the statement that sets `__all__`, sorted as linters require."""
    ordered = sorted(names, key=lambda name: (_name_rank(name), natural_key(name)))
    return spread("__all__ = [", [f'"{name}"' for name in ordered], "]")


def fit(head: str, inner: str, tail: str) -> str:
    """Writes the contents of a bracket on the same line if they fit, else on a separate line, as black does."""
    line = f"{head}{inner}{tail}"
    if len(line) <= LINE_LENGTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    return f"{head}\n{indent}    {inner}\n{indent}{tail}"


def bracket(head: str, items: Sequence[str], tail: str) -> str:
    """Writes the items of a bracket as black does: on the same line, on one separate line, or one item per line."""
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    if len(f"{indent}{', '.join(items)}") <= LINE_LENGTH:
        return fit(head, ", ".join(items), tail)
    return spread(head, items, tail)


def spread(head: str, items: Sequence[str], tail: str) -> str:
    """Writes the items of a bracket on the same line if they fit, else one item per line, as black does."""
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= LINE_LENGTH:
        return line
    indent = " " * (len(head) - len(head.lstrip()))
    return f"{head}\n" + "".join(f"{indent}    {item},\n" for item in items) + indent + tail


def docstring(indent: int, *paragraphs: object, arguments: Mapping[str, object] = {}) -> str:
    """Writes the docstring of a class or function.

    Args:
        indent: the number of spaces before it.
        paragraphs: the summary and further paragraphs; `None` and empty ones are left out.
        arguments: the description of each parameter, by name.
    """
    first, *others = [str(each) for each in paragraphs if each]
    pad = " " * indent
    line = f'{pad}"""{first}"""'
    if not others and not arguments and len(line) <= LINE_LENGTH:
        return line
    texts = [_wrap_indented(f'"""{first}', pad), *(_wrap_indented(each, pad) for each in others)]
    if arguments:
        texts.append("\n".join([f"{pad}Args:", *_argument_lines(arguments, f"{pad}    ")]))
    return "\n\n".join(texts) + f'\n{pad}"""'


def attribute_doc(indent: int, text: object) -> str:
    """Writes the docstring below an attribute."""
    return _wrap_indented(f'"""{text}"""', " " * indent)


def _argument_lines(arguments: Mapping[str, object], pad: str) -> Iterator[str]:
    return (
        _wrap_indented(f"{name}: {text}", pad, f"{pad}    ") for name, text in arguments.items()
    )


def _wrap_indented(text: str, pad: str, hang: str | None = None) -> str:
    hang = pad if hang is None else hang
    first, *others = wrap_words(text, LINE_LENGTH - len(pad), LINE_LENGTH - len(hang))
    return "\n".join([f"{pad}{first}", *(f"{hang}{line}" for line in others)])


def wrap_words(text: str, width: int, later_width: int | None = None) -> list[str]:
    """Breaks a text into lines between its words.

    `textwrap` gives the same result but takes five times as long, which matters in a package of 200 files.

    Args:
        text: the text; a word that is longer than a line gets its own line.
        width: the greatest number of characters of the first line.
        later_width: the same for the other lines; by default `width`.
    """
    lines: list[str] = []
    line, limit = "", width
    for word in text.split():
        if line and len(line) + 1 + len(word) > limit:
            lines.append(line)
            line, limit = word, width if later_width is None else later_width
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def literal(value: str | tuple[str, ...]) -> str:
    """Returns a text or a tuple of texts as a Python literal, in the quotes that need fewer escapes."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        if value.count('"') <= value.count("'"):
            return text
        return "'" + text[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"


def _name_rank(name: str) -> int:
    """Returns a sort key that puts constants first, then classes, then all other names."""
    return 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2


def natural_key(name: str) -> list[tuple[int, str]]:
    """Returns a sort key that compares numbers in names by value: `Str50` comes before `Str255`."""
    return [
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]

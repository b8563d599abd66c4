"""The hand-written files of the repository, as the checks read them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

__all__ = ["ROOT", "Definition", "Source", "python_sources", "text_sources"]

ROOT = Path(__file__).parents[2]

_CODE = ("sdk", "codegen", "tests", "benchmarks/speed", "examples")
_TEXT = ("docs", "templates", "README.md", "CONTRIBUTING.md")

# Files of other meaning: expected output, wrong uses on purpose, and this check's own word lists.
_LEFT_OUT = ("tests/golden/cases/", "tests/typing/cases/", "tests/house/", "docs/design/words.md")


class Definition(NamedTuple):
    """A module, class or function."""

    name: str
    """Its name; empty for a module."""

    is_class: bool
    docstring: str | None


@dataclass(frozen=True)
class Source:
    """One file: its path below the root, with slashes, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree, if it is Python; parsed anew each time, as the trees of all files are large."""
        return ast.parse(self.text, self.path)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """The module itself, and each class and function in it."""
        return tuple(
            Definition(
                getattr(node, "name", ""), isinstance(node, ast.ClassDef), ast.get_docstring(node)
            )
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        )


@cache
def python_sources() -> tuple[Source, ...]:
    """Returns all hand-written modules, in order of their paths."""
    return tuple(_sources(_CODE, (".py", ".pyi")))


def text_sources() -> tuple[Source, ...]:
    """Returns all that people read: modules, guides, templates."""
    return (*python_sources(), *_sources(_TEXT, (".md", ".jinja", ".py")))


def _sources(roots: tuple[str, ...], endings: tuple[str, ...]) -> Iterator[Source]:
    for root in roots:
        start = ROOT / root
        for file in [start] if start.is_file() else sorted(start.rglob("*")):
            path = file.relative_to(ROOT).as_posix()
            hidden = any(part.startswith(".") for part in path.split("/"))
            if file.suffix in endings and not hidden and not path.startswith(_LEFT_OUT):
                yield Source(path, file.read_text("utf-8"))

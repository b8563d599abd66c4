"""Draws names, first sentences, log lines and error texts at random, for a reader with fresh eyes.

`python -m house.draw SEED` prints 40 names, 40 first sentences, 15 log lines and 10 error texts of the
hand-written library, each behind its path and line. The reader says what each one means, then looks it up; `docs/design/words.md`
has the terms. The same seed draws the same texts from the same sources.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from random import Random

from .sources import Source, python_sources

__all__ = ["COUNTS", "draw", "texts_of"]

COUNTS = {"names": 40, "first sentences": 40, "log lines": 15, "error texts": 10}

_NAMED = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_LIBRARY = ("sdk/", "codegen/")
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_PLACEHOLDERS = re.compile(r"%\.?\d*[a-z]|\{\}")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE = re.compile(r"(?s)^(.+?[.?!])(?:\s|$)|^(.+)$")

Texts = dict[str, list[str]]


def draw(seed: int, sources: Sequence[Source] | None = None) -> Texts:
    """Returns what a reader is asked about, by kind, each text behind the place where it stands.

    Args:
        seed: the seed of the random choice.
        sources: the modules to draw from; by default all of the library.
    """
    random = Random(seed)
    texts: Texts = {kind: [] for kind in COUNTS}
    modules = python_sources() if sources is None else sources
    for source in modules:
        if source.path.startswith(_LIBRARY):
            for kind, line, text in texts_of(source):
                texts[kind].append(f"{source.path}:{line}: {text}")
    return {
        kind: random.sample(found, min(len(found), COUNTS[kind])) for kind, found in texts.items()
    }


def texts_of(source: Source) -> Iterator[tuple[str, int, str]]:
    """Yields kind, line and text of everything in a module that can be drawn."""
    for node in ast.walk(source.tree):
        for kind, line, text in _texts_at(node):
            # A text that has only placeholders says nothing that a reader could judge.
            if _LETTER.search(_PLACEHOLDERS.sub("", text)):
                yield kind, line, text


def _texts_at(node: ast.AST) -> Iterator[tuple[str, int, str]]:
    if isinstance(node, _NAMED) and not node.name.startswith("__"):
        yield "names", node.lineno, node.name
    if isinstance(node, ast.Module | _NAMED):
        docstring = ast.get_docstring(node)
        if docstring:
            yield "first sentences", node.body[0].lineno, _first_sentence(docstring)
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        for text in _literals(node.exc.args[:1]):
            yield "error texts", node.lineno, text
    elif isinstance(node, ast.Call) and _is_logging(node.func):
        for text in _literals(node.args[:2])[:1]:
            yield "log lines", node.lineno, text


def _first_sentence(docstring: str) -> str:
    found = _SENTENCE.match(" ".join(docstring.split()))
    assert found is not None
    return found[0].strip()


def _literals(nodes: Sequence[ast.expr]) -> list[str]:
    """Returns the texts among some arguments; expressions within f-strings become `{}`."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append(
                "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            )
    return found


def _is_logging(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in {*_LEVELS, "log"}
        and isinstance(function.value, ast.Name)
        and function.value.id in ("logger", "_logger")
    )


def main(arguments: Sequence[str]) -> None:
    """Prints what a seed draws."""
    parser = argparse.ArgumentParser(
        prog="python -m house.draw", description="Draws texts of the library for a reader to judge."
    )
    parser.add_argument("seed", type=int, help="the same seed draws the same texts again")
    seed: int = parser.parse_args(arguments).seed
    sys.stdout.write(f"seed {seed}\n")
    for kind, texts in draw(seed).items():
        sys.stdout.write(f"\n{kind}\n")
        sys.stdout.writelines(f"  {text}\n" for text in texts)


if __name__ == "__main__":
    main(sys.argv[1:])

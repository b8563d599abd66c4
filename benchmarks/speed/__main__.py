"""Runs all groups of benchmarks or some of them, in full or quickly, and reports whether the targets are met."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from .chart import chart
from .findings import Book
from .node import why_no_node
from .report import as_json, inserted, lines_of, markdown, status, text
from .scale import FULL, QUICK, Scale

_GROUPS: Final = ("codec", "turn", "endtoend", "layers", "idle", "imports", "growth", "blocks")
_HOME: Final = Path(__file__).resolve().parents[1]
_PAGE: Final = _HOME.parent / "docs" / "performance.md"
_CHART: Final = _PAGE.parent / "assets" / "performance.svg"


def main(arguments: Sequence[str]) -> int:
    """Runs the requested groups, and returns the exit status."""
    if sys.platform != "linux":
        sys.stderr.write("the benchmarks pin processes and read /proc: they need Linux\n")
        return 2
    asked = _parsed(arguments)
    scale = QUICK if asked.quick else FULL
    book = Book(say=_progress())
    for group in asked.groups:
        run: Callable[[Scale, Book], None] = import_module(f"speed.{group}").run
        book.say(f"{group} ...")
        run(scale, book)
    lines = lines_of(book, asked.groups)
    sys.stdout.write("\n" + text(book, lines, asked.groups))
    complete = not asked.quick and set(asked.groups) == set(_GROUPS)
    results = _HOME / ("results.json" if complete else "results-partial.json")
    kind = "quick" if asked.quick else "full"
    results.write_text(json.dumps(as_json(book, lines, kind), indent=1) + "\n")
    book.say(f"wrote {results}")
    if complete:
        picture = f"![The main figures]({_CHART.relative_to(_PAGE.parent)})\n\n"
        figures = picture + markdown(book, lines, asked.groups)
        _PAGE.write_text(inserted(_PAGE.read_text(), figures))
        _CHART.write_text(chart(lines))
        book.say(f"wrote {_PAGE} and {_CHART}")
    return status(lines, without_node=why_no_node() is not None)


def _parsed(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="speed", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(_GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="little of everything: no figures")
    asked = parser.parse_args(arguments)
    unknown = set(asked.groups) - set(_GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    asked.groups = asked.groups or list(_GROUPS)
    return asked


def _progress() -> Callable[[str], None]:
    start = perf_counter()

    def say(line: str) -> None:
        sys.stderr.write(f"[{perf_counter() - start:6.1f} s] {line}\n")

    return say


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

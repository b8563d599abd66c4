"""Makes the table of use cases from the tags in the tests of functional blocks.

A test is tagged by a comment on its first line or above it, such as `# E04` or `# C01, C02`; `# H03 (partly)` if the
blocks do only a part of the use case. In which version it
runs, the id of its parameters tells; a test without a version tries a block by itself, which is the same for
all versions.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["PAGE", "ROOT", "page"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "use-cases.md"
FOLDERS = ("tests/blocks", "tests/station/blocks", "tests/csms/blocks")
VERSIONS = ("1.6", "2.0.1", "2.1")

_ID = re.compile(r"\b[A-P]\d\d\b(?!\.FR)(?: \(partly\))?")
_PARTLY = " (partly)"
_IN_NAME = re.compile(r"test_((?:[a-p]\d\d_)+)")
_VERSION = re.compile(r"(?<![\d.])(1\.6|2\.0\.1|2\.1)(?![\d.])")

_HEAD = """# Use cases

This page lists the use cases of OCPP that the [functional blocks](guides/blocks.md) implement. The table is generated from the tags of the tests that run them.

| | |
|---|---|
| runs | a test plays it between a station and a CSMS, or over the messages of this version |
| block | a test plays it with the block alone, which is the same for all versions |
| partly | the tests play a part of it, and no block does the rest |
| not yet | no block does it; the messages are there, for handlers of your own |
| - | the version does not have it |

These are the use cases of 2.0.1, and of those that only 2.1 has the few that these blocks run.
"""


class _Tagged(NamedTuple):
    file: str
    test: str
    use_cases: frozenset[str]


def page() -> str:
    """Returns docs/use-cases.md as it should be."""
    known = tomllib.loads((Path(__file__).parent / "use_cases.toml").read_text("utf-8"))
    evidence = _evidence()
    return _HEAD + "".join(_lines(known["blocks"], known["use_cases"], evidence))


def _lines(
    blocks: Mapping[str, str],
    use_cases: Mapping[str, Mapping[str, object]],
    evidence: Mapping[str, Mapping[str, Sequence[str]]],
) -> Iterator[str]:
    for letter, name in blocks.items():
        yield f"\n## {letter}: {name}\n\n"
        yield "| use case | 1.6 | 2.0.1 | 2.1 | tests |\n|---|---|---|---|---|\n"
        for number, about in use_cases.items():
            if number.startswith(letter):
                found, partly = evidence.get(number, {}), evidence.get(number + _PARTLY, {})
                cells = [
                    _cell(found, partly, version) if _has(about, version, found) else "-"
                    for version in VERSIONS
                ]
                found = found or partly
                tests = sorted({test for each in found.values() for test in each})
                yield f"| {number} {about['name']} | {' | '.join(cells)} | {_files(tests)} |\n"


def _has(about: Mapping[str, object], version: str, found: Mapping[str, Sequence[str]]) -> bool:
    """Returns whether a version has a use case; 1.6 may have a part of one that it does not name."""
    if "only_21" in about:
        return version == "2.1"
    return version != "1.6" or bool(about["in_16"]) or version in found


def _cell(
    found: Mapping[str, Sequence[str]], partly: Mapping[str, Sequence[str]], version: str
) -> str:
    if version in found:
        return "runs"
    if "" in found:
        return "block"
    return "partly" if {version, ""} & partly.keys() else "not yet"


def _files(tests: Iterable[str]) -> str:
    files = sorted({test.partition("::")[0] for test in tests})
    return ", ".join(f"`{Path(each).name}`" for each in files)


def _evidence() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Returns the tests by use case and version; `""` for those of a block by itself."""
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    versions = _versions()
    for tagged in _tagged():
        test = f"{tagged.file}::{tagged.test}"
        for number in tagged.use_cases:
            for version in versions.get(test, ()) or ("",):
                found[number][version].append(test)
    return found


def _tagged() -> Iterator[_Tagged]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            text = path.read_text("utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    numbers = _numbers(node, text.splitlines())
                    if numbers:
                        yield _Tagged(path.relative_to(ROOT).as_posix(), node.name, numbers)


def _numbers(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]) -> frozenset[str]:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    head = lines[max(first - 2, 0) : node.body[0].lineno]
    comments = [line.partition("#")[2] for line in head if "#" in line]
    named = _IN_NAME.match(node.name)
    in_name = named[1].upper().replace("_", " ") if named else ""
    return frozenset(_ID.findall(" ".join([*comments, in_name])))


def _versions() -> Mapping[str, set[str]]:
    """Returns the versions in which each test runs, as the ids of its parameters tell."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    listed = subprocess.run(
        [*command, *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in listed.stdout.splitlines():
        test, _, parameters = line.partition("[")
        found[test].update(_VERSION.findall(parameters))
    return found

"""Imports, lists and brackets come out as isort and black would write them."""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocppkit.codegen.render._format import LINE_LENGTH, format_python
from ocppkit.codegen.render._layout import (
    Imports,
    attribute_doc,
    docstring,
    exports,
    fit,
    import_block,
    literal,
    natural_key,
    spread,
    wrap_words,
)

ROOT = Path(__file__).parents[3]


def test_imports_stand_in_groups_and_merge() -> None:
    block = import_block(
        {"msgspec": ["field"], ".enums": {"B", "A"}, "ocppkit.core": ["Opt"], "typing": []},
        {"msgspec": ["Meta"], "..bases": ["Response"], "datetime": ["datetime"], ".enums": ["A"]},
        {"typing_extensions": ["TypeVar"], "typing": ["Any"], ".datatypes": ["C"]},
    )
    assert block == (
        "from datetime import datetime\n"
        "from typing import Any\n"
        "\n"
        "from msgspec import Meta, field\n"
        "from typing_extensions import TypeVar\n"
        "\n"
        "from ocppkit.core import Opt\n"
        "\n"
        "from ..bases import Response\n"
        "from .datatypes import C\n"
        "from .enums import A, B"
    )


def test_nothing_to_import_is_nothing() -> None:
    assert import_block() == ""
    assert import_block({"typing": []}, {".enums": ()}) == ""


def test_imports_inside_a_block_are_indented_and_broken_where_they_end() -> None:
    names = [f"Name{number:02}" for number in range(11)]
    line = f"from a import {', '.join(names)}"
    assert len(line) <= LINE_LENGTH < len(line) + 4
    assert import_block({"a": names}) == line
    assert import_block({"a": names}, indent=4).splitlines()[:2] == [
        "    from a import (",
        "        Name00,",
    ]


@pytest.mark.parametrize("width", [1, 7, 20, 33, 90])
def test_texts_are_broken_as_textwrap_breaks_them(width: int) -> None:
    text = (
        "A station-wide limit of 32 A, unless e.g. `SetChargingProfile` says less: see K01.FR.09."
    )
    assert wrap_words(text, width) == textwrap.wrap(
        text, width, break_long_words=False, break_on_hyphens=False
    )


def test_the_first_line_may_be_shorter() -> None:
    assert wrap_words("one two three four", 5, 10) == ["one", "two three", "four"]


def test_an_empty_text_is_one_empty_line() -> None:
    assert wrap_words("", 10) == [""]


def test_names_sort_as_people_do() -> None:
    assert sorted(["Str255", "Str50", "Str5", "Str"], key=natural_key) == [
        "Str",
        "Str5",
        "Str50",
        "Str255",
    ]


def test_exports_are_one_line_or_one_name_a_line() -> None:
    assert exports([]) == "__all__ = []"
    assert exports(["b", "Str50", "PROTOCOL", "A", "Str5"]) == (
        '__all__ = ["PROTOCOL", "A", "Str5", "Str50", "b"]'
    )
    many = exports(f"Name{number:02}" for number in range(20))
    assert many.startswith('__all__ = [\n    "Name00",\n    "Name01",\n')
    assert many.endswith('    "Name19",\n]')


def widths(head: str, tail: str) -> Iterator[tuple[int, str]]:
    for over in (-1, 0, 1):
        yield over, "a" * (LINE_LENGTH - len(head) - len(tail) + over)


def test_a_bracket_breaks_beyond_the_line() -> None:
    for over, inner in widths("    f(", ")"):
        broken = f"    f(\n        {inner}\n    )"
        assert fit("    f(", inner, ")") == (broken if over > 0 else f"    f({inner})")
        spread_out = f"    f(\n        {inner},\n    )"
        assert spread("    f(", [inner], ")") == (spread_out if over > 0 else f"    f({inner})")


def test_black_leaves_it_alone() -> None:
    names = [f"{'Name' * 6}{number}" for number in range(5)]
    for text in (
        exports(names),
        import_block({"a": names}),
        spread("x = f(", names, ")"),
        f"def f():\n{fit('    return [', ' + '.join(names[:3]), ']')}",
    ):
        assert format_python("a.py", text, users=True) == text + "\n"


IMPORTS: list[Imports] = [
    {".enums": ["Str", "URL", "Url", "UrlType", "EVSEType", "EVSE", "A1", "A10", "A2", "a", "_b"]},
    {"..enums": ["APNType", "AdditionalInfoType", "ACChargingParametersType", "AFRRSignalRequest"]},
    {"typing": ["TypeVar", "Any", "ClassVar", "TYPE_CHECKING"], "collections.abc": ["Mapping"]},
    {"pydantic": ["Field", "AwareDatetime"], "msgspec": ["UNSET", "UnsetType", "field"]},
    {"pydantic_core": ["core_schema"], "typing_extensions": ["TypeVar"], "ocppkit": ["core"]},
    {".a": ["x"], "..b": ["y"], ".": ["z"], "..": ["w"], "ocppkit.core": ["V", "u"]},
]


def test_linters_agree_with_the_order(tmp_path: Path) -> None:
    for number, imports in enumerate(IMPORTS):
        names = [name for each in imports.values() for name in each]
        file = tmp_path / f"module_{number}.py"
        file.write_text(f'"""A module."""\n\n{import_block(imports)}\n\n{exports(names)}\n')
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "I,RUF022"]
    command = [*ruff, "--config", "pyproject.toml", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", '"a"'),
        ('say "a\\b"', r"""'say "a\\b"'"""),
        ('it\'s "a" b', r"""'it\'s "a" b'"""),
        ("it's a", '"it\'s a"'),
        ("it's a \"", r'''"it's a \""'''),
        ("café", '"café"'),
        ("line\nbreak", r'"line\nbreak"'),
        ((), "()"),
        (("a",), '("a",)'),
        (("a", "b"), '("a", "b")'),
    ],
)
def test_texts_become_literals(value: str | tuple[str, ...], written: str) -> None:
    assert literal(value) == written
    assert ast.literal_eval(written) == value


LONG = "word " * 30 + "end."


class TestDocstrings:
    def test_a_short_one_stands_on_one_line(self) -> None:
        assert docstring(4, "Short.") == '    """Short."""'

    def test_what_is_missing_is_left_out(self) -> None:
        assert docstring(4, "Short.", None, "") == '    """Short."""'

    def test_paragraphs_are_parted_by_a_blank_line(self) -> None:
        assert docstring(0, "One.", None, "Two.") == '"""One.\n\nTwo.\n"""'

    def test_a_line_that_fits_exactly_is_not_broken(self) -> None:
        line = docstring(4, "x" * (LINE_LENGTH - 4 - 6))
        assert len(line) == LINE_LENGTH
        assert "\n" in docstring(4, "x" * (LINE_LENGTH - 10) + " y")

    def test_arguments_hang(self) -> None:
        written = docstring(4, "Does it.", arguments={"a": "the first.", "b": LONG})
        head, *_, last = lines = written.splitlines()
        assert head == '    """Does it.'
        assert lines[1:4] == ["", "    Args:", "        a: the first."]
        assert lines[4].startswith("        b: word word")
        assert lines[5].startswith("            word")
        assert last == '    """'
        assert max(map(len, lines)) <= LINE_LENGTH

    def test_beneath_an_attribute_it_closes_behind_its_last_word(self) -> None:
        lines = attribute_doc(4, LONG).splitlines()
        assert lines[0].startswith('    """word')
        assert lines[-1].endswith('end."""')
        assert max(map(len, lines)) <= LINE_LENGTH
        assert " ".join(line.strip() for line in lines) == f'"""{LONG}"""'

"""Generated Python is formatted, and what would not run or would mean something else is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from ocppkit.codegen import VERSIONS, Job, generate
from ocppkit.codegen.render import _format
from ocppkit.codegen.render._format import LINE_LENGTH, format_python
from support.schema_files import refused

EXPECTED = sorted((Path(__file__).parents[2] / "golden" / "cases").glob("*/expected/**/*.py"))


def test_it_is_formatted_as_the_project_is() -> None:
    # As long as a line may be, in quotes that black prefers.
    assert (
        format_python("a.py", f"x = '{'a' * (LINE_LENGTH - 6)}'", users=True)
        == f'x = "{"a" * (LINE_LENGTH - 6)}"\n'
    )
    assert format_python("a.py", "def f(a,\n b):\n  return a", users=True).startswith(
        "def f(a, b):\n    return"
    )


def test_formatting_twice_changes_nothing() -> None:
    text = "from a import (b,c)\nx = {  'a':1 }\nclass A: pass\n"
    once = format_python("a.py", text, users=True)
    assert format_python("a.py", once, users=True) == once


def test_blank_lines_at_the_ends_are_removed() -> None:
    assert format_python("a.py", "\n\nx = 1\n\n") == "x = 1\n"
    assert format_python("a.py", "\n \n") == ""


def test_only_a_line_too_long_for_the_templates_is_left_to_black() -> None:
    as_it_is = f'"""{"word " * 30}"""\nx = [ 1 ]\n'
    assert format_python("a.py", as_it_is) == as_it_is
    long = f"x = [{', '.join(['1234567890'] * 10)}]\n"
    assert format_python("a.py", long) == format_python("a.py", long, users=True) != long


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: "/".join(path.parts[-4:]))
def test_what_the_shipped_templates_write_is_what_black_writes(path: Path) -> None:
    """The gate runs black over generated/; these are the cases that the schemas of OCPP lack."""
    text = path.read_text("utf-8")
    assert format_python(path.name, text, users=True) == text


@pytest.mark.parametrize("users", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "x = (",
        "class class(A): pass",
        '"""open',
        "  x = 1\n y = 2",
        "x = 'a\n'",
        # What black lets through and the compiler does not.
        "def f(a, a): pass",
        "def f(*, a=1, a=2): pass",
        "return 1",
        "f(a=1, a=2)",
    ],
)
def test_what_is_no_python_is_refused(text: str, users: bool) -> None:
    with refused("the template of this file wrote invalid Python: ", file="acme/a.py"):
        format_python("acme/a.py", text, users=users)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        (
            "from .constraints import Uri\n\n\nclass Uri:\n    pass\n",
            "Uri would stand for two things: an import and a class of this module",
            4,
        ),
        (
            "from a import B\nfrom c import B\n",
            "B would stand for two things: an import and an import",
            2,
        ),
        ("import a.b\nimport c as a\nfrom x import (\n    y,\n    a,\n)\n", "a would stand for", 5),
        (
            "class A:\n    pass\n\n\nclass A:\n    pass\n",
            "A would stand for two things: a class of this module and a class of this module",
            5,
        ),
        (
            "from a import M\n\nM = 1\n",
            "M would stand for two things: an import and a variable of this module",
            3,
        ),
        ("M: int = 1\nM: int = 2\n", "M would stand for two things: a variable of this module", 2),
        (
            "class list:\n    pass\n",
            "list would stand for two things: Python's own and a class of this module",
            1,
        ),
    ],
)
def test_a_name_for_two_things_is_refused(text: str, problem: str, line: int) -> None:
    with refused(problem, file="a.py", line=line):
        format_python("a.py", text)


@pytest.mark.parametrize(
    "text",
    [
        "from a import b as c\nfrom d import b\n",
        "class Warning:\n    pass\n",
        "class A:\n    b = 1\n\n\nclass B:\n    b = 2\n",
        "try:\n    import a\nexcept ImportError:\n    a = None\n",
        "a[0] = 1\na[0] = 2\n",
        "import a.b\nimport a.c\n",
    ],
)
def test_what_binds_each_name_once_passes(text: str) -> None:
    assert format_python("a.py", text) == text


@pytest.mark.parametrize("names", [1, 300, 70_000])
def test_a_name_for_two_things_is_found_among_many(names: int) -> None:
    """The numbers of names need one, two and three bytes in the code that is looked at."""
    many = "".join(f"A{number} = 0\n" for number in range(names))
    assert format_python("a.py", many) == many
    with refused(f"A{names - 1} would stand for two things", file="a.py", line=names + 1):
        format_python("a.py", f"{many}A{names - 1} = 1\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_no_shipped_template_needs_black(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, text: str) -> str:
        pytest.fail(f"a line of {path} is too long: its template leaves it to black")

    monkeypatch.setattr(_format, "_format_with_black", refuse)
    assert generate(Job(version, f"ocppkit.{VERSIONS[version]}"))


def test_a_long_comment_is_no_work_for_black() -> None:
    text = f"# {'word ' * 30}end\nx = [ 1 ]\n"
    assert format_python("a.py", text) == text


def test_black_is_imported_when_it_is_needed() -> None:
    code = "import sys, ocppkit.codegen; print('black' in sys.modules, 'datamodel_code_generator' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False False\n"

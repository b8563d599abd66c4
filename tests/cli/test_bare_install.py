"""A bare `pip install ocppkit` starts the command and says what it lacks."""

import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if {condition}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Block())
sys.argv = ["ocppkit", *{arguments!r}]
from ocppkit.cli import main
main()
"""

ALL = 'top not in sys.stdlib_module_names and top != "ocppkit"'
GENERATE = ("generate", "--version", "1.6", "--output", "out", "--package", "acme.v16")


def run(
    arguments: tuple[str, ...], condition: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a fresh interpreter that cannot import some packages."""
    code = BLOCK.format(condition=condition, arguments=list(arguments))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False
    )


def check_hint(done: subprocess.CompletedProcess[str], package: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"'{package}'" in done.stderr
    assert "pip install 'ocppkit[codegen]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 5


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--help",),
        GENERATE,
        ("schemas", "verify", "x.zip", "--version", "1.6"),
        ("diff", "1.6", "2.0.1"),
        ("explain", "Reset"),
        ("reference", "--output", "pages"),
    ],
    ids=" ".join,
)
def test_each_command_names_the_pip_command(arguments: tuple[str, ...], tmp_path: Path) -> None:
    check_hint(run(arguments, ALL, tmp_path), "typer")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "package", ["typer", "rich", "jinja2", "datamodel_code_generator", "pydantic"]
)
def test_each_missing_package_is_named(package: str, tmp_path: Path) -> None:
    check_hint(run(GENERATE, f"top == {package!r}", tmp_path), package)
    assert list(tmp_path.iterdir()) == []


def test_black_is_missed_only_where_a_template_of_the_user_needs_it(tmp_path: Path) -> None:
    done = run(GENERATE, "top == 'black'", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    template = tmp_path / "templates" / "msgspec" / "more.py.jinja"
    template.parent.mkdir(parents=True)
    template.write_text("MORE = 1\n", encoding="utf-8")
    again = (*GENERATE, "--templates", "templates")
    check_hint(run(again, "top == 'black'", tmp_path), "black")


def test_tools_for_logs_need_msgspec_alone(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text('CP1 < [2,"1","Heartbeat",{}]\n')
    only_base = f"{ALL} and top not in ('msgspec', 'typing_extensions')"
    done = run(("inspect", "x.log", "--latency"), only_base, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing is wrong." in done.stdout
    validated = run(("validate", '[2,"1","Heartbeat",{}]', "--version", "2.1"), only_base, tmp_path)
    assert (validated.returncode, validated.stderr) == (0, "")
    hint = run(("explain", "Reset"), ALL, tmp_path).stderr
    assert "commands that work without it: " in hint
    assert "inspect" in hint


def test_the_version_needs_nothing(tmp_path: Path) -> None:
    done = run(("--version",), ALL, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ocppkit 0.")


def test_a_missing_package_that_no_extra_brings_is_a_bug_and_says_so(tmp_path: Path) -> None:
    done = run(("--help",), 'name == "ocppkit.cli._diff"', tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr

"""The command line as a whole: help, version, usage errors, and how errors look."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from ocppkit.cli import _app, _terminal
from ocppkit.codegen import CodegenError
from ocppkit.core import __version__
from support.cli_outcomes import Cli

COMMANDS = [
    (),
    ("anonymise",),
    ("generate",),
    ("diff",),
    ("explain",),
    ("init",),
    ("inspect",),
    ("reference",),
    ("schemas",),
    ("schemas", "import"),
    ("schemas", "verify"),
    ("schemas", "watch"),
    ("schemas", "check"),
    ("validate",),
]
"""Every command and group, as one types it."""


def test_these_are_all_commands() -> None:
    root = typer.main.get_command(_app.app)
    names = [(name,) for name in root.commands]  # type: ignore[attr-defined]
    schemas = root.commands["schemas"].commands  # type: ignore[attr-defined]
    assert sorted([(), *names, *(("schemas", name) for name in schemas)]) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_has_an_example(
    command: tuple[str, ...], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcome = cli(*command, "--help")
    assert outcome.status == 0
    assert "Examples:" in outcome.out
    examples = outcome.out.partition("Examples:")[2]
    assert f"ocppkit {' '.join(command)}".strip() in examples


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_h_is_help(command: tuple[str, ...], cli: Cli) -> None:
    assert cli(*command, "-h").out == cli(*command, "--help").out


def test_the_version(cli: Cli) -> None:
    expected = f"ocppkit {version('ocppkit')}\n"
    assert cli("--version").out == expected
    with pytest.raises(SystemExit) as stop:
        _app.run(["--version"])
    assert stop.value.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("generate", "--no-such-option"),
        ("diff", "2.0.1"),
        ("diff", "2.0.1", "2.1", "--fail-on", "sometimes"),
        ("explain",),
        ("generate", "--flavour", "attrs"),
        ("schemas", "verify", "x.zip"),
        ("schemas", "import", "x.zip"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], cli: Cli) -> None:
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert "Usage:" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_wrong_choice_names_the_right_ones(cli: Cli) -> None:
    for command in (("explain", "Reset"), ("diff", "2.0.1", "2.1"), ("generate",)):
        problem = cli(*command, "--version", "3.0").problem
        assert "there are no facts of OCPP 3.0, only of 1.6, 2.0.1, 2.1" in problem
        assert 'extends = "2.1"' in problem
    assert "'three' is not an OCPP version" in cli("explain", "Reset", "--version", "three").problem
    assert "msgspec" in cli("generate", "--flavour", "attrs").err


def test_an_error_of_ours_is_not_dressed_up(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ocppkit.codegen.compare_schemas", fail)
    with pytest.raises(ZeroDivisionError):
        cli("diff", "2.0.1", "2.1")


def test_an_error_fills_one_screen_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    _terminal.report_error(CodegenError("line\n" * 100 + "x" * 10_000, file="f.json"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 30
    _terminal.report_error(CodegenError("x" * 10_000))
    assert len(capsys.readouterr().err) <= 401


def test_an_error_carries_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    _terminal.report_error(CodegenError("bad \x1b[31m name \u202e", cure="rename \x07"))
    assert capsys.readouterr().err == "ocppkit: bad \\x1b[31m name \\u202e\n  cure: rename \\x07\n"


def test_python_m_runs_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocppkit.cli", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"ocppkit {version('ocppkit')}\n"


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    command = f"{sys.executable} -m ocppkit.cli diff 2.0.1 2.1 2>{errors} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "OCPP schemas: 2.0.1 -> 2.1\n"
    assert errors.read_text() == ""


def test_a_terminal_without_unicode_gets_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocppkit.cli", "explain", "Reset", "--version", "1.6"],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )
    assert done.stdout.isascii()
    assert done.stderr == b""


def test_progress_is_silent_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with _terminal.show_progress(quiet=False) as progress:
        progress("OCPP 2.1", 1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("quiet", "drawn"), [(False, True), (True, False)])
def test_progress_is_drawn_on_stderr_of_a_terminal(
    quiet: bool, drawn: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    # Nothing is drawn on a terminal that cannot move its cursor.
    monkeypatch.setenv("TERM", "xterm")
    with _terminal.show_progress(quiet=quiet) as progress:
        progress("OCPP 2.1", 1, 2)
        progress("OCPP 2.1", 2, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("OCPP 2.1" in err) == drawn


def test_the_namespace_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocppkit", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"ocppkit {__version__}\n"

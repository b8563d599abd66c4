"""The commands that work without typer: their examples can be typed, and typer hands everything on to them."""

import shlex

import pytest

from ocppkit.cli import _app
from ocppkit.cli._tools import TOOLS, parser_of


@pytest.mark.parametrize("name", TOOLS)
def test_every_example_is_understood(name: str) -> None:
    examples = TOOLS[name].EXAMPLES
    assert len(examples) >= 3
    for example in examples:
        program, command, *words = shlex.split(example)
        assert (program, command) == ("ocppkit", name)
        assert vars(parser_of(name).parse_args(words))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["validate", '[2,"1","Heartbeat",{}]', "--version", "1.6"], 0, "  valid"),
        (["validate", '[2,"1","Heartbeat",{"a":1}]', "--version=1.6"], 1, "unknown member"),
        (["inspect", "--help"], 0, "--line-regex"),
        (["anonymise", "-h"], 0, "--key-file"),
    ],
)
def test_typer_hands_all_arguments_on(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        _app.run(arguments)
    assert (stop.value.code or 0) == status
    assert said in capsys.readouterr().out

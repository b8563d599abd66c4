"""Runs the command line inside the test's own process."""

import sys

import pytest

from ocppkit.cli import main
from support.cli_outcomes import Cli, CliOutcome


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: object) -> CliOutcome:
        monkeypatch.setattr(sys, "argv", ["ocppkit", *map(str, arguments)])
        try:
            main()
            status = 0
        except SystemExit as stop:
            # No code at all means success.
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        out, err = capsys.readouterr()
        return CliOutcome(status, out, err)

    return run

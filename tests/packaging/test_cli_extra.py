"""`pip install 'ocppkit[cli]'` alone: what reads schemas works, without the rest of the generator's extra."""

import pytest

from support.distributions import Environment


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("explain", "Reset", "--version", "2.0.1"), "ResetRequest"),
        (("diff", "2.0.1", "2.1"), "AFRRSignal (CSMS -> station): new action"),
        (("schemas", "check"), "match their lock"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_commands_that_read(terminal: Environment, command: tuple[str, ...], shown: str) -> None:
    done = terminal("ocppkit", *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout

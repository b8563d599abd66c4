"""The result of a command of the CLI, for tests."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Cli", "CliOutcome"]


@dataclass(frozen=True)
class CliOutcome:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The error of a command that refused its input, after the checks that all such errors must pass."""
        assert self.status == 2
        assert self.err.startswith("ocppkit: ")
        assert "\n  cure: " in self.err
        assert "Traceback" not in self.err
        assert len(self.err.splitlines()) <= 30
        return self.err


Cli = Callable[..., CliOutcome]

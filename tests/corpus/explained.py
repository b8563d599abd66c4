"""The explained differences between oracle and codec, read from `explained.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from corpus.instances import Case
from corpus.runner import Verdict

__all__ = ["Explained", "explained", "explanation"]

_FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, eq=False)
class Explained:
    """One entry: differences of one kind, with one reason."""

    rules: Sequence[str]
    """Rules of the corpus, without the word or member after the blank."""

    schema: str
    """A glob over file and JSON pointer of the place, without following it into references."""

    codec: str
    """What the codec does that the oracle does not: a `Verdict`."""

    count: Mapping[str, int]
    """How many instances of each version differ so: exactly."""

    reason: str

    def fits(self, case: Case, verdict: Verdict) -> bool:
        """Whether this entry explains that a case came out with a verdict."""
        return (
            verdict == self.codec
            and case.rule.partition(" ")[0] in self.rules
            and fnmatchcase(case.pointer, self.schema)
        )


@cache
def explained() -> tuple[Explained, ...]:
    """Returns the entries of the file."""
    entries = tomllib.loads(_FILE.read_text("utf-8"))["explained"]
    return tuple(Explained(**entry) for entry in entries)


def explanation(case: Case, verdict: Verdict) -> Explained | None:
    """Returns the one entry that explains a difference.

    Raises:
        ValueError: several entries claim it, so their counts would mean nothing.
    """
    fitting = [entry for entry in explained() if entry.fits(case, verdict)]
    if len(fitting) > 1:
        raise ValueError(f"{case.id} is explained twice")
    return fitting[0] if fitting else None

"""Judges all instances of a version and counts what came of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from corpus.explained import Explained, explanation
from corpus.instances import Case, cases
from corpus.runner import Verdict, judge
from corpus.sources import sources

__all__ = ["Survey", "survey"]

_Lines = list[str]


@dataclass
class Survey:
    """What came of a version's instances."""

    valid: int = 0
    """Instances that the oracle accepts."""

    invalid: int = 0
    unexplained: _Lines = field(default_factory=_Lines)
    """Differences without an entry: case, data, what happened."""

    misjudged: _Lines = field(default_factory=_Lines)
    """Instances of which generator and oracle think differently."""

    explained: Counter[Explained] = field(default_factory=Counter[Explained])

    def add(self, case: Case) -> None:
        """Judges one instance."""
        finding = judge(case.source, case.data)
        self.valid += finding.valid
        self.invalid += not finding.valid
        if case.valid not in (None, finding.valid):
            self.misjudged.append(f"{case.id}: {case.data[:200]!r} is valid: {finding.valid}")
        if finding.verdict is Verdict.AGREES:
            return
        entry = explanation(case, finding.verdict)
        if entry is not None:
            self.explained[entry] += 1
        else:
            line = f"{case.id}: codec {finding.verdict} {case.data[:200]!r}: {finding.detail}"
            self.unexplained.append(line)


def survey(version: str) -> Survey:
    """Judges every instance of every message of a version."""
    found = Survey()
    for case in _all_cases(version):
        found.add(case)
    return found


def _all_cases(version: str) -> Iterable[Case]:
    for source in sources(version):
        yield from cases(source)

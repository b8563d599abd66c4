"""The results of a run: the costs of each measured library, and the figures that have targets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .measure import Spread, ratios, spread

__all__ = ["Book", "Cost", "Measurement"]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an operation for one library, one value per round."""

    group: str
    what: str
    who: str
    unit: str
    values: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """The median and the extremes."""
        return spread(self.values)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure of ocppkit, with the library that it is compared with."""

    group: str
    what: str
    ours: str
    peer: str
    unit: str
    values: tuple[float, ...]
    target: str | None = None
    """The target that it counts for, by its key in `TARGETS`."""

    @property
    def spread(self) -> Spread:
        """The median and the extremes."""
        return spread(self.values)


def _silence(line: str) -> None:
    """Ignores a progress message."""


@dataclass
class Book:
    """Collects the results of a run."""

    costs: list[Cost] = field(default_factory=list[Cost])
    findings: list[Measurement] = field(default_factory=list[Measurement])
    notes: list[str] = field(default_factory=list[str])
    """What was left out or did not go as it should, in words."""

    say: Callable[[str], None] = _silence
    """Takes a line about how far the run has come."""

    def cost(self, group: str, what: str, who: str, unit: str, values: Sequence[float]) -> None:
        """Writes down what something cost one contestant."""
        self.costs.append(Cost(group, what, who, unit, tuple(values)))

    def microseconds(self, group: str, what: str, costs: dict[str, list[float]]) -> None:
        """Writes down what one call cost each contestant, given in seconds."""
        for who, values in costs.items():
            self.cost(group, what, who, "µs", [value * 1e6 for value in values])

    def note(self, text: str) -> None:
        """Writes down, once, what a reader of the figures must know."""
        if text not in self.notes:
            self.notes.append(text)
            self.say(text)

    def find(self, finding: Measurement) -> None:
        """Writes down a figure."""
        self.findings.append(finding)

    def faster(
        self,
        group: str,
        what: str,
        costs: dict[str, list[float]],
        ours: str,
        peer: str,
        target: str | None = None,
    ) -> None:
        """Writes down how many times less something costs us than a peer."""
        values = ratios(costs[ours], costs[peer])
        self.find(Measurement(group, what, ours, peer, "x", values, target))

    def share(
        self,
        group: str,
        what: str,
        costs: dict[str, list[float]],
        ours: str,
        peer: str,
        target: str | None = None,
    ) -> None:
        """Writes down how many times a floor's cost ours is: less is better."""
        values = ratios(costs[peer], costs[ours])
        self.find(Measurement(group, what, ours, peer, "of it", values, target))

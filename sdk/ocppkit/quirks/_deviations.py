"""Counts the rules that each station breaks, and the messages that were altered for it."""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, Generic, NamedTuple, TypeVar

from ocppkit.core import (
    CallEnded,
    CallReceived,
    Event,
    FrameRefused,
    InvalidCallReceived,
    InvalidMessage,
    Issues,
    MessageAltered,
    ResultReceived,
    Rule,
    SendReceived,
)

__all__ = ["AlteredMessage", "Deviation", "Deviations"]

_STATIONS: Final = 1 << 14
_KINDS: Final = 200


class Deviation(NamedTuple):
    """A rule that a station breaks at one place of a message."""

    action: str
    path: str
    """The place by names on the wire, with `[*]` for every position; for an unknown member, the object that
    holds it."""

    rule: Rule


class AlteredMessage(NamedTuple):
    """An alteration of messages to a station."""

    action: str
    change: str
    """What is done, for people: `$.value cut to 100 characters`, `sent before SetChargingProfile`."""


K = TypeVar("K")


class _CountsByStation(Generic[K]):
    """Counters of each station by kind, limited in number."""

    def __init__(self) -> None:
        self.stations: OrderedDict[str, Counter[K]] = OrderedDict()

    def count(self, identity: str, kinds: Iterable[K]) -> int:
        """Adds one to the counter of each kind; returns how many were not counted or were forgotten
        because of the limits.
        """
        omitted = 0
        found = self.stations.setdefault(identity, Counter())
        self.stations.move_to_end(identity)
        for kind in kinds:
            if kind in found or len(found) < _KINDS:
                found[kind] += 1
            else:
                omitted += 1
        if len(self.stations) > _STATIONS:
            _, forgotten = self.stations.popitem(last=False)
            omitted += forgotten.total()
        return omitted


class Deviations:
    """An observer that counts the deviations of each station. Pass it as `observer`.

    ```python
    deviations = Deviations()
    csms = Csms(v16.PROTOCOL, inbound=LENIENT, observer=deviations, insecure=True)
    ...
    for deviation, times in deviations.of("CP001").most_common():
        print(deviation.action, deviation.path, deviation.rule, times)
    print(deviations.altered("CP001"))
    ```

    It remembers the 16,384 stations that deviated last, with up to 200 kinds of deviations each, and as
    many of altered messages. All others are counted in `omitted`.
    """

    def __init__(self) -> None:
        self._deviations = _CountsByStation[Deviation]()
        self._altered = _CountsByStation[AlteredMessage]()
        self.omitted: int = 0
        """How many deviations and altered messages are not in the counters: those beyond the bounds, those of
        forgotten stations, and issues that were not recorded."""

    def of(self, identity: str) -> Counter[Deviation]:
        """Returns how often a station deviated, by kind."""
        return Counter(self._deviations.stations.get(identity, {}))

    def altered(self, identity: str) -> Counter[AlteredMessage]:
        """Returns how often messages to a station were altered, by kind."""
        return Counter(self._altered.stations.get(identity, {}))

    def stations(self) -> Mapping[str, int]:
        """Returns the total number of deviations of each station."""
        return {identity: found.total() for identity, found in self._deviations.stations.items()}

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Ignores the frame, as deviations are counted from events."""

    def event(self, identity: str, event: Event) -> None:
        """Counts the issues of an event."""
        match event:
            case (
                CallReceived()
                | InvalidCallReceived()
                | SendReceived()
                | ResultReceived()
                | CallEnded()
            ):
                self._count(identity, event.action.name, event.issues)
            case FrameRefused(error=InvalidMessage() as error, deferred=False):
                self._count(identity, error.action or "", error.issues)
            case MessageAltered(action=action, changes=changes):
                kinds = [AlteredMessage(action.name, change) for change in changes]
                self.omitted += self._altered.count(identity, kinds)
            case _:
                pass

    def _count(self, identity: str, action: str, issues: Issues) -> None:
        if not issues:
            return
        kinds = [
            Deviation(action, _generalized_path(each.path, each.rule), each.rule) for each in issues
        ]
        self.omitted += issues.omitted + self._deviations.count(identity, kinds)


def _generalized_path(path: str, rule: Rule) -> str:
    """Replaces list positions in a path by `[*]`, and drops the name of an unknown member."""
    if rule is Rule.UNKNOWN_MEMBER:
        path = path.partition("['")[0] if path.endswith("']") else path.rpartition(".")[0]
    return re.sub(r"\[\d+\]", "[*]", path)

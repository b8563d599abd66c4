"""Counts what stations do otherwise than OCPP says, for each station."""

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from ocppkit.core import (
    CallEnded,
    CallReceived,
    Event,
    FrameRefused,
    InvalidCallReceived,
    InvalidMessage,
    Issues,
    ResultReceived,
    Rule,
    SendReceived,
)

__all__ = ["Deviation", "Deviations"]

_STATIONS: Final = 1 << 14
_KINDS: Final = 200


class Deviation(NamedTuple):
    """One way in which a station breaks a rule."""

    action: str
    path: str
    """The place by names on the wire, with `[*]` for every position; of unknown members what holds them."""

    rule: Rule


class Deviations:
    """An observer that counts: pass it as `observer`.

    ```python
    deviations = Deviations()
    csms = Csms(v16.PROTOCOL, inbound=LENIENT, observer=deviations, insecure=True)
    ...
    for deviation, times in deviations.of("CP001").most_common():
        print(deviation.action, deviation.path, deviation.rule, times)
    ```

    It remembers the 16,384 stations that deviated last, and of each 200 kinds of deviations; what is
    beyond is counted in `omitted`.
    """

    def __init__(self) -> None:
        self._stations: OrderedDict[str, Counter[Deviation]] = OrderedDict()
        self.omitted: int = 0
        """Deviations that were not told apart: beyond the bounds, or not recorded in a message."""

    def of(self, identity: str) -> Counter[Deviation]:
        """Returns how often a station deviated, and in which way."""
        return Counter(self._stations.get(identity, {}))

    def stations(self) -> Mapping[str, int]:
        """Returns how often each station deviated."""
        return {identity: found.total() for identity, found in self._stations.items()}

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        """Sees a frame, and counts nothing: only what was decoded tells what was wrong."""

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
            case _:
                pass

    def _count(self, identity: str, action: str, issues: Issues) -> None:
        if not issues:
            return
        found = self._stations.setdefault(identity, Counter())
        self._stations.move_to_end(identity)
        self.omitted += issues.omitted
        for issue in issues:
            deviation = Deviation(action, _pattern(issue.path, issue.rule), issue.rule)
            if deviation in found or len(found) < _KINDS:
                found[deviation] += 1
            else:
                self.omitted += 1
        if len(self._stations) > _STATIONS:
            _, forgotten = self._stations.popitem(last=False)
            self.omitted += forgotten.total()


def _pattern(path: str, rule: Rule) -> str:
    """Returns a path without positions, and without what the peer may have written."""
    if rule is Rule.UNKNOWN_MEMBER:
        path = path.partition("['")[0] if path.endswith("']") else path.rpartition(".")[0]
    return re.sub(r"\[\d+\]", "[*]", path)

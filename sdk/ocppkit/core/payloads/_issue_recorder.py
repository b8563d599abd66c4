"""Records the issues of one payload: up to a limit, and counts the others."""

from math import inf
from typing import Final

from ..model._issues import Issue, Issues, rank
from ..model._repairs import Repair

__all__ = ["MAX_COUNTED", "MAX_ISSUES", "IssueRecorder", "TooManyIssues"]

MAX_ISSUES: Final = 1000
"""A message may have more issues; they are counted and not recorded, since a hostile one could fill
the memory."""

MAX_COUNTED: Final = 10_000
"""Issues that are counted beside the recorded ones of a message that is refused whatever follows. To
count each of the 200,000 that a hostile one has would hold up the event loop."""

_MAX_RESERVE: Final = 50

_AFTER_STEP: Final = frozenset({"", ".", "["})


class TooManyIssues(Exception):
    """Raised when a message that must be refused has so many issues that the rest of it need not be
    checked.
    """


class IssueRecorder:
    """The issues of one payload, in the order in which they are found."""

    __slots__ = ("_issues", "_most_omitted", "_omitted", "_reserve")

    def __init__(self, *, stops: bool) -> None:
        """Starts without issues.

        Args:
            stops: raise `TooManyIssues` once enough are counted, as every issue refuses the message.
        """
        self._most_omitted = MAX_COUNTED if stops else inf
        self._issues: list[Issue] = []
        # Issues that refuse the message must not be lost behind a thousand repaired ones: one of them
        # decides how it is answered.
        self._reserve: list[Issue] = []
        self._omitted = 0

    def wants(self, repaired: bool) -> bool:
        """Counts an issue, and returns whether it should be passed to `add`.

        Raises:
            TooManyIssues: there are so many that the message need not be looked at any further.
        """
        if len(self._issues) < MAX_ISSUES:
            return True
        if not repaired and self._omitted >= self._most_omitted:
            raise TooManyIssues
        self._omitted += 1
        return not repaired and len(self._reserve) < _MAX_RESERVE

    def add(self, issue: Issue) -> None:
        """Records an issue."""
        (self._issues if len(self._issues) < MAX_ISSUES else self._reserve).append(issue)

    def leave_out(self, path: str, repair: Repair) -> None:
        """Marks the issues at the latest member or item as repaired, because the member or item is
        left out.
        """
        if self._reserve:
            self._forget_reserve(path)
        for at in _last_below(self._issues, path):
            self._mark_repaired(at, path, repair)

    def leave_out_items(self, path: str) -> None:
        """Marks the issues in the items of the latest list as repaired, because the items are left
        out.
        """
        if self._reserve:
            self._forget_reserve(path)
        for at in _last_below(self._issues, path):
            place = self._issues[at].path
            if place != path:
                item = place[: place.index("]", len(path)) + 1]
                self._mark_repaired(at, item, Repair.ITEM_LEFT_OUT)

    def result(self, *, refused: bool) -> Issues:
        """Returns the issues. If the message is refused, the one that decides the answer is among
        them.
        """
        issues = self._issues
        if refused and self._reserve:
            best = min(self._reserve, key=rank)
            if rank(best) < min(map(rank, issues)):
                issues = [*issues[:-1], best]
        return Issues(issues, self._omitted)

    def _forget_reserve(self, path: str) -> None:
        # They were counted as omitted already, and now they decide nothing.
        del self._reserve[_last_below(self._reserve, path).start :]

    def _mark_repaired(self, at: int, path: str, repair: Repair) -> None:
        issue = self._issues[at]
        if not issue.repaired:
            # `replace` takes three times as long.
            self._issues[at] = Issue(
                issue.path,
                issue.rule,
                issue.value,
                issue.expected,
                True,
                issue.hidden,
                repair,
                path,
            )


def _last_below(issues: list[Issue], path: str) -> range:
    """Returns the positions of the last issues of a list that are at a path or below it."""
    size = len(path)
    end = at = len(issues)
    while at:
        place = issues[at - 1].path
        # The end of the path is the end of a step: `$.a` is not above `$.ab`.
        if not place.startswith(path) or place[size : size + 1] not in _AFTER_STEP:
            break
        at -= 1
    return range(at, end)

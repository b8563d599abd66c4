"""Whether lenient reading is honest: whatever it changes has an issue, and nothing is invented."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from corpus.equality import instant
from corpus.literals import Json
from corpus.nodes import Node
from ocppkit.core import Issue, Issues, Repair

__all__ = ["dishonest"]

_KEEPS: frozenset[Repair | None] = frozenset({Repair.KEPT, Repair.UNKNOWN_VALUE})
"""Repairs that leave the value as it is."""


def dishonest(node: Node, before: Json, after: Json, issues: Issues) -> Iterator[str]:
    """Yields what was changed without an issue.

    Args:
        node: the schema of the message.
        before: the payload as it was received.
        after: the payload as it is encoded again, unchecked.
        issues: what was told.
    """
    if not all(issue.repaired and issue.repair is not None for issue in issues):
        yield "an issue that does not say what was done"
    yield from _Telling(issues).differences(node, before, after, "$")


class _Telling:
    """What the issues of one message tell."""

    def __init__(self, issues: Issues) -> None:
        self._left_out = {issue.left_out for issue in issues if isinstance(issue.left_out, str)}
        self._nulls = {issue.path for issue in issues if issue.repair is Repair.NULL_LEFT_OUT}
        self._changed = {issue.path: issue for issue in issues if issue.repair not in _KEEPS}
        self._unknown = Counter(_parent(issue) for issue in issues if _is_unknown(issue))

    def differences(self, node: Node | None, before: Json, after: Json, path: str) -> Iterator[str]:
        match before, after:
            case dict(), dict():
                yield from self._members(node, before, after, path)
            case list(), list():
                yield from self._items(node, before, after, path)
            case dict(), [only]:
                if self._repair(path) is not Repair.TO_LIST:
                    yield f"{path} became a list"
                yield from self.differences(node and node.item, before, only, f"{path}[0]")
            case None, dict():
                if path != "$" or self._repair(path) is not Repair.EMPTY_PAYLOAD:
                    yield f"{path} was invented"
            case _:
                if not _same(node, before, after) and self._repair(path) is None:
                    yield f"{path} is {after!r:.80} after {before!r:.80}"

    def _repair(self, path: str) -> Repair | None:
        issue = self._changed.get(path)
        return None if issue is None else issue.repair

    def _members(
        self, node: Node | None, before: dict[str, Json], after: dict[str, Json], path: str
    ) -> Iterator[str]:
        if gained := after.keys() - before.keys():
            yield f"{path} gained {sorted(gained)}"
        unknown = 0
        for name, value in before.items():
            place = f"{path}.{name}"
            member = node.members.get(name) if node else None
            if name in after:
                yield from self.differences(member, value, after[name], place)
            elif member is None:
                unknown += 1
            elif place not in self._left_out and place not in self._nulls:
                yield f"{place} is lost"
            elif node and name in node.required:
                yield f"{place} is required and lost"
        if unknown != self._unknown[path]:
            yield f"{path} lost {unknown} unknown members and told of {self._unknown[path]}"

    def _items(
        self, node: Node | None, before: list[Json], after: list[Json], path: str
    ) -> Iterator[str]:
        kept = [at for at in range(len(before)) if f"{path}[{at}]" not in self._left_out]
        if len(kept) != len(after):
            yield f"{path} has {len(after)} items of {len(before)}, and {len(kept)} were to be kept"
        for at, new in zip(kept, after, strict=False):
            yield from self.differences(node and node.item, before[at], new, f"{path}[{at}]")


def _is_unknown(issue: Issue) -> bool:
    return issue.repair is Repair.UNKNOWN_MEMBER_LEFT_OUT


def _parent(issue: Issue) -> str:
    path = issue.path
    return re.split(r"\['|\[\"", path)[0] if path.endswith("]") else path.rpartition(".")[0]


def _same(node: Node | None, before: Json, after: Json) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        if before != after and node is not None and node.schema.get("format") == "date-time":
            return _moves_less_than_a_millisecond(before, after)
        return before == after
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if isinstance(before, int | Decimal) and isinstance(after, int | Decimal):
        return before == after or float(before) == float(after)
    return type(before) is type(after) and before == after


def _moves_less_than_a_millisecond(before: str, after: str) -> bool:
    try:
        return abs(instant(before) - instant(after)) < Decimal("0.001")
    except ValueError:
        return False

"""Compares two sets of schemas and says what each change does to whom.

Theory of operation: each message that both sets have is walked (`_diff_walk`), and equal findings of several messages become
one `Change` that lists these messages. Actions, definitions and drafts are compared set by set. Nothing here looks at facts;
the caller hands in who sends which action, as far as that is known, because a comparison comes before the facts of a new
edition are written.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..model._merge import action_of
from ..schemas._json_text import join
from ..schemas._schema_set import SchemaFile, SchemaSet
from ._judge import TABLE, Bump, ChangeKind, ChangeVerdict, Judgement, Row
from ._walk import ChangePlace, FoundChange, Names, definitions, walk

__all__ = ["AcceptedChange", "Change", "Diff", "Travel", "compare_schemas"]


@dataclass(frozen=True, order=True)
class Travel:
    """A message that a change affects, and the way it takes."""

    message: str
    action: str
    sender: str | None
    """Who sends it: `station`, `csms`, `both`, or None where no facts say so."""


@dataclass(frozen=True)
class Change:
    """One difference between two sets of schemas."""

    rule: ChangeKind
    owner: str
    """The action, message or definition that changed; empty for the set as a whole."""

    pointer: str
    """JSON pointer in the owner's file: in the new set, or in the old one for what is gone."""

    path: str
    """The members that lead to the place from its owner, such as `meterValue[].timestamp`; may be empty."""

    old: Any
    """What stood there: a keyword's value, a member's schema, a value or a name; None for nothing."""

    new: Any
    """What stands there now."""

    messages: tuple[Travel, ...]
    """The messages it affects, sorted."""

    @property
    def row(self) -> Row:
        """How it is judged."""
        return TABLE[self.rule]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions whose messages it affects, sorted."""
        return tuple(sorted({travel.action for travel in self.messages}))


@dataclass(frozen=True)
class AcceptedChange:
    """A change that a reviewer has accepted."""

    change: Change
    reason: str


@dataclass(frozen=True)
class Diff:
    """The differences between two sets of schemas: all of them, or those that a reviewer looks at."""

    old: str
    new: str
    changes: tuple[Change, ...]
    """Sorted by owner, pointer and rule."""

    stays: str | None = None
    """The side that stays on the old edition, `station` or `csms`; `None` for both, each in turn."""

    accepted: tuple[AcceptedChange, ...] = ()
    """Changes that count for no verdict any more."""

    hidden: tuple[Change, ...] = ()
    """Changes that a selection leaves out; they count for the advice alone."""

    notes: tuple[str, ...] = ()
    """What became of entries that accept nothing."""

    actions: frozenset[str] = frozenset()
    """The actions that the sets have, and the others that somebody knows."""

    def verdict_of(self, change: Change) -> ChangeVerdict:
        """Returns the worse verdict on a change, or the one on the side that stays behind."""
        if self.stays is None:
            return change.row.worst
        verdicts = [
            judgement.verdict
            for travel in change.messages
            for judgement in _judgements(change.row, travel.sender, self.stays)
        ]
        return max(verdicts, key=lambda verdict: verdict.rank, default=ChangeVerdict.SAFE)

    @property
    def worst(self) -> ChangeVerdict | None:
        """The worst verdict of all, None if nothing changed."""
        verdicts = [self.verdict_of(change) for change in self.changes]
        return max(verdicts, key=lambda verdict: verdict.rank, default=None)

    @property
    def bump(self) -> Bump:
        """Which part of a generated package's version to raise, for all changes, seen and accepted or not."""
        accepted = (each.change for each in self.accepted)
        bumps = [change.row.bump for change in (*self.changes, *self.hidden, *accepted)]
        return max(bumps, key=lambda bump: bump.rank, default=Bump.NONE)

    def count(self) -> Mapping[ChangeVerdict, int]:
        """Counts the changes by their worse verdict."""
        counts = Counter(self.verdict_of(change) for change in self.changes)
        return {verdict: counts[verdict] for verdict in ChangeVerdict}


def _judgements(row: Row, sender: str | None, stays: str) -> Iterator[Judgement]:
    """Yields how a message is judged for the side that stays: as its sender, its receiver, or as both."""
    if sender in (stays, "both", None):
        yield row.sender
    if sender != stays:
        yield row.receiver


def compare_schemas(
    old: SchemaSet, new: SchemaSet, senders: Mapping[str, str] | None = None
) -> Diff:
    """Compares two sets of schemas.

    Args:
        old: the set that peers and code in the field follow.
        new: the set that they are to follow.
        senders: who sends the request of an action: `station`, `csms` or `both`. An action that is not in it travels in
            an unknown direction.
    """
    found: dict[str, tuple[FoundChange, set[str]]] = {}
    for message, finding in _findings(old, new):
        key = _key(finding)
        found.setdefault(key, (finding, set()))[1].add(message)
    changes = [_change(*each, senders or {}) for each in found.values()]
    return Diff(
        old.version,
        new.version,
        tuple(sorted(_moves(changes), key=_order)),
        actions=frozenset({*_actions(old), *_actions(new), *(senders or {})}),
    )


def _key(finding: FoundChange) -> str:
    place = finding.place
    parts = [finding.rule, place.owner, place.pointer, place.path, finding.old, finding.new]
    return json.dumps(parts, sort_keys=True)


def _order(change: Change) -> tuple[str, ...]:
    sides = (json.dumps(side, sort_keys=True) for side in (change.old, change.new))
    messages = " ".join(travel.message for travel in change.messages)
    return (change.owner, change.pointer, change.rule, *sides, messages)


def _findings(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[str, FoundChange]]:
    """Yields every finding with the message that it affects."""
    yield from _action_findings(old, new)
    names = Names(
        gone=frozenset(_definition_names(old) - _definition_names(new)),
        fresh=frozenset(_definition_names(new) - _definition_names(old)),
    )
    followed: set[str] = set()
    for before, after in _pairs(old, new):
        yield from ((after.name, finding) for finding in _draft(before, after))
        for finding in walk(before, after, names):
            yield after.name, finding
            if finding.rule in (ChangeKind.DEFINITION_RENAMED, ChangeKind.TYPE_REPLACED):
                followed |= {finding.old, finding.new}
    yield from _definition_findings(old, names.gone - followed, ChangeKind.DEFINITION_REMOVED)
    yield from _definition_findings(new, names.fresh - followed, ChangeKind.DEFINITION_ADDED)


def _actions(schemas: SchemaSet) -> Mapping[str, frozenset[str]]:
    """Returns the names of the messages of each action."""
    actions: defaultdict[str, set[str]] = defaultdict(set)
    for message in schemas.files:
        actions[action_of(message)[0]].add(message)
    return {action: frozenset(messages) for action, messages in actions.items()}


def _action_findings(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[str, FoundChange]]:
    before, after = _actions(old), _actions(new)
    for action in before.keys() | after.keys():
        was, now = before.get(action, frozenset[str]()), after.get(action, frozenset[str]())
        for rule, messages in _action_rules(action, was, now):
            yield from (
                (message, FoundChange(rule, ChangePlace(action, ""))) for message in messages
            )


def _action_rules(
    action: str, was: frozenset[str], now: frozenset[str]
) -> Iterator[tuple[ChangeKind, frozenset[str]]]:
    """Yields what became of an action as a whole. A SEND's message bears the action's bare name."""
    if not was:
        yield ChangeKind.ACTION_ADDED, now
    elif not now:
        yield ChangeKind.ACTION_REMOVED, was
    elif (action in was) != (action in now):
        rule = ChangeKind.ACTION_BECAME_SEND if action in now else ChangeKind.ACTION_BECAME_CALL
        yield rule, was | now
    else:
        if now - was:
            yield ChangeKind.MESSAGE_ADDED, now - was
        if was - now:
            yield ChangeKind.MESSAGE_REMOVED, was - now


def _pairs(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[SchemaFile, SchemaFile]]:
    """Yields the files to compare; a CALL's request is the counterpart of a SEND."""
    for name, after in new.files.items():
        names = (name, f"{name}Request", name.removesuffix("Request"))
        before = next((old.files[each] for each in names if each in old.files), None)
        if before is not None:
            yield before, after


def _draft(old: SchemaFile, new: SchemaFile) -> Iterator[FoundChange]:
    if old.draft != new.draft:
        rule = ChangeKind.DRAFT_RAISED if new.draft > old.draft else ChangeKind.DRAFT_LOWERED
        # The set is the owner: an edition changes the draft of all its files at once.
        yield FoundChange(rule, ChangePlace("", "/$schema"), old.draft, new.draft)


def _definition_names(schemas: SchemaSet) -> set[str]:
    return {name for file in schemas.files.values() for name in definitions(file)}


def _definition_findings(
    schemas: SchemaSet, names: Iterable[str], rule: ChangeKind
) -> Iterator[tuple[str, FoundChange]]:
    for name in names:
        finding = FoundChange(rule, ChangePlace(name, join("/definitions", name)))
        for file in schemas.files.values():
            if name in definitions(file):
                yield file.name, finding


def _change(finding: FoundChange, messages: Iterable[str], senders: Mapping[str, str]) -> Change:
    place = finding.place
    travels = tuple(sorted(_travel(message, senders) for message in messages))
    return Change(
        finding.rule, place.owner, place.pointer, place.path, finding.old, finding.new, travels
    )


_OTHER_SIDE = {"station": "csms", "csms": "station", "both": "both"}


def _travel(message: str, senders: Mapping[str, str]) -> Travel:
    action, _ = action_of(message)
    sender = senders.get(action)
    if sender is not None and message.endswith("Response"):
        sender = _OTHER_SIDE[sender]
    return Travel(message, action, sender)


_FIELD_ADDED = frozenset(rule for rule in ChangeKind if "-field-added" in rule)
_FIELD_REMOVED = frozenset(rule for rule in ChangeKind if "-field-removed" in rule)


def _moves(changes: Iterable[Change]) -> Iterator[Change]:
    """Turns a member that is gone in one object and new in another of the same messages into one that moved."""
    groups: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.rule in _FIELD_ADDED | _FIELD_REMOVED:
            groups[_move_key(change)].append(change)
        else:
            yield change
    for group in groups.values():
        gone = [change for change in group if change.rule in _FIELD_REMOVED]
        fresh = [change for change in group if change.rule in _FIELD_ADDED]
        # With more than one of either, who went where would be a guess.
        if len(gone) == len(fresh) == 1:
            yield _moved(gone[0], fresh[0])
        else:
            yield from group


def _move_key(change: Change) -> str:
    """Returns what a member takes along when it moves: its name, its schema and its messages."""
    name = change.path.rpartition(".")[2]
    schema = change.new if change.rule in _FIELD_ADDED else change.old
    messages = [travel.message for travel in change.messages]
    return json.dumps([name, schema, messages], sort_keys=True)


def _moved(gone: Change, fresh: Change) -> Change:
    return Change(
        ChangeKind.FIELD_MOVED,
        fresh.owner,
        fresh.pointer,
        fresh.path,
        f"{gone.owner}.{gone.path}",
        f"{fresh.owner}.{fresh.path}",
        fresh.messages,
    )

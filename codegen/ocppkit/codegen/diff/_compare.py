"""Compares two sets of schemas and collects the changes, each with the messages that it affects.

Theory of operation: `_walk` compares each message that both sets have. Equal findings in several messages become
one `Change` that lists these messages. Actions, definitions and drafts are compared for the sets as a whole. Facts are not
used here, because the facts of a new edition do not exist yet when it is compared. The caller passes who sends which
action, as far as that is known.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..model._merge import split_message_name
from ..schemas._json_text import join
from ..schemas._schema_set import SchemaFile, SchemaSet
from ._judge import VERDICTS, Bump, ChangeKind, ChangeVerdict, Judgement, KindVerdicts
from ._walk import ChangePlace, DefinitionChanges, FoundChange, definitions, walk

__all__ = ["AcceptedChange", "AffectedMessage", "Change", "Diff", "compare_schemas"]


@dataclass(frozen=True, order=True)
class AffectedMessage:
    """A message that a change affects, and who sends it."""

    message: str
    action: str
    sender: str | None
    """The sender: `station`, `csms` or `both`; `None` if unknown."""


@dataclass(frozen=True)
class Change:
    """One difference between two sets of schemas."""

    kind: ChangeKind
    owner: str
    """The action, message or definition that changed; empty for the set as a whole."""

    pointer: str
    """The JSON pointer in the schema of the owner: in the new set, or in the old set for something removed."""

    path: str
    """The members from the owner to the place, such as `meterValue[].timestamp`; may be empty."""

    old: Any
    """The old value of a keyword, schema of a member, enum value or name; `None` if there was none."""

    new: Any
    """The new one; `None` if there is none."""

    messages: tuple[AffectedMessage, ...]
    """The affected messages, sorted."""

    @property
    def row(self) -> KindVerdicts:
        """The verdicts on changes of this kind."""
        return VERDICTS[self.kind]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of the affected messages, sorted."""
        return tuple(sorted({travel.action for travel in self.messages}))


@dataclass(frozen=True)
class AcceptedChange:
    """A change that a reviewer has accepted, with the reason."""

    change: Change
    reason: str


@dataclass(frozen=True)
class Diff:
    """The changes between two sets of schemas, or a selection of them."""

    old: str
    new: str
    changes: tuple[Change, ...]
    """Sorted by owner, pointer and kind."""

    stays: str | None = None
    """The side that keeps the old edition, `station` or `csms`; `None` to judge for each of the two."""

    accepted: tuple[AcceptedChange, ...] = ()
    """The changes that a reviewer has accepted; they do not count for the worst verdict."""

    hidden: tuple[Change, ...] = ()
    """The changes that a selection hides; they only count for the advice."""

    notes: tuple[str, ...] = ()
    """Notes about entries of a reviewer that have expired or match no change."""

    actions: frozenset[str] = frozenset()
    """All actions of the two sets, and those whose sender was given."""

    def verdict_of(self, change: Change) -> ChangeVerdict:
        """Returns the verdict on a change: the worse of the two, or the one for the side that keeps the old edition."""
        if self.stays is None:
            return change.row.worst
        verdicts = [
            judgement.verdict
            for travel in change.messages
            for judgement in _judgements_for(change.row, travel.sender, self.stays)
        ]
        return max(verdicts, key=lambda verdict: verdict.rank, default=ChangeVerdict.SAFE)

    @property
    def worst(self) -> ChangeVerdict | None:
        """The worst verdict on any change; `None` if nothing changed."""
        verdicts = [self.verdict_of(change) for change in self.changes]
        return max(verdicts, key=lambda verdict: verdict.rank, default=None)

    @property
    def bump(self) -> Bump:
        """The part of a generated package's version to raise, for all changes, including accepted and hidden ones."""
        accepted = (each.change for each in self.accepted)
        bumps = [change.row.bump for change in (*self.changes, *self.hidden, *accepted)]
        return max(bumps, key=lambda bump: bump.rank, default=Bump.NONE)

    def count(self) -> Mapping[ChangeVerdict, int]:
        """Returns the number of changes with each verdict."""
        counts = Counter(self.verdict_of(change) for change in self.changes)
        return {verdict: counts[verdict] for verdict in ChangeVerdict}


def _judgements_for(row: KindVerdicts, sender: str | None, stays: str) -> Iterator[Judgement]:
    """Yields the judgements for the side that keeps the old edition: as sender, as receiver, or as both."""
    if sender in (stays, "both", None):
        yield row.sender
    if sender != stays:
        yield row.receiver


def compare_schemas(
    old: SchemaSet, new: SchemaSet, senders: Mapping[str, str] | None = None
) -> Diff:
    """Compares two sets of schemas.

    Args:
        old: the schemas that existing software uses.
        new: the schemas that replace them.
        senders: the sender of each action's request: `station`, `csms` or `both`. Other actions have an unknown
            direction.
    """
    found: dict[str, tuple[FoundChange, set[str]]] = {}
    for message, finding in _find_changes(old, new):
        key = _grouping_key(finding)
        found.setdefault(key, (finding, set()))[1].add(message)
    changes = [_make_change(*each, senders or {}) for each in found.values()]
    return Diff(
        old.version,
        new.version,
        tuple(sorted(_join_moves(changes), key=_sort_key)),
        actions=frozenset({*_messages_by_action(old), *_messages_by_action(new), *(senders or {})}),
    )


def _grouping_key(finding: FoundChange) -> str:
    place = finding.place
    parts = [finding.kind, place.owner, place.pointer, place.path, finding.old, finding.new]
    return json.dumps(parts, sort_keys=True)


def _sort_key(change: Change) -> tuple[str, ...]:
    sides = (json.dumps(side, sort_keys=True) for side in (change.old, change.new))
    messages = " ".join(travel.message for travel in change.messages)
    return (change.owner, change.pointer, change.kind, *sides, messages)


def _find_changes(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[str, FoundChange]]:
    """Yields each difference with the message that it affects."""
    yield from _action_changes(old, new)
    names = DefinitionChanges(
        removed=frozenset(_definition_names(old) - _definition_names(new)),
        added=frozenset(_definition_names(new) - _definition_names(old)),
    )
    followed: set[str] = set()
    for before, after in _file_pairs(old, new):
        yield from ((after.name, finding) for finding in _draft_changes(before, after))
        for finding in walk(before, after, names):
            yield after.name, finding
            if finding.kind in (ChangeKind.DEFINITION_RENAMED, ChangeKind.TYPE_REPLACED):
                followed |= {finding.old, finding.new}
    yield from _definition_changes(old, names.removed - followed, ChangeKind.DEFINITION_REMOVED)
    yield from _definition_changes(new, names.added - followed, ChangeKind.DEFINITION_ADDED)


def _messages_by_action(schemas: SchemaSet) -> Mapping[str, frozenset[str]]:
    """Returns the names of the messages of each action."""
    actions: defaultdict[str, set[str]] = defaultdict(set)
    for message in schemas.files:
        actions[split_message_name(message)[0]].add(message)
    return {action: frozenset(messages) for action, messages in actions.items()}


def _action_changes(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[str, FoundChange]]:
    before, after = _messages_by_action(old), _messages_by_action(new)
    for action in before.keys() | after.keys():
        was, now = before.get(action, frozenset[str]()), after.get(action, frozenset[str]())
        for kind, messages in _action_change_kinds(action, was, now):
            yield from (
                (message, FoundChange(kind, ChangePlace(action, ""))) for message in messages
            )


def _action_change_kinds(
    action: str, was: frozenset[str], now: frozenset[str]
) -> Iterator[tuple[ChangeKind, frozenset[str]]]:
    """Yields the changes of an action as a whole; the message of a SEND has the name of the action."""
    if not was:
        yield ChangeKind.ACTION_ADDED, now
    elif not now:
        yield ChangeKind.ACTION_REMOVED, was
    elif (action in was) != (action in now):
        kind = ChangeKind.ACTION_BECAME_SEND if action in now else ChangeKind.ACTION_BECAME_CALL
        yield kind, was | now
    else:
        if now - was:
            yield ChangeKind.MESSAGE_ADDED, now - was
        if was - now:
            yield ChangeKind.MESSAGE_REMOVED, was - now


def _file_pairs(old: SchemaSet, new: SchemaSet) -> Iterator[tuple[SchemaFile, SchemaFile]]:
    """Yields the pairs of files to compare. A SEND is compared with the request of a CALL."""
    for name, after in new.files.items():
        names = (name, f"{name}Request", name.removesuffix("Request"))
        before = next((old.files[each] for each in names if each in old.files), None)
        if before is not None:
            yield before, after


def _draft_changes(old: SchemaFile, new: SchemaFile) -> Iterator[FoundChange]:
    if old.draft != new.draft:
        kind = ChangeKind.DRAFT_RAISED if new.draft > old.draft else ChangeKind.DRAFT_LOWERED
        # The set is the owner: an edition changes the draft of all its files at once.
        yield FoundChange(kind, ChangePlace("", "/$schema"), old.draft, new.draft)


def _definition_names(schemas: SchemaSet) -> set[str]:
    return {name for file in schemas.files.values() for name in definitions(file)}


def _definition_changes(
    schemas: SchemaSet, names: Iterable[str], kind: ChangeKind
) -> Iterator[tuple[str, FoundChange]]:
    for name in names:
        finding = FoundChange(kind, ChangePlace(name, join("/definitions", name)))
        for file in schemas.files.values():
            if name in definitions(file):
                yield file.name, finding


def _make_change(
    finding: FoundChange, messages: Iterable[str], senders: Mapping[str, str]
) -> Change:
    place = finding.place
    travels = tuple(sorted(_affected_message(message, senders) for message in messages))
    return Change(
        finding.kind, place.owner, place.pointer, place.path, finding.old, finding.new, travels
    )


_OTHER_SIDE = {"station": "csms", "csms": "station", "both": "both"}


def _affected_message(message: str, senders: Mapping[str, str]) -> AffectedMessage:
    action, _ = split_message_name(message)
    sender = senders.get(action)
    if sender is not None and message.endswith("Response"):
        sender = _OTHER_SIDE[sender]
    return AffectedMessage(message, action, sender)


_FIELD_ADDED = frozenset(kind for kind in ChangeKind if "-field-added" in kind)
_FIELD_REMOVED = frozenset(kind for kind in ChangeKind if "-field-removed" in kind)


def _join_moves(changes: Iterable[Change]) -> Iterator[Change]:
    """Replaces the removal of a member in one object and its addition in another by one change: a move."""
    groups: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.kind in _FIELD_ADDED | _FIELD_REMOVED:
            groups[_move_key(change)].append(change)
        else:
            yield change
    for group in groups.values():
        gone = [change for change in group if change.kind in _FIELD_REMOVED]
        fresh = [change for change in group if change.kind in _FIELD_ADDED]
        # With several removals or additions it is unknown which member moved where.
        if len(gone) == len(fresh) == 1:
            yield _make_move(gone[0], fresh[0])
        else:
            yield from group


def _move_key(change: Change) -> str:
    """Returns a key that is equal before and after a move: name, schema and messages of a member."""
    name = change.path.rpartition(".")[2]
    schema = change.new if change.kind in _FIELD_ADDED else change.old
    messages = [travel.message for travel in change.messages]
    return json.dumps([name, schema, messages], sort_keys=True)


def _make_move(gone: Change, fresh: Change) -> Change:
    return Change(
        ChangeKind.FIELD_MOVED,
        fresh.owner,
        fresh.pointer,
        fresh.path,
        f"{gone.owner}.{gone.path}",
        f"{fresh.owner}.{fresh.path}",
        fresh.messages,
    )

"""Selects a part of a comparison, and applies a file of changes that a reviewer has accepted.

An accepted change stays in the report, but does not count for `--fail-on`. An entry accepts a change for one edition. In a
comparison with another edition it has expired, because nobody has reviewed that edition yet.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from .._errors import CodegenError, did_you_mean
from .._files import read_file
from ..schemas._lock import read_lock
from ..schemas._toml import Table, read_toml
from ._compare import AcceptedChange, Change, Diff
from ._judge import ChangeKind, ChangeVerdict

__all__ = ["Acceptance", "Selection", "accept", "edition_of", "load_accepted", "select"]


@dataclass(frozen=True)
class Selection:
    """The changes of a comparison to show; by default all."""

    actions: Collection[str] = ()
    """Only changes that affect a message of one of these actions; all if empty."""

    kinds: Collection[str] = ()
    """Only changes of these kinds, such as `bound-tightened`; all if empty."""

    least: ChangeVerdict = ChangeVerdict.SAFE
    """Only changes with this verdict or a worse one."""

    stays: str | None = None
    """The side that keeps the old edition, `station` or `csms`; `None` to judge for each of the two."""


@dataclass(frozen=True)
class Acceptance:
    """An entry in a reviewer's file of accepted changes."""

    kind: str
    owner: str
    """The message, definition or action that changed; `*` and `?` stand for any characters."""

    path: str | None
    """The members from the owner to the place, as in the report; `None` for all places."""

    reason: str
    edition: str
    """The edition that was reviewed."""

    place: str
    """The file and line of the entry, for notes."""

    def fits(self, change: Change) -> bool:
        """Tells whether the entry accepts a change."""
        return (
            self.kind == change.kind
            and fnmatchcase(change.owner, self.owner)
            and (self.path is None or self.path == change.path)
        )


def select(diff: Diff, selection: Selection) -> Diff:
    """Returns a comparison that shows only the selected changes.

    Raises:
        CodegenError: the selection names an unknown action or kind of change.
    """
    _check_names("action", selection.actions, sorted(diff.actions))
    _check_names("kind of change", selection.kinds, list(ChangeKind))
    seen = replace(diff, stays=selection.stays)
    changes: list[Change] = []
    hidden: list[Change] = []
    for change in diff.changes:
        is_bad = seen.verdict_of(change).rank >= selection.least.rank
        (changes if is_bad and _is_wanted(change, selection) else hidden).append(change)
    return replace(seen, changes=tuple(changes), hidden=tuple(hidden))


def _check_names(what: str, names: Collection[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise CodegenError(
                f"there is no {what} {name!r}",
                cure=did_you_mean(name, known, f"use one of {', '.join(known)}", most=3),
            )


def _is_wanted(change: Change, selection: Selection) -> bool:
    actions, kinds = selection.actions, selection.kinds
    return (not actions or not set(change.actions).isdisjoint(actions)) and (
        not kinds or change.kind in kinds
    )


def accept(diff: Diff, entries: Sequence[Acceptance], edition: str) -> Diff:
    """Returns a comparison in which accepted changes are separated from the others.

    The notes of the result name the entries that have expired or that match no change.
    """
    valid = [entry for entry in entries if entry.edition == edition]
    accepted: list[AcceptedChange] = []
    kept: list[Change] = []
    for change in diff.changes:
        found = next((entry for entry in valid if entry.fits(change)), None)
        if found is None:
            kept.append(change)
        else:
            accepted.append(AcceptedChange(change, found.reason))
    notes = tuple(_unused_entry_notes(diff, entries, edition))
    return replace(diff, changes=tuple(kept), accepted=tuple(accepted), notes=notes)


def _unused_entry_notes(diff: Diff, entries: Sequence[Acceptance], edition: str) -> Iterator[str]:
    # An entry can accept a hidden change, or one that an earlier entry accepts as well.
    changes = (*diff.changes, *diff.hidden)
    for entry in entries:
        what = f"{entry.place}: {entry.kind} of {entry.owner}"
        if entry.edition != edition:
            yield f"{what} has expired: it was reviewed for {entry.edition!r}, this is {edition!r}"
        elif not any(map(entry.fits, changes)):
            yield f"{what} matches no change"


def load_accepted(*paths: Path) -> tuple[Acceptance, ...]:
    """Reads files of accepted changes.

    Raises:
        CodegenError: a file is not valid TOML, has an unknown key or kind of change, or lacks a reason.
    """
    return tuple(_read_entry(table) for path in paths for table in _read_tables(path))


def _read_tables(path: Path) -> Iterator[Table]:
    table = read_toml(read_file(path), str(path))
    table.only("accepted")
    return table.array("accepted")


def _read_entry(table: Table) -> Acceptance:
    table.only("kind", "owner", "path", "reason", "edition")
    kind = table.text("kind")
    if kind not in list(ChangeKind):
        raise table.place.at("kind").error(
            f"there is no kind of change {kind!r}",
            "write the kind that the report shows in brackets, such as bound-tightened",
        )
    return Acceptance(
        kind=kind,
        owner=table.text("owner"),
        path=table.text("path", blank=True) if "path" in table else None,
        reason=table.text("reason"),
        edition=table.text("edition"),
        place=f"{table.place.file}:{table.place.line or table.place.pointer}",
    )


def edition_of(name: str, version: str | None) -> str:
    """Returns the edition of the new schemas of a comparison: the one in their lock, or else their name.

    Args:
        name: the version, folder or ZIP that was compared.
        version: its OCPP version, if known; a lock may have several.
    """
    for folder in (Path(name), Path(name).parent):
        if (folder / "lock.toml").is_file():
            locked = read_lock(folder).values()
            found = {one.source_version for one in locked if version in (None, one.version)}
            if len(found) == 1:
                return found.pop()
    return name

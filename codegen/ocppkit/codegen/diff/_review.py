"""What reviewers do with a comparison: look at a part of it, and accept changes with a reason.

A change that is accepted stays in the report and counts no more for `--fail-on`. It is accepted for one
edition: in a comparison with another one the entry has expired, so that nobody accepts what nobody read.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from .._errors import CodegenError
from .._files import read_file
from ..schemas._lock import read_lock
from ..schemas._toml import Table, read_toml
from ._compare import AcceptedChange, Change, Diff
from ._judge import ChangeKind, ChangeVerdict

__all__ = ["Acceptance", "Selection", "accept", "edition_of", "load_accepted", "select"]


@dataclass(frozen=True)
class Selection:
    """Which changes of a comparison to look at; all by default."""

    actions: Collection[str] = ()
    """Those that affect a message of one of these actions."""

    rules: Collection[str] = ()
    """Those of these kinds, such as `bound-tightened`."""

    least: ChangeVerdict = ChangeVerdict.SAFE
    """Those that are this bad at least."""

    stays: str | None = None
    """The side that stays on the old edition, `station` or `csms`; `None` for both, each in turn."""


@dataclass(frozen=True)
class Acceptance:
    """An entry of a file of accepted changes."""

    rule: str
    owner: str
    """The message, definition or action that changed; `*` and `?` stand for any characters."""

    path: str | None
    """The members that lead to the place, as the report shows them; `None` for all places."""

    reason: str
    edition: str
    """The edition that was reviewed."""

    place: str
    """Its file and line, for notes."""

    def fits(self, change: Change) -> bool:
        """Tells whether the entry is about a change."""
        return (
            self.rule == change.rule
            and fnmatchcase(change.owner, self.owner)
            and (self.path is None or self.path == change.path)
        )


def select(diff: Diff, selection: Selection) -> Diff:
    """Returns the part of a comparison that a selection names, judged for the side that stays behind.

    Raises:
        CodegenError: there is no action or no kind of change of a name.
    """
    _check_names("action", selection.actions, sorted(diff.actions))
    _check_names("kind of change", selection.rules, list(ChangeKind))
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
            close = get_close_matches(name, known, n=3)
            raise CodegenError(
                f"there is no {what} {name!r}",
                cure=(
                    f"did you mean {' or '.join(close)}?"
                    if close
                    else f"use one of {', '.join(known)}"
                ),
            )


def _is_wanted(change: Change, selection: Selection) -> bool:
    actions, rules = selection.actions, selection.rules
    return (not actions or not set(change.actions).isdisjoint(actions)) and (
        not rules or change.rule in rules
    )


def accept(diff: Diff, entries: Sequence[Acceptance], edition: str) -> Diff:
    """Returns the comparison with the changes set apart that entries accept for this edition.

    Entries that have expired, or that fit no change, are named in the notes of the result.
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
    notes = tuple(_notes(diff, entries, edition))
    return replace(diff, changes=tuple(kept), accepted=tuple(accepted), notes=notes)


def _notes(diff: Diff, entries: Sequence[Acceptance], edition: str) -> Iterator[str]:
    # An entry may be about a change that is not shown, or one that an earlier entry accepts as well.
    changes = (*diff.changes, *diff.hidden)
    for entry in entries:
        what = f"{entry.place}: {entry.rule} of {entry.owner}"
        if entry.edition != edition:
            yield f"{what} has expired: it was reviewed for {entry.edition!r}, this is {edition!r}"
        elif not any(map(entry.fits, changes)):
            yield f"{what} fits no change"


def load_accepted(*paths: Path) -> tuple[Acceptance, ...]:
    """Reads files of accepted changes.

    Raises:
        CodegenError: a file is no TOML, has an unknown key or kind of change, or lacks a reason.
    """
    return tuple(_acceptance(table) for path in paths for table in _entries(path))


def _entries(path: Path) -> Iterator[Table]:
    table = read_toml(read_file(path), str(path))
    table.only("accepted")
    return table.array("accepted")


def _acceptance(table: Table) -> Acceptance:
    table.only("kind", "owner", "path", "reason", "edition")
    rule = table.text("kind")
    if rule not in list(ChangeKind):
        raise table.place.at("kind").error(
            f"there is no kind of change {rule!r}", "use the kind in brackets behind the change"
        )
    return Acceptance(
        rule=rule,
        owner=table.text("owner"),
        path=table.text("path", blank=True) if "path" in table else None,
        reason=table.text("reason"),
        edition=table.text("edition"),
        place=f"{table.place.file}:{table.place.line or table.place.pointer}",
    )


def edition_of(name: str, version: str | None) -> str:
    """Returns what the new side of a comparison calls its edition: as its lock says, or else its own name.

    Args:
        name: what was compared, such as a folder that `schemas import` wrote.
        version: its OCPP version, if it is known; a lock may hold several.
    """
    for folder in (Path(name), Path(name).parent):
        if (folder / "lock.toml").is_file():
            locked = read_lock(folder).values()
            found = {one.source_version for one in locked if version in (None, one.version)}
            if len(found) == 1:
                return found.pop()
    return name

"""A comparison as people and programs read it: plain text, JSON, Markdown, HTML.

Text and Markdown have the same chapters. What befell an action as a whole comes first; then each action's own changes; then
the definitions that several actions share, each told once with the messages that hold it. A change that befell members in
many places is told first, once, with these places. Two kinds of change without any effect on the wire, reordered members and
new or dropped names, are gathered in one line each; JSON has them one by one.
The reasons of the verdicts follow at the end, once per rule.
"""

import json
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from ._change_texts import advise, describe, direct
from ._compare import AcceptedChange, Change, Diff, Travel
from ._judge import TABLE, ChangeKind, ChangeVerdict, Judgement

__all__ = ["REPORTS", "render_html", "render_json", "render_markdown", "render_text"]

_WHOLE_ACTION = frozenset(
    {
        ChangeKind.ACTION_ADDED,
        ChangeKind.ACTION_REMOVED,
        ChangeKind.ACTION_BECAME_SEND,
        ChangeKind.ACTION_BECAME_CALL,
        ChangeKind.MESSAGE_ADDED,
        ChangeKind.MESSAGE_REMOVED,
    }
)

_GATHERED = {
    ChangeKind.DEFINITION_ADDED: "New definitions",
    ChangeKind.DEFINITION_REMOVED: "Removed definitions",
    ChangeKind.ORDER_CHANGED: "Only the order of members or values differs",
}


@dataclass(frozen=True)
class _Chapter:
    """Changes that belong together: an action's, or those that several actions share."""

    title: str
    sections: Sequence[tuple[str, Sequence[Change]]]
    """A heading, and the changes below it."""


def render_text(diff: Diff) -> str:
    """Renders a comparison for a terminal, in plain ASCII."""
    wrap = partial(textwrap.wrap, width=100, break_long_words=False, break_on_hyphens=False)
    lines = [f"OCPP schemas: {diff.old} -> {diff.new}", _summary(diff), f"Advice: {advise(diff)}"]
    if diff.changes:
        lines += ["", "    old       old", "    sender    receiver  change  [kind]"]
    for chapter in _chapters(diff):
        lines += ["", chapter.title]
        for heading, changes in chapter.sections:
            lines += wrap(heading, initial_indent="  ", subsequent_indent="      ")
            lines += (_text_line(change, chapter.title) for change in changes)
    for title, names in _gathered(diff):
        lines += ["", title, *wrap(", ".join(names), initial_indent="  ", subsequent_indent="  ")]
    lines += _text_reasons(diff)
    if diff.accepted:
        lines += ["", "Accepted"]
        lines += [f"  {_full_line(each)}: {each.reason}" for each in diff.accepted]
    if diff.notes:
        lines += ["", "Entries that accept nothing", *(f"  {note}" for note in diff.notes)]
    return "\n".join(lines) + "\n"


def _text_line(change: Change, chapter: str) -> str:
    row = change.row
    verdicts = f"{row.sender.verdict:<8}  {row.receiver.verdict:<8}"
    return f"    {verdicts}  {_line(change, chapter)}  [{change.rule}]"


def _text_reasons(diff: Diff) -> Iterator[str]:
    rules = _rules(diff)
    if rules:
        yield from ("", "First verdict: a sender of the old edition; second: a receiver of it.")
    for rule in rules:
        yield f"  {rule}"
        for peer, judgement in _peers(rule):
            yield f"    {peer}, {judgement.verdict}: {judgement.reason}"


def render_markdown(diff: Diff) -> str:
    """Renders a comparison as a Markdown document, for a pull request or release notes."""
    lines = [f"# OCPP schemas: {diff.old} → {diff.new}", "", _summary(diff), ""]
    lines.append(f"**Advice:** {advise(diff)}.")
    for chapter in _chapters(diff):
        lines += ["", f"## {chapter.title}"]
        for heading, changes in chapter.sections:
            lines += ["", f"### {heading}", ""] if heading else [""]
            cells = (_cells(change, chapter.title) for change in changes)
            lines += _table(["old sender", "old receiver", "change", "rule"], cells)
    for title, names in _gathered(diff):
        lines += ["", f"{title} {', '.join(f'`{name}`' for name in names)}."]
    rules = _rules(diff)
    if rules:
        lines += ["", "## Reasons", ""]
        lines += _table(["rule", "peer", "verdict", "reason"], _reason_cells(rules))
    if diff.accepted:
        lines += ["", "## Accepted", ""]
        rows = ([_full_line(each), each.reason] for each in diff.accepted)
        lines += _table(["change", "reason"], rows)
    if diff.notes:
        lines += ["", "## Entries that accept nothing", "", *(f"* {note}" for note in diff.notes)]
    return "\n".join(lines) + "\n"


def render_html(diff: Diff) -> str:
    """Renders a comparison as one HTML page without scripts, for whoever opens it in a browser."""
    title = f"OCPP schemas: {escape(diff.old)} → {escape(diff.new)}"
    body = [f"<h1>{title}</h1>", f"<p>{_summary(diff)}</p>"]
    body.append(f"<p><strong>Advice:</strong> {escape(advise(diff))}.</p>")
    for chapter in _chapters(diff):
        body.append(f"<h2>{escape(chapter.title)}</h2>")
        for heading, changes in chapter.sections:
            body += [f"<h3>{escape(heading)}</h3>"] if heading else []
            rows = ([_verdicts(each), *_plain_cells(each, chapter.title)] for each in changes)
            body += _html_table(["old sender", "old receiver", "change", "kind"], rows)
    for name, names in _gathered(diff):
        body.append(f"<p>{escape(name)} {escape(', '.join(names))}.</p>")
    rules = _rules(diff)
    if rules:
        body.append("<h2>Reasons</h2>")
        rows = (["", *cells] for cells in _plain_reasons(rules))
        body += _html_table(["kind", "peer", "verdict", "reason"], rows)
    if diff.accepted:
        body.append("<h2>Accepted</h2>")
        rows = (["", _full_line(each), each.reason] for each in diff.accepted)
        body += _html_table(["change", "reason"], rows)
    if diff.notes:
        body.append("<h2>Entries that accept nothing</h2>")
        body += [f"<p>{escape(note)}</p>" for note in diff.notes]
    return _PAGE.format(title=title, body="\n".join(body))


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ border: 1px solid #bbb; padding: 0.2rem 0.6rem; text-align: left; vertical-align: top; }}
tr.breaking td {{ background: #fdd; }}
tr.risky td {{ background: #ffd; }}
</style>
{body}
</html>
"""


def _html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yields a table; the first text of each row is its class."""
    yield f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"
    for name, *cells in rows:
        kind = f' class="{name}"' if name else ""
        yield f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _verdicts(change: Change) -> str:
    return str(change.row.worst)


def _plain_cells(change: Change, chapter: str) -> list[str]:
    verdicts = str(change.row.sender.verdict), str(change.row.receiver.verdict)
    return [*verdicts, _line(change, chapter), str(change.rule)]


def _plain_reasons(rules: Iterable[ChangeKind]) -> Iterator[list[str]]:
    for rule in rules:
        for peer, judgement in _peers(rule):
            yield [str(rule), peer, str(judgement.verdict), judgement.reason]


def _full_line(accepted: AcceptedChange) -> str:
    """Says what changed, with the owner in any case."""
    line = _line(accepted.change)
    owner = accepted.change.owner
    return line if not owner or line.startswith(f"{owner} ") else f"{owner}: {line}"


def _cells(change: Change, chapter: str) -> list[str]:
    row = change.row
    return [_mark(row.sender), _mark(row.receiver), _line(change, chapter), f"`{change.rule}`"]


def _reason_cells(rules: Iterable[ChangeKind]) -> Iterator[list[str]]:
    for rule in rules:
        for peer, judgement in _peers(rule):
            yield [f"`{rule}`", peer, _mark(judgement), judgement.reason]


def _mark(judgement: Judgement) -> str:
    safe = judgement.verdict is ChangeVerdict.SAFE
    return str(judgement.verdict) if safe else f"**{judgement.verdict}**"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        cells = [cell.replace("|", r"\|") for cell in row]
        yield f"| {' | '.join(cells)} |"


def render_json(diff: Diff) -> str:
    """Renders a comparison for programs: every change with both verdicts and its messages."""
    document = {
        "old": diff.old,
        "new": diff.new,
        "worst": diff.worst,
        "bump": diff.bump,
        "advice": advise(diff),
        "counts": diff.count(),
        "changes": [_change(change) for change in diff.changes],
        "stays": diff.stays,
        "accepted": [{**_change(each.change), "accepted": each.reason} for each in diff.accepted],
        "notes": list(diff.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _change(change: Change) -> Mapping[str, Any]:
    row = change.row
    return {
        "rule": change.rule,
        "owner": change.owner,
        "pointer": change.pointer,
        "path": change.path,
        "old": change.old,
        "new": change.new,
        "text": describe(change),
        "old_sender": {"verdict": row.sender.verdict, "reason": row.sender.reason},
        "old_receiver": {"verdict": row.receiver.verdict, "reason": row.receiver.reason},
        "bump": row.bump,
        "messages": [_message(travel) for travel in change.messages],
    }


def _message(travel: Travel) -> Mapping[str, str]:
    return {"name": travel.message, "action": travel.action, "direction": direct(travel)}


REPORTS: Mapping[str, Callable[[Diff], str]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}
"""The renderer of each output format."""


def _summary(diff: Diff) -> str:
    counts = diff.count()
    parts = [f"{counts[verdict]} {verdict}" for verdict in reversed(ChangeVerdict)]
    noun = "change" if len(diff.changes) == 1 else "changes"
    stays = f" for a {_SIDES[diff.stays]} that stays behind" if diff.stays else ""
    accepted = f"; {len(diff.accepted)} accepted" if diff.accepted else ""
    hidden = f"; {len(diff.hidden)} not shown" if diff.hidden else ""
    return f"{len(diff.changes)} {noun}{stays}: {', '.join(parts)}{accepted}{hidden}"


_SIDES = {"station": "station", "csms": "CSMS"}


_ALL, _ACTIONS, _SHARED = "All messages", "Actions", "Shared by several actions"
_ALIKE = "Alike in many places"

_MANY = 5
"""As many members with the same change as are told of in one line."""


def _chapters(diff: Diff) -> Iterator[_Chapter]:
    """Yields the chapters that have something to tell."""
    chapters: defaultdict[str, list[Change]] = defaultdict(list)
    alike = _alike(diff)
    if alike:
        yield _Chapter(_ALIKE, [(_places(group), group[:1]) for group in alike])
    told = {id(change) for group in alike for change in group}
    for change in diff.changes:
        if change.rule not in _GATHERED and id(change) not in told:
            chapters[_title(change)].append(change)
    actions = sorted(chapters.keys() - {_ALL, _ACTIONS, _SHARED})
    for title in (_ALL, _ACTIONS, *actions, _SHARED):
        if title in chapters:
            yield _Chapter(title, list(_sections(chapters[title])))


def _alike(diff: Diff) -> list[list[Change]]:
    """Returns groups of changes that do the same to members in many places, the largest first."""
    groups: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in diff.changes:
        if change.path and change.owner and change.rule not in _GATHERED:
            groups[change.rule, _what(change)].append(change)
    many = [group for group in groups.values() if len(group) >= _MANY]
    return sorted(many, key=lambda group: -len(group))


def _what(change: Change) -> str:
    """Says what changed, without the place."""
    return describe(change).removeprefix(f"{change.path}: ")


def _places(changes: Sequence[Change]) -> str:
    places = [f"{change.owner}.{change.path}" for change in changes]
    return f"{len(places)} places: {', '.join(places)}"


def _title(change: Change) -> str:
    if change.rule in _WHOLE_ACTION:
        return _ACTIONS
    if not change.owner:
        return _ALL
    return change.actions[0] if len(change.actions) == 1 else _SHARED


def _sections(changes: Iterable[Change]) -> Iterator[tuple[str, Sequence[Change]]]:
    """Yields a heading and its changes, per owner and the messages that it affects."""
    sections: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        # Unequal definitions of one name affect other messages and get a heading of their own.
        sections[_heading(change)].append(change)
    yield from sections.items()


def _heading(change: Change) -> str:
    """Says what changed and which messages hold it; empty where each line says so itself."""
    if change.rule in _WHOLE_ACTION or not change.owner:
        return ""
    if [change.owner] == [travel.message for travel in change.messages]:
        return f"{change.owner} ({direct(change.messages[0])})"
    return f"{change.owner} in {_routes(change.messages)}"


def _routes(messages: Iterable[Travel]) -> str:
    """Lists messages by direction: `ResetRequest (CSMS -> station), ResetResponse (...)`."""
    routes: defaultdict[str, list[str]] = defaultdict(list)
    for travel in messages:
        routes[direct(travel)].append(travel.message)
    return ", ".join(f"{', '.join(names)} ({route})" for route, names in sorted(routes.items()))


def _line(change: Change, chapter: str = "") -> str:
    """Says what changed, with the owner where no heading names it."""
    if chapter == _ALIKE:
        return _what(change)
    if not change.owner:
        return f"{describe(change)} in {len(change.messages)} messages"
    if change.rule in _WHOLE_ACTION:
        # The request, or the SEND, says which way the action goes.
        first = min(change.messages, key=lambda travel: travel.message.endswith("Response"))
        return f"{change.owner} ({direct(first)}): {describe(change)}"
    return describe(change)


def _gathered(diff: Diff) -> Iterator[tuple[str, Sequence[str]]]:
    """Yields the titles of the gathered rules and the names of what changed."""
    for rule, title in _GATHERED.items():
        names = sorted({change.owner for change in diff.changes if change.rule == rule})
        if names:
            yield f"{title}:", names


def _rules(diff: Diff) -> Sequence[ChangeKind]:
    """Returns the rules whose verdicts need a reason, in the order of the table."""
    used = {change.rule for change in diff.changes}
    return [rule for rule in TABLE if rule in used and TABLE[rule].worst is not ChangeVerdict.SAFE]


def _peers(rule: ChangeKind) -> Sequence[tuple[str, Judgement]]:
    row = TABLE[rule]
    return [("old sender", row.sender), ("old receiver", row.receiver)]

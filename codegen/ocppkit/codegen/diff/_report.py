"""Renders a comparison as plain text, JSON, Markdown or HTML.

Text, Markdown and HTML have the same chapters: changes that are alike in many places, listed once with these places;
changes of whole actions; the changes of each action; and the changes of definitions that several actions share, each listed
once with the messages that contain it. Changes without any effect on messages, such as another order of members or a new
name of a definition, are collected in one line per kind; JSON lists them one by one. The reasons of the verdicts are at the
end, once per kind of change.
"""

import json
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from ._change_texts import advice_of, direction_of, text_of
from ._compare import AcceptedChange, AffectedMessage, Change, Diff
from ._judge import VERDICTS, ChangeKind, ChangeVerdict, Judgement

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

_COLLECTED = {
    ChangeKind.DEFINITION_ADDED: "New definitions",
    ChangeKind.DEFINITION_REMOVED: "Removed definitions",
    ChangeKind.ORDER_CHANGED: "Only the order of members or values differs",
}


@dataclass(frozen=True)
class _Chapter:
    """A chapter of a report, such as the changes of one action."""

    title: str
    sections: Sequence[tuple[str, Sequence[Change]]]
    """The sections of the chapter: a heading, and the changes below it."""


def render_text(diff: Diff) -> str:
    """Renders a comparison for a terminal, in plain ASCII."""
    wrap = partial(textwrap.wrap, width=100, break_long_words=False, break_on_hyphens=False)
    lines = [
        f"OCPP schemas: {diff.old} -> {diff.new}",
        _summary_line(diff),
        f"Advice: {advice_of(diff)}",
    ]
    if diff.changes:
        lines += ["", "    old       old", "    sender    receiver  change  [kind]"]
    for chapter in _make_chapters(diff):
        lines += ["", chapter.title]
        for heading, changes in chapter.sections:
            lines += wrap(heading, initial_indent="  ", subsequent_indent="      ")
            lines += (_text_line(change, chapter.title) for change in changes)
    for title, names in _collected_names(diff):
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
    return f"    {verdicts}  {_change_line(change, chapter)}  [{change.kind}]"


def _text_reasons(diff: Diff) -> Iterator[str]:
    kinds = _kinds_with_reasons(diff)
    if kinds:
        yield from ("", "First verdict: a sender of the old edition; second: a receiver of it.")
    for kind in kinds:
        yield f"  {kind}"
        for peer, judgement in _judgements_by_peer(kind):
            yield f"    {peer}, {judgement.verdict}: {judgement.reason}"


def render_markdown(diff: Diff) -> str:
    """Renders a comparison as a Markdown document, for a pull request or release notes."""
    lines = [f"# OCPP schemas: {diff.old} → {diff.new}", "", _summary_line(diff), ""]
    lines.append(f"**Advice:** {advice_of(diff)}.")
    for chapter in _make_chapters(diff):
        lines += ["", f"## {chapter.title}"]
        for heading, changes in chapter.sections:
            lines += ["", f"### {heading}", ""] if heading else [""]
            cells = (_markdown_cells(change, chapter.title) for change in changes)
            lines += _markdown_table(["old sender", "old receiver", "change", "kind"], cells)
    for title, names in _collected_names(diff):
        lines += ["", f"{title} {', '.join(f'`{name}`' for name in names)}."]
    kinds = _kinds_with_reasons(diff)
    if kinds:
        lines += ["", "## Reasons", ""]
        lines += _markdown_table(["kind", "peer", "verdict", "reason"], _reason_cells(kinds))
    if diff.accepted:
        lines += ["", "## Accepted", ""]
        rows = ([_full_line(each), each.reason] for each in diff.accepted)
        lines += _markdown_table(["change", "reason"], rows)
    if diff.notes:
        lines += ["", "## Entries that accept nothing", "", *(f"* {note}" for note in diff.notes)]
    return "\n".join(lines) + "\n"


def render_html(diff: Diff) -> str:
    """Renders a comparison as one HTML page without scripts."""
    title = f"OCPP schemas: {escape(diff.old)} → {escape(diff.new)}"
    body = [f"<h1>{title}</h1>", f"<p>{_summary_line(diff)}</p>"]
    body.append(f"<p><strong>Advice:</strong> {escape(advice_of(diff))}.</p>")
    for chapter in _make_chapters(diff):
        body.append(f"<h2>{escape(chapter.title)}</h2>")
        for heading, changes in chapter.sections:
            body += [f"<h3>{escape(heading)}</h3>"] if heading else []
            rows = ([_css_class(each), *_plain_cells(each, chapter.title)] for each in changes)
            body += _html_table(["old sender", "old receiver", "change", "kind"], rows)
    for name, names in _collected_names(diff):
        body.append(f"<p>{escape(name)} {escape(', '.join(names))}.</p>")
    kinds = _kinds_with_reasons(diff)
    if kinds:
        body.append("<h2>Reasons</h2>")
        rows = (["", *cells] for cells in _plain_reasons(kinds))
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
    """Yields the lines of an HTML table; the first text of each row is its CSS class."""
    yield f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"
    for name, *cells in rows:
        kind = f' class="{name}"' if name else ""
        yield f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _css_class(change: Change) -> str:
    return str(change.row.worst)


def _plain_cells(change: Change, chapter: str) -> list[str]:
    verdicts = str(change.row.sender.verdict), str(change.row.receiver.verdict)
    return [*verdicts, _change_line(change, chapter), str(change.kind)]


def _plain_reasons(kinds: Iterable[ChangeKind]) -> Iterator[list[str]]:
    for kind in kinds:
        for peer, judgement in _judgements_by_peer(kind):
            yield [str(kind), peer, str(judgement.verdict), judgement.reason]


def _full_line(accepted: AcceptedChange) -> str:
    """Describes an accepted change in one line that always names its owner."""
    line = _change_line(accepted.change)
    owner = accepted.change.owner
    return line if not owner or line.startswith(f"{owner} ") else f"{owner}: {line}"


def _markdown_cells(change: Change, chapter: str) -> list[str]:
    row = change.row
    return [
        _markdown_verdict(row.sender),
        _markdown_verdict(row.receiver),
        _change_line(change, chapter),
        f"`{change.kind}`",
    ]


def _reason_cells(kinds: Iterable[ChangeKind]) -> Iterator[list[str]]:
    for kind in kinds:
        for peer, judgement in _judgements_by_peer(kind):
            yield [f"`{kind}`", peer, _markdown_verdict(judgement), judgement.reason]


def _markdown_verdict(judgement: Judgement) -> str:
    safe = judgement.verdict is ChangeVerdict.SAFE
    return str(judgement.verdict) if safe else f"**{judgement.verdict}**"


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        cells = [cell.replace("|", r"\|") for cell in row]
        yield f"| {' | '.join(cells)} |"


def render_json(diff: Diff) -> str:
    """Renders a comparison as JSON: each change with both verdicts and its messages."""
    document = {
        "old": diff.old,
        "new": diff.new,
        "worst": diff.worst,
        "bump": diff.bump,
        "advice": advice_of(diff),
        "counts": diff.count(),
        "changes": [_change_json(change) for change in diff.changes],
        "stays": diff.stays,
        "accepted": [
            {**_change_json(each.change), "accepted": each.reason} for each in diff.accepted
        ],
        "notes": list(diff.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _change_json(change: Change) -> Mapping[str, Any]:
    row = change.row
    return {
        "kind": change.kind,
        "owner": change.owner,
        "pointer": change.pointer,
        "path": change.path,
        "old": change.old,
        "new": change.new,
        "text": text_of(change),
        "old_sender": {"verdict": row.sender.verdict, "reason": row.sender.reason},
        "old_receiver": {"verdict": row.receiver.verdict, "reason": row.receiver.reason},
        "bump": row.bump,
        "messages": [_message_json(travel) for travel in change.messages],
    }


def _message_json(travel: AffectedMessage) -> Mapping[str, str]:
    return {"name": travel.message, "action": travel.action, "direction": direction_of(travel)}


REPORTS: Mapping[str, Callable[[Diff], str]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}
"""The renderer of each output format."""


def _summary_line(diff: Diff) -> str:
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
"""The number of places from which on the same change is listed once, with these places."""


def _make_chapters(diff: Diff) -> Iterator[_Chapter]:
    """Yields the chapters that have changes."""
    chapters: defaultdict[str, list[Change]] = defaultdict(list)
    alike = _equal_changes(diff)
    if alike:
        yield _Chapter(_ALIKE, [(_places_text(group), group[:1]) for group in alike])
    told = {id(change) for group in alike for change in group}
    for change in diff.changes:
        if change.kind not in _COLLECTED and id(change) not in told:
            chapters[_chapter_title(change)].append(change)
    actions = sorted(chapters.keys() - {_ALL, _ACTIONS, _SHARED})
    for title in (_ALL, _ACTIONS, *actions, _SHARED):
        if title in chapters:
            yield _Chapter(title, list(_make_sections(chapters[title])))


def _equal_changes(diff: Diff) -> list[list[Change]]:
    """Returns groups of equal changes at many places, the largest group first."""
    groups: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in diff.changes:
        if change.path and change.owner and change.kind not in _COLLECTED:
            groups[change.kind, _change_without_place(change)].append(change)
    many = [group for group in groups.values() if len(group) >= _MANY]
    return sorted(many, key=lambda group: -len(group))


def _change_without_place(change: Change) -> str:
    """Describes a change without its place."""
    return text_of(change).removeprefix(f"{change.path}: ")


def _places_text(changes: Sequence[Change]) -> str:
    places = [f"{change.owner}.{change.path}" for change in changes]
    return f"{len(places)} places: {', '.join(places)}"


def _chapter_title(change: Change) -> str:
    if change.kind in _WHOLE_ACTION:
        return _ACTIONS
    if not change.owner:
        return _ALL
    return change.actions[0] if len(change.actions) == 1 else _SHARED


def _make_sections(changes: Iterable[Change]) -> Iterator[tuple[str, Sequence[Change]]]:
    """Yields headings with their changes: a section for each owner and the messages that contain it."""
    sections: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        # Two unequal definitions of one name affect different messages and get two headings.
        sections[_section_heading(change)].append(change)
    yield from sections.items()


def _section_heading(change: Change) -> str:
    """Returns the heading of a change: its owner and the messages; empty if each line names them."""
    if change.kind in _WHOLE_ACTION or not change.owner:
        return ""
    if [change.owner] == [travel.message for travel in change.messages]:
        return f"{change.owner} ({direction_of(change.messages[0])})"
    return f"{change.owner} in {_messages_by_direction(change.messages)}"


def _messages_by_direction(messages: Iterable[AffectedMessage]) -> str:
    """Lists messages by direction: `ResetRequest (CSMS -> station), ResetResponse (...)`."""
    routes: defaultdict[str, list[str]] = defaultdict(list)
    for travel in messages:
        routes[direction_of(travel)].append(travel.message)
    return ", ".join(f"{', '.join(names)} ({route})" for route, names in sorted(routes.items()))


def _change_line(change: Change, chapter: str = "") -> str:
    """Describes a change in one line, with its owner if no heading names it."""
    if chapter == _ALIKE:
        return _change_without_place(change)
    if not change.owner:
        return f"{text_of(change)} in {len(change.messages)} messages"
    if change.kind in _WHOLE_ACTION:
        # The direction of an action is that of its request or SEND.
        first = min(change.messages, key=lambda travel: travel.message.endswith("Response"))
        return f"{change.owner} ({direction_of(first)}): {text_of(change)}"
    return text_of(change)


def _collected_names(diff: Diff) -> Iterator[tuple[str, Sequence[str]]]:
    """Yields the kinds of change that are collected in one line: title and names of the owners."""
    for kind, title in _COLLECTED.items():
        names = sorted({change.owner for change in diff.changes if change.kind == kind})
        if names:
            yield f"{title}:", names


def _kinds_with_reasons(diff: Diff) -> Sequence[ChangeKind]:
    """Returns the kinds of change whose verdicts need a reason, in the order of the table."""
    used = {change.kind for change in diff.changes}
    return [
        kind for kind in VERDICTS if kind in used and VERDICTS[kind].worst is not ChangeVerdict.SAFE
    ]


def _judgements_by_peer(kind: ChangeKind) -> Sequence[tuple[str, Judgement]]:
    row = VERDICTS[kind]
    return [("old sender", row.sender), ("old receiver", row.receiver)]

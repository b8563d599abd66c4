"""Prints explanations: as tables on a terminal, and elsewhere as lines with tabs, which no blanks fill up."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ._explained_names import StandardName
from ._explained_words import ExplainedType, ExplainedWord
from ._explanation import ExplainedEnum, ExplainedMember, Explanation, ObjectType

__all__ = ["show_explanation", "show_standard_names", "show_type", "show_words"]

_OFFLINE = {
    "queue": "queued until it can be delivered",
    "queue_if_transaction": "queued until it can be delivered, if it belongs to a transaction",
    "queue_if_critical": "queued until it can be delivered, if the event is critical",
    "queue_by_severity": "queued until it can be delivered, if it is severe enough",
}


@dataclass(frozen=True)
class Section:
    """A part of an explanation: a title, a text, facts with labels, and a table."""

    title: str = ""
    note: str = ""
    about: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    dim: frozenset[int] = frozenset()
    """The positions of the rows that matter less."""


def show_explanation(explanation: Explanation) -> None:
    """Prints the explanation of a message on stdout, in colour if it is a terminal."""
    _show(_sections(explanation))


def show_type(found: ExplainedType) -> None:
    """Prints a datatype or an enum on stdout."""
    section = _type_section(found.type, f"OCPP {found.version}")
    _show([section, Section(facts=(("used in", ", ".join(found.used_by)),))])


def show_words(words: Sequence[ExplainedWord]) -> None:
    """Prints members, values of enums and error codes on stdout, version by version."""
    for version, group in groupby(words, lambda each: each.version):
        _show([Section(title=f"OCPP {version}"), *map(_word_section, group)])


def show_standard_names(names: Sequence[StandardName]) -> None:
    """Prints standard names on stdout, with one table for each version."""
    headings = ("name", "kind", "in Python", "type", "required", "mutability", "notes")
    for version, group in groupby(names, lambda each: each.version):
        rows = tuple(map(_name_row, group))
        _show([Section(title=f"OCPP {version}", headings=headings, rows=rows)])


def _show(sections: Iterable[Section]) -> None:
    console = Console(highlight=False, markup=False)
    for section in sections:
        if console.is_terminal:
            console.print(_rendered(section))
        else:
            # The console would make blanks of tabs.
            # Not typer.echo: it writes UTF-8 to a stdout in ASCII, instead of question marks.
            sys.stdout.write("".join(f"{line}\n" for line in _plain_lines(section)) + "\n")


def _plain_lines(section: Section) -> Iterator[str]:
    if section.title:
        yield f"{section.title}  {section.note}".rstrip()
    if section.about:
        yield section.about
    for fact in section.facts:
        yield "\t".join(fact)
    if section.headings:
        yield "\t".join(section.headings)
    for row in section.rows:
        yield "\t".join(row).rstrip()


def _rendered(section: Section) -> RenderableType:
    parts: list[RenderableType] = []
    if section.title:
        note = f"  {section.note}" if section.note else ""
        parts.append(Text.assemble((section.title, "bold"), note))
    if section.about:
        parts.append(Text(section.about))
    if section.facts:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        for fact in section.facts:
            grid.add_row(*fact)
        parts += (grid, "")
    if section.headings:
        table = Table(box=SIMPLE_HEAD, pad_edge=True)
        for heading in section.headings:
            table.add_column(heading, overflow="fold")
        for number, row in enumerate(section.rows):
            table.add_row(*row, style="dim" if number in section.dim else "")
        parts.append(table)
    return Group(*parts)


def _name_row(name: StandardName) -> tuple[str, ...]:
    type_ = name.type or ""
    if name.units:
        type_ = f"{type_}, {' or '.join(name.units)}"
    writing = ", ".join(name.mutability or ())
    more = "; ".join((*name.notes, name.source))
    required = "yes" if name.required else ""
    _, _, python = name.python.partition(".")
    return name.name, name.kind, python, type_, required, writing, more


def _word_section(word: ExplainedWord) -> Section:
    kind = f"{word.kind} of {word.type}" if word.kind == "value" else word.kind
    facts = [("in Python", word.python)]
    if word.kind == "member":
        facts.append(("of", ", ".join(word.owners)))
    elif word.owners:
        facts.append(("answers" if word.kind == "error code" else "in", ", ".join(word.owners)))
    if word.elsewhere:
        facts.append(("elsewhere", "; ".join(word.elsewhere)))
    note = f"{kind}, {word.type}" if word.kind == "member" else kind
    return Section(word.name, note, word.meaning or "", tuple(facts))


def _sections(explanation: Explanation) -> Iterator[Section]:
    title = f"{explanation.action} (OCPP {explanation.version})"
    yield Section(title, "", explanation.purpose, tuple(_facts(explanation)))
    yield _type_section(explanation.request, _arrow(explanation))
    if explanation.response is not None:
        yield _type_section(explanation.response, "response")
    for type_ in explanation.types:
        yield _type_section(type_)


def _arrow(explanation: Explanation) -> str:
    arrow = "<->" if explanation.both_ways else "->"
    return f"{explanation.sender} {arrow} {explanation.receiver}"


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    answered = "" if explanation.answered else ", a SEND, which has no response"
    yield "direction", f"{_arrow(explanation)}{answered}"
    yield "block", explanation.block
    if explanation.use_cases:
        yield "use cases", ", ".join(explanation.use_cases)
    if explanation.transaction_related:
        yield "transaction", "sent in order, and again until it is delivered"
    elif explanation.offline != "drop":
        yield "offline", _OFFLINE[explanation.offline]
    for label, names in {
        "followed by": explanation.followed_by,
        "triggered by": explanation.triggers,
        "in OCPP 1.6": explanation.v16_equivalent,
    }.items():
        if names:
            yield label, ", ".join(names)
    yield "source", explanation.citation


def _type_section(type_: ObjectType | ExplainedEnum, note: str = "") -> Section:
    if isinstance(type_, ExplainedEnum):
        return _values(type_, note)
    notes = [note, "" if type_.closed else "allows extra members"]
    title, note = type_.name, ", ".join(each for each in notes if each)
    if not type_.members:
        return Section(title, note, f"{type_.about or ''}\n  no members".lstrip("\n"))
    return Section(
        title,
        note,
        type_.about or "",
        headings=("member", "in Python", "type", "required", "meaning"),
        rows=tuple(map(_row, type_.members)),
        dim=frozenset(at for at, member in enumerate(type_.members) if not member.required),
    )


def _row(member: ExplainedMember) -> tuple[str, ...]:
    limits = list(member.bounds)
    if member.default is not None:
        limits.append(f"default {member.default}")
    required = "yes" if member.required else ""
    type_ = ", ".join([member.type, *limits])
    return member.wire, member.python, type_, required, member.meaning or ""


def _values(enum: ExplainedEnum, note: str) -> Section:
    rows = [
        (
            f"{value.wire}  (default)" if value.wire == enum.default else value.wire,
            value.python,
            value.meaning or "",
        )
        for value in enum.values
    ]
    note = f"one of these values, {note}" if note else "one of these values"
    return Section(
        enum.name, note, enum.about or "", (), ("value", "in Python", "meaning"), tuple(rows)
    )

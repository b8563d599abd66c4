"""Prints an explanation of a message or a standard name as tables at the terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ._explained_names import StandardName
from ._explanation import ExplainedEnum, ExplainedMember, Explanation, ObjectType

__all__ = ["show_explanation", "show_standard_names"]

_OFFLINE = {
    "queue": "queued until it can be delivered",
    "queue_if_transaction": "queued until it can be delivered, if it belongs to a transaction",
    "queue_if_critical": "queued until it can be delivered, if the event is critical",
    "queue_by_severity": "queued until it can be delivered, if it is severe enough",
}

_PLAIN_WIDTH = 140
"""The width in columns if the output is not a terminal."""


def show_explanation(explanation: Explanation) -> None:
    """Prints the explanation of a message on stdout, in colour if it is a terminal."""
    console = _console()
    for part in _parts(explanation):
        console.print(part)


def show_standard_names(names: Sequence[StandardName]) -> None:
    """Prints standard names on stdout, with one table for each version."""
    console = _console()
    for version, group in groupby(names, lambda each: each.version):
        console.print(Text(f"OCPP {version}", "bold"))
        table = _table("name", "kind", "in Python", "type", "required", "mutability", "notes")
        for each in group:
            table.add_row(*_name_row(each))
        console.print(table)


def _name_row(name: StandardName) -> tuple[str, ...]:
    type_ = name.type or ""
    if name.units:
        type_ = f"{type_}, {' or '.join(name.units)}"
    writing = ", ".join(name.mutability or ())
    more = "; ".join((*name.notes, name.source))
    required = "yes" if name.required else ""
    _, _, python = name.python.partition(".")
    return name.name, name.kind, python, type_, required, writing, more


def _console() -> Console:
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=_PLAIN_WIDTH)


def _parts(explanation: Explanation) -> Iterator[RenderableType]:
    title = f"{explanation.action} (OCPP {explanation.version})"
    yield Text.assemble((title, "bold"), f"\n{explanation.purpose}")
    yield Group("", _facts(explanation), "")
    yield _object(explanation.request, _arrow(explanation))
    if explanation.response is not None:
        yield _object(explanation.response, "response")
    for type_ in explanation.types:
        if isinstance(type_, ExplainedEnum):
            yield _values(type_)
        else:
            yield _object(type_, "" if type_.closed else "allows extra members")


def _arrow(explanation: Explanation) -> str:
    arrow = "<->" if explanation.both_ways else "->"
    return f"{explanation.sender} {arrow} {explanation.receiver}"


def _facts(explanation: Explanation) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    answered = "" if explanation.answered else ", a SEND, which has no response"
    table.add_row("direction", f"{_arrow(explanation)}{answered}")
    table.add_row("block", explanation.block)
    if explanation.use_cases:
        table.add_row("use cases", ", ".join(explanation.use_cases))
    if explanation.transaction_related:
        table.add_row("transaction", "sent in order, and again until it is delivered")
    elif explanation.offline != "drop":
        table.add_row("offline", _OFFLINE[explanation.offline])
    for label, names in {
        "followed by": explanation.followed_by,
        "triggered by": explanation.triggers,
        "in OCPP 1.6": explanation.v16_equivalent,
    }.items():
        if names:
            table.add_row(label, ", ".join(names))
    table.add_row("source", explanation.citation)
    return table


def _object(type_: ObjectType, note: str) -> RenderableType:
    title = _title(type_.name, note, type_.about)
    if not type_.members:
        return Group(title, Text("  no members"))
    table = _table("member", "in Python", "type", "required", "meaning")
    for member in type_.members:
        table.add_row(*_row(member), style="" if member.required else "dim")
    return Group(title, table)


def _row(member: ExplainedMember) -> tuple[str, ...]:
    limits = list(member.bounds)
    if member.default is not None:
        limits.append(f"default {member.default}")
    required = "yes" if member.required else ""
    type_ = ", ".join([member.type, *limits])
    return member.wire, member.python, type_, required, member.meaning or ""


def _values(enum: ExplainedEnum) -> RenderableType:
    table = _table("value", "in Python", "meaning")
    for value in enum.values:
        default = "  (default)" if value.wire == enum.default else ""
        table.add_row(f"{value.wire}{default}", value.python, value.meaning or "")
    return Group(_title(enum.name, "one of these values", enum.about), table)


def _title(name: str, note: str, about: str | None) -> Text:
    head = (name, "bold")
    return Text.assemble(head, f"  {note}" if note else "", f"\n{about}" if about else "")


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table

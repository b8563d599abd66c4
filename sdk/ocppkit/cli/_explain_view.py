"""Draws an explanation at the terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ._explanation import Explanation, Member, ObjectType, WordList

__all__ = ["show"]

_PLAIN_WIDTH = 140
"""Columns where there is no terminal to ask."""


def show(explanation: Explanation) -> None:
    """Prints an explanation on stdout, in colour where that is a terminal."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_PLAIN_WIDTH)
    for part in _parts(explanation):
        console.print(part)


def _parts(explanation: Explanation) -> Iterator[RenderableType]:
    title = f"{explanation.action} (OCPP {explanation.version})"
    yield Text.assemble((title, "bold"), f"\n{explanation.purpose}")
    yield Group("", _facts(explanation), "")
    yield _object(explanation.request, _arrow(explanation))
    if explanation.response is not None:
        yield _object(explanation.response, "answer")
    for type_ in explanation.types:
        if isinstance(type_, WordList):
            yield _words(type_)
        else:
            yield _object(type_, "" if type_.closed else "takes extra members")


def _arrow(explanation: Explanation) -> str:
    arrow = "<->" if explanation.both_ways else "->"
    return f"{explanation.sender} {arrow} {explanation.receiver}"


def _facts(explanation: Explanation) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    answered = "" if explanation.answered else ", a SEND: never answered"
    table.add_row("direction", f"{_arrow(explanation)}{answered}")
    table.add_row("block", explanation.block)
    if explanation.use_cases:
        table.add_row("use cases", ", ".join(explanation.use_cases))
    if explanation.transaction_related:
        table.add_row("transaction", "kept in order and sent again until it is delivered")
    table.add_row("source", explanation.citation)
    return table


def _object(type_: ObjectType, note: str) -> RenderableType:
    title = _title(type_.name, note)
    if not type_.members:
        return Group(title, Text("  no members"))
    table = _table("member", "in Python", "type", "required", "bounds")
    for member in type_.members:
        table.add_row(*_row(member), style="" if member.required else "dim")
    return Group(title, table)


def _row(member: Member) -> tuple[str, ...]:
    limits = list(member.bounds)
    if member.default is not None:
        limits.append(f"default {member.default}")
    required = "yes" if member.required else ""
    return member.wire, member.python, member.type, required, ", ".join(limits)


def _words(enum: WordList) -> RenderableType:
    table = _table("word", "in Python")
    for word in enum.words:
        default = "  (default)" if word.wire == enum.default else ""
        table.add_row(f"{word.wire}{default}", word.python)
    return Group(_title(enum.name, "one of these words"), table)


def _title(name: str, note: str) -> Text:
    return Text.assemble((name, "bold"), f"  {note}" if note else "")


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table

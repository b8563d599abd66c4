"""Sends commands to a block as a CSMS does: converted to messages of a version, encoded and decoded."""

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from ocppkit.blocks import Block, Command, CommandAnswer, Dialect, Moment, Report, dialect_of
from ocppkit.core import Message, Protocol, decode_payload, encode_payload

__all__ = ["ask", "reports"]

A = TypeVar("A", bound=CommandAnswer)


def ask(protocol: Protocol, block: Block, command: Command[A], now: Moment) -> A:
    """Returns the answer of a block to a command, as a CSMS decodes it."""
    dialect = dialect_of(protocol)
    spoken = dialect.request_of[type(command)]
    request = _sent(spoken.write_request(command))
    heard = dialect.command_of[type(request)]
    received = heard.read_request(request)
    answer = block.commands[type(received)](received, now)
    response = _sent(heard.write_response(request, answer))
    read: A = spoken.read_response(command, response)
    return read


def reports(protocol: Protocol, block: Block) -> Iterator[Report[Any]]:
    """Yields the reports of a block, as a CSMS decodes them."""
    dialect: Dialect = dialect_of(protocol)
    while (report := block.next_report()) is not None:
        for message in dialect.messages(report):
            request = _sent(message)
            yield dialect.report_of[type(request)].read_request(request)


def _sent(payload: Any) -> Any:
    return decode_payload(cast("type[Message]", type(payload)), encode_payload(payload))

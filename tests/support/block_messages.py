"""Converts reports and commands of blocks to messages of a version and back, with encoding and decoding."""

from typing import Any, TypeVar

from ocppkit.blocks import Command, CommandAnswer, Report, dialect_of
from ocppkit.core import Protocol, decode_payload, encode_payload

__all__ = ["answered_over_the_wire", "ordered_over_the_wire", "over_the_wire"]

A = TypeVar("A", bound=CommandAnswer)


def sent(message: Any) -> Any:
    """Returns a message after it was encoded and decoded."""
    return decode_payload(type(message), encode_payload(message))


def ordered_over_the_wire(protocol: Protocol, command: Command[Any]) -> Command[Any]:
    """Returns the command that a station reads when a CSMS writes one."""
    dialect = dialect_of(protocol)
    request = sent(dialect.request_of[type(command)].write_request(command))
    read: Command[Any] = dialect.command_of[type(request)].read_request(request)
    return read


def answered_over_the_wire(protocol: Protocol, command: Command[A], answer: A) -> A:
    """Returns the answer that a CSMS reads when a station writes one."""
    dialect = dialect_of(protocol)
    request = dialect.request_of[type(command)].write_request(command)
    mapping = dialect.command_of[type(request)]
    response = sent(mapping.write_response(request, answer))
    read: A = mapping.read_response(command, response)
    return read


def over_the_wire(protocol: Protocol, report: Report[Any]) -> list[Report[Any]]:
    """Returns the reports that a CSMS reads when a station writes one."""
    dialect = dialect_of(protocol)
    requests = [sent(each) for each in dialect.messages(report)]
    return [dialect.report_of[type(each)].read_request(each) for each in requests]

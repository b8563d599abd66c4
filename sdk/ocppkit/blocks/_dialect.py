"""Maps commands and reports to the messages of one version of OCPP."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from ocppkit.core import LocalProtocolError, Protocol, Request, Response

from ._commands_and_reports import Command, CommandAnswer, Report, ReportReply

__all__ = ["CommandMapping", "Dialect", "Mappings", "ReportMapping", "ReportWriter", "dialect_of"]

Q = TypeVar("Q", bound=Request[Any])
R = TypeVar("R", bound=Response)
C = TypeVar("C", bound=Command[Any])
A = TypeVar("A", bound=CommandAnswer)
P = TypeVar("P", bound=ReportReply)
T = TypeVar("T")


class CommandMapping(Struct, Generic[C, A, Q, R], frozen=True, kw_only=True):
    """Maps a command and its answer to messages of one version, in both directions."""

    command: type[C]
    request: type[Q]
    read_request: Callable[[Q], C]
    """For the station. It may raise `CallRefused`, which is the answer then."""

    write_response: Callable[[Q, A], R]
    """For the station; takes the request too, parts of which a response repeats. May raise `CallRefused`."""

    write_request: Callable[[C], Q]
    """For the CSMS. Raises `LocalProtocolError` if the version has no way to say it."""

    read_response: Callable[[C, R], A]
    """For the CSMS; takes the command too."""


class ReportMapping(Struct, Generic[Q, P, R], frozen=True, kw_only=True):
    """Maps a report and its reply to messages of one version, in both directions."""

    request: type[Q]
    reports: tuple[type[Report[Any]], ...]
    """The reports that it may stand for."""

    read_request: Callable[[Q], Report[P]]
    """For the CSMS."""

    write_response: Callable[[Q, P], R]
    """For the CSMS."""

    read_response: Callable[[R], P]
    """For the station."""


class ReportWriter(Struct, Generic[T], frozen=True, kw_only=True):
    """Writes a report as messages of one version: as one, as several, or as none."""

    report: type[T]
    write: Callable[[T], Sequence[Request[Any]]]


class Mappings(Struct, frozen=True, kw_only=True):
    """The mappings of all commands and reports of one block."""

    commands: tuple[CommandMapping[Any, Any, Any, Any], ...] = ()
    reports: tuple[ReportMapping[Any, Any, Any], ...] = ()
    writers: tuple[ReportWriter[Any], ...] = ()
    rules: object = None
    """The values in which the block behaves differently from version to version, if there are any."""


class Dialect:
    """The messages for all commands and reports in one version, and the rules by which its
    behaviour differs.
    """

    def __init__(self, *mappings: Mappings) -> None:
        """Joins the mappings of all blocks of a version."""
        self.command_of: Final[Mapping[type[Request[Any]], CommandMapping[Any, Any, Any, Any]]] = {
            each.request: each for block in mappings for each in block.commands
        }
        """The commands by request, for stations."""

        self.request_of: Final[Mapping[type[Command[Any]], CommandMapping[Any, Any, Any, Any]]] = {
            each.command: each for block in mappings for each in block.commands
        }
        """The commands by themselves, for a CSMS."""

        self.report_of: Final[Mapping[type[Request[Any]], ReportMapping[Any, Any, Any]]] = {
            each.request: each for block in mappings for each in block.reports
        }
        """The reports by request."""

        self._writers = {each.report: each.write for block in mappings for each in block.writers}
        self._rules = {type(block.rules): block.rules for block in mappings}

    def messages(self, report: Report[Any]) -> Sequence[Request[Any]]:
        """Returns the messages for a report; an empty sequence if the version has none."""
        write = self._writers.get(type(report))
        return () if write is None else write(report)

    def rules(self, kind: type[T]) -> T:
        """Returns the rules by which a block behaves in this version.

        Args:
            kind: the block's class of such values, such as `ocppkit.blocks.charging.ChargingRules`.

        Raises:
            LocalProtocolError: the version, as it was generated, does not have the block.
        """
        rules = self._rules.get(kind)
        if not isinstance(rules, kind):
            raise LocalProtocolError(
                f"this version has no {kind.__name__} [generate it with all actions of the block; "
                "the guide on blocks lists them]"
            )
        return rules


def dialect_of(protocol: Protocol) -> Dialect:
    """Returns the dialect of a version. Imports it when first needed.

    Raises:
        LocalProtocolError: the version was generated without messages that a block needs.
    """
    name = f"{protocol.package}.blocks"
    try:
        dialect: object = import_module(name).DIALECT
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise LocalProtocolError(
            f"the generated package {protocol.package} contains no functional blocks [generate it "
            "again, including all actions that at least one block needs]"
        ) from None
    if not isinstance(dialect, Dialect):
        raise LocalProtocolError(f"{name}.DIALECT is not a Dialect [generate the package again]")
    return dialect

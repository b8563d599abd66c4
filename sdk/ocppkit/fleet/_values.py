"""What the processes of a fleet write on the bus: records in tables, and messages.

Every value has a format number. A process reads values of its own format only. It counts and logs
others, and never overwrites a record of a newer format. A change of a value's members, even one more,
is a new format: a process that does not know a member would drop it. The lease of a node says up to
which format it reads, so that a newer process can write what all others read until they are replaced.
"""

import logging
from collections import Counter
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Raw, Struct

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import loggable
from ocppkit.core import ConnectionClosed
from ocppkit.csms import StationRecord

__all__ = [
    "FORMAT",
    "Acknowledgement",
    "Cancellation",
    "CloseCommand",
    "CommandOutcome",
    "ConnectionEnd",
    "Lease",
    "NotHere",
    "PingCommand",
    "Presence",
    "RemoteCommand",
    "SendCommand",
    "StationCommand",
    "ValueReader",
    "WrongAttempt",
    "write_value",
]

logger = logging.getLogger("ocppkit.fleet")

FORMAT: Final = 1
"""The format of all values that this version of ocppkit writes."""

_LOGGED: Final = 100
"""Values of one kind of mistake that are logged as warnings; the rest is logged at DEBUG."""


class ConnectionEnd(Struct, frozen=True):
    """How a connection ended."""

    reason: str
    by: Literal["us", "peer", "network"]
    code: int | None = None

    def error(self) -> ConnectionClosed:
        """Returns the end as handles tell it."""
        return ConnectionClosed(self.reason, by=self.by, code=self.code)


class Presence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record of a station in the table of stations."""

    format: int
    identity: str
    node: str = ""
    """The node that has its connection; empty if it is not connected."""

    connection: int = 0
    """The number of the connection on that node."""

    subprotocol: str = ""
    remote_address: str = ""
    any_case: bool = False
    """Whether upper and lower case of the identity do not matter. # CON-06"""

    served: bool = False
    seen: datetime | None = None
    """When it connected or, of a station that is not connected, when its connection ended."""

    end: ConnectionEnd | None = None
    boot: StationRecord | None = None
    """Its latest boot and how it was answered."""

    @property
    def status(self) -> RegistrationStatus:
        """How its latest boot was answered."""
        return RegistrationStatus.UNKNOWN if self.boot is None else self.boot.status

    @property
    def key(self) -> tuple[str, int]:
        """The connection: its node and its number there."""
        return self.node, self.connection


class Lease(Struct, frozen=True, kw_only=True):
    """The record of a node in the table of nodes, written again each second."""

    format: int
    reads: int
    """The newest format that the node reads."""

    clock: float
    """The time of the node's clock, in seconds."""


class RemoteCommand(
    Struct, frozen=True, kw_only=True, tag_field="kind", tag="call", omit_defaults=True
):
    """A request to a station, for the node that has its connection."""

    format: int
    id: str
    identity: str
    connection: int
    action: str
    payload: Raw
    until: float
    """The time of the node's clock after which the command is too old to begin with."""

    timeout: float | None = None


class SendCommand(Struct, frozen=True, kw_only=True, tag_field="kind", tag="send"):
    """A message to a station that is never answered."""

    format: int
    identity: str
    connection: int
    action: str
    payload: Raw
    until: float


class CloseCommand(Struct, frozen=True, kw_only=True, tag_field="kind", tag="close"):
    """Closes a connection."""

    format: int
    identity: str
    connection: int
    code: int
    reason: str


class PingCommand(Struct, frozen=True, kw_only=True, tag_field="kind", tag="ping"):
    """Changes how often a connection's other end is sent pings."""

    format: int
    identity: str
    connection: int
    seconds: float


class Cancellation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cancel"):
    """The caller of a command waits no longer."""

    format: int
    id: str


class Acknowledgement(Struct, frozen=True, kw_only=True, tag_field="kind", tag="running"):
    """The command runs."""

    format: int


class NotHere(Struct, frozen=True, kw_only=True, tag_field="kind", tag="not here"):
    """The node has not this connection, or the command came too late; it did not run."""

    format: int


class CommandOutcome(
    Struct, frozen=True, kw_only=True, tag_field="kind", tag="answer", omit_defaults=True
):
    """How a command ended."""

    format: int
    result: Raw = Raw(b"null")
    error: Any = None
    """An error as `error_to_value` makes it; `None` if there is a result."""


class WrongAttempt(Struct, frozen=True, kw_only=True):
    """An attempt to authenticate that was not accepted."""

    format: int
    node: str
    identity: str
    remote_address: str


StationCommand: TypeAlias = RemoteCommand | SendCommand | CloseCommand | PingCommand | Cancellation
"""What a node is sent."""

V = TypeVar("V")

_WRITER: Final = msgspec.json.Encoder()


class _Head(Struct):
    format: int


_HEADS: Final = msgspec.json.Decoder(_Head)


def write_value(value: Struct) -> bytes:
    """Returns a value as JSON."""
    return _WRITER.encode(value)


class ValueReader:
    """Reads values of others, and counts those that it cannot read."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        """How many values were ignored, by reason: `newer format`, `older format`, `not ours`, `too old`."""

        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

    def read(self, data: bytes, kind: Any, where: str) -> Any:
        """Returns a value; `None` if it is none of this kind and format, which is logged.

        Args:
            data: the value.
            kind: its type.
            where: the subject or key, for the log.
        """
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(kind)
        problem = ""
        try:
            value = decoder.decode(data)
            if value.format == FORMAT:
                return value
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            problem = str(error)
        found = format_of(data)
        if found is None or found == FORMAT:
            self.ignore("not ours", where, problem)
        else:
            self.ignore("newer format" if found > FORMAT else "older format", where, f"{found}")
        return None

    def ignore(self, reason: str, where: str, problem: str) -> None:
        """Counts a value that is ignored."""
        self.ignored[reason] += 1
        level = logging.WARNING if self.ignored[reason] <= _LOGGED else logging.DEBUG
        logger.log(level, "%s: ignored, %s: %s", loggable(where), reason, loggable(problem))


def format_of(data: bytes) -> int | None:
    """Returns the format number of a value; `None` if it has none."""
    try:
        return _HEADS.decode(data).format
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None

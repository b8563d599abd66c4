"""What an endpoint works for: the questions that it asks, and what it tells."""

from typing import Protocol

from ocppkit import core
from ocppkit.core import (
    Action,
    CallFailed,
    CallReceived,
    ConnectionClosed,
    Failure,
    FastPath,
    Response,
    ResultReceived,
)

from ._handlers import AnyHandler

__all__ = ["Host"]


class Host(Protocol):
    """What an endpoint works for: a station, or a CSMS on one of its connections."""

    @property
    def identity(self) -> str:
        """The station's identity, whichever end this is."""
        ...

    @property
    def protocol(self) -> core.Protocol:
        """The version that is spoken."""
        ...

    @property
    def fast_path(self) -> FastPath:
        """What all connections with these handlers share, see `core.Connection`."""
        ...

    def handles(self, action: Action) -> bool:
        """Whether a message of this kind is to be read, be it to refuse it for a better reason."""
        ...

    def handler_of(self, action: Action) -> AnyHandler | Failure:
        """Returns what answers this action, a function of the request alone, or why nothing may."""
        ...

    def call_answered(self, call: CallReceived, response: Response) -> None:
        """Learns that a call of the peer was answered with a result."""
        ...

    def result_received(self, result: ResultReceived) -> None:
        """Learns that a call of ours was answered with a result, before the next message is read."""
        ...

    def call_failed(self, error: CallFailed) -> None:
        """Learns that a call of ours was answered with an error, before its caller does."""
        ...

    def disconnected(self, end: ConnectionClosed) -> None:
        """Learns that the connection has ended."""
        ...

    def finished(self) -> None:
        """Learns that, after the end, nothing runs any more either; the last thing it learns."""
        ...

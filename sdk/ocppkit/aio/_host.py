"""`Host`: the interface through which an endpoint queries its station or CSMS and reports to it."""

from typing import Protocol

from ocppkit import core
from ocppkit.core import (
    Action,
    CallFailed,
    ConnectionClosed,
    Failure,
    FastPath,
    OpenCall,
    RemoteProtocolError,
    Response,
    ResultReceived,
)

from ._handlers import AnyHandler

__all__ = ["Host"]


class Host(Protocol):
    """The owner of an endpoint: a station, or a CSMS's session with a station."""

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
        """The fast path that all connections with these handlers share; see `core.Connection`."""
        ...

    @property
    def station(self) -> object:
        """What `on_invalid` is told who the station is: its handle, or the station itself."""
        ...

    def handles(self, action: Action) -> bool:
        """Returns whether messages of this action are decoded; if not, the answer is NotSupported.

        It is also true for an action that will be refused with another error, such as SecurityError
        before a station was accepted, because NotSupported would hide that.
        """
        ...

    def handler_of(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler, a function of the request alone, or why the call is refused."""
        ...

    def call_answered(self, call: OpenCall, response: Response) -> None:
        """Learns that a call of the peer was answered with a result."""
        ...

    def result_received(self, result: ResultReceived) -> None:
        """Learns that a call of ours was answered, before the next message is handled."""
        ...

    def call_failed(self, error: CallFailed) -> None:
        """Learns that a call of ours was answered with an error, before its caller does."""
        ...

    def invalid_received(self, error: RemoteProtocolError) -> None:
        """Learns that the peer sent what is no valid message, or a result that breaks its schema."""
        ...

    def disconnected(self, end: ConnectionClosed) -> None:
        """Learns that the connection has ended."""
        ...

    def finished(self) -> None:
        """Learns that the connection has ended and no handler runs any more; called last."""
        ...

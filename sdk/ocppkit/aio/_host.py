"""The interface through which an endpoint calls its station or CSMS."""

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
        """The station's identity, on both sides of the connection."""
        ...

    @property
    def protocol(self) -> core.Protocol:
        """The version that is spoken."""
        ...

    @property
    def fast_path(self) -> FastPath:
        """The decoder of valid calls that all connections with these handlers share; see
        `core.Connection`.
        """
        ...

    @property
    def station(self) -> object:
        """The value that `on_invalid` gets as station: a handle, or the station itself."""
        ...

    def handles(self, action: Action) -> bool:
        """Returns whether messages of this action are decoded. If not, a call is answered with
        NotSupported.

        It is also true for an action that will be refused with another error, such as SecurityError
        before a station was accepted, because NotSupported would hide that.
        """
        ...

    def handler_or_failure(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler, a function of the request alone, or the failure with which the call
        is refused.
        """
        ...

    def call_answered(self, call: OpenCall, response: Response) -> None:
        """Called when a call of the peer was answered with a response."""
        ...

    def result_received(self, result: ResultReceived) -> None:
        """Called when a call of ours was answered with a response, before the next message is
        handled.
        """
        ...

    def call_failed(self, error: CallFailed) -> None:
        """Called when a call of ours was answered with an error, before the caller gets the
        exception.
        """
        ...

    def invalid_received(self, error: RemoteProtocolError) -> None:
        """Called when the peer sent an invalid message, or a response that breaks its schema."""
        ...

    def disconnected(self, end: ConnectionClosed) -> None:
        """Called when the connection has ended."""
        ...

    def finished(self) -> None:
        """Called last, when the connection has ended and no handler is running any more."""
        ...

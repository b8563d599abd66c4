"""The connection of a station as a handle uses it, in this process or in another one."""

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from ocppkit.core import ConnectionClosed, ErrorCode, Policies, Request, Response, Send

from ._registration import RegistrationStatus

__all__ = ["Peer"]

R = TypeVar("R", bound=Response)


class Peer(Protocol):
    """The connection behind a `StationHandle`.

    A CSMS makes one over each connection that it serves. One that passes everything on to another
    process makes the same typed handles usable there.
    """

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        ...

    @property
    def status(self) -> RegistrationStatus:
        """How the CSMS answered the station's last BootNotification."""
        ...

    @property
    def served(self) -> bool:
        """Whether the station's messages are handled; see `StationHandle.served`."""
        ...

    @property
    def last_received(self) -> float:
        """When the last message was received, in seconds of the CSMS's clock."""
        ...

    def call(self, request: Request[R], timeout: float | None = None) -> Coroutine[Any, Any, R]:
        """Sends a request and waits for its response.

        Args:
            request: the request.
            timeout: seconds to wait from when the request leaves the queue; the connection's limit
                by default.

        Raises:
            CallFailed: the station answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection has ended; `delivered` says whether the station may have
                received the request.
            InvalidMessage: the response breaks its schema.
            InvalidOutgoing: the request breaks its schema; nothing was sent.
            QueueFull: too many requests wait already.
        """
        ...

    def send(self, message: Send) -> None:
        """Sends a message that is never answered.

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: the message breaks its schema.
        """
        ...

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the station that a response cannot be used; see `StationHandle.refuse_result`."""
        ...

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        ...

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent. Ignored where that cannot be changed."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection."""
        ...

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        ...

"""`Peer`: the operations on a connection that a handle needs."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from ocppkit.core import ConnectionClosed, ErrorCode, Policies, Request, Response, Send

__all__ = ["Peer"]

R = TypeVar("R", bound=Response)


class Peer(Protocol):
    """The connection behind a handle: an `Endpoint`, or a proxy for one in another process."""

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        ...

    @property
    def last_received(self) -> float:
        """When a message was last received, in seconds of the connection's clock."""
        ...

    def call(
        self,
        request: Request[R],
        timeout: float | None = None,
        *,
        accepted: Callable[[], None] | None = None,
    ) -> Coroutine[Any, Any, R]:
        """Sends a request and waits for its response; see `Endpoint.call`."""
        ...

    def send(self, message: Send) -> None:
        """Sends a message that is never answered."""
        ...

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the peer that a result cannot be used; see `Endpoint.refuse_result`."""
        ...

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        ...

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent; ignored where that cannot be changed."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection."""
        ...

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        ...

"""The connection behind a handle whose station is connected to this process."""

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Endpoint, Registration
from ocppkit.core import ConnectionClosed, ErrorCode, Policies, Request, Response, Send

__all__ = ["LocalPeer"]

R = TypeVar("R", bound=Response)


class LocalPeer:
    """A `Peer` over an endpoint of this process and the registration of its station."""

    __slots__ = ("_called_unknown", "_endpoint", "_registration")

    def __init__(self, endpoint: Endpoint, registration: Registration) -> None:
        self._endpoint = endpoint
        self._registration = registration
        self._called_unknown = False

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        return self._endpoint.connected

    @property
    def status(self) -> RegistrationStatus:
        """How the CSMS answered the station's last BootNotification."""
        return self._registration.status

    @property
    def served(self) -> bool:
        """Whether the station's messages are handled."""
        return self._called_unknown or self._registration.accepted

    @property
    def last_received(self) -> float:
        """When the last message was received, in seconds of the CSMS's clock."""
        return self._endpoint.last_received

    def note_called(self) -> None:
        """Notes that a message was handled although no boot of the station is known."""
        self._called_unknown = True

    def call(self, request: Request[R], timeout: float | None = None) -> Coroutine[Any, Any, R]:
        """Sends a request and waits for its response; see `Endpoint.call`."""
        # Noted only when it goes out: what was refused here permits the station nothing. # B02.FR.02
        return self._endpoint.call(
            request, timeout, accepted=lambda: self._registration.csms_asked(request)
        )

    def send(self, message: Send) -> None:
        """Sends a message that is never answered; see `Endpoint.send`."""
        self._endpoint.send(message)

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the station that a response cannot be used; see `Endpoint.refuse_result`."""
        self._endpoint.refuse_result(response, code, description, details)

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        self._endpoint.use_policies(policies)

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent. Ignored where that cannot be changed."""
        self._endpoint.set_ping_interval(seconds)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection."""
        self._endpoint.close(code, reason)

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await self._endpoint.wait_ended()

"""The CSMS's handle on one live station."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Endpoint, Registration
from ocppkit.core import ConnectionClosed, Policies, Protocol, Request, Response, Send

__all__ = ["StationHandle"]

R = TypeVar("R", bound=Response)


class StationHandle:
    """One station on one connection. Generated roles derive typed handles from it.

    A handle belongs to its connection: when the station comes back it has another one, and calls
    on this one raise `ConnectionClosed`.
    """

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        endpoint: Endpoint,
        registration: Registration,
        remote_address: str,
    ) -> None:
        self.identity = identity
        """The station's identity: the last segment of the path, decoded."""

        self.protocol = protocol
        """The version of OCPP that this connection speaks."""

        self.remote_address = remote_address

        self._endpoint = endpoint
        self._registration = registration

    @property
    def connected(self) -> bool:
        """Whether the connection lives."""
        return self._endpoint.connected

    @property
    def status(self) -> RegistrationStatus:
        """What the station's last BootNotification was answered with."""
        return self._registration.status

    @property
    def accepted(self) -> bool:
        """Whether the station's boot was accepted, on this connection or an earlier one."""
        return self._registration.accepted

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly this station is read and written to, from its next message on.

        ```python
        @csms.on(v16.BootNotificationRequest)
        def boot(station, request):
            if request.charge_point_vendor in TIDY:
                station.use_policies(Policies(inbound=STRICT))
            ...
        ```
        """
        self._endpoint.use_policies(policies)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; stations come back."""
        self._endpoint.close(code, reason)

    async def wait_disconnected(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await self._endpoint.wait_ended()

    def _call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        # Noted only when it goes out: what was refused here permits the station nothing.
        return self._endpoint.call(
            request, call_timeout, accepted=lambda: self._registration.csms_asked(request)
        )

    async def _send(self, message: Send) -> None:
        self._endpoint.send(message)

    def __repr__(self) -> str:
        state = self.status if self.connected else "disconnected"
        return f"<{type(self).__name__} {self.identity!r}, {self.protocol.version}, {state}>"

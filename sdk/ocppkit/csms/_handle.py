"""The CSMS's handle on one live station."""

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from ocppkit.aio import Handshake, RegistrationStatus, VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import Peer, Registration, data_transfer, vendor_response
from ocppkit.core import ConnectionClosed, ErrorCode, Policies, Protocol, Request, Response, Send

__all__ = ["StationHandle"]

R = TypeVar("R", bound=Response)
V = TypeVar("V", bound=VendorResponse)


class StationHandle:
    """One station on one connection. Generated roles derive typed handles from it.

    A handle belongs to its connection: when the station comes back it has another one, and calls
    on this one raise `ConnectionClosed`.
    """

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        peer: Peer,
        registration: Registration,
        remote_address: str,
        handshake: Handshake | None = None,
    ) -> None:
        self.identity = identity
        """The station's identity: the last segment of the path, decoded."""

        self.protocol = protocol
        """The version of OCPP that this connection speaks."""

        self.remote_address = remote_address

        self.handshake = handshake
        """What the station asked for when it connected, without its Authorization header: path, query,
        headers, client certificate. `None` if the connection came without, as in some tests."""

        self._peer = peer
        self._registration = registration
        self._called_unknown = False

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._peer.connected

    @property
    def status(self) -> RegistrationStatus:
        """What the station's last BootNotification was answered with."""
        return self._registration.status

    @property
    def accepted(self) -> bool:
        """Whether the station's boot was accepted, on this connection or an earlier one."""
        return self._registration.accepted

    @property
    def served(self) -> bool:
        """Whether the station's messages are handled: its boot was accepted, or nothing is known of a
        boot, it is served all the same, and its first message has come.
        """
        return self._called_unknown or self._registration.accepted

    @property
    def last_received(self) -> float:
        """When a message last came in, in seconds of the CSMS's clock."""
        return self._peer.last_received

    def note_called(self) -> None:
        """Notes that a message is handled although nothing is known of a boot; for sessions."""
        self._called_unknown = True

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
        self._peer.use_policies(policies)

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often this station is sent pings; `Limits.ping_interval` says it for all.

        aiohttp and ASGI servers send pings by themselves, so there it changes nothing.

        Args:
            seconds: time between two pings; zero turns them off, for a station that pays by the byte.
        """
        self._peer.set_ping_interval(seconds)

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the station by CALLRESULTERROR that a result of its cannot be used (OCPP 2.1).

        Results that break their schema are refused without this; it is for results that your
        program finds to be wrong.

        ```python
        schedule = await station.get_composite_schedule(duration=3600, evse_id=1)
        if schedule.schedule is None:
            station.refuse_result(schedule, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "no schedule")
        ```

        Args:
            response: the very object that the call returned, not a copy, and not long ago.
            code: the error code.
            description: text for the station.
            details: more for the station, as JSON.

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: code, description or details cannot be sent.
            LocalProtocolError: the version has no CALLRESULTERROR, or the response is none that this
                connection received lately, or it was refused before.
        """
        self._peer.refuse_result(response, code, description, details)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection: `connected` is false and calls end at once. Stations come back."""
        self._peer.close(code, reason)

    async def wait_disconnected(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await self._peer.wait_ended()

    def _call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        # Noted only when it goes out: what was refused here permits the station nothing.
        return self._peer.call(
            request, call_timeout, accepted=lambda: self._registration.csms_asked(request)
        )

    async def _call_vendor(self, message: VendorRequest[V], call_timeout: float | None = None) -> V:
        response = await self._call(data_transfer(self.protocol, message), call_timeout)
        return vendor_response(message, response)

    async def _send(self, message: Send) -> None:
        self._peer.send(message)

    def __repr__(self) -> str:
        state = self.status if self.connected else "disconnected"
        return f"<{type(self).__name__} {self.identity!r}, {self.protocol.version}, {state}>"

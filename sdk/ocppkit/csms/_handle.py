"""The handle through which a CSMS reaches one connected station."""

from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

from ocppkit.aio import Handshake, RegistrationStatus, VendorRequest, VendorResponse
from ocppkit.aio.lowlevel import Peer, data_transfer, vendor_response
from ocppkit.core import ConnectionClosed, ErrorCode, Policies, Protocol, Request, Response, Send

__all__ = ["StationHandle"]

_POLICY_VIOLATION: Final = 1008

R = TypeVar("R", bound=Response)
V = TypeVar("V", bound=VendorResponse)


class StationHandle:
    """A connected station, as a program of the CSMS sees it. Generated roles derive typed handles
    from it.

    A handle belongs to its connection: when the station comes back it has another one, and calls
    on this one raise `ConnectionClosed`.
    """

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        peer: Peer,
        remote_address: str,
        handshake: Handshake | None = None,
    ) -> None:
        """Creates the handle of a station that is reached through the given peer.

        Args:
            identity: the station's identity.
            protocol: the version that the connection speaks; `station_handle_class` returns the
                class for it.
            peer: the connection, which may be one of another process.
            remote_address: where the station connects from.
            handshake: what the station asked for when it connected, if that is known.
        """
        self.identity = identity
        """The station's identity: the last segment of the path, decoded."""

        self.protocol = protocol
        """The version of OCPP that this connection speaks."""

        self.remote_address = remote_address

        self.handshake = handshake
        """What the station asked for when it connected, without its Authorization header: path, query,
        headers, client certificate. `None` if the connection came without, as in some tests."""

        self._peer = peer

    @property
    def peer(self) -> Peer:
        """The connection behind this handle, for programs that pass on requests of any version."""
        return self._peer

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._peer.connected

    @property
    def status(self) -> RegistrationStatus:
        """How the CSMS answered the station's last BootNotification."""
        return self._peer.status

    @property
    def accepted(self) -> bool:
        """Whether the station's boot was accepted, on this connection or an earlier one."""
        return self._peer.status is RegistrationStatus.ACCEPTED

    @property
    def served(self) -> bool:
        """Whether the CSMS handles the station's messages: its boot was accepted, or a message was
        handled although no boot is known.
        """
        return self._peer.served

    @property
    def last_received(self) -> float:
        """When the last message came in, in seconds of the CSMS's clock."""
        return self._peer.last_received

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages from and to this station are checked, from the next message
        on.

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
        """Changes how often pings are sent to this station; `Limits.ping_interval` sets it for all
        stations.

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
        """Tells the station by a CALLRESULTERROR that its response cannot be used (OCPP 2.1).

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
        """Closes the connection. From then on `connected` is false, and waiting calls raise
        `ConnectionClosed`. Stations come back.
        """
        self._peer.close(code, reason)

    def close_replaced(self) -> None:
        """Closes the connection because the station has a newer one.

        A CSMS does this when it accepts the newer connection itself. A `Directory` does it when
        another process has accepted that. Calls under way end as with `close`: `delivered` is `"no"`
        for those that were not sent yet.
        """
        self.close(_POLICY_VIOLATION, "replaced by a newer connection")

    async def wait_disconnected(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await self._peer.wait_ended()

    def _call(
        self, request: Request[R], call_timeout: float | None = None
    ) -> Coroutine[Any, Any, R]:
        return self._peer.call(request, call_timeout)

    async def _call_vendor(self, message: VendorRequest[V], call_timeout: float | None = None) -> V:
        response = await self._call(data_transfer(self.protocol, message), call_timeout)
        return vendor_response(message, response)

    async def _send(self, message: Send) -> None:
        self._peer.send(message)

    def __repr__(self) -> str:
        state = self.status if self.connected else "disconnected"
        return f"<{type(self).__name__} {self.identity!r}, {self.protocol.version}, {state}>"

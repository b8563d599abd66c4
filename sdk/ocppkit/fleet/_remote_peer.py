"""Peers whose connections are in other processes: one bound to a connection, and one that follows a station."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NoReturn, TypeVar
from uuid import uuid4

import msgspec

from ocppkit.aio import Clock, RegistrationStatus
from ocppkit.aio.lowlevel import wait_until
from ocppkit.core import (
    OFF,
    ConnectionClosed,
    ErrorCode,
    InvalidMessage,
    InvalidOutgoing,
    LocalProtocolError,
    Message,
    Policies,
    Protocol,
    Request,
    Response,
    Send,
    WrongVersion,
    decode_payload,
    encode_payload,
    error_from_value,
)
from ocppkit.csms import StationHandle

from ._commands import VALID_FOR, Commands, StationNotHere
from ._replica import Replica
from ._values import (
    FORMAT,
    CloseCommand,
    ConnectionEnd,
    PingCommand,
    Presence,
    RemoteCommand,
    SendCommand,
    StationCommand,
)

__all__ = ["BoundPeer", "Ends", "FollowingPeer"]

R = TypeVar("R", bound=Response)

_RELOCATIONS: Final = 2
_RELOCATION_TIME: Final = 0.5
"""Seconds in which a command that did not run looks for the station's newer connection."""

REPLACED: Final = ConnectionEnd("replaced by a newer connection", "us", 1008)
NODE_LOST: Final = ConnectionEnd("the node of the station is gone", "network")


class Ends:
    """Tells how connections of other processes end."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[str, int], asyncio.Future[ConnectionEnd]] = {}

    def tell(self, presence: Presence, end: ConnectionEnd) -> None:
        """Tells those who wait for the end of a connection."""
        waiter = self._waiters.pop(presence.key, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(end)

    async def wait(self, presence: Presence) -> ConnectionEnd:
        """Waits for the end of a connection."""
        waiter = self._waiters.get(presence.key)
        if waiter is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters[presence.key] = waiter
        return await asyncio.shield(waiter)


def end_of(before: Presence, replica: Replica) -> ConnectionEnd:
    """Returns how a connection ended, as far as the records tell."""
    known = replica.find(before.identity)
    if known is None or known.presence.key == before.key:
        return NODE_LOST
    if known.presence.node:
        return REPLACED
    return known.presence.end or NODE_LOST


class _FleetPeer:
    """What both kinds of peers have in common."""

    def __init__(
        self, identity: str, protocol: Protocol, commands: Commands, replica: Replica
    ) -> None:
        self._identity = identity
        self._protocol = protocol
        self._commands = commands
        self._replica = replica

    def _place(self) -> Presence | None:
        """Returns where the connection is now."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether messages can be sent, as far as this process knows."""
        return self._place() is not None

    @property
    def served(self) -> bool:
        """Whether the station's messages are handled."""
        place = self._place()
        return place is not None and (place.served or place.status is RegistrationStatus.ACCEPTED)

    def send(self, message: Send) -> None:
        """Sends a message that is never answered; whether it arrives is not told."""
        place = self._place_or_closed()
        payload = msgspec.Raw(encode_payload(message))
        self._commands.post(
            place.node,
            SendCommand(
                format=FORMAT,
                identity=place.identity,
                connection=place.connection,
                action=message.__ocpp_action__,
                payload=payload,
                until=self._replica.clock_of(place.node) + VALID_FOR,
            ),
        )

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises `LocalProtocolError`: only the process that has the connection can do this."""
        self._not_from_here("refuse a result")

    def use_policies(self, policies: Policies) -> None:
        """Raises `LocalProtocolError`: only the process that has the connection can do this."""
        self._not_from_here("change the policies")

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent."""
        self._post(
            lambda place: PingCommand(
                format=FORMAT,
                identity=place.identity,
                connection=place.connection,
                seconds=seconds,
            )
        )

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Asks the node to close the connection."""
        self._post(
            lambda place: CloseCommand(
                format=FORMAT,
                identity=place.identity,
                connection=place.connection,
                code=code,
                reason=reason,
            )
        )

    def _post(self, command: Callable[[Presence], StationCommand]) -> None:
        place = self._place()
        if place is not None:
            self._commands.post(place.node, command(place))

    def _place_or_closed(self) -> Presence:
        place = self._place()
        if place is None:
            raise self._closed()
        return place

    def _closed(self) -> ConnectionClosed:
        """Returns the error of a call that cannot be sent."""
        return ConnectionClosed("the station is not connected", delivered="no")

    def _not_from_here(self, what: str) -> NoReturn:
        raise LocalProtocolError(
            f"{self._identity}: only the process that has the connection can {what} "
            "[do it in a handler]"
        )

    async def _run(
        self, place: Presence, request: Request[R], payload: bytes, timeout: float | None
    ) -> R:
        command = RemoteCommand(
            format=FORMAT,
            id=uuid4().hex,
            identity=place.identity,
            connection=place.connection,
            action=request.__ocpp_action__,
            payload=msgspec.Raw(payload),
            until=self._replica.clock_of(place.node) + VALID_FOR,
            timeout=timeout,
        )
        answer = await self._commands.run(place.node, command)
        if answer.error is not None:
            raise error_from_value(answer.error)
        kind: Any = self._protocol.actions[command.action].response
        response: R = decode_payload(kind, bytes(answer.result), policy=OFF)
        return response


class BoundPeer(_FleetPeer):
    """One connection of a station to a node."""

    def __init__(
        self,
        presence: Presence,
        protocol: Protocol,
        commands: Commands,
        replica: Replica,
        ends: Ends,
        clock: Callable[[], Clock],
    ) -> None:
        super().__init__(presence.identity, protocol, commands, replica)
        self._presence = presence
        self._ends = ends
        self._since = clock().time()

    @property
    def status(self) -> RegistrationStatus:
        """How the station's latest boot was answered."""
        return self._latest().status

    @property
    def last_received(self) -> float:
        """When this process learned of the connection, in seconds of its clock."""
        return self._since

    def call(self, request: Request[R], timeout: float | None = None) -> Coroutine[Any, Any, R]:
        """Sends a request through the node, and waits for the response."""
        return self._call(request, timeout)

    async def _call(self, request: Request[R], timeout: float | None) -> R:
        payload = payload_of(self._protocol, request)
        try:
            return await self._run(self._place_or_closed(), request, payload, timeout)
        except StationNotHere as problem:
            raise self._closed() from problem

    def _closed(self) -> ConnectionClosed:
        end = end_of(self._presence, self._replica)
        return ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        if self._place() is None:
            return end_of(self._presence, self._replica).error()
        return (await self._ends.wait(self._presence)).error()

    def _latest(self) -> Presence:
        """Returns what was last known of the connection."""
        known = self._replica.find(self._identity)
        if known is not None and known.presence.key == self._presence.key:
            self._presence = known.presence
        return self._presence

    def _place(self) -> Presence | None:
        known = self._replica.find(self._identity)
        if known is None or not known.connected or known.presence.key != self._presence.key:
            return None
        return known.presence


class FollowingPeer(_FleetPeer):
    """The connection that a station has at the moment, whichever node has it."""

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        commands: Commands,
        replica: Replica,
        ends: Ends,
        clock: Callable[[], Clock],
        local: Callable[[Presence], StationHandle | None],
    ) -> None:
        super().__init__(identity, protocol, commands, replica)
        self._ends = ends
        self._clock = clock
        self._local = local

    @property
    def status(self) -> RegistrationStatus:
        """How the station's latest boot was answered."""
        known = self._replica.find(self._identity)
        return RegistrationStatus.UNKNOWN if known is None else known.presence.status

    @property
    def last_received(self) -> float:
        """The present time while the station is connected, as only its node knows better."""
        return self._clock().time()

    def call(self, request: Request[R], timeout: float | None = None) -> Coroutine[Any, Any, R]:
        """Sends a request through the process that holds the station's connection, and waits for
        the response.
        """
        return self._call(request, timeout)

    async def _call(self, request: Request[R], timeout: float | None) -> R:
        place = self._place_or_closed()
        own = self._local(place)
        if own is not None and own.connected:
            return await own.peer.call(request, timeout)
        payload = payload_of(self._protocol, request)
        deadline = self._clock().time() + _RELOCATION_TIME
        for _ in range(1 + _RELOCATIONS):
            try:
                return await self._run(place, request, payload, timeout)
            except StationNotHere:
                # It did not run, so it may be tried elsewhere.
                place = await self._other_place(place, deadline)
        raise self._closed()

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the present connection and returns how it ended."""
        return (await self._ends.wait(self._place_or_closed())).error()

    async def _other_place(self, old: Presence, deadline: float) -> Presence:
        clock = self._clock()
        while clock.time() < deadline:
            place = self._place()
            if place is not None and place.key != old.key:
                return place
            await wait_until(clock, min(deadline, clock.time() + 0.05))
        raise self._closed()

    def _place(self) -> Presence | None:
        known = self._replica.find(self._identity)
        if known is None or not known.connected:
            return None
        if known.presence.subprotocol != self._protocol.subprotocol:
            raise WrongVersion(
                f"{self._identity!r} speaks {known.presence.subprotocol}, "
                f"not {self._protocol.subprotocol}"
            )
        return known.presence


def payload_of(protocol: Protocol, request: Message) -> bytes:
    """Returns a request as JSON, for the node to judge it by the policies of the connection.

    Raises:
        InvalidOutgoing: it has values that cannot be carried there as they are.
        WrongVersion: it is of another version.
    """
    name = request.__ocpp_action__
    action = protocol.actions.get(name)
    kind: Any = None if action is None else action.request
    if kind is None or not isinstance(request, kind):
        # The node cannot be asked, as its version has another request of this name, or none.
        origin = f"{type(request).__module__}.{type(request).__qualname__}"
        raise WrongVersion(f"{origin} is not a message of OCPP {protocol.version}", action=name)
    try:
        return encode_payload(request)
    except InvalidOutgoing:
        payload = encode_payload(request, policy=OFF)
        try:
            if decode_payload(kind, payload, policy=OFF) == request:
                return payload
        except InvalidMessage:
            pass
        raise

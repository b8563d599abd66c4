"""One connection of a station, from its opening until nothing of it runs any more."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from types import MethodType
from typing import Any, Final

from ocppkit.aio import CallRefused, Clock, RegistrationStatus, Timer
from ocppkit.aio.lowlevel import (
    BOOT,
    Accept,
    AnyHandler,
    Endpoint,
    HandlerTable,
    Registration,
    Settings,
    Wire,
    loggable,
)
from ocppkit.core import (
    Action,
    CallReceived,
    ConnectionClosed,
    ErrorCode,
    Failure,
    FastPath,
    Message,
    Protocol,
    Request,
    Response,
    ResultReceived,
    Role,
)

from ._handle import StationHandle
from ._repeated_calls import AnswerMemory
from ._stations import Stations

__all__ = ["SessionContext", "StationSession"]

logger = logging.getLogger("ocppkit.csms")

_GOING_AWAY = 1001
_POLICY_VIOLATION = 1008

# At hand, as every message needs it.
_ACCEPTED: Final = RegistrationStatus.ACCEPTED

_ANOTHER_SERIAL_NUMBER: Final = "another serial number than the certificate's"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """What the sessions of one CSMS share."""

    handlers: HandlerTable
    heartbeats: Mapping[type[Message], AnyHandler]
    """What answers heartbeats that have no handler."""

    handles: Mapping[str, type[StationHandle]]
    """Classes of handles by subprotocol."""

    stations: Stations
    settings: Settings
    boot_gate: bool
    check_serial_number: bool
    idle_timeout: float
    memory: AnswerMemory | None


class StationSession:
    """One connection of a station. It is what the endpoint works for."""

    __slots__ = (
        "_certified",
        "_context",
        "_endpoint",
        "_handle",
        "_idle",
        "_registration",
        "_repeats",
        "_when_finished",
        "_wire",
        "identity",
        "protocol",
    )

    def __init__(
        self,
        context: SessionContext,
        accept: Accept,
        wire: Wire,
        protocol: Protocol,
        finished: Callable[[], None],
    ) -> None:
        self.identity = accept.identity
        self.protocol = protocol
        self._context = context
        known = accept.registered or context.stations.is_accepted(accept.identity)
        self._registration = Registration(protocol, accepted=known)
        self._repeats = None if context.memory is None else context.memory.of(accept.identity)
        answers = None if self._repeats is None else self._repeats.answers
        self._endpoint = Endpoint(Role.CSMS, self, wire, context.settings, answers=answers)
        if accept.policies is not None:
            self._endpoint.use_policies(accept.policies)
        self._certified = accept.common_names if context.check_serial_number else ()
        self._when_finished = finished
        self._handle = context.handles[protocol.subprotocol](
            self.identity,
            protocol,
            self._endpoint,
            self._registration,
            accept.remote_address,
            accept.handshake,
        )
        self._wire = wire
        self._idle: Timer | None = None

    def begin(self) -> None:
        """Enters the station into the registry, and reads from then on."""
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "%s: connected from %s, OCPP %s",
                loggable(self.identity),
                self._handle.remote_address,
                self.protocol.version,
            )
        replaced = self._context.stations.enter(self._handle)
        if replaced is not None:
            replaced.close(_POLICY_VIOLATION, "replaced by a newer connection")
        self._wire.start(self._endpoint)
        if self._context.idle_timeout > 0:
            self._watch()

    def data_received(self, data: str | bytes) -> None:
        """Takes what was read before this session began."""
        self._endpoint.data_received(data)

    async def drain(self, grace: float) -> None:
        """Shuts the connection down; handlers and calls under way may finish within `grace` seconds."""
        await self._endpoint.drain(grace, wait_for_calls=True)

    # What the endpoint asks and tells.

    @property
    def fast_path(self) -> FastPath:
        """What all connections of this version share."""
        return self._context.handlers.fast_path[self.protocol.subprotocol]

    def handles(self, action: Action) -> bool:
        """Whether there is a handler; that there is none, only a station that may send it is told."""
        context, request = self._context, action.request
        if context.handlers.get(request) is not None or request in context.heartbeats:
            return True
        return self._refuses(action)

    def handler_of(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler, bound to this station; refuses what must wait for its boot. # ERR-19"""
        # Most stations are registered, and each of their messages comes by here.
        if self._registration.status is not _ACCEPTED and self._refuses(action):
            return Failure.NOT_ACCEPTED
        context, request = self._context, action.request
        handler = context.handlers.get(request)
        if handler is None:
            handler = context.heartbeats.get(request)
        if handler is None:
            return Failure.NOT_HANDLED
        # What `partial` does in twice the time.
        bound: AnyHandler = MethodType(handler, self._handle)
        if self._certified and action.name == BOOT:
            bound = partial(self._boot, bound)
        if self._repeats is not None and action.answered:
            bound = self._repeats.once(bound, self._clock, self._is_connected)
        return bound

    def _refuses(self, action: Action) -> bool:
        return self._context.boot_gate and not self._registration.may_send(action)

    def call_answered(self, call: CallReceived, response: Response) -> None:
        """Notes how a boot was answered."""
        if call.action.name == BOOT:
            self._registration.boot_answered(response)
            self._context.stations.registered(self._handle)

    def result_received(self, result: ResultReceived) -> None:
        """Needs to note nothing."""

    def disconnected(self, end: ConnectionClosed) -> None:
        """Takes the station out of the registry."""
        if self._idle is not None:
            self._idle.cancel()
        self._context.stations.leave(self._handle, end)

    def finished(self) -> None:
        """Passes the word on."""
        self._when_finished()

    @property
    def _clock(self) -> Clock:
        return self._context.settings.clock or asyncio.get_running_loop()

    def _is_connected(self) -> bool:
        return self._endpoint.connected

    def _watch(self) -> None:
        clock = self._clock
        due = self._endpoint.last_received + self._context.idle_timeout
        if clock.time() < due:
            self._idle = clock.call_at(due, self._watch)
        else:
            logger.warning("%s: silent for too long", loggable(self.identity))
            self._endpoint.close(_GOING_AWAY, "silent for too long")

    def _boot(self, handler: AnyHandler, request: Request[Any]) -> object:
        """Hands a boot over, if it comes from the station that the certificate names. # BOOT-22"""
        place = self.protocol.serial_number
        serial_number = None if place is None else attrgetter(place)(request)
        if serial_number is None:
            logger.warning("%s: booted without a serial number", loggable(self.identity))
        elif self._certified != (serial_number,):
            logger.error("%s: booted with %s", loggable(self.identity), _ANOTHER_SERIAL_NUMBER)
            self._endpoint.close(_POLICY_VIOLATION, _ANOTHER_SERIAL_NUMBER)
            raise CallRefused(ErrorCode.SECURITY_ERROR, _ANOTHER_SERIAL_NUMBER)
        return handler(request)

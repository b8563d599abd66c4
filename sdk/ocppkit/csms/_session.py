"""The session of a station: one connection, from its opening until all its tasks have ended."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
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
    Registration,
    Settings,
    StationRecord,
    Wire,
    answered_status,
    loggable,
)
from ocppkit.core import (
    Action,
    CallFailed,
    ConnectionClosed,
    ErrorCode,
    Failure,
    FastPath,
    OpenCall,
    Protocol,
    RemoteProtocolError,
    Request,
    Response,
    ResultReceived,
    Role,
)
from ocppkit.quirks import Quirks

from ._boot_gate import BootGate
from ._dispatch import Dispatcher
from ._guarded_registrations import GuardedRegistrations
from ._handle import StationHandle
from ._local_peer import LocalPeer
from ._quirk_policies import QuirkPolicies
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
    """What all sessions of one CSMS share."""

    dispatcher: Dispatcher
    fast_paths: Mapping[str, FastPath]
    """The fast path that all connections of a version share, by subprotocol."""

    handles: Mapping[str, type[StationHandle]]
    """Classes of handles by subprotocol."""

    stations: Stations
    settings: Settings
    gate: BootGate
    registrations: GuardedRegistrations
    check_serial_number: bool
    idle_timeout: float
    memory: AnswerMemory | None
    quirks: Quirks | None
    wall_clock: Callable[[], datetime]


class StationSession:
    """One connection of a station, from the CSMS's side. It is what the endpoint works for."""

    __slots__ = (
        "_certified",
        "_context",
        "_endpoint",
        "_handle",
        "_idle",
        "_peer",
        "_quirks",
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
        self._registration = Registration(protocol, _status_before(context, accept))
        self._repeats = None if context.memory is None else context.memory.calls_of(accept.identity)
        answers = None if self._repeats is None else self._repeats.answers
        self._endpoint = Endpoint(Role.CSMS, self, wire, context.settings, answers=answers)
        if accept.policies is not None:
            self._endpoint.use_policies(accept.policies)
        self._certified = accept.common_names if context.check_serial_number else ()
        self._when_finished = finished
        self._peer = LocalPeer(self._endpoint, self._registration)
        self._handle = context.handles[protocol.subprotocol](
            self.identity,
            protocol,
            self._peer,
            accept.remote_address,
            accept.handshake,
        )
        self._quirks: QuirkPolicies | None = None
        if context.quirks is not None:
            self._quirks = QuirkPolicies(
                context.quirks, self._handle, protocol, context.settings, accept.policies
            )
            if accept.record is not None:
                # Stations do not boot again when only the connection was lost. # REC-04
                self._quirks.use_record(accept.record)
        self._wire = wire
        self._idle: Timer | None = None

    def begin(self) -> None:
        """Adds the station to the registry and starts reading its messages."""
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "%s: connected from %s, OCPP %s",
                loggable(self.identity),
                self._handle.remote_address,
                self.protocol.version,
            )
        replaced = self._context.stations.enter(self._handle)
        if replaced is not None:
            replaced.close_replaced()
        self._wire.start(self._endpoint)
        if self._context.idle_timeout > 0:
            self._check_idle_time()

    @property
    def station(self) -> StationHandle:
        """The station's handle."""
        return self._handle

    def data_received(self, data: str | bytes) -> None:
        """Handles a message that was read before this session began."""
        self._endpoint.data_received(data)

    async def drain(self, grace: float) -> None:
        """Shuts the connection down; handlers and calls under way may finish within `grace` seconds."""
        await self._endpoint.drain(grace, wait_for_calls=True)

    # What the endpoint asks and tells.

    @property
    def fast_path(self) -> FastPath:
        """The fast decoder for calls that are valid; connections of the same version share it."""
        return self._context.fast_paths[self.protocol.subprotocol]

    def handles(self, action: Action) -> bool:
        """Returns whether there is a handler. Stations whose boot was not accepted get True, so
        that SecurityError wins over NotSupported.
        """
        return self._context.dispatcher.handles(action) or self._must_refuse(action)

    def handler_or_failure(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler, bound to this station, or the failure if the message must be
        refused. # ERR-19
        """
        # Most stations are registered, and each of their messages comes by here.
        if self._registration.status is not _ACCEPTED and not self._may_handle(action):
            return Failure.NOT_ACCEPTED
        handler = self._context.dispatcher.find(action.request)
        if handler is None:
            return Failure.NOT_HANDLED
        # MethodType binds twice as fast as `partial`.
        bound: AnyHandler = MethodType(handler, self._handle)
        if self._certified and action.name == BOOT:
            bound = partial(self._check_serial_number_at_boot, bound)
        if action.name == BOOT:
            bound = partial(self._handle_boot, bound)
        if self._repeats is not None and action.transaction_related:
            bound = self._repeats.handle_once(bound, self._clock, self._is_connected)
        return bound

    def _must_refuse(self, action: Action) -> bool:
        return self._context.gate.refuses(self.protocol, self._registration, action)

    def _may_handle(self, action: Action) -> bool:
        """Returns whether to handle a message of a station, whether or not its boot was accepted;
        logs the decision.
        """
        gate = self._context.gate
        if self._must_refuse(action):
            gate.log_refused(self.identity, self._registration, action)
            return False
        unknown = self._registration.status is RegistrationStatus.UNKNOWN
        if unknown and action.name != BOOT and not self._peer.served:
            gate.log_served(self.identity, action)
            self._peer.note_called()
            self._context.stations.updated(self._handle)
        return True

    def call_answered(self, call: OpenCall, response: Response) -> None:
        """Notes how a boot was answered."""
        if call.action.name == BOOT:
            self._registration.boot_answered(response)
            self._context.stations.updated(self._handle)

    def result_received(self, result: ResultReceived) -> None:
        """Does nothing."""

    def call_failed(self, error: CallFailed) -> None:
        """Does nothing."""

    def invalid_received(self, error: RemoteProtocolError) -> None:
        """Does nothing."""

    def disconnected(self, end: ConnectionClosed) -> None:
        """Removes the station from the registry."""
        if self._idle is not None:
            self._idle.cancel()
        self._context.stations.leave(self._handle, end)

    def finished(self) -> None:
        """Tells the transport that all tasks of this connection have ended."""
        self._when_finished()

    @property
    def _clock(self) -> Clock:
        return self._context.settings.clock or asyncio.get_running_loop()

    def _is_connected(self) -> bool:
        return self._endpoint.connected

    def _check_idle_time(self) -> None:
        clock = self._clock
        due = self._endpoint.last_received + self._context.idle_timeout
        if clock.time() < due:
            self._idle = clock.call_at(due, self._check_idle_time)
        else:
            logger.warning(
                "%s: closing the connection: no message for %g seconds",
                loggable(self.identity),
                self._context.idle_timeout,
            )
            self._endpoint.close(_GOING_AWAY, "no message for too long")

    def _handle_boot(self, handler: AnyHandler, request: Request[Any]) -> object:
        """Runs the handler of a boot, and saves the registration before the boot is answered."""
        self._registration.boot_received()
        if self._quirks is not None:
            protocol = self.protocol
            places = (protocol.vendor, protocol.model, protocol.firmware)
            self._quirks.use_profile_for(*(_read_text(place, request) for place in places))
        response = handler(request)
        if asyncio.iscoroutine(response):
            return self._save_after_handler(response, request)
        saving = self._context.registrations.save(self._create_record(request, response))
        return response if saving is None else _response_once_saved(saving, response)

    async def _save_after_handler(
        self, handling: Coroutine[Any, Any, object], request: Request[Any]
    ) -> object:
        response = await handling
        saving = self._context.registrations.save(self._create_record(request, response))
        if saving is not None:
            await saving
        return response

    def _create_record(self, request: Request[Any], response: object) -> StationRecord:
        protocol = self.protocol
        return StationRecord(
            identity=self.identity,
            status=answered_status(response),
            version=protocol.version,
            vendor=_read_text(protocol.vendor, request),
            model=_read_text(protocol.model, request),
            firmware=_read_text(protocol.firmware, request),
            time=self._context.wall_clock(),
        )

    def _check_serial_number_at_boot(self, handler: AnyHandler, request: Request[Any]) -> object:
        """Calls the handler of a boot if the boot's serial number is the one in the client
        certificate. # BOOT-22
        """
        place = self.protocol.serial_number
        serial_number = None if place is None else attrgetter(place)(request)
        if serial_number is None:
            logger.warning(
                "%s: its boot has no serial number to compare with the certificate [accepted "
                "all the same]",
                loggable(self.identity),
            )
        elif self._certified != (serial_number,):
            logger.error(
                "%s: boot refused and connection closed: it names %s",
                loggable(self.identity),
                _ANOTHER_SERIAL_NUMBER,
            )
            self._endpoint.close(_POLICY_VIOLATION, _ANOTHER_SERIAL_NUMBER)
            raise CallRefused(ErrorCode.SECURITY_ERROR, _ANOTHER_SERIAL_NUMBER)
        return handler(request)


def _status_before(context: SessionContext, accept: Accept) -> RegistrationStatus:
    """Returns how the last boot of a station was answered, or UNKNOWN."""
    live = context.stations.live(accept.identity)
    if live is not None and live.status is not RegistrationStatus.UNKNOWN:
        # It may have booted after its record was read.
        return live.status
    return RegistrationStatus.UNKNOWN if accept.record is None else accept.record.status


async def _response_once_saved(saving: Coroutine[Any, Any, None], response: object) -> object:
    await saving
    return response


def _read_text(path: str | None, request: Request[Any]) -> str:
    return "" if path is None else attrgetter(path)(request) or ""

"""One connection of a station to its CSMS: handles calls, and notes answers and events."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import BOOT, AnyHandler, Endpoint, HandlerTable, Wire
from ocppkit.core import (
    Action,
    CallFailed,
    CallReceived,
    ConnectionClosed,
    Failure,
    FastPath,
    OpenCall,
    Protocol,
    RemoteProtocolError,
    Response,
    ResultReceived,
    Role,
    SecurityEvent,
    decode_payload,
)

from ._options import StationSettings
from ._registration_state import HEARTBEAT, RegistrationState
from ._security_events import SecurityEvents

__all__ = ["StationConnection"]

_NOT_WHILE_PENDING: Final = frozenset(
    {
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "RequestStartTransaction",
        "RequestStopTransaction",
    }
)
"""Actions that a station answers with the status Rejected while it is Pending. # BOOT-14, BOOT-15"""


class StationConnection:
    """One connection of a station, from its opening until all its tasks have ended."""

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        wire: Wire,
        settings: StationSettings,
        *,
        station: object,
        handlers: HandlerTable,
        registration_state: RegistrationState,
        security_events: SecurityEvents,
        ended: Callable[["StationConnection", ConnectionClosed], None],
        finished: Callable[["StationConnection"], None],
    ) -> None:
        self.identity = identity
        self.protocol = protocol
        self.station = station
        self._handlers = handlers
        self._registration_state = registration_state
        self._security_events = security_events
        self._when_ended = ended
        self._when_finished = finished
        self.endpoint = Endpoint(Role.STATION, self, wire, settings)

    @property
    def fast_path(self) -> FastPath:
        """The decoder of valid calls, which all connections of the station share."""
        return self._handlers.fast_path[self.protocol.subprotocol]

    def handles(self, action: Action) -> bool:
        """Returns whether there is a handler. True while the boot is Rejected, so that
        SecurityError is answered and not NotSupported.
        """
        return self.handler_or_failure(action) is not Failure.NOT_HANDLED

    def handler_or_failure(self, action: Action) -> AnyHandler | Failure:
        """Returns the handler; while the boot is not accepted, a function that refuses the call."""
        status = self._registration_state.registration.status
        if status is RegistrationStatus.REJECTED:
            return Failure.REJECTED  # ERR-20
        handler = self._handlers.get(action.request)
        if handler is None:
            return Failure.NOT_HANDLED
        if status is RegistrationStatus.PENDING and action.name in _NOT_WHILE_PENDING:
            return partial(_rejected, action)
        return handler

    def call_answered(self, call: OpenCall, response: Response) -> None:
        """Notes a message that the CSMS asked for, so that it may be sent while the boot is
        Pending.
        """
        if isinstance(call, CallReceived):
            self._registration_state.registration.csms_asked(call.request)

    def result_received(self, result: ResultReceived) -> None:
        """Notes the answer to a boot, and the time that the CSMS tells."""
        action, state = result.action.name, self._registration_state
        if action == BOOT:
            state.boot_answered(result.response, result.received_at)
        elif action == HEARTBEAT:
            response: Any = result.response
            state.clock.set(response.current_time)
        if action in state.refused_actions:
            state.call_answered(action)

    def call_failed(self, error: CallFailed) -> None:
        """Notes an error answer; it may mean that the CSMS has lost the registration."""
        self._registration_state.call_failed(error, self.endpoint.last_received)

    def invalid_received(self, error: RemoteProtocolError) -> None:
        """Adds the security event InvalidMessages."""
        self._security_events.add_first_of_streak(SecurityEvent.INVALID_MESSAGES, str(error))

    def disconnected(self, end: ConnectionClosed) -> None:
        """Reports the end of the connection, and wakes waiting tasks."""
        self._when_ended(self, end)
        self._registration_state.wake_waiters()

    def finished(self) -> None:
        """Reports that all handlers of the connection have ended."""
        self._when_finished(self)


def _rejected(action: Action, request: object) -> Response:
    assert action.response is not None
    return decode_payload(action.response, b'{"status":"Rejected"}')

"""The call that a handler is answering, and the exception with which it answers with an error."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeAlias

from msgspec import Struct

from ocppkit.core import (
    Action,
    CallReceived,
    ErrorCode,
    InvalidCallReceived,
    Issues,
    OcppError,
    SendReceived,
)

from ._frame_log import loggable
from ._handlers import AnyHandler

__all__ = ["RUNNING_CALL", "AfterResponse", "CallContext", "CallRefused", "current_call"]

AfterResponse: TypeAlias = Callable[[], Coroutine[Any, Any, object] | object]


class CallContext(Struct, eq=False):
    """The call that a handler is answering."""

    _event: CallReceived | InvalidCallReceived | SendReceived
    _handler: AnyHandler
    _callbacks: list[AfterResponse] | None = None

    def __repr__(self) -> str:
        return f"<CallContext of {self._event!r}>"

    @property
    def message_id(self) -> str:
        """The message id that the peer chose."""
        return self._event.message_id

    @property
    def action(self) -> Action:
        """The action that was called."""
        return self._event.action

    @property
    def raw(self) -> bytes:
        """The payload exactly as it was received, as a check of a signature needs it."""
        return self._event.raw

    @property
    def issues(self) -> Issues:
        """The rules that the payload broke: those that lenient decoding repaired, or those that
        `on_invalid` is asked about.

        `issues.omitted` counts what is not recorded.
        """
        return self._event.issues

    @property
    def received_at(self) -> float:
        """When the call was received, in seconds on the connection's clock, by default the event loop's."""
        return self._event.received_at

    @property
    def event(self) -> CallReceived | InvalidCallReceived | SendReceived:
        """The event by which the engine reported the call."""
        return self._event

    @property
    def handler(self) -> AnyHandler:
        """The handler that answers the call."""
        return self._handler

    def after_response(self, callback: AfterResponse) -> None:
        """Registers a callback that runs once the response has been handed to the transport.

        Use it for what must not overtake the response: the restart after a Reset, the message
        after a TriggerMessage. Callbacks run in the order in which they were given; a coroutine
        function runs to its end before the next callback starts. A callback that raises is logged,
        and the next one runs. Callbacks do not run if the call ends with an error, or if its
        connection ends before the response: see `current_call`.

        Args:
            callback: a function or coroutine function without parameters.
        """
        self._callbacks = self._callbacks or []
        self._callbacks.append(callback)

    def take_callbacks(self) -> Sequence[AfterResponse]:
        """Returns the registered callbacks and removes them."""
        taken = self._callbacks
        if taken is None:
            return ()
        self._callbacks = None
        return taken


RUNNING_CALL: ContextVar[CallContext] = ContextVar("ocppkit.current_call")


def current_call() -> CallContext:
    """Returns the call that the running handler is answering.

    A call belongs to its connection. If the connection is lost before the response, the handler
    runs on but its response is dropped, and so are the callbacks that it gave to `after_response`:
    the peer repeats the call, and the handler that answers it then gives them again. With
    `answer_repeats` a CSMS never handles a call twice; then the callbacks are kept and run once,
    after the response to the repeated call. A handle that they hold belongs to the lost connection,
    so they should get the current one from `csms.stations`.

    Raises:
        LookupError: no handler is running here.
    """
    return RUNNING_CALL.get()


class CallRefused(OcppError):
    """Raised by a handler to answer the call with a CALLERROR.

    Use it for calls that cannot be handled. If the status of the response can say the same, answer
    with that response instead. # ERR-01

    Args:
        code: the error code; it is sent in the spelling of the connection's version, and as
            GenericError where the version lacks it.
        description: text for the peer, cut to `Limits.description` characters.
        details: more for the peer, as JSON.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: `code` is no error code of OCPP-J.
    """

    def __init__(
        self,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        _check_type("code", code, str, "an ErrorCode")
        _check_type("description", description, str, "a text")
        if details is not None:
            _check_type("details", details, Mapping, "a mapping")
            for name in details:
                _check_type("a name in details", name, str, "a text")
        self.code: ErrorCode = _error_code(code)
        self.description = description
        self.details: Mapping[str, Any] = {} if details is None else details
        # The text of an exception ends up in logs: what a peer sent may be part of it.
        super().__init__(loggable(description) or self.code)


def _check_type(name: str, value: object, kind: type[object], expected: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"CallRefused: {name} must be {expected}, not {type(value).__name__}")


def _error_code(code: str) -> ErrorCode:
    try:
        return ErrorCode(code)
    except ValueError:
        known = ", ".join(ErrorCode)
        raise ValueError(
            f"CallRefused: {loggable(code)} is not an error code [use one of {known}]"
        ) from None

"""What a handler may ask about the call that it answers, and how it refuses one."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeAlias

from msgspec import Struct

from ocppkit.core import Action, CallReceived, ErrorCode, Issue, OcppError, SendReceived

__all__ = ["RUNNING_CALL", "AfterResponse", "CallContext", "CallRefused", "current_call"]

AfterResponse: TypeAlias = Callable[[], Coroutine[Any, Any, object] | object]


class CallContext(Struct, eq=False):
    """The call that a handler is answering."""

    _event: CallReceived | SendReceived
    _callbacks: list[AfterResponse] | None = None

    def __repr__(self) -> str:
        return f"<CallContext of {self._event!r}>"

    @property
    def message_id(self) -> str:
        """The id that the peer gave it."""
        return self._event.message_id

    @property
    def action(self) -> Action:
        """What was called."""
        return self._event.action

    @property
    def raw(self) -> bytes:
        """The payload as it stood on the wire, byte for byte: what a signature was made over."""
        return self._event.raw

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What lenient decoding repaired."""
        return self._event.issues

    @property
    def received_at(self) -> float:
        """When it came in, in seconds on the connection's clock: the event loop's by default."""
        return self._event.received_at

    def after_response(self, callback: AfterResponse) -> None:
        """Runs a callback once the response has been handed to the transport.

        This is the place for what must not overtake the answer: the restart after a Reset, the
        message after a TriggerMessage. Callbacks run in the order they were given; one that is a
        coroutine function runs to its end before the next. They do not run when the call ends in an
        error, or its connection ends before the answer: see `current_call`.

        Args:
            callback: a function or coroutine function without parameters.
        """
        self._callbacks = self._callbacks or []
        self._callbacks.append(callback)

    def take_callbacks(self) -> Sequence[AfterResponse]:
        """Hands the callbacks over; the second time there are none."""
        taken = self._callbacks
        if taken is None:
            return ()
        self._callbacks = None
        return taken


RUNNING_CALL: ContextVar[CallContext] = ContextVar("ocppkit.current_call")


def current_call() -> CallContext:
    """Returns the call that the running handler answers.

    A call belongs to its connection. When that is lost before the answer, the handler runs on but
    nobody hears it, so what it gave to `after_response` does not run: the peer repeats the call, and
    the handler that answers then says again what comes after. With `answer_repeats` a CSMS handles no
    call twice; there the callbacks wait and run once, after the answer to the repeated call. A handle
    that they hold is of the lost connection, so let them ask `csms.stations` for the live one.

    Raises:
        LookupError: no handler is running here.
    """
    return RUNNING_CALL.get()


class CallRefused(OcppError):
    """Raise it in a handler to answer the call with an error of your choice.

    OCPP wants this for calls that cannot be handled. What the response's status can say, it should
    say.
    """

    def __init__(
        self,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(description or code)
        self.code = code
        self.description = description
        self.details: Mapping[str, Any] = {} if details is None else details

"""A call of the peer with an invalid payload, as the function `on_invalid` gets it."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ocppkit.core import InvalidCallReceived, Issues

__all__ = ["InvalidCall", "invalid_call"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True, repr=False)
class InvalidCall(Generic[S]):
    """A call with an invalid payload, with all that is known about it.

    `on_invalid` is asked about it, as a plain or `async` function. It returns a response, with which
    the call is answered, or `None`: then the call is refused as if there were no function. Like a
    handler it may raise `CallRefused`, has `Limits.handler_timeout` seconds, and finds `current_call`.
    """

    station: S
    """The handle of the station that sent it; on the station's side, the station itself."""

    action: str
    raw: bytes
    """The payload as it stood on the wire; the whole text where that is no JSON."""

    value: Any
    """The payload as untyped JSON; `None` where it is no JSON."""

    issues: Issues
    """Every rule that the payload breaks."""

    message_id: str

    def __repr__(self) -> str:
        # The payload may hold secrets, and is long.
        return f"<InvalidCall {self.action} {self.message_id!r}: {len(self.issues)} issues>"


def invalid_call(station: S, event: InvalidCallReceived) -> InvalidCall[S]:
    """Returns the `InvalidCall` for an event of the engine."""
    error = event.error
    return InvalidCall(
        station=station,
        action=event.action.name,
        raw=error.raw,
        value=error.value,
        issues=error.issues,
        message_id=event.message_id,
    )

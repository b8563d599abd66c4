"""The delivery of a message that must arrive: an object to wait for, and events."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from ocppkit.core import OcppError, Request, Response

from ._journal import Entry, JournalError

__all__ = [
    "Delivered",
    "Delivery",
    "DeliveryEvent",
    "DeliveryGivenUp",
    "MessageDropped",
    "MessagesDropped",
    "MeterValuesLeftOut",
]

R = TypeVar("R", bound=Response)


class MessageDropped(JournalError):
    """Raised to whoever waits for a delivery when the message was removed from a full journal."""


class Delivery(Generic[R]):
    """The delivery of a message that is in the journal. It goes on even if nobody waits for the
    answer.
    """

    __slots__ = ("_outcome", "message_id")

    def __init__(self, message_id: str, outcome: asyncio.Future[Response]) -> None:
        self._outcome = outcome
        # What fails is logged; nobody has to ask for it.
        outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.message_id: str = message_id
        """The id under which it is sent, also after a restart."""

    @property
    def done(self) -> bool:
        """Whether the message was answered or given up."""
        return self._outcome.done()

    async def answer(self) -> R:
        """Waits for the answer. Several tasks may wait; cancelling one of them does not cancel the
        delivery.

        Raises:
            CallFailed: the last attempt was answered with an error.
            CallTimedOut: the last attempt was not answered.
            RemoteProtocolError: the answer cannot be read.
            LocalProtocolError: the message cannot be sent; it is kept as a dead letter.
            MessageDropped: the journal was full, and this message had to go.
        """
        return cast(R, await asyncio.shield(self._outcome))

    def close(self, outcome: Response | Exception) -> None:
        """Ends the waiting of `answer`; called by the delivery queue only."""
        if self._outcome.done():
            return
        if isinstance(outcome, Exception):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Event: a message that must arrive was answered."""

    entry: Entry
    request: Request[Any]
    """The message as it was sent."""

    answer: Response | OcppError
    """The response; or the error that answered it or that its unreadable response is."""

    earlier_run: bool
    """Whether an earlier run of the program had left it, so that nobody waits for its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryGivenUp:
    """Event: a message that must arrive was given up, and is not sent any more."""

    entry: Entry
    problem: Exception
    dead_letter: bool
    """Whether the journal keeps it: its own fault stopped it, not the CSMS after the last attempt."""

    earlier_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDropped:
    """Event: messages were removed from a full journal, as OCPP allows. # QUE-09"""

    message_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterValuesLeftOut:
    """Event: the journal was full, so all but the first and last meter values of a message that
    ends a transaction were removed. # QUE-10
    """

    message_id: str


DeliveryEvent = Delivered | DeliveryGivenUp | MessagesDropped | MeterValuesLeftOut
"""What happens to messages that must arrive."""

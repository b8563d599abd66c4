"""What a program hears of a message that must arrive: its delivery to wait for, and events."""

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
    "Dropped",
    "GivenUp",
    "MessageDropped",
    "MeterValuesLeftOut",
]

R = TypeVar("R", bound=Response)


class MessageDropped(JournalError):
    """A message was removed from a full journal before it could be delivered."""


class Delivery(Generic[R]):
    """A message that is in the journal: it is delivered though nobody may wait for its answer."""

    __slots__ = ("_outcome", "message_id")

    def __init__(self, message_id: str, outcome: asyncio.Future[Response]) -> None:
        self._outcome = outcome
        # What fails is logged; nobody has to ask for it.
        outcome.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.message_id: str = message_id
        """The id under which it is sent, also after a restart."""

    @property
    def done(self) -> bool:
        """Whether it was answered or given up."""
        return self._outcome.done()

    async def answer(self) -> R:
        """Waits for the answer; several tasks may, and any of them may stop waiting.

        Raises:
            CallFailed: the last attempt was answered with an error.
            CallTimedOut: the last attempt was not answered.
            RemoteProtocolError: the answer cannot be read.
            LocalProtocolError: the message cannot be sent; it is kept as a dead letter.
            MessageDropped: the journal was full, and this message had to go.
        """
        return cast(R, await asyncio.shield(self._outcome))

    def close(self, outcome: Response | Exception) -> None:
        """Tells who waits; only the delivery queue calls it."""
        if self._outcome.done():
            return
        if isinstance(outcome, Exception):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A message that must arrive was answered."""

    entry: Entry
    request: Request[Any]
    """The message as it was sent."""

    answer: Response | OcppError
    """The response; or the error that answered it or that its unreadable response is."""

    earlier_run: bool
    """Whether an earlier run of the program had left it, so that nobody waits for its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A message that must arrive is not sent any more."""

    entry: Entry
    problem: Exception
    dead_letter: bool
    """Whether the journal keeps it: its own fault stopped it, not the CSMS after the last attempt."""

    earlier_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Messages were removed from a full journal, as OCPP allows. # QUE-09"""

    message_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterValuesLeftOut:
    """A full journal has left out all but the first and last meter values of the end of a transaction. # QUE-10"""

    message_id: str


DeliveryEvent = Delivered | GivenUp | Dropped | MeterValuesLeftOut
"""What happens to messages that must arrive."""

"""One queue of journaled messages: delivered in order, with retries, over as many connections as it takes.

Theory of operation: the head of the queue is sent whenever there is a connection on which the station
is registered. No answer costs an attempt, and each wait is longer than the one before; after the last
attempt the message is given up, as OCPP has it. A lost connection costs no attempt. A retry keeps its
message id, so that a CSMS which had the message already can tell (MID-03).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Endpoint, sleep
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    OcppError,
    QueueFull,
    RemoteProtocolError,
    Request,
    Response,
)

from ._journal import Entry, Journal
from ._registration_state import RegistrationState

__all__ = ["FULL_QUEUE_WAIT", "DeliveryQueue", "MessageIds", "QueuedMessage", "Retries"]

logger = logging.getLogger("ocppkit.station")

FULL_QUEUE_WAIT: Final = 1.0
"""Seconds until a full queue of other calls is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How a message that must arrive is retried; times are in seconds."""

    attempts: int = 3
    """1.6: TransactionMessageAttempts; 2.x: MessageAttempts of TransactionEvent."""

    interval: float = 60.0
    """1.6: TransactionMessageRetryInterval; 2.x: MessageAttemptInterval of TransactionEvent. After
    the k-th attempt the wait is k times as long."""


class MessageIds:
    """Makes message ids, new ones or the one that the next message is known by already."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._next: str | None = None

    def __call__(self) -> str:
        message_id, self._next = self._next, None
        return self._new_id() if message_id is None else message_id

    def use(self, message_id: str) -> None:
        """Gives the next message this id."""
        self._next = message_id

    def forget(self) -> None:
        """Takes back what `use` said, if no message came."""
        self._next = None


@dataclass(slots=True)
class QueuedMessage:
    """A message on its way."""

    entry: Entry
    request: Request[Any]
    timeout: float | None = None
    waiter: asyncio.Future[Response] | None = None
    failures: int = 0
    seq: int = 0
    """Its number in the journal, once it is there."""


class DeliveryQueue:
    """One queue."""

    def __init__(
        self,
        journal: Journal,
        retries: Retries,
        registration_state: RegistrationState,
        ids: MessageIds,
        *,
        name: str,
        retries_errors: bool,
    ) -> None:
        """Begins empty.

        Args:
            journal: where the messages are kept.
            retries: how they are retried.
            registration_state: tells of changes.
            ids: makes message ids.
            name: the station, as it may stand in a log.
            retries_errors: whether a CALLERROR is a failure to deliver, as OCPP has it for
                transaction messages, or an answer like any other.
        """
        self._journal = journal
        self._retries = retries
        self._registration_state = registration_state
        self._ids = ids
        self._name = name
        self._retries_errors = retries_errors
        self.queue: deque[QueuedMessage] = deque()
        """What waits, the next one first."""

    async def deliver(self, online: Callable[[], Endpoint | None], clock: Clock) -> None:
        """Delivers for ever.

        Args:
            online: returns where messages can be sent now, if anywhere.
            clock: the time between attempts.
        """
        while True:
            changed = self._registration_state.changed()
            endpoint = online()
            if endpoint is None or not self.queue:
                await asyncio.wait({changed})
            else:
                await self._attempt(self.queue[0], endpoint, clock)

    async def _attempt(self, item: QueuedMessage, endpoint: Endpoint, clock: Clock) -> None:
        # From here to the frame nothing is awaited, so the id cannot go to another message.
        self._ids.use(item.entry.message_id)
        try:
            response = await endpoint.call(item.request, item.timeout)
        except ConnectionClosed:
            await endpoint.wait_ended()
        except QueueFull:
            await sleep(clock, FULL_QUEUE_WAIT)
        except CallFailed as problem:
            await (
                self._failed(item, problem, clock)
                if self._retries_errors
                else self._done(item, problem)
            )
        except CallTimedOut as problem:
            await self._failed(item, problem, clock)
        except RemoteProtocolError as problem:
            # The CSMS has it and answered it, though not readably.
            await self._done(item, problem)
        else:
            await self._done(item, response)
        finally:
            self._ids.forget()

    async def _failed(self, item: QueuedMessage, problem: OcppError, clock: Clock) -> None:
        item.failures += 1
        if item.failures >= self._retries.attempts:
            logger.error("%s: given up: %s", self._name, problem)  # QUE-05
            await self._done(item, problem)
        else:
            logger.warning("%s: attempt %d: %s", self._name, item.failures, problem)
            await sleep(clock, self._retries.interval * item.failures)  # QUE-04

    async def _done(self, item: QueuedMessage, outcome: Response | OcppError) -> None:
        try:
            await self._journal.ack(item.seq)
        finally:
            # Whatever becomes of that: a message is acknowledged once. If the journal still has it,
            # the next run delivers it again, and the CSMS knows it by its id.
            self.queue.popleft()
            _tell(item.waiter, outcome)


def _tell(waiter: asyncio.Future[Response] | None, outcome: Response | OcppError) -> None:
    if waiter is None or waiter.done():
        return
    if isinstance(outcome, Response):
        waiter.set_result(outcome)
    else:
        waiter.set_exception(outcome)

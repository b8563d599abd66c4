"""Writes the messages and states of functional blocks to the journal, then sends messages and
publishes events.

Theory of operation: whatever is told to a block gives one batch. Batches are written one after another;
those that wait while one is written go into the next commit together. If the store fails, that is
logged and tried again with growing waits, and nothing overtakes: blocks go on all the same, as a station
cannot undo what has happened to it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from ocppkit.aio.lowlevel import running_beside, sleep
from ocppkit.blocks import Event, Report
from ocppkit.core import (
    InvalidOutgoing,
    LocalProtocolError,
    OcppError,
    Request,
    Response,
    encode_payload,
)

from .._background_failures import is_failure
from .._block_access import BlockAccess
from .._message_groups import MessageToStore
from .._queued_message import MessageHold
from .._store_writer import retry_waits

__all__ = ["Batch", "Batches", "OutgoingMessage"]

logger = logging.getLogger("ocppkit.station")

_PAUSE: Final = 10.0
"""Seconds until writing and sending begin again after a failure that nobody foresaw."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to send, with the report that it expresses."""

    report: Report[Any]
    request: Request[Any]


@dataclass(slots=True, eq=False, kw_only=True)
class Batch:
    """All that one call of the functional blocks has produced: messages, states and events."""

    kept: Sequence[MessageToStore]
    states: dict[str, bytes | None]
    sent: Sequence[OutgoingMessage]
    """Messages that are lost if they cannot be sent now."""

    events: Sequence[Event]
    """What the program hears."""

    hold: MessageHold | None = None
    """What keeps messages and events back until the response to a command has been sent."""

    written: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """Done when the store has it, or has failed to take it once."""

    @property
    def is_held(self) -> bool:
        """Whether messages and events of the batch are held back for now."""
        return self.hold is not None and not self.hold.is_released


class Batches:
    """Stores the functional blocks' batches of messages in the journal, then sends them, in order."""

    def __init__(
        self,
        access: BlockAccess,
        name: str,
        *,
        answered: Callable[[OutgoingMessage, Response | OcppError], None],
        tell: Callable[[Event], None],
    ) -> None:
        """Starts without batches.

        Args:
            access: the station.
            name: the station, as it may stand in a log.
            answered: called with the answer to a message that was not kept, or what it failed with.
            tell: tells the program an event.
        """
        self._access = access
        self._name = name
        self._answered = answered
        self._tell = tell
        self._to_write: deque[Batch] = deque()
        self._written: deque[Batch] = deque()
        self._to_send: deque[OutgoingMessage] = deque()
        self._wakes_writer = asyncio.Event()
        self._wakes_sender = asyncio.Event()

    def add(self, batch: Batch) -> None:
        """Adds a batch at the end."""
        self._to_write.append(batch)
        self._wakes_writer.set()

    def release(self, hold: MessageHold) -> None:
        """Lets batches go on that waited for a response to be sent."""
        self._access.release(hold)
        self._publish_written()

    async def flush(self) -> None:
        """Waits until the journal has stored all batches so far, or has failed to once."""
        if self._to_write:
            await asyncio.wait({self._to_write[-1].written})

    async def run(self) -> None:
        """Writes and sends until it is cancelled; starts again after an unexpected failure."""
        while True:
            try:
                async with running_beside(self._send_messages()):
                    await self._write_batches()
            except BaseException as problem:
                if not is_failure(problem):
                    raise
                logger.exception(
                    "%s: storing or sending messages of functional blocks failed [what is left is "
                    "tried again in %.0f seconds]",
                    self._name,
                    _PAUSE,
                )
            await sleep(self._access.clock(), _PAUSE)

    async def _write_batches(self) -> None:
        failures = 0
        while True:
            self._wakes_writer.clear()
            batches = tuple(self._to_write)
            if not batches:
                await self._wakes_writer.wait()
            elif await self._commit_batches(batches):
                failures = 0
                for _ in batches:
                    self._written.append(self._to_write.popleft())
                self._publish_written()
            else:
                failures += 1
                await sleep(self._access.clock(), retry_waits(failures))

    async def _commit_batches(self, batches: Sequence[Batch]) -> bool:
        try:
            for hold, group in groupby(batches, key=attrgetter("hold")):
                await self._commit_group(tuple(group), hold)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: cannot save the state of the functional blocks: %r [will be tried again]",
                self._name,
                problem,
            )
            return False
        finally:
            for batch in batches:
                if not batch.written.done():
                    batch.written.set_result(None)
        return True

    async def _commit_group(self, batches: Sequence[Batch], hold: MessageHold | None) -> None:
        kept = [message for batch in batches for message in batch.kept]
        states = {name: state for batch in batches for name, state in batch.states.items()}
        if kept or states:
            try:
                await self._access.commit(kept, states, hold)
            except InvalidOutgoing:
                # To try it again would hold up all that follows for ever.
                await self._access.commit([*filter(self._is_valid, kept)], states, hold)
        for batch in batches:
            # It is not written again if a later group fails.
            batch.kept, batch.states = (), {}

    def _is_valid(self, message: MessageToStore) -> bool:
        try:
            encode_payload(message.request)
        except InvalidOutgoing as problem:
            logger.error(
                "%s: a functional block made an invalid %s, which is not sent: %s "
                "[give the block values that the OCPP schema allows]",
                self._name,
                message.request.__ocpp_action__,
                problem,
            )
            return False
        return True

    def _publish_written(self) -> None:
        while self._written and not self._written[0].is_held:
            batch = self._written.popleft()
            for event in batch.events:
                self._tell(event)
            self._to_send.extend(batch.sent)
            self._wakes_sender.set()

    async def _send_messages(self) -> None:
        while True:
            while self._to_send:
                message = self._to_send.popleft()
                self._answered(message, await self._call_csms(message.request))
            self._wakes_sender.clear()
            await self._wakes_sender.wait()

    async def _call_csms(self, request: Request[Any]) -> Response | OcppError:
        action = request.__ocpp_action__
        try:
            response: Response = await self._access.call(request)
        except OcppError as problem:
            logger.info(
                "%s: %s of a functional block was not delivered: %s", self._name, action, problem
            )
            return problem
        except BaseException as problem:
            # Of a transport or an observer; what is sent next may well arrive.
            if not is_failure(problem):
                raise
            logger.exception(
                "%s: sending %s of a functional block failed [the next message is sent]",
                self._name,
                action,
            )
            return LocalProtocolError(f"sending failed: {problem!r}", action=action)
        return response

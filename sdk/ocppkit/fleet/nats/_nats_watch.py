"""The watch of a table on NATS, which restarts whenever changes may have been missed.

Theory of operation: a consumer of the bucket's stream sends first the latest write of each key and then
each write. nats-py's own watch stays silent for ever when the server was restarted. This one asks for
a heartbeat each second and counts: when the client has reconnected, a heartbeat is missing, or a
message is, it takes a new consumer, one at a time, and tells a new snapshot.
"""

import asyncio
import logging
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from ocppkit.aio.lowlevel import start_task

from .._bus import BusError, TableEntry, TableWatcher

if TYPE_CHECKING:
    from ._nats_table import NatsTable

__all__ = ["OPERATION", "NatsWatch"]

logger = logging.getLogger("ocppkit.fleet")

OPERATION: Final = "KV-Operation"
"""The header of a message that deletes a key."""

_HEARTBEAT: Final = 1.0
_SILENCE: Final = 3.5
"""Seconds without a heartbeat or message after which a consumer is taken for lost."""

_FIRST_DELAY: Final = 0.1
_LAST_DELAY: Final = 5.0
_UNUSED: Final = 30.0
"""Seconds after which the server removes a consumer that nobody receives."""


class NatsWatch:
    """The watch of one watcher."""

    def __init__(
        self, table: "NatsTable", watcher: TableWatcher, all_of_table: "list[NatsWatch]"
    ) -> None:
        self._table = table
        self._watcher = watcher
        self._all_of_table = all_of_table
        self._task: asyncio.Task[None] | None = None
        self._broken = asyncio.Event()
        self._stopped = False
        self._round = 0
        self._snapshot: list[TableEntry] | None = None
        self._received_count = 0
        self._heard = 0.0
        self._lost = False
        self._created: datetime | None = None
        self._last_revision = 0

    def start(self) -> None:
        """Begins to watch."""
        self._task = start_task(self._keep_watching())

    def restart(self) -> None:
        """Restarts the watch, which tells its watcher the full contents of the table again."""
        self._broken.set()

    async def stop(self) -> None:
        """Ends the watch."""
        if self in self._all_of_table:
            self._all_of_table.remove(self)
        self._stopped = True
        self._round += 1
        if self._task is not None:
            # Up to Python 3.11, `asyncio.wait_for` in the client may lose a cancellation.
            self._broken.set()
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep_watching(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopped:
            self._broken.clear()
            subscription: Subscription | None = None
            consumer = ""
            try:
                subscription = await self._subscribe()
                consumer = await self._consume(subscription)
                delay = _FIRST_DELAY
                await self._until_broken()
            except (BusError, nats.errors.Error) as error:
                if self._table.bus.up:
                    logger.warning("%s cannot be watched: %r", self._table.name, error)
                await self._pause(delay)
                delay = min(2 * delay, _LAST_DELAY)
            except Exception:
                # A fault of ours or of nats-py must not end the watch, of which nobody would notice.
                logger.exception(
                    "%s: watching failed [tried again in %.0f seconds]",
                    self._table.name,
                    _LAST_DELAY,
                )
                await self._pause(_LAST_DELAY)
            finally:
                self._round += 1
                if subscription is not None:
                    await self._release(subscription, consumer)

    async def _subscribe(self) -> Subscription:
        info = await self._table.get_or_create_bucket_info()
        if not self._stopped:
            # What came before, such as the creation of the bucket, needs no second beginning.
            self._broken.clear()
        last = info.state.last_seq
        # What an earlier round has found counts until the watcher is told.
        self._lost = self._lost or (
            self._created is not None
            and (info.created != self._created or last < self._last_revision)
        )
        self._created, self._last_revision = info.created, last
        self._snapshot, self._received_count = [], 0
        client = self._table.bus.connected()
        return await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
            client.new_inbox(), cb=partial(self._received, self._round)
        )

    async def _consume(self, subscription: Subscription) -> str:
        config = api.ConsumerConfig(
            deliver_subject=subscription.subject,
            deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=api.AckPolicy.NONE,
            filter_subject=f"{self._table.prefix}>",
            idle_heartbeat=_HEARTBEAT,
            flow_control=True,
            inactive_threshold=_UNUSED,
            num_replicas=1,
            mem_storage=True,
        )
        info = (
            await self._table.jetstream().add_consumer(  # pyright: ignore[reportUnknownMemberType]
                self._table.stream, config
            )
        )
        self._heard = asyncio.get_running_loop().time()
        if info.num_pending == 0 and self._received_count == 0:
            self._tell_snapshot()
        return info.name

    async def _until_broken(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._broken.is_set():
            silent = loop.time() - self._heard
            if silent > _SILENCE:
                logger.info(
                    "%s: nothing received from the NATS watch for too long [it is restarted]",
                    self._table.name,
                )
                return
            await self._pause(_SILENCE - silent + 0.1)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._broken.wait()
        except TimeoutError:
            pass

    async def _release(self, subscription: Subscription, consumer: str) -> None:
        try:
            await subscription.unsubscribe()
            if consumer and self._table.bus.up:
                await self._table.jetstream().delete_consumer(self._table.stream, consumer)
        except (BusError, nats.errors.Error):
            # It is gone, or the server removes it after a while.
            logger.debug("%s: a consumer is left", self._table.name, exc_info=True)

    async def _received(self, round_number: int, message: Msg) -> None:
        if round_number != self._round:
            return
        self._heard = asyncio.get_running_loop().time()
        headers = message.headers or {}
        status = headers.get("Status")
        if status is not None:
            await self._heartbeat(status, message, headers)
            return
        metadata = message.metadata
        self._received_count += 1
        if metadata.sequence.consumer != self._received_count:
            self.restart()
            return
        deleted = OPERATION in headers or "Nats-Marker-Reason" in headers
        key = message.subject.removeprefix(self._table.prefix)
        revision = metadata.sequence.stream
        self._last_revision = max(self._last_revision, revision)
        self._tell(TableEntry(key, None if deleted else message.data, revision))
        if self._snapshot is not None and metadata.num_pending == 0:
            self._tell_snapshot()

    async def _heartbeat(self, status: str, message: Msg, headers: dict[str, str]) -> None:
        # A request of flow control asks by its subject, a heartbeat by a header.
        asking = message.reply or headers.get("Nats-Consumer-Stalled")
        if asking and self._table.bus.up:
            await self._table.bus.connected().publish(asking)
        if status != "100":
            self.restart()
            return
        sent = headers.get("Nats-Last-Consumer")
        if sent is None:
            return
        if int(sent) != self._received_count:
            self.restart()
        elif self._snapshot is not None:
            # All was sent, and the consumer has nothing more.
            self._tell_snapshot()

    def _tell(self, entry: TableEntry) -> None:
        if self._snapshot is not None:
            if entry.value is not None:
                self._snapshot.append(entry)
            return
        try:
            self._watcher.changed(entry)
        except Exception:
            logger.exception(
                "%s: handling a change of the table failed [later changes are still handled]",
                self._table.name,
            )

    def _tell_snapshot(self) -> None:
        entries, self._snapshot = self._snapshot or [], None
        lost, self._lost = self._lost, False
        try:
            self._watcher.snapshot(entries, lost=lost)
        except Exception:
            logger.exception(
                "%s: handling the full contents of the table failed [later changes are still "
                "handled]",
                self._table.name,
            )

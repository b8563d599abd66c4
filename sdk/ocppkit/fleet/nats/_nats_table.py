"""A table on NATS: a key-value bucket of JetStream.

Buckets are used by what lies below nats-py's `KeyValue`: writes name the revision that they replace,
reads ask the server that leads, so that they see what was written before, and a bucket that is missing
is created, also one that was deleted while it was used.
"""

import logging
from typing import TYPE_CHECKING, Final, cast

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext, api

from .._bus import (
    BusDown,
    BusError,
    BusNotAllowed,
    BusSubscription,
    NewerRevision,
    NotAcknowledged,
    TableEntry,
    TableWatcher,
)
from ._nats_watch import OPERATION, NatsWatch

if TYPE_CHECKING:
    from ._nats_bus import NatsBus

__all__ = ["NatsTable"]

logger = logging.getLogger("ocppkit.fleet")

_PATIENCE: Final = 2.0
"""Seconds that the server has to answer."""

_NO_JETSTREAM: Final = (
    nats.errors.NoRespondersError,
    nats.js.errors.NoStreamResponseError,
    nats.js.errors.ServiceUnavailableError,
)

_WRONG_REVISION: Final = (10071, 10164)
_NO_STREAM: Final = 10059
_IN_USE: Final = 10058


class NatsTable:
    """A table; `NatsBus.table` makes it."""

    def __init__(
        self, bus: "NatsBus", name: str, *, ttl: float, replicas: int, memory_only: bool
    ) -> None:
        self.name = name
        """The name of the bucket."""

        self.stream = f"KV_{name}"
        """The name of the stream behind it."""

        self.prefix = f"$KV.{name}."
        """What the subject of each key begins with."""

        self.bus = bus
        """Its bus."""

        self._ttl = ttl
        self._replicas = replicas
        self._memory_only = memory_only
        self._watches: list[NatsWatch] = []

    async def get(self, key: str) -> TableEntry | None:
        """Returns the latest value of a key."""
        entry = await self._latest(key)
        return None if entry is None or entry.value is None else entry

    async def put(self, key: str, value: bytes) -> int:
        """Writes a value whatever is there, and returns its revision."""
        return await self._write(key, value, {})

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Writes a value in place of the one with this revision, and returns the new revision."""
        try:
            return await self._write(key, value, _expecting(revision))
        except NewerRevision:
            # A key that was deleted has the revision of the deletion.
            deleted = await self._latest(key) if revision == 0 else None
            if deleted is None or deleted.value is not None:
                raise
            return await self._write(key, value, _expecting(deleted.revision))

    async def delete(self, key: str) -> None:
        """Deletes a key, if it is there."""
        await self._write(key, b"", {OPERATION: "DEL"})

    async def watch(self, watcher: TableWatcher) -> BusSubscription:
        """Tells a watcher what the table holds and what changes."""
        watch = NatsWatch(self, watcher, self._watches)
        self._watches.append(watch)
        watch.start()
        return watch

    def restart_watches(self) -> None:
        """Restarts all watches."""
        for watch in self._watches:
            watch.restart()

    async def stop(self) -> None:
        """Ends all watches."""
        for watch in tuple(self._watches):
            await watch.stop()

    def jetstream(self) -> JetStreamContext:
        """Returns the JetStream of the bus, if it is connected."""
        return JetStreamContext(self.bus.connected(), timeout=_PATIENCE)

    async def get_or_create_bucket_info(self) -> api.StreamInfo:
        """Returns what the server knows of the bucket; creates it where it is missing."""
        stream = self.jetstream()
        try:
            return await stream.stream_info(self.stream)
        except nats.js.errors.NotFoundError:
            await self._create(stream)
            return await stream.stream_info(self.stream)

    async def _create(self, stream: JetStreamContext) -> None:
        storage = api.StorageType.MEMORY if self._memory_only else api.StorageType.FILE
        try:
            await stream.create_key_value(  # pyright: ignore[reportUnknownMemberType]
                api.KeyValueConfig(
                    self.name, ttl=self._ttl or None, replicas=self._replicas, storage=storage
                )
            )
            logger.info("%s: created", self.name)
        except nats.js.errors.APIError as error:
            # Another process was faster, and configures it otherwise.
            if error.err_code != _IN_USE:
                raise
        self.restart_watches()

    async def _latest(self, key: str) -> TableEntry | None:
        stream = self.jetstream()
        try:
            try:
                found = await stream.get_msg(self.stream, subject=self.prefix + key)
            except nats.js.errors.NotFoundError as error:
                if error.err_code == _NO_STREAM:
                    await self._create(stream)
                return None
        except nats.errors.Error as error:
            raise self._explained(error, f"$JS.API.STREAM.MSG.GET.{self.stream}") from error
        headers = cast(
            "dict[str, str] | None",
            found.headers,  # pyright: ignore[reportUnknownMemberType]
        )
        deleted = headers is not None and OPERATION in headers
        return TableEntry(key, None if deleted else found.data or b"", found.seq or 0)

    async def _write(self, key: str, value: bytes, headers: dict[str, str]) -> int:
        stream = self.jetstream()
        subject = self.prefix + key
        try:
            try:
                return (await stream.publish(subject, value, headers=headers or None)).seq
            except nats.js.errors.NoStreamResponseError:
                await self._create(stream)
                return (await stream.publish(subject, value, headers=headers or None)).seq
        except nats.errors.Error as error:
            raise self._explained(error, subject) from error

    def _explained(self, error: nats.errors.Error, subject: str) -> BusError:
        if isinstance(error, _NO_JETSTREAM):
            return BusError(f"{self.name}: the NATS server has no JetStream [start it with -js]")
        if isinstance(error, nats.js.errors.APIError):
            if error.err_code in _WRONG_REVISION:
                return NewerRevision(f"{subject}: {error.description}")
            return BusError(f"{self.name}: {error.description}")
        if isinstance(error, nats.errors.MaxPayloadError):
            return BusError(f"{self.name}: the value is larger than the server takes")
        if isinstance(error, nats.errors.TimeoutError):
            try:
                self.bus.check_allowed("publish", subject)
            except BusNotAllowed as denied:
                return denied
            return NotAcknowledged(f"{self.name}: the NATS server does not answer")
        return BusDown(str(error))


def _expecting(revision: int) -> dict[str, str]:
    return {api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(revision)}

"""Calls the store of registrations with a time limit, and saves later what could not be saved."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from ocppkit.aio import Clock, RegistrationStatus
from ocppkit.aio.lowlevel import StationRecord, await_if_needed, loggable, start_task, wait_until
from ocppkit.core import Protocol, utcnow

from ._registrations import Registrations
from ._time_limit import with_time_limit

__all__ = ["GuardedRegistrations"]

logger = logging.getLogger("ocppkit.csms")

_PATIENCE: Final = 5.0
"""Seconds that the store has; after that a boot is answered, or a station served, without it."""

_FIRST_RETRY: Final = 1.0
_LAST_RETRY: Final = 60.0
"""Seconds until what failed is tried again: they double from the first to the last. One such attempt may
take as long as the last."""

_NOT_SAVED: Final = (
    "%s: its registration (%s) could not be saved, so it is kept in memory and saved later "
    "[see the error of the store]"
)
_STILL_NOT_SAVED: Final = (
    "%s: its registration (%s) could still not be saved: %r [tried again later]"
)


class GuardedRegistrations:
    """Calls the program's `Registrations`: logs its failures, and saves later what could not be
    saved.
    """

    def __init__(self, store: Registrations, clock: Callable[[], Clock]) -> None:
        self._store = store
        self._clock = clock
        self._unsaved: dict[str, StationRecord] = {}
        self._delay = _FIRST_RETRY
        self._waiting = False
        self._tasks: set[asyncio.Task[None]] = set()

    def use(self, store: Registrations) -> None:
        """Replaces the store of registrations from now on."""
        self._store = store

    async def find(self, identity: str, protocol: Protocol | None) -> StationRecord | None:
        """Returns the record of a station, or `None`. If the store fails, the record says that the
        station's boot was accepted.
        """
        unsaved = self._unsaved.get(identity)
        if unsaved is not None:
            return unsaved
        try:
            found = await with_time_limit(self._look_up(identity), self._clock(), _PATIENCE)
        except Exception:
            # The fault is ours. To refuse billing data for it would cost more than to serve a
            # station once too often.
            logger.exception(
                "%s: its registration cannot be read, so it is served as if its boot had been "
                "accepted [see the error of the store]",
                loggable(identity),
            )
            version = "" if protocol is None else protocol.version
            return StationRecord(
                identity=identity,
                status=RegistrationStatus.ACCEPTED,
                version=version,
                time=utcnow(),
            )
        any_case = protocol is not None and protocol.identity_ignores_case
        if found is not None and found.identity != identity and not any_case:
            return None
        return found

    def save(self, record: StationRecord) -> Coroutine[Any, Any, None] | None:
        """Saves a record. Returns a coroutine that must be awaited before the boot is answered, or
        `None` if it is saved already.
        """
        try:
            saving = self._store.save(record)
        except Exception:
            logger.exception(_NOT_SAVED, loggable(record.identity), record.status)
            self._save_later(record)
            return None
        self._unsaved.pop(record.identity, None)
        return self._wait_for_saving(record, saving) if asyncio.iscoroutine(saving) else None

    async def _wait_for_saving(
        self, record: StationRecord, saving: Coroutine[Any, Any, None]
    ) -> None:
        task = self._start(self._finish_saving(record, saving))
        await wait_until(self._clock(), self._clock().time() + _PATIENCE, task)

    async def _finish_saving(
        self, record: StationRecord, saving: Coroutine[Any, Any, None]
    ) -> None:
        try:
            await saving
        except Exception:
            logger.exception(_NOT_SAVED, loggable(record.identity), record.status)
            self._save_later(record)

    def _save_later(self, record: StationRecord) -> None:
        self._unsaved[record.identity] = record
        if not self._waiting:
            self._waiting = True
            self._clock().call_at(self._clock().time() + self._delay, self._start_saving)

    def _start_saving(self) -> None:
        self._start(self._save_all())

    async def _save_all(self) -> None:
        for record in list(self._unsaved.values()):
            try:
                # One that hangs must not keep all others from being saved.
                await with_time_limit(self._save(record), self._clock(), _LAST_RETRY)
            except Exception as error:  # noqa: BLE001 - it is tried again
                identity = loggable(record.identity)
                logger.warning(_STILL_NOT_SAVED, identity, record.status, error)
                continue
            if self._unsaved.get(record.identity) is record:
                del self._unsaved[record.identity]
        self._waiting = False
        self._delay = min(self._delay * 2, _LAST_RETRY) if self._unsaved else _FIRST_RETRY
        for record in list(self._unsaved.values())[:1]:
            self._save_later(record)

    async def _look_up(self, identity: str) -> StationRecord | None:
        return await await_if_needed(self._store.find(identity))

    async def _save(self, record: StationRecord) -> None:
        await await_if_needed(self._store.save(record))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

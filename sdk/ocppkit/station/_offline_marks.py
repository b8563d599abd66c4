"""Marks messages that were made while the station was offline, as OCPP 2.x demands of
TransactionEvent.

Theory of operation: a message that is made offline is marked when it is made. One that waits in the
queue when the connection is lost is marked when its turn comes: first in the store, then it is sent
(QUE-08). A message that may have left before is in doubt: the CSMS may have it, and it knows a repeated
message by its id, so its bytes never change (MID-03). Of the messages that an earlier run of the program
left, this is the first one, every one that had failed, and every one that was sent before others that
are older; the numbers of those are a state in the store.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from ocppkit.core import OFF, Protocol, Request, encode_payload

from ._background_failures import is_failure
from ._journal import Entry, Store, Stored
from ._journal_adapter import can_replace

__all__ = ["OfflineMarker"]

logger = logging.getLogger("ocppkit.station")

_STATE: Final = "sent early"
"""The numbers of messages that were sent before older ones, with blanks between them."""

_EARLIER_RUN: Final = -1

Q = TypeVar("Q", bound=Request[Any])


class OfflineMarker:
    """Marks the messages of one station that were made while it was offline."""

    def __init__(self, protocol: Protocol, store: Store, name: str) -> None:
        self._protocol = protocol
        self._store = store
        self._name = name
        self._sent_early: set[int] = set()
        self.disconnections = 0
        """How many connections have ended: a message that was made before the last end was offline."""

        self.earlier_run = _EARLIER_RUN
        """Stands for the disconnections of an earlier run of the program."""

    def restore(self, states: Mapping[str, bytes]) -> None:
        """Reads what an earlier run of the program stored."""
        self._sent_early = set(map(int, states.get(_STATE, b"").split()))

    def may_have_left(self, stored: Stored, *, is_first: bool) -> bool:
        """Returns whether an earlier run of the program may have sent a message.

        Args:
            stored: the message.
            is_first: whether it is the oldest of its queue.
        """
        return is_first or stored.failures > 0 or stored.seq in self._sent_early

    def with_mark(self, request: Q) -> Q:
        """Returns a message with its member for "made offline" set; unchanged if it has no such
        member.
        """
        mark = self._protocol.actions[request.__ocpp_action__].offline_mark
        names = dict(zip(request.__struct_encode_fields__, request.__struct_fields__, strict=True))
        name = names.get(mark or "")
        if name is None or getattr(request, name) is not None:
            return request
        return replace(request, **{name: True})

    async def mark_stored(
        self, seq: int, entry: Entry, request: Request[Any]
    ) -> tuple[Entry, Request[Any]]:
        """Sets the mark in the stored message, and returns the message to send. # QUE-08

        If the store cannot do it, the message stays as it is: what is sent is what the store has.
        """
        marked = self.with_mark(request)
        if marked is request or not can_replace(self._store):
            return entry, request
        changed = replace(entry, payload=encode_payload(marked, policy=OFF))
        try:
            await self._store.replace(seq, changed)
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: cannot mark journal entry %d as made offline: %r [sent without the mark]",
                self._name,
                seq,
                problem,
            )
            return entry, request
        return changed, marked

    async def note_sent_early(self, seq: int, waiting: Collection[int]) -> None:
        """Stores that a message is sent before older ones.

        Args:
            seq: its number.
            waiting: the numbers of all that wait; others are forgotten.
        """
        self._sent_early = {*self._sent_early.intersection(waiting), seq}
        value = " ".join(map(str, sorted(self._sent_early))).encode()
        try:
            await self._store.commit([], {_STATE: value})
        except BaseException as problem:
            if not is_failure(problem):
                raise
            logger.error(
                "%s: cannot note in the journal that entry %d is sent early: %r [sent all the "
                "same]",
                self._name,
                seq,
                problem,
            )

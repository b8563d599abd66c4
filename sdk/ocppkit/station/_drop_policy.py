"""Chooses the messages that are removed from a full journal, by OCPP's rules.

First go messages of no transaction that are kept only because all messages are (QUE-11). Then come
reports on a running transaction: of each transaction the first, third, fifth ... (QUE-09), and in the
next round again. In 2.x these are events of type Updated whose trigger is no limit; in 1.6, which has
no rule of its own, MeterValues take their place. What begins or ends a transaction is never dropped;
its meter values in the middle are left out where that helps (QUE-10).
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from typing import Any, Final

from msgspec import MsgspecError
from msgspec.structs import replace

from ocppkit.core import (
    OFF,
    Action,
    InvalidMessage,
    InvalidOutgoing,
    Offline,
    Protocol,
    Request,
    decode_payload,
    encode_payload,
)

from ._journal import Entry, Stored

__all__ = ["DropPolicy"]

_UPDATED: Final = "Updated"
_NEVER_DROPPED: Final = frozenset(
    {
        "LimitSet",
        "CostLimitReached",
        "EnergyLimitReached",
        "TimeLimitReached",
        "SoCLimitReached",
    }
)
"""Triggers of events that tell why a transaction goes on or stops. # QUE-09"""

_READINGS: Final = ("meter_value", "transaction_data")
"""Where the message that ends a transaction has its meter values."""

_READING: Final = b'"timestamp"'
"""Each of the meter values has this member. The payload is of our own writing, so no escape hides it."""

_UPDATED_TEXT: Final = b'"Updated"'

_EXTRA: Final = 16384
"""Bytes that are freed beyond what is needed, so that not every message looks for room."""


class DropPolicy:
    """Chooses the messages that are removed from a full journal."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    async def choose(
        self, pending: AsyncIterator[Stored], needed: int, spared: Collection[int]
    ) -> list[Stored]:
        """Returns the messages to remove; an empty list if none may be removed.

        Args:
            pending: what waits.
            needed: bytes to free.
            spared: numbers of messages that are on their way.
        """
        needed += _EXTRA
        others, every_second = _DropCandidates(needed), _DropCandidates(needed)
        updates: Counter[str | None] = Counter()
        async for stored in pending:
            if stored.seq in spared:
                continue
            action = self._protocol.actions.get(stored.entry.action)
            if action is None or stored.entry.version != self._protocol.version:
                continue
            if not action.transaction_related:
                if action.offline is Offline.DROP and others.add(stored):
                    return others.chosen
            elif not every_second.are_enough and self._is_update(action, stored.entry):
                updates[stored.entry.transaction] += 1
                if updates[stored.entry.transaction] % 2:
                    every_second.add(stored)
        return _messages_to_drop([*others.chosen, *every_second.chosen], needed)

    async def shortened(
        self, pending: AsyncIterator[Stored], spared: Collection[int]
    ) -> Stored | None:
        """Returns a message without its meter values in the middle, if the journal has one that can
        be shortened.
        """
        async for stored in pending:
            entry = None if stored.seq in spared else self.without_middle(stored.entry)
            if entry is not None:
                return replace(stored, entry=entry)
        return None

    def without_middle(self, entry: Entry) -> Entry | None:
        """Returns the end of a transaction with its first and last meter values only. # QUE-10

        `None` if it has no others, or is another message.
        """
        if entry.payload.count(_READING) <= 2:
            # Most messages, and to decode each of a long journal would take seconds.
            return None
        action = self._protocol.actions.get(entry.action)
        request = None if action is None else _decoded(action, entry)
        if action is None or request is None or self._may_be_dropped(action, request):
            return None
        for name in _READINGS:
            readings = getattr(request, name, None)
            if readings and len(readings) > 2:
                shorter = replace(request, **{name: [readings[0], readings[-1]]})
                try:
                    return replace(entry, payload=encode_payload(shorter, policy=OFF))
                except InvalidOutgoing:
                    return None
        return None

    def _is_update(self, action: Action, entry: Entry) -> bool:
        if (
            action.offline is not Offline.QUEUE_IF_TRANSACTION
            and _UPDATED_TEXT not in entry.payload
        ):
            return False
        request = _decoded(action, entry)
        return request is not None and self._may_be_dropped(action, request)

    def _may_be_dropped(self, action: Action, request: Any) -> bool:
        if action.offline is Offline.QUEUE_IF_TRANSACTION:
            return True
        is_update = getattr(request, "event_type", None) == _UPDATED
        return is_update and getattr(request, "trigger_reason", None) not in _NEVER_DROPPED


def _decoded(action: Action, entry: Entry) -> Request[Any] | None:
    cls: Any = action.request
    try:
        request: Request[Any] = decode_payload(cls, entry.payload, policy=OFF)
    except (InvalidMessage, MsgspecError):
        # Its turn comes, and then it becomes a dead letter.
        return None
    return request


class _DropCandidates:
    """Messages that may be removed, collected until they free enough bytes."""

    def __init__(self, needed: int) -> None:
        self.chosen: list[Stored] = []
        self._needed = needed

    @property
    def are_enough(self) -> bool:
        """Whether the messages free as many bytes as are needed."""
        return self._needed <= 0

    def add(self, stored: Stored) -> bool:
        """Adds a message; returns whether the messages free enough bytes now."""
        self.chosen.append(stored)
        self._needed -= len(stored.entry.payload)
        return self.are_enough


def _messages_to_drop(candidates: list[Stored], needed: int) -> list[Stored]:
    freed, chosen = 0, list[Stored]()
    for each in candidates:
        if freed >= needed:
            break
        freed += len(each.entry.payload)
        chosen.append(each)
    return chosen

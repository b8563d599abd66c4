"""Reads messages back from the store, and finds those that cannot be sent."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from msgspec import MsgspecError

from ocppkit.core import (
    OFF,
    Action,
    LocalProtocolError,
    Protocol,
    RemoteProtocolError,
    Request,
    Role,
    decode_payload,
)

from ._journal import Entry, Store
from ._queued_message import QueuedMessage

__all__ = ["IN_MEMORY", "StoredMessages", "check_sender"]

IN_MEMORY: Final = 256
"""Messages of a queue that are held in memory; those behind them are read when they come nearer."""


def check_sender(action: Action) -> None:
    """Checks that a station may send a message, and that it is answered.

    Raises:
        LocalProtocolError: it is the CSMS's, or is never answered.
    """
    if Role.STATION not in action.senders:
        raise LocalProtocolError(
            "a station must not send this message, only a CSMS", action=action.name
        )
    if not action.answered:
        raise LocalProtocolError(
            "this message is never answered, so its delivery cannot be confirmed [send it "
            "without the journal]",
            action=action.name,
        )


class StoredMessages:
    """The messages in one store, decoded by one version of OCPP."""

    def __init__(self, protocol: Protocol, store: Store) -> None:
        self._protocol = protocol
        self._store = store

    async def read_entry(self, seq: int) -> Entry | None:
        """Returns the message with this number, or `None` if the store no longer has it."""
        async for stored in self._store.pending(seq - 1):
            return stored.entry if stored.seq == seq else None
        return None

    async def load(self, item: QueuedMessage, queue: Iterable[QueuedMessage]) -> None:
        """Reads a message from the store, and the next ones of its queue with it, as one read is
        faster than many.

        The message has no entry afterwards if the store has it no more.
        """
        missing = {each.seq: each for each in islice(queue, IN_MEMORY) if each.entry is None}
        missing[item.seq] = item
        looked_at = 0
        async for stored in self._store.pending(item.seq - 1):
            waiting = missing.pop(stored.seq, None)
            # It may have been shortened while the store was read.
            if waiting is not None and waiting.entry is None:
                waiting.entry = stored.entry
            looked_at += 1
            if item.entry is None or not missing or looked_at == IN_MEMORY:
                return

    def action_of(self, entry: Entry) -> Action:
        """Returns the action of a message.

        Raises:
            LocalProtocolError: this station cannot send it.
        """
        if entry.version != self._protocol.version:
            raise LocalProtocolError(
                f"the message is of OCPP {entry.version}, but this station speaks "
                f"{self._protocol.version}",
                action=entry.action,
                message_id=entry.message_id,
            )
        action = self._protocol.actions.get(entry.action)
        if action is None:
            raise LocalProtocolError(
                f"OCPP {entry.version} has no such action",
                action=entry.action,
                message_id=entry.message_id,
            )
        check_sender(action)
        return action

    def decode_request(self, entry: Entry) -> Request[Any]:
        """Returns the decoded message.

        Raises:
            LocalProtocolError: it cannot be read, or this station cannot send it.
        """
        cls: Any = self.action_of(entry).request
        try:
            request: Request[Any] = decode_payload(cls, entry.payload, policy=OFF)
        except (RemoteProtocolError, MsgspecError, TypeError, ValueError) as problem:
            raise LocalProtocolError(
                f"the stored message cannot be decoded: {problem}",
                action=entry.action,
                message_id=entry.message_id,
            ) from problem
        return request

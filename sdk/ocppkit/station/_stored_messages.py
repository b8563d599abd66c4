"""Reads messages back from the store, and tells which of them cannot be sent, and why."""

from typing import Any

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

__all__ = ["StoredMessages", "check_sender"]


def check_sender(action: Action) -> None:
    """Checks that a station may send a message and is answered.

    Raises:
        LocalProtocolError: it is the CSMS's, or is never answered.
    """
    if Role.STATION not in action.senders:
        raise LocalProtocolError("only a CSMS sends it", action=action.name)
    if not action.answered:
        raise LocalProtocolError(
            "it is never answered, so nobody can tell when it has arrived", action=action.name
        )


class StoredMessages:
    """The messages in one store, as one version of OCPP has them."""

    def __init__(self, protocol: Protocol, store: Store) -> None:
        self._protocol = protocol
        self._store = store

    async def entry(self, seq: int) -> Entry | None:
        """Returns the message with this number; `None` if the store has it no more."""
        async for stored in self._store.pending(seq - 1):
            return stored.entry if stored.seq == seq else None
        return None

    def action(self, entry: Entry) -> Action:
        """Returns the action of a message.

        Raises:
            LocalProtocolError: this station cannot send it.
        """
        if entry.version != self._protocol.version:
            raise LocalProtocolError(
                f"it is of OCPP {entry.version}, and this station speaks {self._protocol.version}",
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

    def request(self, entry: Entry) -> Request[Any]:
        """Decodes a message.

        Raises:
            LocalProtocolError: it cannot be read, or this station cannot send it.
        """
        cls: Any = self.action(entry).request
        try:
            request: Request[Any] = decode_payload(cls, entry.payload, policy=OFF)
        except (RemoteProtocolError, MsgspecError, TypeError, ValueError) as problem:
            raise LocalProtocolError(
                f"its content cannot be read: {problem}",
                action=entry.action,
                message_id=entry.message_id,
            ) from problem
        return request

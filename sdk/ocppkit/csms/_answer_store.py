"""The interface behind `Csms(answer_repeats=...)`: a store of the answers to transaction messages,
which several processes can share.
"""

import logging
from typing import Protocol

from ocppkit.aio.lowlevel import loggable
from ocppkit.core import AnswerCache, OpenCall

__all__ = ["AnswerStore", "StoredAnswers"]

logger = logging.getLogger("ocppkit.csms")


class AnswerStore(Protocol):
    """Stores answers to transaction messages, so that a message that a station repeats is answered
    again. # MID-03

    Its methods are plain and must be quick: they are called while a message is read, and before its
    answer is sent. If one raises, that is logged, and the message is handled as one that is not
    known; so a handler must bear to be called again.
    """

    def find(self, identity: str, message_id: str, digest: bytes) -> str | None:
        """Returns the stored answer to a message, or `None`.

        Args:
            identity: the station's.
            message_id: the station's.
            digest: of action and payload. An answer that was saved with another digest is of another
                message: some stations count their ids from 1 after each start.
        """
        ...

    def save(self, identity: str, message_id: str, digest: bytes, answer: str) -> None:
        """Stores an answer; replaces the one with the same identity and message id."""
        ...


class StoredAnswers(AnswerCache):
    """Keeps the answers to one station's transaction messages in memory, and in an `AnswerStore` if
    there is one.
    """

    __slots__ = ("_actions", "_identity", "_store")

    def __init__(
        self, identity: str, store: AnswerStore | None, actions: frozenset[str], seconds: float
    ) -> None:
        """Creates the memory, without answers.

        Args:
            identity: the station's.
            store: keeps answers over restarts.
            actions: the names of the actions that may belong to a transaction.
            seconds: how long an answer is kept in memory.
        """
        super().__init__(seconds=seconds)
        self._identity = identity
        self._store = store
        self._actions = actions

    def find(self, message_id: str, action: str, payload: bytes, now: float) -> str | None:
        """Returns the frame with which this call was answered before, or `None`."""
        if action not in self._actions:
            # A store is not asked about each heartbeat.
            return None
        answer = super().find(message_id, action, payload, now)
        if answer is None and self._store is not None:
            try:
                answer = self._store.find(self._identity, message_id, self.digest(action, payload))
            except Exception:  # noqa: BLE001 - the store may be the program's
                self._log_failure("find", "the message is handled as a new one")
        return answer

    def keep(self, message_id: str, call: OpenCall, text: str, now: float) -> None:
        """Stores the frame that answers a call, if the call belongs to a transaction."""
        if not call.action.transaction_related:
            return
        super().keep(message_id, call, text, now)
        if self._store is not None:
            digest = self.digest(call.action.name, call.raw)
            try:
                self._store.save(self._identity, message_id, digest, text)
            except Exception:  # noqa: BLE001 - the store may be the program's
                self._log_failure("save", "after a restart the message will be handled again")

    def _log_failure(self, method: str, effect: str) -> None:
        name = f"{type(self._store).__name__}.{method}"
        logger.exception("%s: %s failed, so %s", loggable(self._identity), name, effect)

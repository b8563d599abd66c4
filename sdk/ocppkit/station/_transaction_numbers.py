"""Puts the transaction ids that a CSMS assigns (OCPP 1.6) into messages that were made before the
ids were known.

Theory of operation: in OCPP 1.6 the answer to StartTransaction numbers the transaction. A transaction
that begins offline has no number yet, so its later messages are kept with -1 and with the same note as
its StartTransaction. The number is noted in the commit that removes StartTransaction from the journal,
and put into each of the other messages when it leaves. Which actions do this is read from their
messages: the response has a transaction id that the request has not.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ocppkit.core import Protocol, Request

from ._journal import NO_STATES, Entry

__all__ = ["TransactionNumbers"]

_MEMBER: Final = "transaction_id"
_UNKNOWN: Final = -1  # TX6-04
_PREFIX: Final = "number:"
_ENDED: Final = b" ended"

_REMEMBERED: Final = 32
"""Numbers of ended transactions that are kept, for meter values that come late."""


class TransactionNumbers:
    """The transaction ids that the CSMS has assigned to one station, by the program's note."""

    def __init__(self, protocol: Protocol) -> None:
        messages = {
            action.name: (action.request.__struct_fields__, action.response.__struct_fields__)
            for action in protocol.actions.values()
            if action.transaction_related and action.response is not None
        }
        numbered = {name: _MEMBER in response for name, (_, response) in messages.items()}
        self._starts = frozenset(
            name
            for name, (request, _) in messages.items()
            if numbered[name] and _MEMBER not in request
        )
        self._stops = frozenset(
            name
            for name, (request, _) in messages.items()
            if self._starts and _MEMBER in request and "meter_stop" in request
        )
        self._numbers: dict[str, int] = {}
        self._ended: deque[str] = deque()

    def restore(self, states: Mapping[str, bytes]) -> None:
        """Reads the ids that an earlier run of the program stored."""
        for name, value in states.items():
            if name.startswith(_PREFIX):
                note = name.removeprefix(_PREFIX)
                self._numbers[note] = int(value.removesuffix(_ENDED))
                if value.endswith(_ENDED) and note not in self._ended:
                    self._ended.append(note)

    def note_of_start(self, entry: Entry) -> str | None:
        """Returns the note of the transaction that this message starts; `None` if it starts none."""
        return entry.note if entry.action in self._starts else None

    def with_transaction_id(self, entry: Entry, request: Request[Any]) -> Request[Any]:
        """Returns a message with the id of its transaction, if that is known by now."""
        note = entry.note
        if note is None:
            return request
        if entry.action in self._starts:
            # The note may have stood for an earlier transaction.
            self._numbers.pop(note, None)
        elif getattr(request, _MEMBER, None) == _UNKNOWN and note in self._numbers:
            return replace(request, **{_MEMBER: self._numbers[note]})
        return request

    def note_answer(self, entry: Entry, answer: object) -> Mapping[str, bytes | None]:
        """Takes the transaction id from an answer, and returns the states to store with it.

        Args:
            entry: the message that was answered or given up.
            answer: the response, or the error that it ended with.
        """
        note = entry.note
        if note is not None and entry.action in self._starts:
            return {_PREFIX + note: self._note_started(note, getattr(answer, _MEMBER, None))}
        if note is not None and entry.action in self._stops and note in self._numbers:
            return self._note_stopped(note)
        return NO_STATES

    def _note_started(self, note: str, number: object) -> bytes | None:
        if note in self._ended:
            self._ended.remove(note)
        if not isinstance(number, int):
            return None
        self._numbers[note] = number
        return b"%d" % number

    def _note_stopped(self, note: str) -> Mapping[str, bytes | None]:
        states: dict[str, bytes | None] = {_PREFIX + note: b"%d" % self._numbers[note] + _ENDED}
        if note not in self._ended:
            self._ended.append(note)
        while len(self._ended) > _REMEMBERED:
            oldest = self._ended.popleft()
            self._numbers.pop(oldest, None)
            states[_PREFIX + oldest] = None
        return states

"""Keeps the latest answers on a connection, for calls that the peer repeats."""

from hashlib import blake2b

from msgspec import Struct

from ._events import OpenCall

__all__ = ["AnswerCache"]


class _Answer(Struct, frozen=True, gc=False):
    text: str
    digest: bytes
    expires: float


class AnswerCache:
    """The latest answers to the calls of one peer, so that a repeated call is answered again
    without its handler.

    A retry may have the message id of the first attempt (MID-03), often on a new connection. So create
    one cache per peer and pass it to each of its connections. A call counts as repeated if its id,
    action and payload are those of a recent call. Older calls do not count, because some chargers
    number their messages from 1 again after each start.
    """

    __slots__ = ("_answers", "_seconds", "_size")

    def __init__(self, size: int = 64, seconds: float = 300.0) -> None:
        self._size = size
        self._seconds = seconds
        self._answers: dict[str, _Answer] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, message_id: str, action: str, payload: bytes, now: float) -> str | None:
        """Returns the frame with which this call was answered, or `None` if it was not answered
        before.
        """
        answer = self._answers.get(message_id)
        if answer is None or now >= answer.expires:
            return None
        return answer.text if answer.digest == self.digest(action, payload) else None

    def keep(self, message_id: str, call: OpenCall, text: str, now: float) -> None:
        """Stores the frame that answers a call; removes the oldest one if there are too many."""
        self._answers.pop(message_id, None)
        digest = self.digest(call.action.name, call.raw)
        self._answers[message_id] = _Answer(text, digest, now + self._seconds)
        if len(self._answers) > self._size:
            del self._answers[next(iter(self._answers))]

    @staticmethod
    def digest(action: str, payload: bytes) -> bytes:
        """Returns a hash of the action and payload of a call, which is much smaller than a long
        payload.
        """
        return blake2b(action.encode() + b"\0" + payload, digest_size=16).digest()

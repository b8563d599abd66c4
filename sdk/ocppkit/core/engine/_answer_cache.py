"""A memory of answers for calls that a peer repeats."""

from hashlib import blake2b

from msgspec import Struct

from ._events import OpenCall

__all__ = ["AnswerCache"]


class _Answer(Struct, frozen=True, gc=False):
    text: str
    digest: bytes
    expires: float


class AnswerCache:
    """Answers to calls that a peer may repeat, by message id: it answers again, nothing runs again.

    A retry may carry the message id of the first attempt (MID-03), often over a new connection. So
    make one cache per peer and pass it to each of its connections. It takes a call for a repeated
    one if id, action and payload are the same as before, and not long ago: some chargers count
    their ids from 1 after each start, and a heartbeat of then is not a heartbeat of now.
    """

    __slots__ = ("_answers", "_seconds", "_size")

    def __init__(self, size: int = 64, seconds: float = 300.0) -> None:
        self._size = size
        self._seconds = seconds
        self._answers: dict[str, _Answer] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, message_id: str, action: str, payload: bytes, now: float) -> str | None:
        """Returns the frame that answered this call before."""
        answer = self._answers.get(message_id)
        if answer is None or now >= answer.expires or answer.digest != _digest(action, payload):
            return None
        return answer.text

    def keep(self, message_id: str, call: OpenCall, text: str, now: float) -> None:
        """Notes the frame that answers a call, and forgets the oldest where there are too many."""
        self._answers.pop(message_id, None)
        digest = _digest(call.action.name, call.raw)
        self._answers[message_id] = _Answer(text, digest, now + self._seconds)
        if len(self._answers) > self._size:
            del self._answers[next(iter(self._answers))]


def _digest(action: str, payload: bytes) -> bytes:
    # The payload may be a megabyte; its digest is enough to know it again.
    return blake2b(action.encode() + b"\0" + payload, digest_size=16).digest()

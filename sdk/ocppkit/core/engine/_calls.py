"""The calls of our side: one on its way, a bounded queue behind it, and a table that says what may happen.

Theory of operation: OCPP-J allows one outstanding call per direction (SYN-01). The slot for it is a
small state machine, `TRANSITIONS`; what is not in the table cannot happen, and an attempt is an
error of ours. Which answer belongs to the call is decided by its message id before the table is
asked: an answer with another id is a stray, whatever the state.

A call that we cancel stays outstanding for the peer. So it keeps the slot until its answer comes or
its time is over, and the next call waits (`ABANDONED`).
"""

from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from msgspec import Struct

from ..frames._limits import Limits
from ..model._errors import LocalProtocolError, QueueFull
from ..model._protocol import Action
from ._events import Stray
from ._replies import UNREADABLE

__all__ = ["LOST", "TRANSITIONS", "Calls", "Effect", "Input", "OutgoingCall", "Recent", "Slot"]


class Slot(StrEnum):
    """The states of the one place for an outstanding call."""

    FREE = "free"
    WAITING = "waiting"
    ABANDONED = "abandoned"
    """Cancelled by us, unanswered by the peer."""

    LOST = "lost"
    """The connection is gone."""


class Input(StrEnum):
    """What can happen to the slot."""

    ASK = "ask"
    """We want to call."""

    ANSWER = "answer"
    """An answer with the outstanding message id, good or bad."""

    STRAY = "stray"
    """An answer with any other message id."""

    EXPIRE = "expire"
    CANCEL = "cancel"
    """We give the outstanding call up."""

    LOSE = "lose"


class Effect(StrEnum):
    """What is done about it."""

    TRANSMIT = "transmit"
    QUEUE = "queue"
    DELIVER = "deliver"
    """The call ends, and whoever waits for it is told."""

    DISCARD = "discard"
    """Nobody waits for it."""

    END_ALL = "end_all"


TRANSITIONS: Final = MappingProxyType(
    {
        (Slot.FREE, Input.ASK): (Effect.TRANSMIT, Slot.WAITING),
        (Slot.FREE, Input.STRAY): (Effect.DISCARD, Slot.FREE),
        (Slot.FREE, Input.LOSE): (Effect.END_ALL, Slot.LOST),
        (Slot.WAITING, Input.ASK): (Effect.QUEUE, Slot.WAITING),
        (Slot.WAITING, Input.ANSWER): (Effect.DELIVER, Slot.FREE),
        (Slot.WAITING, Input.STRAY): (Effect.DISCARD, Slot.WAITING),
        (Slot.WAITING, Input.EXPIRE): (Effect.DELIVER, Slot.FREE),
        (Slot.WAITING, Input.CANCEL): (Effect.DELIVER, Slot.ABANDONED),
        (Slot.WAITING, Input.LOSE): (Effect.END_ALL, Slot.LOST),
        (Slot.ABANDONED, Input.ASK): (Effect.QUEUE, Slot.ABANDONED),
        (Slot.ABANDONED, Input.ANSWER): (Effect.DISCARD, Slot.FREE),
        (Slot.ABANDONED, Input.STRAY): (Effect.DISCARD, Slot.ABANDONED),
        (Slot.ABANDONED, Input.EXPIRE): (Effect.DISCARD, Slot.FREE),
        (Slot.ABANDONED, Input.LOSE): (Effect.END_ALL, Slot.LOST),
    }
)
"""State and input to deed and next state."""

_MOVES: Final = {
    state: {event: move for (other, event), move in TRANSITIONS.items() if other is state}
    for state in Slot
}
"""The same by state and then by input, which is found in a third of the time."""


class OutgoingCall(Struct, gc=False):
    """One call of ours."""

    message_id: str
    action: Action
    text: str
    """Its frame, encoded when it was asked for, so that a bad message fails at once."""

    timeout: float
    deadline: float = inf
    """Counts from the moment it is sent."""

    batch: int = -1
    """Which batch of outgoing frames it left in."""


# A member costs a tenth of a microsecond where it is asked for by its class, as Python 3.11 does it.
# So those that every frame or call needs are at hand, here and in other modules.
LOST: Final = Slot.LOST
_FREE: Final = Slot.FREE
_WAITING: Final = Slot.WAITING
_ASK: Final = Input.ASK
_ANSWER: Final = Input.ANSWER
_DELIVER: Final = Effect.DELIVER
_QUEUE: Final = Effect.QUEUE
_DOUBLED: Final = Stray.DOUBLED

T = TypeVar("T")


class Recent(dict[str, T], Generic[T]):
    """A memory of the last few message ids."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def remember(self, message_id: str, value: T) -> None:
        """Notes one id, and forgets the oldest where there are too many."""
        self[message_id] = value
        if len(self) > self._size:
            del self[next(iter(self))]


class Calls:
    """The slot, the queue behind it, and a memory of what went through."""

    __slots__ = ("_limits", "_past", "_queue", "current", "state")

    def __init__(self, limits: Limits) -> None:
        self.state = _FREE
        """The state of the slot; only this class changes it."""

        self._limits = limits
        self._queue: dict[str, OutgoingCall] = {}
        self._past: Recent[Stray] | None = None
        self.current: OutgoingCall | None = None
        """The call that the peer owes an answer to, ours to wait for or not."""

    @property
    def queued(self) -> int:
        """How many calls wait for their turn."""
        return len(self._queue)

    def __contains__(self, message_id: str) -> bool:
        """Whether a call with this id is outstanding or waits for its turn."""
        current = self.current
        return message_id in self._queue or (
            current is not None and current.message_id == message_id
        )

    def ask(self, call: OutgoingCall, now: float) -> bool:
        """Takes a call on.

        Returns:
            Whether it is to be sent now.

        Raises:
            QueueFull: too many calls wait already.
        """
        if self.state is not _FREE and len(self._queue) >= self._limits.queue:
            raise QueueFull(
                f"{self._limits.queue} calls wait for their turn already",
                action=call.action.name,
                message_id=call.message_id,
            )
        if self._step(_ASK) is _QUEUE:
            self._queue[call.message_id] = call
            return False
        call.deadline = now + call.timeout
        self.current = call
        return True

    def answer(self, message_id: str) -> OutgoingCall | Stray:
        """Takes an answer and returns its call, or why nobody waits for it."""
        current = self.current
        if current is None or current.message_id != message_id:
            self._step(Input.STRAY)
            past = None if self._past is None else self._past.get(message_id)
            return past or _nameless(message_id)
        self.current = None
        self._remember(message_id, _DOUBLED)
        return current if self._step(_ANSWER) is _DELIVER else Stray.CANCELLED

    def expire(self, now: float) -> OutgoingCall | None:
        """Ends the outstanding call if its time is over, and returns it if somebody waits for it."""
        current = self.current
        if current is None or now < current.deadline:
            return None
        waited_for = self._step(Input.EXPIRE) is _DELIVER
        self.current = None
        self._remember(current.message_id, Stray.LATE if waited_for else Stray.CANCELLED)
        return current if waited_for else None

    def cancel(self, message_id: str) -> OutgoingCall | None:
        """Gives a call up and returns it; `None` where it is over already."""
        current = self.current
        if current is not None and current.message_id == message_id:
            return current if self.state is _WAITING and self._step(Input.CANCEL) else None
        call = self._queue.pop(message_id, None)
        if call is not None:
            self._remember(message_id, Stray.CANCELLED)
        return call

    def turn(self, now: float) -> OutgoingCall | None:
        """Puts the next waiting call into the slot, if that is free, and returns it to be sent."""
        if self.state is not _FREE or not self._queue:
            return None
        call = self._queue.pop(next(iter(self._queue)))
        self.ask(call, now)
        return call

    def lose(self) -> list[OutgoingCall]:
        """Ends everything, and returns the calls that somebody waits for."""
        waited_for = [self.current] if self.current and self.state is _WAITING else []
        self._step(Input.LOSE)
        lost = [*waited_for, *self._queue.values()]
        self.current = None
        self._queue.clear()
        return lost

    def _remember(self, message_id: str, how: Stray) -> None:
        if self._past is None:
            # Not before it is needed: most connections of a CSMS never call.
            self._past = Recent(self._limits.remembered)
        self._past.remember(message_id, how)

    def _step(self, event: Input) -> Effect:
        move = _MOVES[self.state].get(event)
        if move is None:
            raise LocalProtocolError(f"{event} cannot happen while the call slot is {self.state}")
        deed, self.state = move
        return deed


def _nameless(message_id: str) -> Stray:
    return Stray.UNKNOWN_ID if message_id == UNREADABLE else Stray.OTHER_ID

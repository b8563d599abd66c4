"""The calls that our side makes on a connection: one that waits for its answer, and a queue of
further ones.

Theory of operation: OCPP-J allows one outstanding call per direction (SYN-01). It occupies the call
slot, which is a small state machine: `TRANSITIONS`. An input that the table does not have for the
current state is a mistake of our side and raises an error. The message id decides beforehand whether
an answer belongs to the outstanding call; an answer with another id is a stray in every state.

The peer does not learn that we cancel a call. So a cancelled call keeps the slot until its answer
comes or its time is over (`ABANDONED`), and the next call waits.
"""

from collections.abc import Mapping, Sequence
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
    """The states of the call slot, which holds the call that waits for its answer."""

    FREE = "free"
    WAITING = "waiting"
    ABANDONED = "abandoned"
    """The outstanding call was cancelled by us and is not yet answered by the peer."""

    LOST = "lost"
    """The connection has ended."""


class Input(StrEnum):
    """The inputs that change the state of the call slot."""

    ASK = "ask"
    """Our side makes a call."""

    ANSWER = "answer"
    """An answer with the message id of the outstanding call, valid or not."""

    STRAY = "stray"
    """An answer with any other message id."""

    EXPIRE = "expire"
    CANCEL = "cancel"
    """Our side cancels the outstanding call."""

    LOSE = "lose"


class Effect(StrEnum):
    """The effects that an input has on our calls."""

    TRANSMIT = "transmit"
    QUEUE = "queue"
    DELIVER = "deliver"
    """The call ends, and its caller is told."""

    DISCARD = "discard"
    """Nothing is told, because no caller waits for it."""

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
"""From state and input to effect and next state."""

_MOVES: Final = {
    state: {event: move for (other, event), move in TRANSITIONS.items() if other is state}
    for state in Slot
}
"""`TRANSITIONS` by state and then by input, which takes a third of the time to look up."""


class OutgoingCall(Struct, gc=False):
    """A call that our side makes."""

    message_id: str
    action: Action
    text: str
    """Its frame, encoded when the call is made, so that an invalid message raises at once."""

    timeout: float
    deadline: float = inf
    """When it counts as unanswered; set when it is sent."""

    batch: int = -1
    """Number of the batch of outgoing frames that it belongs to; -1 until it is sent."""

    overtaken: str = ""
    """Action of the call that waited in front of it, if the order of commands lets it go first."""


# Looking up a member of an enum costs a tenth of a microsecond in Python 3.11. So the members that
# every frame or call needs are globals, here and in other modules.
LOST: Final = Slot.LOST
_FREE: Final = Slot.FREE
_WAITING: Final = Slot.WAITING
_ASK: Final = Input.ASK
_ANSWER: Final = Input.ANSWER
_DELIVER: Final = Effect.DELIVER
_QUEUE: Final = Effect.QUEUE
_DOUBLED: Final = Stray.DOUBLED

_NO_ORDER: Final[Mapping[str, int]] = MappingProxyType({})

T = TypeVar("T")


class Recent(dict[str, T], Generic[T]):
    """A dictionary by message id that keeps only the latest entries."""

    __slots__ = ("_size",)

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def remember(self, message_id: str, value: T) -> None:
        """Adds an entry, and removes the oldest one if there are too many."""
        self[message_id] = value
        if len(self) > self._size:
            del self[next(iter(self))]


class Calls:
    """The call that waits for its answer, the queue of calls to send, and the ids of past calls."""

    __slots__ = ("_limits", "_past", "_queue", "_ranks", "current", "state")

    def __init__(self, limits: Limits) -> None:
        self.state = _FREE
        """The state of the slot; only this class changes it."""

        self._limits = limits
        self._queue: dict[str, OutgoingCall] = {}
        self._ranks: Mapping[str, int] = _NO_ORDER
        self._past: Recent[Stray] | None = None
        self.current: OutgoingCall | None = None
        """The outstanding call, cancelled or not."""

    @property
    def queued(self) -> int:
        """The number of calls in the queue."""
        return len(self._queue)

    def __contains__(self, message_id: str) -> bool:
        """Returns whether a call with this id waits for its answer or in the queue."""
        current = self.current
        return message_id in self._queue or (
            current is not None and current.message_id == message_id
        )

    def ask(self, call: OutgoingCall, now: float) -> bool:
        """Puts a call into the slot, or into the queue if the slot is taken.

        Returns:
            Whether it has to be sent now.

        Raises:
            QueueFull: too many calls wait already.
        """
        if self.state is not _FREE and len(self._queue) >= self._limits.queue:
            raise QueueFull(
                f"{self._limits.queue} calls are waiting already [wait for one of them, or raise "
                "Limits.queue]",
                action=call.action.name,
                message_id=call.message_id,
            )
        if self._change_state(_ASK) is _QUEUE:
            self._queue[call.message_id] = call
            return False
        call.deadline = now + call.timeout
        self.current = call
        return True

    def answer(self, message_id: str) -> OutgoingCall | Stray:
        """Ends the call with this message id and returns it; if no caller waits for the answer,
        returns the reason.
        """
        current = self.current
        if current is None or current.message_id != message_id:
            self._change_state(Input.STRAY)
            past = None if self._past is None else self._past.get(message_id)
            return past or _unknown_stray(message_id)
        self.current = None
        self._remember(message_id, _DOUBLED)
        return current if self._change_state(_ANSWER) is _DELIVER else Stray.CANCELLED

    def expire(self, now: float) -> OutgoingCall | None:
        """Ends the call in the slot if its time is over; returns it if its caller still waits."""
        current = self.current
        if current is None or now < current.deadline:
            return None
        waited_for = self._change_state(Input.EXPIRE) is _DELIVER
        self.current = None
        self._remember(current.message_id, Stray.LATE if waited_for else Stray.CANCELLED)
        return current if waited_for else None

    def cancel(self, message_id: str) -> OutgoingCall | None:
        """Cancels a call and returns it; returns `None` if the call has ended already."""
        current = self.current
        if current is not None and current.message_id == message_id:
            return current if self.state is _WAITING and self._change_state(Input.CANCEL) else None
        call = self._queue.pop(message_id, None)
        if call is not None:
            self._remember(message_id, Stray.CANCELLED)
        return call

    def use_order(self, actions: Sequence[str]) -> None:
        """Sets an order of actions, in which waiting calls are sent."""
        self._ranks = {name: rank for rank, name in enumerate(actions)} if actions else _NO_ORDER

    def next_to_send(self, now: float) -> OutgoingCall | None:
        """Moves the next call from the queue into the slot, if the slot is free, and returns the
        call.
        """
        if self.state is not _FREE or not self._queue:
            return None
        first = next(iter(self._queue.values()))
        call = self._first_by_order(first) if self._ranks else first
        if call is not first:
            call.overtaken = first.action.name
        del self._queue[call.message_id]
        self.ask(call, now)
        return call

    def _first_by_order(self, first: OutgoingCall) -> OutgoingCall:
        ranks = self._ranks
        if first.action.name not in ranks:
            return first
        named = (call for call in self._queue.values() if call.action.name in ranks)
        return min(named, key=lambda call: ranks[call.action.name])

    def lose(self) -> list[OutgoingCall]:
        """Ends all calls, and returns those whose callers still wait."""
        waited_for = [self.current] if self.current and self.state is _WAITING else []
        self._change_state(Input.LOSE)
        lost = [*waited_for, *self._queue.values()]
        self.current = None
        self._queue.clear()
        return lost

    def _remember(self, message_id: str, how: Stray) -> None:
        if self._past is None:
            # Created on demand, because on most connections a CSMS never makes a call.
            self._past = Recent(self._limits.remembered)
        self._past.remember(message_id, how)

    def _change_state(self, event: Input) -> Effect:
        move = _MOVES[self.state].get(event)
        if move is None:
            raise LocalProtocolError(f"the call slot is {self.state}, so {event} is not possible")
        effect, self.state = move
        return effect


def _unknown_stray(message_id: str) -> Stray:
    return Stray.UNKNOWN_ID if message_id == UNREADABLE else Stray.OTHER_ID

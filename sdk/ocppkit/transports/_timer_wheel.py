"""A timer wheel: one timer that calls every connection of an event loop once per interval."""

import asyncio
import logging
from typing import Final, Protocol

__all__ = ["Pingable", "Slot", "TimerWheel"]

logger = logging.getLogger("ocppkit.transports")

_SLOTS: Final = 64
"""Into how many steps a wheel divides its interval."""

_MOST_AT_ONCE: Final = _SLOTS // 2
"""How many steps are taken at once where the event loop is late: a member is called after half an
interval at the earliest."""


class Pingable(Protocol):
    """A connection that must be called once per interval."""

    def on_interval(self) -> None:
        """Called once per interval. A member that raises is removed from the wheel."""
        ...


Slot = set[Pingable]
"""The members that are called in the same step; a member leaves by removing itself."""


class TimerWheel:
    """Calls each member once per interval, with one timer for all members."""

    def __init__(self, interval: float) -> None:
        self._step = interval / _SLOTS
        self._slots: list[Slot] = [set() for _ in range(_SLOTS)]
        self._next = 0
        self._due = 0.0
        self._ticking = False

    def join(self, member: Pingable) -> Slot:
        """Adds a member. Its first call comes after about one interval."""
        slot = self._slots[self._next - 1]
        slot.add(member)
        if not self._ticking:
            self._ticking = True
            self._due = asyncio.get_running_loop().time() + self._step
            self._schedule()
        return slot

    def _schedule(self) -> None:
        # The timer handle is not kept: it would keep the event loop alive, whose end must be the
        # end of this wheel.
        asyncio.get_running_loop().call_at(self._due, self._tick)

    def _tick(self) -> None:
        slots = self._due_slots()
        self._ticking = any(self._slots)
        if self._ticking:
            # Scheduled before any member is called: whatever a member raises, the others are
            # called in the next steps.
            self._schedule()
        for slot in slots:
            for member in tuple(slot):
                _call_member(member, slot)

    def _due_slots(self) -> list[Slot]:
        """Returns the slots whose time has come: several if the event loop was busy."""
        now = asyncio.get_running_loop().time()
        late = max(0, int((now - self._due) / self._step))
        steps = 1 + min(late, _MOST_AT_ONCE)
        slots = [self._slots[(self._next + step) % _SLOTS] for step in range(steps)]
        self._next = (self._next + steps) % _SLOTS
        # What is too late to be made good is left out.
        self._due = now + self._step if late >= steps else self._due + steps * self._step
        return slots


def _call_member(member: Pingable, slot: Slot) -> None:
    try:
        member.on_interval()
    except Exception:
        slot.discard(member)
        logger.exception(
            "the interval timer of a connection failed and is stopped [the timers of other "
            "connections go on]"
        )

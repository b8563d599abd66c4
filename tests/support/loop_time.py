"""Moves the time of the running event loop, so that a test decides when its timers run."""

import asyncio

from ocppkit.testing import settle

__all__ = ["LoopTime"]


class LoopTime:
    """Moves the time of an event loop that runs at its ordinary speed otherwise."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._moved = 0.0
        self._time = loop.time
        loop.time = self._now  # type: ignore[method-assign]

    def _now(self) -> float:
        return self._time() + self._moved

    async def advance(self, seconds: float) -> None:
        """Moves the time on, and lets the timers run that are due then."""
        self._moved += seconds
        await settle()

"""Logs exceptions of functional blocks, so that they do not stop the other blocks."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from ocppkit.blocks import Block, Moment

__all__ = ["BlockFailures"]

logger = logging.getLogger("ocppkit.station")

_PAUSE: Final = 10.0
"""Seconds after which a block is told again that time is up, if that has failed."""


class BlockFailures:
    """Logs the exceptions of the functional blocks of one station."""

    def __init__(self, name: str) -> None:
        """Creates an object for one station.

        Args:
            name: the station, as it may stand in a log.
        """
        self._name = name
        self._repeat_at: dict[str, float] = {}

    @contextmanager
    def logged(self, block: Block) -> Generator[None]:
        """Returns a context manager that logs exceptions raised while the block is called.

        Args:
            block: the block that is told.
        """
        try:
            yield
        except Exception:
            logger.exception(
                "%s: the functional block %r raised an exception [the other blocks go on]",
                self._name,
                block.name,
            )

    def deadline_of(self, block: Block, now: Moment) -> float | None:
        """Returns the time at which a block's timeout must be handled, on the monotonic clock;
        `None` for never.
        """
        due: float | None = None
        with self.logged(block):
            due = block.next_deadline(now)
        return None if due is None else max(due, self._repeat_at.get(block.name, due))

    def handle_timeout_of(self, block: Block, now: Moment) -> None:
        """Calls a block's `handle_timeout` if its time has come; repeats that later if it fails."""
        due = self.deadline_of(block, now)
        if due is not None and due <= now.monotonic:
            # What has failed may stay due.
            self._repeat_at[block.name] = now.monotonic + _PAUSE
            with self.logged(block):
                block.handle_timeout(now)
                del self._repeat_at[block.name]

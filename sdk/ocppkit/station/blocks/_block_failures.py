"""Failures of functional blocks where no caller can take them: they are logged, and all else goes on."""

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
    """The failures of the blocks of one station."""

    def __init__(self, name: str) -> None:
        """Begins without any.

        Args:
            name: the station, as it may stand in a log.
        """
        self._name = name
        self._told_again: dict[str, float] = {}

    @contextmanager
    def contained(self, block: Block) -> Generator[None]:
        """Logs what telling a block something raises.

        Args:
            block: the block that is told.
        """
        try:
            yield
        except Exception:
            logger.exception(
                "%s: functional block %r failed [the others go on]",
                self._name,
                block.name,
            )

    def due(self, block: Block, now: Moment) -> float | None:
        """Returns when a block is to be told that time is up, on the monotonic clock; `None` if never."""
        due: float | None = None
        with self.contained(block):
            due = block.next_deadline(now)
        return None if due is None else max(due, self._told_again.get(block.name, due))

    def tell_time_is_up(self, block: Block, now: Moment) -> None:
        """Tells a block that time is up, if it is; after a failure not at once again."""
        due = self.due(block, now)
        if due is not None and due <= now.monotonic:
            # What has failed may stay due.
            self._told_again[block.name] = now.monotonic + _PAUSE
            with self.contained(block):
                block.handle_timeout(now)
                del self._told_again[block.name]

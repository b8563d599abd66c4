"""Gives each worker of pytest-xdist whole units of tests.

pytest-xdist has `--dist loadgroup` for this; with pytest 9.2 it no longer groups anything, and says nothing
about it.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from .rooms import unit_of

__all__ = ["UnitScheduling"]


class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a worker one unit after the other, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        """Keeps the order of the tests; by default units with many tests come first."""
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

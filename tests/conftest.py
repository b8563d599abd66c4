"""What holds for all tests: Hypothesis without a clock, and by folder the markers and time limits."""

import gc

import pytest
from hypothesis import HealthCheck, settings

from support.rooms import RUNTIME, SHORT, SHORT_SECONDS, TRANSPORT, is_in

# Both are guards by the clock: generating data or running one example takes longer where other
# processes have the cores, and says nothing about the code under test.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by its folder; a limit that stands at the test itself is kept."""
    for item in items:
        path = item.path.as_posix()
        if is_in(path, RUNTIME):
            item.add_marker(pytest.mark.runtime)
        if is_in(path, TRANSPORT):
            item.add_marker(pytest.mark.transport)
        if is_in(path, SHORT) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SHORT_SECONDS))


def pytest_collection_finish() -> None:
    """Takes all that was imported out of the garbage collector's sight, so that collecting after a test is quick."""
    gc.collect()
    gc.freeze()

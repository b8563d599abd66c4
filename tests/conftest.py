"""What holds for all tests: Hypothesis without a clock, and by folder the markers, time limits and workers."""

import gc
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ocppkit.core import Protocol
from support.rooms import RUNTIME, SHORT, SHORT_SECONDS, TOGETHER, TRANSPORT, is_in, unit_of

# Both are guards by the clock: generating data or running one example takes longer where other
# processes have the cores, and says nothing about the code under test.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by its folder; a limit that stands at the test itself is kept."""
    # A worker that began with a whole folder at the end would let the others wait.
    items.sort(key=lambda item: unit_of(item.nodeid) not in TOGETHER)
    for item in items:
        path = item.path.as_posix()
        if is_in(path, RUNTIME):
            item.add_marker(pytest.mark.runtime)
        if is_in(path, TRANSPORT):
            item.add_marker(pytest.mark.transport)
        if is_in(path, SHORT) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SHORT_SECONDS))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a version by its number; its text holds addresses, and workers could not agree on the tests."""
    return val.version if isinstance(val, Protocol) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keeps tests that share something on one worker."""
    from support.scheduling import UnitScheduling

    return UnitScheduling(config, log)


@pytest.fixture(scope="module", autouse=True)
def _collected() -> None:
    """Takes what earlier modules made out of the garbage collector's sight, so that collecting after a test is quick."""
    gc.collect()
    gc.freeze()

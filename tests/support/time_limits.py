"""A bound on every test that waits: a hang fails here instead of hanging the whole run."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

__all__ = ["bounded"]

SECONDS = 30


def _fail(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"this test takes more than {SECONDS} seconds")


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Fails a test that hangs."""
    before = signal.signal(signal.SIGALRM, _fail)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

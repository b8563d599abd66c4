"""The frame fuzzer: a short run of it, and that it would notice."""

from collections.abc import Callable
from typing import Any

import pytest

from fuzz import Fuzzer
from ocppkit.core import Connection


def test_a_short_run() -> None:
    fuzzer = Fuzzer(seed=20)
    for _ in range(5000):
        assert fuzzer.feed() is None
    fuzzer.finish()
    assert {"AnswerIgnored", "CallEnded", "CallReceived", "FrameRefused", "ResultReceived"} <= set(
        fuzzer.seen
    )


def test_a_seed_gives_the_same_frames() -> None:
    seen = []
    for seed in (7, 7, 8):
        fuzzer = Fuzzer(seed)
        for _ in range(300):
            fuzzer.feed()
        seen.append(fuzzer.seen)
    assert seen[0] == seen[1] != seen[2]


def input_closed(connection: Connection, data: Any, now: float, *, binary: bool = False) -> None:
    """Takes a frame and says nothing."""


def brittle(connection: Connection, data: Any, now: float, *, binary: bool = False) -> None:
    """Raises over a frame."""
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("broken", "problem"), [(input_closed, "nothing happened"), (brittle, "ZeroDivisionError")]
)
def test_a_broken_engine_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[..., None], problem: str
) -> None:
    monkeypatch.setattr(Connection, "receive_data", broken)
    finding = Fuzzer(seed=1).feed()
    assert finding is not None
    assert problem in finding.problem
    assert (finding.seed, finding.number) == (1, 1)

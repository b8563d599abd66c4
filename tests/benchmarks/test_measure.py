"""Turns, medians and ratios."""

import pytest

from speed import measure
from speed.findings import Book
from speed.growth import steepest
from speed.load import masked, percentile
from speed.measure import Spread, Work, measure_in_turns, ratios, spread


def test_a_spread_is_the_median_and_the_extremes() -> None:
    assert spread([3.0, 1.0, 2.0, 9.0, 4.0]) == Spread(3.0, 1.0, 9.0)


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([1.0, 2.0], [10.0, 10.0]) == (10.0, 5.0)


def test_work_calls_with_its_arguments_as_often_as_it_is_told() -> None:
    seen: list[tuple[int, str]] = []
    work = Work(lambda one, two: seen.append((one, two)), 1, "x")

    assert work.seconds(3) >= 0

    assert seen == [(1, "x")] * 3


def test_contestants_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(measure, "enough_calls", lambda work, seconds: 1)

    def elsewhere() -> float:
        order.append("c")
        return 0.5

    costs = measure_in_turns(
        {name: Work(order.append, name) for name in "ab"},
        rounds=3,
        seconds=1.0,
        others={"c": elsewhere},
    )

    assert order == ["c", *"abc" * 3]  # whoever compiles first is warmed up
    assert [len(values) for values in costs.values()] == [3, 3, 3]
    assert costs["c"] == [0.5] * 3


def test_calls_are_made_until_they_take_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(int)
    monkeypatch.setattr(work, "seconds", lambda calls: calls * 0.001)

    calls = measure.enough_calls(work, 1.0)

    assert 500 <= calls <= 1000


def test_a_peer_that_costs_more_makes_us_faster_and_a_floor_less_of_a_share() -> None:
    book = Book()
    costs = {"ours": [2.0, 4.0], "theirs": [20.0, 20.0]}

    book.faster("g", "what", costs, "ours", "theirs")
    book.share("g", "what", costs, "theirs", "ours")

    assert [finding.values for finding in book.findings] == [(10.0, 5.0), (10.0, 5.0)]


def test_a_note_is_told_once() -> None:
    told: list[str] = []
    book = Book(say=told.append)

    book.note("x")
    book.note("x")

    assert told == book.notes == ["x"]


def test_a_straight_line_grows_with_the_first_power_and_a_knee_shows() -> None:
    assert steepest([1, 10, 100], [[7], [70], [700]]) == (1.0,)
    assert steepest([1, 10, 100], [[7], [70], [70 * 100]]) == (2.0,)


def test_a_step_is_steep_if_it_is_in_most_rounds() -> None:
    costs = [[1, 1, 1], [10, 1000, 10], [1000, 100000, 1000]]
    assert steepest([1, 10, 100], costs) == (2.0, 2.0, 2.0)


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(at) for at in range(100)]

    assert percentile(values, 0.5) == 50.0
    assert percentile(values, 0.99) == 99.0
    assert percentile([1.0], 0.99) == 1.0


def test_frames_are_masked_as_a_client_must() -> None:
    for size in (1, 125, 126, 70_000):
        text = "x" * size
        data = masked(text)
        start = {1: 2, 125: 2, 126: 4, 70_000: 10}[size]
        mask, body = data[start : start + 4], data[start + 4 :]
        assert data[1] & 0x80
        assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(body)).decode() == text

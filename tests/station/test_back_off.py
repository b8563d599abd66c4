"""How long a station waits before it connects again: REC-01 to REC-03."""

from itertools import islice, pairwise
from random import Random

from ocppkit.station import BackOff


def test_rec_02_the_wait_is_doubled_some_times_and_then_kept() -> None:
    back_off = BackOff(wait_minimum=10, random_range=0, repeat_times=3)
    assert list(islice(back_off.waits(lambda: 0.5), 6)) == [10, 20, 40, 80, 80, 80]


def test_rec_01_the_first_wait_is_the_minimum_and_some_chance() -> None:
    back_off = BackOff(wait_minimum=10, random_range=4, repeat_times=0)
    assert list(islice(back_off.waits(lambda: 0.25), 3)) == [11, 11, 11]


def test_each_wait_is_at_least_twice_the_one_before() -> None:
    # TC_B_57_CS
    back_off = BackOff(wait_minimum=3, random_range=20, repeat_times=8)
    waits = list(islice(back_off.waits(Random(7).random), 9))
    assert all(second >= 2 * first for first, second in pairwise(waits))


def test_the_last_wait_is_kept_with_its_chance() -> None:
    back_off = BackOff(wait_minimum=10, random_range=10, repeat_times=1)
    numbers = iter([0.1, 0.2])
    assert list(islice(back_off.waits(lambda: next(numbers)), 5)) == [11, 24, 24, 24, 24]

"""A fleet gets in while an attacker guesses at full speed from its own address."""

import pytest

from support.brute_force import trial


@pytest.mark.asyncio
@pytest.mark.parametrize("by_proxy", [False, True], ids=["direct", "by-proxy"])
async def test_every_good_station_is_in_within_two_seconds(by_proxy: bool) -> None:
    figures = await trial(stations=40, attackers=1, by_proxy=by_proxy)
    assert figures.first < 2, figures
    assert figures.again < 2, figures
    # It was an attack, and nobody guessed anything.
    assert sum(figures.refused.values()) > 300, figures
    assert not figures.refused[101], figures
    assert figures.refused[429], figures

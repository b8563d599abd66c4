"""A fleet gets in while an attacker guesses at full speed from its own address."""

import pytest

from support.brute_force import trial


@pytest.mark.asyncio
async def test_every_good_station_is_in_within_two_seconds() -> None:
    figures = await trial(stations=40, attackers=1)
    assert figures.first < 2, figures
    assert figures.again < 2, figures
    # It was an attack, and nobody guessed anything.
    assert sum(figures.refused.values()) > 300, figures
    assert not figures.refused[101], figures
    assert figures.refused[429], figures

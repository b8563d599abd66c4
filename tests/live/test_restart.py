"""A CSMS that was killed and started again loses no billing data; `make trial-restart` is the large trial."""

import pytest

from support.restart_trial import trial

pytestmark = pytest.mark.timeout(90)


@pytest.mark.asyncio
async def test_with_registrations_in_a_file_nobody_is_refused() -> None:
    figures = await trial(30, in_file=True)
    assert figures.answered == {"ocpp1.6": 10, "ocpp2.0.1": 10, "ocpp2.1": 10}, str(figures)
    assert not figures.refused
    assert figures.stored == 30
    assert figures.lines == 0


@pytest.mark.asyncio
async def test_without_a_file_1_6_is_served_and_2_x_must_boot() -> None:
    figures = await trial(30, in_file=False)
    assert figures.answered == {"ocpp1.6": 10}, str(figures)
    assert figures.refused == {"ocpp2.0.1": 10, "ocpp2.1": 10}, str(figures)
    # The log says once per refused station what to do.
    assert figures.lines == 20

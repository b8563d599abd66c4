"""What becomes of an alteration where its place is missing, or holds something else than the schema has."""

import pytest

from ocppkit import v16, v201
from ocppkit.core import Alteration
from ocppkit.core.payloads._altering import altered

ICCID = Alteration(
    message=v201.BootNotificationRequest, path="$.chargingStation.modem.iccid", shorten_to=2
)
VALUES = Alteration(
    message=v16.MeterValuesRequest, path="$.meterValue[*].sampledValue[*].value", shorten_to=2
)


@pytest.mark.parametrize(
    ("alteration", "data", "sent"),
    [
        (ICCID, b'{"chargingStation":{"modem":{"iccid":"8949"}}}', b'"89"'),
        (VALUES, b'{"meterValue":[{"sampledValue":[{"value":"1600"},{"unit":"W"}]}]}', b'"16"'),
    ],
)
def test_a_text_is_shortened_wherever_it_is(
    alteration: Alteration, data: bytes, sent: bytes
) -> None:
    changes: list[str] = []
    assert sent in altered(data, [alteration], changes)
    assert changes == [alteration.change]


@pytest.mark.parametrize(
    ("alteration", "data"),
    [
        (ICCID, b'{ "reason": "PowerUp" }'),
        (ICCID, b'{"chargingStation": {}}'),
        (ICCID, b'{"chargingStation": {"modem": "none"}}'),
        (ICCID, b'{"chargingStation": {"modem": {"iccid": 8949}}}'),
        (VALUES, b'{"meterValue": "none"}'),
    ],
)
def test_anything_else_is_sent_as_it_is(alteration: Alteration, data: bytes) -> None:
    """A message of a program that does not check what it sends may hold anything."""
    changes: list[str] = []
    assert altered(data, [alteration], changes) == data
    assert changes == []

"""A CSMS chooses the quirks of a station by its boot, or by what it remembers of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocppkit import v16
from ocppkit.core import LENIENT, OFF, Policies
from ocppkit.csms import MemoryRegistrations
from ocppkit.quirks import AlteredMessage, Deviations, QuirkFileError, Quirks
from ocppkit.testing import settle

Make = Callable[..., Any]

OWN = """
[[profile]]
name = "wall"
vendor = "ACME"
lenient = true

[[profile.sends]]
version = "1.6"
action = "ChangeConfiguration"
path = "$.value"
shorten_to = 3

[[profile.orders]]
version = "1.6"
actions = ["ClearCache", "ChangeConfiguration"]
"""
STATUS = [2, "s", "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Odd"}]
ACCEPTED: list[Any] = [3, "s", {}]


def boot(vendor: str) -> list[Any]:
    return [2, "b", "BootNotification", {"chargePointModel": "M", "chargePointVendor": vendor}]


@pytest.fixture
def quirks(tmp_path: Path) -> Quirks:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    return Quirks(path)


@pytest.fixture
def made(make_csms: Make, quirks: Quirks) -> Make:
    """Returns what makes a CSMS with a handler of StatusNotification."""

    def make(**options: Any) -> Any:
        csms = make_csms(v16.PROTOCOL, unknown="serve", quirks=quirks, **options)

        @csms.on(v16.StatusNotificationRequest)
        def status(_: Any, request: v16.StatusNotificationRequest) -> Any:
            return v16.StatusNotificationResponse()

        return csms

    return make


async def change(csms: Any, raw: Any) -> str:
    """Lets a CSMS change a setting, and returns the value that was sent."""
    call = asyncio.ensure_future(
        csms.stations.get("CP001").call(v16.ChangeConfigurationRequest(key="K", value="longer"))
    )
    ((_, message_id, _, payload),) = await raw.says()
    await raw.says([3, message_id, {"status": "Accepted"}])
    assert (await call).status == "Accepted"
    return str(payload["value"])


@pytest.mark.asyncio
async def test_a_profile_is_chosen_by_the_boot(
    made: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ocppkit.csms")
    deviations = Deviations()
    csms = made(observer=deviations)
    raw = await station(csms, subprotocol="ocpp1.6")
    ((_, _, code, *_),) = await raw.says(STATUS)
    assert code == "PropertyConstraintViolation"
    await raw.says(boot("Acme"))
    assert await raw.says(STATUS) == [ACCEPTED]
    assert await change(csms, raw) == "lon"
    (line,) = [each.getMessage() for each in caplog.records if "quirks" in each.getMessage()]
    assert line == (
        "CP001: quirks of the profile 'wall' are used: vendor 'Acme', model 'M', firmware ''; altered in "
        "what is sent: ChangeConfigurationRequest $.value cut to 3 characters; sent in this order if they "
        "wait at the same time: ClearCache, ChangeConfiguration"
    )
    assert deviations.altered("CP001") == {
        AlteredMessage("ChangeConfiguration", "$.value cut to 3 characters"): 1
    }
    assert deviations.of("CP001").total() == 2


@pytest.mark.asyncio
async def test_other_stations_are_left_alone(made: Make, station: Make) -> None:
    csms = made()
    raw = await station(csms, subprotocol="ocpp1.6")
    await raw.says(boot("Other"))
    ((number, *_),) = await raw.says(STATUS)
    assert number == 4
    assert await change(csms, raw) == "longer"


@pytest.mark.asyncio
async def test_a_profile_is_chosen_by_what_is_remembered(made: Make, station: Make) -> None:
    registrations = MemoryRegistrations()
    raw = await station(made(registrations=registrations), subprotocol="ocpp1.6")
    await raw.says(boot("ACME"))
    raw.wire.cut()
    await settle()
    csms = made(registrations=registrations)
    raw = await station(csms, subprotocol="ocpp1.6")
    assert await raw.says(STATUS) == [ACCEPTED]
    assert await change(csms, raw) == "lon"
    # A boot that says otherwise takes the profile back.
    await raw.says(boot("Other"))
    assert await change(csms, raw) == "longer"
    ((number, *_),) = await raw.says(STATUS)
    assert number == 4


@pytest.mark.asyncio
async def test_a_profile_adds_to_the_policies_of_a_station(made: Make, station: Make) -> None:
    def policies(identity: str) -> Policies:
        return Policies(inbound=LENIENT, outbound=OFF)

    csms = made(policies=policies)
    raw = await station(csms, subprotocol="ocpp1.6")
    await raw.says(boot("ACME"))
    assert await change(csms, raw) == "lon"
    await raw.says(boot("Other"))
    assert await raw.says(STATUS) == [ACCEPTED]


def test_quirks_that_fit_no_message_are_refused_at_once(make_csms: Make, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("$.value", "$.worth"), "utf-8")
    with pytest.raises(QuirkFileError, match="ChangeConfigurationRequest has no"):
        make_csms(v16.PROTOCOL, quirks=Quirks(path))

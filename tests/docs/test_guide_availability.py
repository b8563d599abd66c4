"""The guides on availability and remote control do what they say."""

import pytest

from ocppkit.testing import connected, settle
from support.guide_code import executed


@pytest.mark.asyncio
async def test_the_csms_sees_the_statuses_and_closes_an_evse() -> None:
    names = executed("guides/availability.md")
    statuses, csms = names["statuses"], names["csms"]
    async with names["blocks"], connected(names["station"], csms):
        await names["station"].wait_accepted()
        await settle()
        assert statuses == {("CP001", 1, 1): "Available", ("CP001", 2, 1): "Available"}
        names["plugged_in"](1)
        await settle()
        assert statuses["CP001", 1, 1] == "Occupied"
        names["ground_failure"](2)
        await settle()
        assert statuses["CP001", 2, 1] == "Faulted"
        names["repaired"](2)
        handle = csms.stations.get("CP001")
        assert await names["close"](handle, 2) == "Accepted"
        await settle()
        assert statuses["CP001", 2, 1] == "Unavailable"
        assert names["lights"] == {2: False}


@pytest.mark.asyncio
async def test_the_csms_helps_a_driver() -> None:
    names = executed("guides/remote-control.md")
    station, csms = names["station"], names["csms"]
    async with names["blocks"], connected(station, csms):
        await station.wait_accepted()
        await settle()
        handle = csms.stations.get("CP001")
        assert await names["help_driver"](handle) == ["Unlocked", "Accepted", "Accepted"]
        await settle()
        assert names["opened"] == [1]
        assert station.boot.reason == "RemoteReset"
    assert names["certificates"] == ["-----BEGIN CERTIFICATE REQUEST-----"]

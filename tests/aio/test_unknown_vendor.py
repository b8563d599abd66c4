"""A DataTransfer that nobody handles is answered with UnknownVendorId, in all versions and both roles."""

from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.aio._unknown_vendor import unknown_vendor_handlers
from ocppkit.core import Role
from support.live_pair import line

VERSIONS = (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("sender", [Role.STATION, Role.CSMS])
async def test_dtx_01_an_unknown_vendor(version: str, sender: Role) -> None:
    async with line(version, missing="DataTransfer") as both:
        replies: list[Any] = await both.says(sender, '[2,"d","DataTransfer",{"vendorId":"ACME"}]')
    assert replies == [[3, "d", {"status": "UnknownVendorId"}]]


def test_every_version_has_the_status() -> None:
    handlers = unknown_vendor_handlers(VERSIONS)
    assert [request.__ocpp_action__ for request in handlers] == ["DataTransfer"] * 3


def test_a_version_that_cannot_say_so_gets_no_handler() -> None:
    heartbeat = {"DataTransfer": v201.PROTOCOL.actions["Heartbeat"]}
    selections = [replace(v201.PROTOCOL, actions=actions) for actions in (heartbeat, {})]
    assert unknown_vendor_handlers(selections) == {}

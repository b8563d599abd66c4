"""A station of a package that was generated for a selection of actions."""

import pytest
from msgspec.structs import replace

from ocppkit import v201
from ocppkit.core import LocalProtocolError
from ocppkit.station import Station


def test_a_station_without_heartbeat_says_how_to_generate_it() -> None:
    actions = {name: a for name, a in v201.PROTOCOL.actions.items() if name != "Heartbeat"}
    protocol = replace(v201.PROTOCOL, actions=actions, package="acme.slim")
    boot = v201.BootNotificationRequest(
        charging_station=v201.ChargingStationType(model="M", vendor_name="V"),
        reason=v201.BootReasonEnumType.POWER_UP,
    )
    with pytest.raises(LocalProtocolError, match=r"acme\.slim has no Heartbeat.*--only"):
        Station("CP001", protocol, boot, insecure=True)

"""New credentials while the station runs: it connects anew at once, without a boot. # A01, BOOT-26"""

import base64
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import HandshakeRefused, LocalProtocolError
from ocppkit.station import BackOff, NetworkProfile
from ocppkit.testing import FakeClock, settle
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options = {"back_off": BackOff(random_range=0, repeat_times=0)} | options
    return ChargingStation("CP001", model="M", vendor_name="V", clock=clock, **options)


def password_of(request: Any) -> str:
    ((_, value),) = request.headers
    return base64.b64decode(value.removeprefix(b"Basic ")).decode().partition(":")[2]


@pytest.mark.asyncio
async def test_a01_a_new_password_needs_no_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, password="old", raise_security_events=False)
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]
        station.reconnect(password="new")
        assert await csms.calls() == []
        assert csms.attempts == [0, 0]
        assert [password_of(request) for request in csms.requests] == ["old", "new"]
        assert station.connected
        # It stays, also over a restart.
        station.restart()
        assert await csms.calls() == ["BootNotification"]
        assert password_of(csms.requests[-1]) == "new"
        station.restart(network="ws://csms")
        await settle()
        assert password_of(csms.requests[-1]) == "new"


@pytest.mark.asyncio
async def test_a_profile_s_own_password_is_left_alone(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, password="old")
    own = NetworkProfile("ws://csms", password="own")
    running = station.run([own, "ws://csms"], csms.connect)
    async with running_beside(running):
        await settle()
        station.reconnect(password="new")
        await settle()
        assert [password_of(request) for request in csms.requests] == ["own", "own"]


@pytest.mark.asyncio
async def test_a_new_tls_context(fake_csms: Make) -> None:
    clock = FakeClock()
    first, second = ssl.create_default_context(), ssl.create_default_context()
    station = make(clock, ssl=first, client_certificate=True, raise_security_events=False)
    csms = fake_csms(clock)
    async with running_beside(station.run("wss://csms", csms.connect)):
        await settle()
        station.reconnect(ssl=second)
        await settle()
        assert [request.ssl for request in csms.requests] == [first, second]
        assert (await csms.calls()) == ["BootNotification"]
        # SEC-04: a profile with lower security than before is refused, and nothing changes.
        with pytest.raises(LocalProtocolError):
            station.reconnect(client_certificate=False)
        unsafe = ssl.create_default_context()
        unsafe.check_hostname = False
        with pytest.raises(LocalProtocolError, match="verify"):
            station.reconnect(ssl=unsafe)
        await settle()
        assert len(csms.requests) == 2
        assert station.connected


@pytest.mark.asyncio
async def test_while_it_waits_or_connects_the_new_ones_are_used_at_once(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock, password="old")
    async with csms.running(station):
        csms.up = True
        station.reconnect(password="new")
        await settle()
        assert [password_of(request) for request in csms.requests] == ["old", "new"]
        assert station.connected


def test_before_it_runs() -> None:
    station = make(FakeClock(), password="old")
    station.reconnect(password="new")
    assert password_of(station.open("ws://csms")) == "new"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("first", "second", "boots"),
    [
        (NetworkProfile("ws://a", slot=1), NetworkProfile("ws://a", slot=1, password="x"), 1),
        (NetworkProfile("ws://a", slot=1), NetworkProfile("ws://a", slot=2), 2),
        (NetworkProfile("ws://a", slot=1), NetworkProfile("ws://b", slot=1), 2),
    ],
)
async def test_boot_26_url_and_slot_make_another_way(
    first: NetworkProfile, second: NetworkProfile, boots: int, fake_csms: Make
) -> None:
    clock = FakeClock()
    station = make(clock, insecure=True, connection_attempts=1)
    csms = fake_csms(clock)
    refused: list[str] = []

    async def connect(request: ConnectRequest) -> OpenedConnection:
        if refused:
            raise HandshakeRefused(refused.pop(), status=503)
        opened: OpenedConnection = await csms.connect(request)
        return opened

    async with running_beside(station.run([first, second], connect)):
        seen = await csms.calls()
        refused.append("not now")
        csms.wire.cut()
        await clock.advance(10)
        assert (csms.requests[-1].url, len(csms.requests)) == (f"{second.url}/CP001", 2)
        seen += await csms.calls()
        assert seen.count("BootNotification") == boots

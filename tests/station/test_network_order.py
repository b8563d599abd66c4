"""Several ways to a CSMS: attempts, the next one's turn, the boot there, and safety that is never lowered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import HandshakeRefused, LocalProtocolError
from ocppkit.station import BackOff, NetworkProfile, NetworkProfiles, SecurityProfile
from ocppkit.station._network_order import NetworkOrder
from ocppkit.station._network_profiles import as_profiles
from ocppkit.testing import FakeClock, settle
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

A, B = NetworkProfile("ws://a"), NetworkProfile("ws://b")


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options = {"back_off": BackOff(wait_minimum=10, random_range=0, repeat_times=2)} | options
    return ChargingStation("CP001", model="M", vendor_name="V", clock=clock, **options)


class Csmses:
    """Two of them, by host."""

    def __init__(self, clock: FakeClock, make_one: Make) -> None:
        self.clock = clock
        self.by_host = {host: make_one(clock, up=False) for host in ("a", "b")}
        self.attempts: list[tuple[str, float]] = []

    async def connect(self, request: ConnectRequest) -> OpenedConnection:
        host = request.url.split("/")[2]
        self.attempts.append((host, self.clock.time()))
        opened: OpenedConnection = await self.by_host[host].connect(request)
        return opened

    @asynccontextmanager
    async def running(self, station: ChargingStation, network: NetworkProfiles) -> Any:
        async with running_beside(station.run(network, self.connect)):
            await settle()
            yield

    def tried(self) -> list[tuple[str, float]]:
        tried, self.attempts = self.attempts, []
        return tried


@pytest.fixture
def csmses(fake_csms: Make) -> Csmses:
    return Csmses(FakeClock(), fake_csms)


@pytest.mark.asyncio
async def test_rec_05_each_profile_gets_its_attempts_and_then_the_next_has_its_turn(
    csmses: Csmses,
) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=2)
    async with csmses.running(station, ["ws://a", B]):
        await csmses.clock.advance(200)
        # Each server sees waits of its own, which grow: 10, 20, 40 and from then on 40.
        assert csmses.tried() == [
            ("a", 0),
            ("a", 10),
            ("b", 10),
            ("b", 20),
            ("a", 40),
            ("a", 80),
            ("b", 100),
            ("b", 140),
            ("a", 180),
        ]
        csmses.by_host["b"].up = True
        await csmses.clock.advance(100)
        assert station.connected
        assert await csmses.by_host["b"].calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_after_a_loss_the_profile_that_was_good_comes_first(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=1)
    csmses.by_host["b"].up = True
    async with csmses.running(station, ["ws://a", "ws://b"]):
        assert csmses.tried() == [("a", 0), ("b", 0)]
        csmses.by_host["b"].wire.cut()
        await csmses.clock.advance(10)
        assert csmses.tried() == [("b", 10)]
        assert await csmses.by_host["b"].calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_boot_26_another_profile_means_another_boot(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=1)
    for csms in csmses.by_host.values():
        csms.up = True
    async with csmses.running(station, ["ws://a", "ws://b"]):
        assert await csmses.by_host["a"].calls() == ["BootNotification"]
        csmses.by_host["a"].wire.cut()
        await csmses.clock.advance(10)
        assert await csmses.by_host["a"].calls() == []
        csmses.by_host["a"].up = False
        csmses.by_host["a"].wire.cut()
        await csmses.clock.advance(10)
        assert await csmses.by_host["b"].calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_a_restart_begins_with_the_first_and_may_bring_others(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=1)
    csmses.by_host["b"].up = True
    async with csmses.running(station, ["ws://a", "ws://b"]):
        csmses.tried()
        station.restart()
        await settle()
        assert csmses.tried() == [("a", 0), ("b", 0)]
        station.restart(network="ws://a")
        await csmses.clock.advance(10)
        assert csmses.tried() == [("a", 0), ("a", 10)]
        with pytest.raises(LocalProtocolError, match="ws:// or wss://"):
            station.restart(network="http://a")
        with pytest.raises(LocalProtocolError, match="no network profile is given"):
            station.restart(network=[])


@pytest.mark.asyncio
async def test_a_connection_that_a_restart_has_overtaken_is_given_up(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True)
    slow = asyncio.Event()
    for csms in csmses.by_host.values():
        csms.up = True

    async def connect(request: ConnectRequest) -> OpenedConnection:
        opened = await csmses.connect(request)
        if request.url == "ws://a/CP001":
            await slow.wait()
        return opened

    async with running_beside(station.run("ws://a", connect)):
        await settle()
        station.restart(network="ws://b")
        slow.set()
        await settle()
        assert station.connected
        assert await csmses.by_host["a"].calls() == []
        assert await csmses.by_host["b"].calls() == ["BootNotification"]
        assert csmses.by_host["a"].ends


@pytest.mark.asyncio
async def test_an_attempt_that_a_restart_has_overtaken_counts_for_nobody(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=1)
    slow = asyncio.Event()

    async def connect(request: ConnectRequest) -> OpenedConnection:
        csmses.attempts.append((request.url, csmses.clock.time()))
        await slow.wait()
        raise HandshakeRefused("not now", status=503)

    async with running_beside(station.run("ws://a", connect)):
        await settle()
        station.restart(network=["ws://b", "ws://a"])
        slow.set()
        await settle()
        assert [url for url, _ in csmses.attempts] == [
            "ws://a/CP001",
            "ws://b/CP001",
            "ws://a/CP001",
        ]


@pytest.mark.asyncio
async def test_a_csms_of_another_version_counts_as_a_failure(csmses: Csmses) -> None:
    station = make(csmses.clock, insecure=True, connection_attempts=1)
    for csms in csmses.by_host.values():
        csms.up = True
    csmses.by_host["a"].subprotocol = "ocpp1.6"
    async with csmses.running(station, ["ws://a", "ws://b"]):
        assert csmses.tried() == [("a", 0), ("b", 0)]
        assert await csmses.by_host["b"].calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_sec_04_the_profile_is_never_lowered(
    csmses: Csmses, caplog: pytest.LogCaptureFixture
) -> None:
    station = make(csmses.clock, password="x", connection_attempts=1)
    for csms in csmses.by_host.values():
        csms.up = True
    csmses.by_host["a"].up = False
    # Until the safer one has worked, the other may be fallen back to.
    async with csmses.running(station, ["wss://a", "ws://b"]):
        assert csmses.tried() == [("a", 0), ("b", 0)]
        csmses.by_host["a"].up, csmses.by_host["b"].up = True, False
        station.restart()
        await settle()
        assert csmses.tried() == [("a", 0)]
        assert "with a lower security profile than one used before" in caplog.text
        csmses.by_host["a"].up, csmses.by_host["b"].up = False, True
        csmses.by_host["a"].wire.cut()
        await csmses.clock.advance(100)
        assert {host for host, _ in csmses.tried()} == {"a"}
        with pytest.raises(LocalProtocolError, match="must not use a lower security profile"):
            station.restart(network="ws://b")
    with pytest.raises(LocalProtocolError, match="must not use a lower security profile"):
        await station.run("ws://b", csmses.connect)


def test_a_profile_may_have_credentials_of_its_own() -> None:
    station = make(FakeClock(), password="x")
    request = station.open(NetworkProfile("ws://a", password="y"))
    assert request.headers == ((b"Authorization", b"Basic Q1AwMDE6eQ=="),)
    assert station.open("ws://a").headers == ((b"Authorization", b"Basic Q1AwMDE6eA=="),)
    assert "y" not in repr(NetworkProfile("ws://a", password="y"))


def network_order(profiles: Sequence[NetworkProfile]) -> NetworkOrder:
    found = NetworkOrder(lambda: iter(range(1, 100)), lambda: 2, "CP001")
    found.set_profiles(profiles)
    return found


def test_one_profile_has_its_turn_for_ever() -> None:
    alone = network_order([A])
    assert alone.seconds_to_wait() == 0
    waits = []
    for _ in range(5):
        alone.note_failed()
        assert alone.profile is A
        waits.append(alone.seconds_to_wait())
    assert waits == [1, 2, 3, 4, 5]
    alone.note_connected()
    assert alone.seconds_to_wait() == 1
    assert alone.floor is SecurityProfile.NONE


def test_descriptions_are_completed() -> None:
    assert as_profiles("ws://a", "x", None) == (NetworkProfile("ws://a", password="x"),)
    own = NetworkProfile("ws://a", password="y")
    assert as_profiles([own, "ws://b"], "x", None) == (own, NetworkProfile("ws://b", password="x"))

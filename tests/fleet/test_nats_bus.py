"""What is particular to the bus on NATS: rights, a frozen server, and buckets that vanish."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from fleet.small_fleet import served_csms
from ocppkit import v201
from ocppkit.fleet import (
    BusDown,
    BusError,
    BusNotAllowed,
    Fleet,
    FleetNode,
    NotAcknowledged,
    TableEntry,
)
from ocppkit.fleet.nats import NatsBus, _nats_watch
from ocppkit.fleet.nats._nats_watch import NatsWatch
from ocppkit.testing import connected
from ocppkit.v201.roles import ChargingStation, ConnectedStation
from support.guide_code import DOCS
from support.nats_servers import NatsServer, nats_program

RIGHTS = """
authorization { users: [
  { user: all, password: a }
  { user: Web, password: w, permissions: {
      publish: ["Fleet.node.>"], subscribe: ["Fleet.caller.>", "_INBOX.>"] } }
] }
"""


@pytest.fixture
def program() -> str:
    return nats_program("nats-pip")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def again_and_again(bus: NatsBus) -> None:
    while True:
        await bus.publish("Fleet.Else", b"x")
        await asyncio.sleep(0.01)


class Keys:
    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.lost: list[bool] = []

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        self.keys = {each.key for each in entries}
        self.lost.append(lost)

    def changed(self, entry: TableEntry) -> None:
        self.keys.add(entry.key)


@pytest.mark.asyncio
async def test_who_has_no_right_is_told_so(program: str, tmp_path: Path) -> None:
    with NatsServer(program, tmp_path, RIGHTS) as server:
        async with NatsBus(server.url, user="Web", password="w") as bus:
            await bus.publish("Fleet.node.1", b"x")
            await bus.publish("Fleet.Else", b"x")
            async with asyncio.timeout(5):
                with pytest.raises(
                    BusNotAllowed, match=r"permissions of this process's NATS account"
                ):
                    await again_and_again(bus)
            with pytest.raises(BusNotAllowed):
                await bus.subscribe("Fleet.node.>", print)
            with pytest.raises(BusError):
                await bus.table("t").put("k", b"v")
            assert bus.up


@pytest.mark.asyncio
async def test_a_caller_without_the_right_to_command_is_told_so(
    program: str, tmp_path: Path
) -> None:
    rights = """
    authorization { users: [
      { user: node, password: n }
      { user: web, password: w, permissions: { publish: { deny: "ocpp.node.>" } } }
    ] }
    """
    csms = served_csms([])
    station = ChargingStation("CP001", model="W", vendor_name="A", insecure=True)
    with NatsServer(program, tmp_path, rights) as server:
        node = FleetNode(csms, NatsBus(server.url, user="node", password="n"))
        web = Fleet(NatsBus(server.url, user="web", password="w"), v201.PROTOCOL)
        async with node, web, connected(station, csms):
            handle = await web.stations.wait("CP001", ConnectedStation)
            with pytest.raises(BusNotAllowed, match=r"permissions of this process's NATS account"):
                await handle.clear_cache()


@pytest.mark.asyncio
async def test_the_rights_in_the_guide_are_enough(
    program: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guide = (DOCS / "guides" / "several-nodes.md").read_text("utf-8")
    rights = guide.partition("```text\n")[2].partition("```")[0].replace('"..."', '"secret"')
    assert "authorization" in rights
    csms = served_csms([])
    station = ChargingStation("CP001", model="W", vendor_name="A", insecure=True)

    @station.on(v201.ClearCacheRequest)
    def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
        return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

    with NatsServer(program, tmp_path, rights) as server:
        node = FleetNode(csms, NatsBus(server.url, user="node", password="secret"))
        web = Fleet(NatsBus(server.url, user="web", password="secret"), v201.PROTOCOL)
        async with node, web:
            async with connected(station, csms):
                handle = await web.stations.wait("CP001", ConnectedStation)
                assert (await handle.clear_cache()).status == "Accepted"
                assert await web.stations.find("CP001") is handle
            assert (await handle.wait_disconnected()).by != "us"
    assert "permissions" not in caplog.text


@pytest.mark.asyncio
async def test_without_jetstream_a_table_says_what_to_do(program: str, tmp_path: Path) -> None:
    config = tmp_path / "nats.conf"
    server = NatsServer(program, tmp_path)
    config.write_text(f'listen: "127.0.0.1:{server.port}"\n', encoding="utf-8")
    with server:
        async with NatsBus(server.url) as bus:
            with pytest.raises(BusError, match=r"no JetStream \[start it with -js\]"):
                await bus.table("t").put("k", b"v")


@pytest.mark.asyncio
async def test_a_frozen_server_is_noticed(program: str, tmp_path: Path) -> None:
    with NatsServer(program, tmp_path) as server:
        async with NatsBus(server.url) as bus:
            keys = Keys()
            table = bus.table("t")
            await table.watch(keys)
            await table.put("a", b"1")
            server.freeze()
            with pytest.raises(NotAcknowledged):
                await table.put("b", b"1")
            await until(lambda: not bus.up)
            with pytest.raises(BusDown):
                await bus.publish("a", b"x")
            server.thaw()
            await until(lambda: bus.up)
            await table.put("c", b"1")
            await until(lambda: "c" in keys.keys)


@pytest.mark.asyncio
async def test_a_bucket_that_is_deleted_is_created_again(program: str, tmp_path: Path) -> None:
    with NatsServer(program, tmp_path) as server:
        operator = await nats.connect(server.url)
        async with NatsBus(server.url) as bus:
            table, keys = bus.table("t"), Keys()
            await table.watch(keys)
            await table.put("a", b"1")
            await until(lambda: keys.keys)
            await operator.jetstream().delete_key_value("t")
            assert await table.get("a") is None
            await operator.jetstream().delete_key_value("t")
            await table.put("b", b"1")
            await until(lambda: keys.keys == {"b"})
            assert True in keys.lost
        await operator.close()


@pytest.mark.asyncio
async def test_a_lost_store_is_told_though_the_first_new_watch_fails(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consume = NatsWatch._consume
    failures = [1]

    async def fail_once(watch: NatsWatch, subscription: Subscription) -> str:
        if failures.pop():
            failures.append(0)
            raise BusError("it was interrupted")
        failures.append(0)
        return await consume(watch, subscription)

    with NatsServer(program, tmp_path) as server:
        operator = await nats.connect(server.url)
        async with NatsBus(server.url) as bus:
            table, keys = bus.table("t"), Keys()
            await table.watch(keys)
            await table.put("a", b"1")
            await until(lambda: keys.keys)
            monkeypatch.setattr(NatsWatch, "_consume", fail_once)
            await operator.jetstream().delete_key_value("t")
            await table.put("b", b"1")
            await until(lambda: keys.keys == {"b"})
            assert keys.lost == [False, True]
        await operator.close()


@pytest.mark.asyncio
async def test_a_wrong_password_is_logged_and_tried_again(
    program: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with NatsServer(program, tmp_path, RIGHTS) as server:
        async with NatsBus(server.url, user="all", password="wrong") as bus:
            assert not bus.up
        assert "authorization" in caplog.text.lower()


@pytest.mark.asyncio
async def test_options_that_cannot_be_used_are_told_at_once() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        async with NatsBus("nats://127.0.0.1:1", nonsense=1):
            pass


@pytest.mark.asyncio
async def test_connecting_goes_on_after_a_fault_of_the_client(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Client.connect
    faults = [ZeroDivisionError()]

    async def fail_once(client: Client, **options: Any) -> None:
        if faults:
            raise faults.pop()
        await connect(client, **options)

    with NatsServer(program, tmp_path) as server:
        async with NatsBus(server.url) as bus:
            monkeypatch.setattr(Client, "connect", fail_once)
            # As when the server no longer accepts the credentials.
            await bus.connected().close()
            await until(lambda: not bus.up)
            await until(lambda: bus.up)
            assert not faults


@pytest.mark.asyncio
async def test_a_watch_goes_on_after_a_fault_of_the_client(
    program: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    consume = NatsWatch._consume
    faults = [ZeroDivisionError()]

    async def fail_once(watch: NatsWatch, subscription: Subscription) -> str:
        if faults:
            raise faults.pop()
        return await consume(watch, subscription)

    monkeypatch.setattr(NatsWatch, "_consume", fail_once)
    monkeypatch.setattr(_nats_watch, "_LAST_DELAY", 0.1)
    with NatsServer(program, tmp_path) as server:
        async with NatsBus(server.url) as bus:
            table, keys = bus.table("t"), Keys()
            await table.put("a", b"1")
            await table.watch(keys)
            await until(lambda: keys.keys == {"a"})
    assert "t: watching failed [tried again" in caplog.text


def test_without_the_extra_the_error_names_it() -> None:
    code = "import sys; sys.modules['nats'] = None; import ocppkit.fleet.nats"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'ocppkit[nats]'" in done.stderr

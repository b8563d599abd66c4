"""What every bus does: in memory, and on each release of the NATS server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import chain
from pathlib import Path

import pytest
import pytest_asyncio

from fleet.bus_worlds import KINDS, BusWorld, bus_world
from ocppkit.fleet import (
    Bus,
    BusDown,
    BusError,
    BusMessage,
    NewerRevision,
    TableEntry,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


@pytest_asyncio.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BusWorld]:
    async with bus_world(request.param, tmp_path) as world:
        yield world


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


class SeenTable:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.snapshots: list[bool] = []
        self.values: dict[str, bytes] = {}
        self.revisions: dict[str, int] = {}
        self.deleted: list[str] = []

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        self.snapshots.append(lost)
        self.values = {each.key: each.value for each in entries if each.value is not None}
        self.revisions = {each.key: each.revision for each in entries}

    def changed(self, entry: TableEntry) -> None:
        self.revisions[entry.key] = entry.revision
        if entry.value is None:
            self.values.pop(entry.key, None)
            self.deleted.append(entry.key)
        else:
            self.values[entry.key] = entry.value


async def received(bus: Bus, subject: str, queue: str = "") -> list[BusMessage]:
    messages: list[BusMessage] = []
    await bus.subscribe(subject, messages.append, queue)
    return messages


# Messages.


async def test_a_message_reaches_all_who_have_subscribed(world: BusWorld) -> None:
    one, two = await world.bus(), await world.bus()
    here, there = await received(one, "a.b"), await received(two, "a.b")
    await two.publish("a.b", b"x", reply="a.answers")
    await until(lambda: here and there)
    assert here == there == [BusMessage("a.b", b"x", "a.answers")]


async def test_the_last_word_may_stand_for_any(world: BusWorld) -> None:
    one, two = await world.bus(), await world.bus()
    messages = await received(one, "a.>")
    for subject in ("a.b", "a.c.d", "b.a"):
        await two.publish(subject, b"x")
    await two.publish("a.end", b"")
    await until(lambda: messages and messages[-1].subject == "a.end")
    assert [each.subject for each in messages] == ["a.b", "a.c.d", "a.end"]


async def test_messages_to_one_subject_keep_their_order(world: BusWorld) -> None:
    one, two = await world.bus(), await world.bus()
    messages = await received(one, "a")
    for number in range(100):
        await two.publish("a", b"%d" % number)
    await until(lambda: len(messages) == 100)
    assert [int(each.data) for each in messages] == list(range(100))


async def test_one_of_a_queue_gets_each_message(world: BusWorld) -> None:
    buses = [await world.bus() for _ in range(3)]
    lists = [await received(bus, "work", "workers") for bus in buses]
    for number in range(60):
        await buses[0].publish("work", b"%d" % number)
    await until(lambda: sum(map(len, lists)) >= 60)
    assert sorted(int(each.data) for each in chain(*lists)) == list(range(60))
    assert min(map(len, lists)) > 0


async def test_the_sender_is_told_that_nobody_has_subscribed(world: BusWorld) -> None:
    bus, other = await world.bus(), await world.bus()
    answers = await received(bus, "answers.>")
    await bus.publish("nobody.here", b"x", reply="answers.1")
    await until(lambda: answers)
    assert answers == [BusMessage("answers.1", b"", nobody=True)]
    await received(other, "somebody.here")
    await bus.publish("somebody.here", b"x", reply="answers.2")
    await bus.publish("answers.3", b"")
    await until(lambda: len(answers) > 1)
    assert [each.subject for each in answers] == ["answers.1", "answers.3"]


async def test_an_empty_message_is_no_notice(world: BusWorld) -> None:
    bus = await world.bus()
    messages = await received(bus, "a")
    await bus.publish("a", b"")
    await until(lambda: messages)
    assert messages == [BusMessage("a", b"")]


async def test_a_stopped_subscription_gets_nothing(world: BusWorld) -> None:
    bus = await world.bus()
    messages: list[BusMessage] = []
    subscription = await bus.subscribe("a", messages.append)
    await subscription.stop()
    await subscription.stop()
    others = await received(bus, "a")
    await bus.publish("a", b"x")
    await until(lambda: others)
    assert messages == []


async def test_a_failing_receiver_is_logged_and_gets_the_next(
    world: BusWorld, caplog: pytest.LogCaptureFixture
) -> None:
    bus = await world.bus()
    messages: list[BusMessage] = []

    def deliver(message: BusMessage) -> None:
        messages.append(message)
        raise ValueError(message.data)

    await bus.subscribe("a", deliver)
    await bus.publish("a", b"1")
    await bus.publish("a", b"2")
    await until(lambda: len(messages) == 2)
    assert "a: handling a message of the bus failed" in caplog.text


async def test_a_failing_listener_is_logged_and_the_bus_and_the_others_go_on(
    world: BusWorld, caplog: pytest.LogCaptureFixture
) -> None:
    bus = await world.bus()
    messages = await received(bus, "a")
    states: list[bool] = []

    def fail(up: bool) -> None:
        raise ValueError(up)

    bus.listen(fail)
    bus.listen(states.append)
    world.stop()
    await until(lambda: states == [False])
    world.start()
    await until(lambda: states == [False, True])
    await bus.publish("a", b"x")
    await until(lambda: messages)
    assert "a listener failed when the bus was lost" in caplog.text
    assert "a listener failed when the bus was back" in caplog.text


async def test_a_message_may_be_too_large(world: BusWorld) -> None:
    bus = await world.bus()
    messages = await received(bus, "a")
    await bus.publish("a", bytes(world.message_bytes - 1024))
    with pytest.raises(BusError, match=r"bytes for a: the (bus|server) takes"):
        await bus.publish("a", bytes(world.message_bytes + 1))
    await until(lambda: messages)
    assert bus.up


async def test_nothing_is_sent_later_that_was_refused_while_the_bus_was_down(
    world: BusWorld,
) -> None:
    bus, other = await world.bus(), await world.bus()
    messages = await received(other, "a")
    states: list[bool] = []
    bus.listen(states.append)
    world.stop()
    await until(lambda: not bus.up and not other.up)
    with pytest.raises(BusDown):
        await bus.publish("a", b"reset")
    with pytest.raises(BusDown):
        await bus.table("t").put("k", b"v")
    world.start()
    await until(lambda: bus.up and other.up)
    await bus.publish("a", b"later")
    await until(lambda: messages)
    assert [each.data for each in messages] == [b"later"]
    assert states == [False, True]


async def test_what_is_subscribed_to_while_the_bus_is_down_is_received_afterwards(
    world: BusWorld,
) -> None:
    bus = await world.bus()
    world.stop()
    await until(lambda: not bus.up)
    messages = await received(bus, "a")
    world.start()
    await until(lambda: bus.up)
    await bus.publish("a", b"x")
    await until(lambda: messages)
    assert [each.data for each in messages] == [b"x"]


async def test_a_process_may_start_before_the_bus(world: BusWorld) -> None:
    world.stop()
    bus = world.make("early")
    async with bus:
        assert not bus.up
        messages = await received(bus, "a")
        replica = SeenTable()
        await bus.table("t").watch(replica)
        world.start()
        await until(lambda: bus.up and replica.snapshots)
        await bus.publish("a", b"x")
        await until(lambda: messages)
    assert not bus.up
    with pytest.raises(BusDown):
        await bus.publish("a", b"x")


# Tables.


async def test_a_table_has_the_latest_value_and_growing_revisions(world: BusWorld) -> None:
    one, two = (await world.bus()).table("t"), (await world.bus()).table("t")
    assert await one.get("k") is None
    first = await one.put("k", b"1")
    second = await two.put("k", b"2")
    assert 0 < first < second
    assert await one.get("k") == TableEntry("k", b"2", second)
    other = await two.put("other", b"")
    assert await one.get("other") == TableEntry("other", b"", other)
    await one.delete("k")
    await one.delete("never")
    assert await two.get("k") is None


async def test_a_value_is_replaced_only_by_those_who_know_it(world: BusWorld) -> None:
    one, two = (await world.bus()).table("t"), (await world.bus()).table("t")
    first = await one.update("k", b"1", 0)
    with pytest.raises(NewerRevision):
        await two.update("k", b"2", 0)
    second = await two.update("k", b"2", first)
    with pytest.raises(NewerRevision):
        await one.update("k", b"3", first)
    assert await one.get("k") == TableEntry("k", b"2", second)
    with pytest.raises(NewerRevision):
        await one.update("other", b"1", second)


async def test_a_deleted_key_counts_as_one_without_a_value(world: BusWorld) -> None:
    table = (await world.bus()).table("t")
    revision = await table.put("k", b"1")
    await table.delete("k")
    with pytest.raises(NewerRevision):
        await table.update("k", b"2", revision)
    assert await table.update("k", b"3", 0) > revision


async def test_of_many_who_replace_a_value_one_succeeds(world: BusWorld) -> None:
    tables = [(await world.bus()).table("t") for _ in range(4)]
    revision = await tables[0].put("k", b"0")

    async def attempt(number: int) -> bool:
        try:
            await tables[number % 4].update("k", b"%d" % number, revision)
        except NewerRevision:
            return False
        return True

    assert sum(await asyncio.gather(*map(attempt, range(20)))) == 1


async def test_a_watcher_gets_a_snapshot_and_then_all_changes(world: BusWorld) -> None:
    one, two = (await world.bus()).table("t"), (await world.bus()).table("t")
    await one.put("a", b"1")
    await one.put("b", b"1")
    last = await one.put("a", b"2")
    await one.delete("b")
    replica = SeenTable()
    await two.watch(replica)
    await until(lambda: replica.snapshots)
    assert (replica.values, replica.snapshots) == ({"a": b"2"}, [False])
    assert replica.revisions["a"] == last
    await one.put("c", b"3")
    await one.delete("a")
    await until(lambda: replica.deleted)
    assert replica.values == {"c": b"3"}
    assert replica.snapshots == [False]


async def test_an_empty_table_has_an_empty_snapshot(world: BusWorld) -> None:
    table = (await world.bus()).table("t")
    replica = SeenTable()
    watch = await table.watch(replica)
    await until(lambda: replica.snapshots)
    assert replica.values == {}
    await watch.stop()
    await watch.stop()
    other = SeenTable()
    await table.watch(other)
    await table.put("k", b"1")
    await until(lambda: other.values)
    assert replica.values == {}


async def test_a_watch_goes_on_when_the_bus_is_back(world: BusWorld) -> None:
    one, two = await world.bus(), await world.bus()
    replica = SeenTable()
    await one.table("t").put("a", b"1")
    await two.table("t").watch(replica)
    await until(lambda: replica.values)
    world.stop()
    await until(lambda: not one.up and not two.up)
    world.start()
    await until(lambda: one.up and two.up)
    await one.table("t").put("b", b"2")
    await until(lambda: replica.values == {"a": b"1", "b": b"2"})
    assert not any(replica.snapshots)
    await one.table("t").put("c", b"3")
    await until(lambda: "c" in replica.values)


async def test_a_lost_store_is_told_and_written_anew(world: BusWorld) -> None:
    one, two = await world.bus(), await world.bus()
    table, replica = one.table("t"), SeenTable()
    await table.put("a", b"1")
    await two.table("t").watch(replica)
    await until(lambda: replica.values)
    world.stop()
    await until(lambda: not one.up and not two.up)
    world.start(store_lost=True)
    await until(lambda: True in replica.snapshots)
    assert replica.values == {}
    await until(lambda: one.up)
    assert await table.get("a") is None
    await table.update("a", b"2", 0)
    await until(lambda: replica.values == {"a": b"2"})


async def test_values_are_dropped_when_they_are_too_old(world: BusWorld) -> None:
    table = (await world.bus()).table("leases", ttl=0.3)
    revision = await table.put("k", b"1")
    assert await table.get("k") is not None
    async with asyncio.timeout(5):
        while await table.get("k") is not None:
            await asyncio.sleep(0.02)
    with pytest.raises(NewerRevision):
        await table.update("k", b"2", revision)
    assert await table.update("k", b"2", 0) > revision


async def test_a_thousand_values_are_seen_by_a_new_watcher(world: BusWorld) -> None:
    table = (await world.bus()).table("t")
    for begin in range(0, 1000, 50):
        keys = [f"k{number}" for number in range(begin, begin + 50)]
        await asyncio.gather(*(table.put(key, bytes(200)) for key in keys))
    replica = SeenTable()
    await (await world.bus()).table("t").watch(replica)
    await until(lambda: replica.snapshots)
    assert len(replica.values) == 1000

"""What a test can do to buses in memory, in virtual time."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from fleet.small_fleet import virtually
from ocppkit.fleet import (
    BusDown,
    BusMessage,
    MemoryBroker,
    MemoryBus,
    NewerRevision,
    NotAcknowledged,
    TableEntry,
)


class Told:
    def __init__(self) -> None:
        self.entries: list[TableEntry] = []
        self.snapshots: list[list[str]] = []
        self.lost: list[bool] = []

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        self.lost.append(lost)
        self.snapshots.append([each.key for each in entries])

    def changed(self, entry: TableEntry) -> None:
        self.entries.append(entry)


async def _received(bus: MemoryBus, subject: str) -> list[BusMessage]:
    messages: list[BusMessage] = []
    await bus.subscribe(subject, messages.append)
    return messages


def test_until_a_cut_is_noticed_what_is_sent_is_lost() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            messages, answers = await _received(two, "a"), await _received(one, "answers")
            broker.cut("two", noticed_after=3.0)
            assert two.up
            await one.publish("a", b"1", reply="answers")
            await two.publish("answers", b"2")
            with pytest.raises(NotAcknowledged):
                await two.table("t").put("k", b"v")
            await asyncio.sleep(2)
            assert not two.up
            assert messages == answers == []
            await one.publish("a", b"3", reply="answers")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert [each.nobody for each in answers] == [True]
            broker.heal("two")
            assert two.up
            await one.publish("a", b"4")
            await asyncio.sleep(0.1)
            assert [each.data for each in messages] == [b"4"]

    virtually(main())


def test_a_cut_that_heals_before_it_is_noticed_is_told_all_the_same() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            told, states = Told(), list[bool]()
            await two.table("t").watch(told)
            await asyncio.sleep(0.1)
            two.listen(states.append)
            broker.cut("two", noticed_after=3.0)
            await one.table("t").put("k", b"v")
            broker.heal("two")
            await asyncio.sleep(5)
            assert two.up
            assert states == [False, True]
            assert told.snapshots == [[], ["k"]]

    virtually(main())


def test_messages_to_different_subjects_overtake_each_other() -> None:
    async def main() -> None:
        broker = MemoryBroker(Random(1))
        broker.latency = (0.001, 0.02)
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            messages = await _received(two, "a.>")
            for number in range(50):
                await one.publish(f"a.{number % 2}", b"%d" % number)
            await asyncio.sleep(1)
            numbers = [int(each.data) for each in messages]
            assert sorted(numbers) == list(range(50))
            assert numbers != sorted(numbers)
            for parity in (0, 1):
                assert (of_one := [each for each in numbers if each % 2 == parity]) == sorted(
                    of_one
                )

    virtually(main())


def test_messages_and_acknowledgements_may_be_lost() -> None:
    async def main() -> None:
        broker = MemoryBroker(Random(1))
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            messages = await _received(two, "a")
            broker.loses_messages = 0.5
            for _ in range(100):
                await one.publish("a", b"x")
            await asyncio.sleep(1)
            assert 20 < len(messages) < 80
            broker.loses_acknowledgements = 1.0
            with pytest.raises(NotAcknowledged):
                await one.table("t").put("k", b"v")
            broker.loses_acknowledgements = 0.0
            assert await one.table("t").get("k") == TableEntry("k", b"v", 1)
            with pytest.raises(NewerRevision):
                await one.table("t").update("k", b"v", 0)

    virtually(main())


def test_a_killed_process_has_no_effect_any_more() -> None:
    async def main() -> None:
        broker = MemoryBroker(Random(1))
        broker.latency = (0.01, 0.02)
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            messages, answers = await _received(two, "a"), await _received(one, "answers")
            await two.publish("answers", b"x")
            broker.kill("two")
            await one.publish("a", b"x", reply="answers")
            await asyncio.sleep(1)
            assert messages == []
            assert [each.nobody for each in answers] == [True]
            with pytest.raises(BusDown):
                await two.publish("answers", b"x")

    virtually(main())


def test_entries_of_a_snapshot_may_be_told_again() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        broker.repeats_entries = 1.0
        async with MemoryBus(broker) as bus:
            revision = await bus.table("t").put("k", b"v")
            told = Told()
            await bus.table("t").watch(told)
            await asyncio.sleep(1)
            assert told.snapshots == [["k"]]
            assert told.entries == [TableEntry("k", b"v", revision)]

    virtually(main())


def test_an_older_copy_of_the_tables_can_be_restored() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with MemoryBus(broker) as bus:
            table = bus.table("t")
            await table.put("k", b"1")
            copy = broker.saved()
            await table.put("k", b"2")
            broker.stop()
            assert not bus.up
            broker.start(copy)
            assert bus.up
            assert await table.get("k") == TableEntry("k", b"1", 1)

    virtually(main())


def test_a_lost_store_is_told_though_the_first_snapshot_of_the_other_is_lost() -> None:
    async def main() -> None:
        broker, told = MemoryBroker(), Told()
        async with MemoryBus(broker, "one") as one:
            await one.table("t").watch(told)
            await one.table("t").put("k", b"v")
            broker.latency = (0.1, 0.1)
            broker.stop()
            broker.start({})
            broker.cut("one")
            broker.heal("one")
            await asyncio.sleep(1)
            broker.cut("one")
            broker.heal("one")
            await asyncio.sleep(1)
            assert told.lost == [False, True, False]

    virtually(main())


def test_what_is_sent_over_a_faster_link_does_not_overtake() -> None:
    async def main() -> None:
        broker = MemoryBroker()
        async with MemoryBus(broker, "one") as one, MemoryBus(broker, "two") as two:
            messages = await _received(two, "a")
            broker.latency = (1.0, 1.0)
            await one.publish("a", b"1")
            broker.latency = (0.0, 0.0)
            await one.publish("a", b"2")
            await asyncio.sleep(3)
            assert [each.data for each in messages] == [b"1", b"2"]

    virtually(main())

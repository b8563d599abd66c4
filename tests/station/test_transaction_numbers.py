"""The numbers of 1.6 transactions that began offline: noted with the answer, put in when messages leave."""

from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.station import Retries
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from station.transaction_schedules import ACCEPTED, Schedule, meter, start, stop
from support.memory_store import MemoryStore

Make = Callable[..., Any]

IN_THE_GATE = 40


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(IN_THE_GATE))
async def test_tx6_04_no_foreign_number_and_no_lost_stop(seed: int) -> None:
    await Schedule(seed).play()


def point(clock: FakeClock, store: MemoryStore, **options: Any) -> ChargePoint:
    return ChargePoint(
        "CP001",
        charge_point_model="M",
        charge_point_vendor="V",
        clock=clock,
        insecure=True,
        journal=store,
        **options,
    )


def numbers(csms: Any) -> list[int]:
    return [
        frame[3]["transactionId"]
        for frame in csms.received
        if frame[0] == 2 and "transactionId" in frame[3]
    ]


@pytest.mark.asyncio
async def test_the_number_is_in_the_commit_that_removes_the_start(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    csms.answers |= {"StartTransaction": {"transactionId": 7, "idTagInfo": ACCEPTED}}
    station = point(clock, store)
    await station.keep(start(0), note="A")
    async with csms.running(station):
        assert store.states == {"number:A": b"7"}
        assert len(store) == 0
    csms.answers["StopTransaction"] = csms.answers["MeterValues"] = {}
    again = point(clock, store)
    async with csms.running(again):
        for message in (meter(), stop(), meter()):
            await again.keep(message, note="A")
            await settle()
        # Meter values that come late have it as well.
        assert numbers(csms) == [7, 7, 7]
        await again.keep(meter(), note="B")
        await again.keep(meter())
        await settle()
        assert numbers(csms)[3:] == [-1, -1]


@pytest.mark.asyncio
async def test_a_note_that_is_used_again_gets_its_new_number(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    csms.answers |= {"StopTransaction": {}, "MeterValues": {}}
    station = point(clock, store, retries=Retries(attempts=1))
    async with csms.running(station):
        for answer in (
            {"transactionId": 7, "idTagInfo": ACCEPTED},
            {"transactionId": 8, "idTagInfo": ACCEPTED},
            ["GenericError", "", {}],
        ):
            csms.answers["StartTransaction"] = answer
            await station.keep(start(0), note="A")
            await station.keep(stop(), note="A")
            await settle()
    assert numbers(csms) == [7, 8, -1]


@pytest.mark.asyncio
async def test_numbers_of_ended_transactions_are_forgotten_in_time(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    csms.answers["StopTransaction"] = {}
    station = point(clock, store)
    async with csms.running(station):
        for number in range(100):
            csms.answers["StartTransaction"] = {"transactionId": number, "idTagInfo": ACCEPTED}
            await station.keep(start(0), note=f"N{number}")
            await station.keep(stop(), note=f"N{number}")
            await settle()
    assert numbers(csms) == list(range(100))
    assert len(store.states) == 32
    again = point(clock, store)
    async with csms.running(again):
        await again.keep(start(0), note="N")
        await again.keep(stop(), note="N")
        await settle()
        assert len(store.states) == 32

"""A CSMS that has lost a station's registration: the station boots again, and nothing is lost."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import CallFailed, ErrorCode, utcnow
from ocppkit.station import BackOff, MemoryJournal, Retries
from ocppkit.station._lost_registration import LostRegistrationBackOff
from ocppkit.testing import FakeClock, settle

Make = Callable[..., Any]

VERSIONS = (v16, v201, v21)
REFUSED: list[Any] = ["SecurityError", "who are you?", {}]


def make(version: Any, clock: FakeClock, **options: Any) -> Any:
    roles = import_module(f"{version.PROTOCOL.package}.roles")
    options |= {"clock": clock, "insecure": True, "back_off": BackOff(random_range=0)}
    if version is v16:
        return roles.ChargePoint(
            "CP001", charge_point_model="M", charge_point_vendor="V", **options
        )
    return roles.ChargingStation("CP001", model="M", vendor_name="V", **options)


def kept(version: Any, number: int) -> Any:
    """Returns a message of a transaction."""
    if version is v16:
        return v16.StopTransactionRequest(
            meter_stop=number, timestamp=utcnow(), transaction_id=number
        )
    return version.TransactionEventRequest(
        event_type=version.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=version.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        transaction_info=version.TransactionType(transaction_id="T1"),
    )


def plain(version: Any) -> Any:
    """Returns a message that is not kept."""
    if version is v16:
        return v16.DataTransferRequest(vendor_id="V")
    return version.DataTransferRequest(vendor_id="V")


def forgetful(csms: Any) -> None:
    """Lets a CSMS refuse everything until the next boot, as if it had been restarted."""
    original = csms.answer
    csms.knows = False

    def answer(frame: Any) -> None:
        if frame[2] == "BootNotification":
            csms.knows = True
        if csms.knows:
            original(frame)
        else:
            csms.says([4, frame[1], *REFUSED])

    csms.answer = answer


def running_csms(version: Any, fake_csms: Make, clock: FakeClock) -> Any:
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    csms.answers |= {
        "TransactionEvent": {},
        "StopTransaction": {},
        "DataTransfer": {"status": "Accepted"},
    }
    return csms


def sent(csms: Any, action: str) -> list[Any]:
    return [frame for frame in csms.received if frame[0] == 2 and frame[2] == action]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_err_19_que_03_a_refused_transaction_message_is_sent_again_after_a_boot(
    version: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = running_csms(version, fake_csms, clock)
    station = make(version, clock, retries=Retries(attempts=1))
    async with csms.running(station):
        await csms.calls()
        forgetful(csms)
        tasks = [asyncio.create_task(station.call(kept(version, number))) for number in range(3)]
        await settle()
        action = kept(version, 0).__ocpp_action__
        calls = [frame[2] for frame in csms.received if frame[0] == 2]
        assert calls == [action, "BootNotification", action, action, action]
        first, again = sent(csms, action)[:2]
        # MID-03: the same message with the same id.
        assert first == again
        await asyncio.gather(*tasks)
        assert station.undelivered == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_plain_call_and_those_after_it_are_answered_after_the_boot(
    version: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = running_csms(version, fake_csms, clock)
    station = make(version, clock)
    async with csms.running(station):
        await csms.calls()
        forgetful(csms)
        first = asyncio.create_task(station.call(plain(version)))
        await settle()
        assert (await first).status == "Accepted"
        assert await csms.calls() == ["DataTransfer", "BootNotification", "DataTransfer"]
        csms.knows = False
        csms.answers["BootNotification"] = None
        first = asyncio.create_task(station.call(plain(version)))
        await settle()
        meanwhile = asyncio.create_task(station.call(plain(version)))
        await settle()
        assert not meanwhile.done()
        del csms.answers["BootNotification"]
        boot = sent(csms, "BootNotification")[-1]
        csms.answer(boot)
        await settle()
        assert (await first).status == (await meanwhile).status == "Accepted"


@pytest.mark.asyncio
async def test_a_plain_call_waits_no_longer_than_its_timeout_for_the_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = running_csms(v201, fake_csms, clock), make(v201, clock)
    async with csms.running(station):
        await csms.calls()
        csms.answers["DataTransfer"] = REFUSED
        csms.answers["BootNotification"] = None
        task = asyncio.create_task(station.call(plain(v201), call_timeout=5))
        await clock.advance(5)
        with pytest.raises(CallFailed) as caught:
            await task
        assert caught.value.code == ErrorCode.SECURITY_ERROR


@pytest.mark.asyncio
async def test_a_call_refused_while_the_csms_has_us_pending_is_answered_so(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = running_csms(v201, fake_csms, clock), make(v201, clock)
    async with csms.running(station):
        await csms.calls()
        csms.answers["DataTransfer"] = REFUSED
        csms.boot = {"status": "Pending", "interval": 60}
        with pytest.raises(CallFailed):
            await station.call(plain(v201))
        assert await csms.calls() == ["DataTransfer", "BootNotification"]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_an_action_that_is_refused_for_good_gets_no_boot_loop(
    version: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms, station = running_csms(version, fake_csms, clock), make(version, clock)
    boots: list[float] = []
    original = csms.answer

    def answer(frame: Any) -> None:
        boots.extend([clock.time()] if frame[2] == "BootNotification" else [])
        original(frame)

    csms.answer = answer
    async with csms.running(station):
        csms.answers["DataTransfer"] = REFUSED
        for _ in range(60):
            with pytest.raises(CallFailed):
                await station.call(plain(version))
            await clock.advance(10)
            # Everything else goes on in between.
            await station.call(kept(version, 1)) if version is not v16 else None
    # Each is a minute, two, four after the refusal that followed the one before.
    assert boots[:2] == [0, 0]
    waits = [round(later - earlier, -1) for earlier, later in pairwise(boots)]
    assert waits[1:] == [60, 120, 240]


@pytest.mark.asyncio
async def test_que_03_the_same_message_refused_again_is_a_failure(fake_csms: Make) -> None:
    clock = FakeClock()
    journal = MemoryJournal()
    csms = running_csms(v201, fake_csms, clock)
    station = make(v201, clock, journal=journal, retries=Retries(attempts=2, interval=30))
    async with csms.running(station):
        await csms.calls()
        csms.answers["TransactionEvent"] = REFUSED
        task = asyncio.create_task(station.call(kept(v201, 0)))
        await settle()
        assert await csms.calls() == ["TransactionEvent", "BootNotification", "TransactionEvent"]
        await clock.advance(30)
        with pytest.raises(CallFailed):
            await task
        assert await csms.calls() == ["TransactionEvent"]
        assert await journal.pending() == []


@pytest.mark.asyncio
async def test_an_answer_shows_that_the_csms_knows_us_and_cancels_the_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = running_csms(v201, fake_csms, clock), make(v201, clock)
    async with csms.running(station):
        await csms.calls()
        csms.answers["DataTransfer"] = REFUSED
        with pytest.raises(CallFailed):
            await station.call(plain(v201))
        assert (await csms.calls()).count("BootNotification") == 1
        csms.answers["DataTransfer"] = {"status": "Accepted"}
        await station.call(plain(v201))
        await clock.advance(100)
        assert await csms.calls() == ["DataTransfer"]
        # Trust is back: the next refusal is followed by a boot at once.
        forgetful(csms)
        await station.call(plain(v201))
        assert "BootNotification" in await csms.calls()


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
async def test_boot_02_a_boot_without_a_restart_claims_none(version: Any, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = running_csms(version, fake_csms, clock), make(version, clock)
    reasons = version.BootReasonEnumType
    async with csms.running(station):
        csms.boot = {"status": "Pending", "interval": 10}
        station.restart(reason=reasons.FIRMWARE_UPDATE)
        await settle()
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(10)
        forgetful(csms)
        await station.call(plain(version))
        csms.knows = False
        await station.call(plain(version))
        station.restart(reason=reasons.REMOTE_RESET)
        await settle()
        seen = [frame[3]["reason"] for frame in sent(csms, "BootNotification")]
    assert seen == [
        "PowerUp",
        "FirmwareUpdate",
        "FirmwareUpdate",  # the same start, not accepted yet
        "Unknown",
        "Unknown",
        "RemoteReset",
    ]
    assert station.boot.reason is reasons.REMOTE_RESET


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_csms_that_restarts_all_the_time_costs_no_event(
    version: Any, fake_csms: Make
) -> None:
    """Two hours of charging, an event a minute, the CSMS restarted every seven minutes."""
    clock = FakeClock()
    csms, station = running_csms(version, fake_csms, clock), make(version, clock)
    answered: list[Any] = []
    forgetful(csms)
    known = csms.answer

    def answer(frame: Any) -> None:
        known(frame)
        if csms.knows and frame[2] in {"TransactionEvent", "StopTransaction"}:
            answered.append(frame[3].get("seqNo", frame[3].get("transactionId")))

    csms.answer = answer
    async with csms.running(station):
        for minute in range(120):
            if minute % 7 == 3:
                csms.wire.cut()
                csms.knows = False
            task = asyncio.create_task(station.call(kept(version, minute)))
            await clock.advance(60)
            await task
    assert answered == list(range(120))


def test_the_waits_double_up_to_an_hour_and_are_each_action_s_own() -> None:
    lost = LostRegistrationBackOff()
    waits = [lost.seconds_before_boot("Authorize") for _ in range(9)]
    assert waits == [0, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert lost.seconds_before_boot("Heartbeat") == 0
    lost.note_answered("Authorize")
    assert lost.seconds_before_boot("Authorize") == 0

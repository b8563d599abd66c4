"""Long messages are read in steps: the event loop goes on meanwhile, and the order stays."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import LENIENT, STRICT, Limits, Policy
from ocppkit.core.payloads._repair_pass import RepairPass
from ocppkit.testing import settle
from support.connection_pair import ANSWER

Make = Callable[..., Any]


def report(items: int, value: object) -> str:
    item = {
        "component": {"name": "C"},
        "variable": {"name": "V"},
        "variableAttribute": [{"value": value}],
    }
    members = {"requestId": 1, "generatedAt": "2026-01-02T03:04:05Z", "seqNo": 0}
    return json.dumps([2, "long", "NotifyReport", {**members, "reportData": [item] * items}])


HEARTBEAT = '[2,"h","Heartbeat",{}]'


def handling(bench: Make, policy: Policy) -> Any:
    b = bench(inbound=policy)
    b.host.handlers["NotifyReport"] = lambda request: v201.NotifyReportResponse()
    b.host.handlers["Heartbeat"] = lambda request: ANSWER
    return b


async def turns_until_answered(b: Any) -> int:
    """Returns how often the event loop went round until the peer had an answer."""
    for turns in range(100_000):
        if b.peer.received:
            return turns
        await asyncio.sleep(0)
    pytest.fail("no answer")


@pytest.mark.asyncio
@pytest.mark.parametrize("policy", [STRICT, LENIENT], ids=lambda policy: policy.mode)
async def test_others_have_their_turn_while_a_long_message_is_repaired(
    bench: Make, policy: Policy
) -> None:
    b = handling(bench, policy)
    b.peer.wire.write(report(2000, 1))
    assert await turns_until_answered(b) > 30
    (answer,) = await b.peer.says()
    assert answer[:2] == [3 if policy is LENIENT else 4, "long"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text", [report(2000, "1"), report(10, 1), report(2000, "1")[:-1], "[" + "7," * 70_000]
)
async def test_what_is_not_long_or_not_repaired_is_answered_at_once(bench: Make, text: str) -> None:
    b = handling(bench, LENIENT)
    b.peer.wire.write(text)
    assert await turns_until_answered(b) < 10


@pytest.mark.asyncio
async def test_messages_behind_a_long_one_wait_for_it(bench: Make) -> None:
    b = handling(bench, LENIENT)
    for text in (report(2000, 1), HEARTBEAT, report(1000, 1).replace("long", "again"), HEARTBEAT):
        b.peer.wire.write(text)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert [frame[1] for frame in await b.peer.says()] == ["long", "h", "again", "h"]


@pytest.mark.asyncio
async def test_calls_of_ours_go_out_while_a_long_message_is_read(bench: Make) -> None:
    b = handling(bench, LENIENT)
    b.peer.wire.write(report(5000, 1))
    await asyncio.sleep(0)
    call = asyncio.create_task(b.endpoint.call(v201.ClearCacheRequest()))
    while not b.peer.received:
        await asyncio.sleep(0)
    assert b.peer.received[0][2] == "ClearCache"
    b.peer.wire.write('[3,"our-1",{"status":"Accepted"}]')
    assert (await call).status == "Accepted"
    assert [frame[1] for frame in b.peer.received] == ["our-1", "long"]


@pytest.mark.asyncio
@pytest.mark.parametrize("by_us", [False, True])
async def test_a_connection_that_ends_meanwhile_handles_nothing_more(
    bench: Make, by_us: bool, caplog: pytest.LogCaptureFixture
) -> None:
    b = handling(bench, LENIENT)
    b.peer.wire.write(report(5000, 1))
    b.peer.wire.write(HEARTBEAT)
    await asyncio.sleep(0)
    if by_us:
        b.endpoint.close()
    else:
        b.peer.wire.cut()
    for _ in range(1000):
        await asyncio.sleep(0)
    assert b.peer.received == []
    assert not [told for told in b.host.told if told[0] == "answered"]
    assert "Traceback" not in caplog.text


@pytest.mark.asyncio
async def test_reading_stays_paused_while_too_many_handlers_run(bench: Make) -> None:
    b = bench(inbound=LENIENT, limits=Limits(handlers=1))
    go = asyncio.Event()

    async def slow(request: object) -> v201.NotifyReportResponse:
        await go.wait()
        return v201.NotifyReportResponse()

    b.host.handlers["NotifyReport"] = slow
    b.host.handlers["Heartbeat"] = lambda request: ANSWER
    b.peer.wire.write(report(2000, 1))
    b.peer.wire.write(HEARTBEAT)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert b.peer.received == []
    go.set()
    await settle()
    assert [frame[1] for frame in b.peer.received] == ["long", "h"]


@pytest.mark.asyncio
async def test_a_step_that_fails_closes_the_connection(
    bench: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object) -> None:
        raise ArithmeticError("a fault of ours")

    b = handling(bench, LENIENT)
    b.peer.wire.write(report(5000, 1))
    await asyncio.sleep(0)
    monkeypatch.setattr(RepairPass, "_members", fail)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (b.peer.end.by, b.peer.end.code) == ("peer", 1011)
    assert "CP001: reading a message failed" in caplog.text
    assert "a fault of ours" in caplog.text

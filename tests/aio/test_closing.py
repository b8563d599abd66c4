"""Closing: nothing can be sent any more, and every call ends at once and says how."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import CallRefused, current_call
from ocppkit.core import ConnectionClosed, ErrorCode, utcnow
from ocppkit.testing import settle

Make = Callable[..., Any]

RESET = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
OK = v201.HeartbeatResponse(current_time=utcnow())


def begin(b: Any) -> asyncio.Task[Any]:
    return asyncio.create_task(b.endpoint.call(RESET))


@pytest.mark.asyncio
async def test_closing_disconnects_at_once(bench: Make) -> None:
    b = bench()
    outstanding, queued = begin(b), begin(b)
    await settle()
    b.endpoint.close(1008, "replaced by a newer connection")
    assert not b.endpoint.connected
    # The wire reports the end later.
    assert b.host.told == []
    for call, delivered in ((outstanding, "unknown"), (queued, "no")):
        with pytest.raises(ConnectionClosed, match="replaced by a newer connection") as caught:
            await call
        error = caught.value
        assert (error.by, error.code, error.delivered) == ("us", 1008, delivered)
    with pytest.raises(ConnectionClosed) as caught:
        await b.endpoint.call(RESET)
    assert caught.value.delivered == "no"
    with pytest.raises(ConnectionClosed):
        b.endpoint.send(object())
    await settle()
    assert b.host.told == [("disconnected", "us", 1008), "finished"]


@pytest.mark.asyncio
async def test_closing_twice_is_closing_once(bench: Make) -> None:
    b = bench()
    b.endpoint.close(1008, "first")
    b.endpoint.close(1000, "second")
    await settle()
    b.endpoint.close(1000, "third")
    assert b.peer.end is not None
    assert (b.peer.end.code, b.peer.end.reason) == (1008, "first")


@pytest.mark.asyncio
async def test_what_arrives_after_our_close_is_dropped(bench: Make) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = lambda request: OK
    b.endpoint.close()
    b.endpoint.data_received('[2,"1","Heartbeat",{}]')
    await settle()
    assert b.peer.received == []
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
async def test_a_handler_that_closes_is_answered_first(bench: Make) -> None:
    b = bench()

    def handler(request: object) -> object:
        b.endpoint.close(1008, "wrong serial number")
        assert not b.endpoint.connected
        raise CallRefused(ErrorCode.SECURITY_ERROR, "wrong serial number")

    b.host.handlers["Heartbeat"] = handler
    replies = await b.peer.says([2, "1", "Heartbeat", {}])
    assert replies == [[4, "1", "SecurityError", "wrong serial number", {}]]
    assert b.peer.end is not None
    assert b.peer.end.code == 1008


@pytest.mark.asyncio
async def test_a_running_handler_ends_unanswered_and_within_its_time(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    seen: list[str] = []

    async def handler(request: object) -> object:
        current_call().after_response(lambda: seen.append("after"))
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("cancelled")
        return OK

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says([2, "1", "Heartbeat", {}])
    b.endpoint.close()
    await b.clock.advance(26)
    assert seen == ["cancelled"]
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
async def test_a_frame_that_is_too_big_ends_the_calls_at_once(bench: Make) -> None:
    b = bench()
    call = begin(b)
    await settle()
    b.endpoint.data_received('[2,"1","Heartbeat",{}]' + " " * (1 << 20))
    assert not b.endpoint.connected
    with pytest.raises(ConnectionClosed, match="message too big"):
        await call


@pytest.mark.asyncio
@pytest.mark.parametrize("waits", [True, False])
async def test_a_drain_waits_for_calls_under_way_if_it_is_told_to(waits: bool, bench: Make) -> None:
    b = bench()
    first, second = begin(b), begin(b)
    await settle()
    drained = asyncio.create_task(b.endpoint.drain(10, wait_for_calls=waits))
    await settle()
    assert b.endpoint.connected is waits
    if waits:
        await b.peer.says([3, "our-1", {"status": "Accepted"}])
        await b.peer.says([3, "our-2", {"status": "Accepted"}])
        assert (await first).status == (await second).status == "Accepted"
    await drained
    await asyncio.gather(first, second, return_exceptions=True)
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
async def test_a_drain_waits_no_longer_than_its_grace(bench: Make) -> None:
    b = bench()
    call = begin(b)
    await settle()
    drained = asyncio.create_task(b.endpoint.drain(10, wait_for_calls=True))
    await b.clock.advance(9)
    assert not drained.done()
    await b.clock.advance(2)
    await drained
    with pytest.raises(ConnectionClosed, match="going away"):
        await call

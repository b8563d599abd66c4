"""The endpoint: calls of our side end in exactly one way, the timer keeps time, shutdown is in order."""

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v21, v201
from ocppkit.aio import InvalidCall
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    ErrorCode,
    Failure,
    InvalidMessage,
    InvalidOutgoing,
    Limits,
    QueueFull,
    Role,
    WrongVersion,
    utcnow,
)
from ocppkit.testing import settle

Make = Callable[..., Any]

RESET = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
ACCEPTED = v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)
RESET_FRAME = [2, "our-1", "Reset", {"type": "Immediate"}]


def begin(b: Any, timeout: float | None = None) -> asyncio.Task[v201.ResetResponse]:
    return asyncio.create_task(b.endpoint.call(RESET, timeout))


@pytest.mark.asyncio
async def test_a_call_returns_its_result(bench: Make) -> None:
    b = bench()
    call = begin(b)
    assert await b.peer.says() == [RESET_FRAME]
    await b.peer.says([3, "our-1", {"status": "Accepted"}])
    assert await call == ACCEPTED
    assert b.host.told == [("result", "Reset")]


@pytest.mark.asyncio
async def test_a_call_fails_as_the_peer_says(bench: Make) -> None:
    b = bench()
    call = begin(b)
    await b.peer.says()
    await b.peer.says([4, "our-1", "NotSupported", "no reset here", {"why": 1}])
    with pytest.raises(CallFailed) as caught:
        await call
    assert caught.value.code == ErrorCode.NOT_SUPPORTED
    assert caught.value.description == "no reset here"
    assert caught.value.details == {"why": 1}


@pytest.mark.asyncio
async def test_a_call_fails_by_an_answer_that_cannot_be_used(bench: Make) -> None:
    b = bench()
    call = begin(b)
    await b.peer.says()
    await b.peer.says([3, "our-1", {"status": "Perhaps"}])
    with pytest.raises(InvalidMessage):
        await call
    assert b.endpoint.connected


@pytest.mark.asyncio
@pytest.mark.parametrize(("timeout", "seconds"), [(None, 30.0), (3.0, 3.0)])
async def test_a_call_times_out(timeout: float | None, seconds: float, bench: Make) -> None:
    b = bench()
    call = begin(b, timeout)
    await b.clock.advance(seconds - 0.1)
    assert not call.done()
    await b.clock.advance(0.2)
    with pytest.raises(CallTimedOut):
        await call


@pytest.mark.asyncio
async def test_a_late_answer_resolves_no_other_call(bench: Make) -> None:
    b = bench()
    first = begin(b)
    await b.clock.advance(31)
    with pytest.raises(CallTimedOut):
        await first
    second = begin(b)
    await b.peer.says([3, "our-1", {"status": "Rejected"}], [3, "foreign", {"status": "Rejected"}])
    assert not second.done()
    await b.peer.says([3, "our-2", {"status": "Accepted"}])
    assert await second == ACCEPTED


@pytest.mark.asyncio
async def test_calls_wait_for_their_turn(bench: Make) -> None:
    b = bench()
    calls = [begin(b) for _ in range(3)]
    assert await b.peer.says() == [RESET_FRAME]
    for i, call in enumerate(calls, 1):
        sent = await b.peer.says([3, f"our-{i}", {"status": "Accepted"}])
        assert [frame[1] for frame in sent] == ([f"our-{i + 1}"] if i < 3 else [])
        assert await call == ACCEPTED


@pytest.mark.asyncio
async def test_a_full_queue_is_said_at_once(bench: Make) -> None:
    b = bench(limits=Limits(queue=1))
    calls = [begin(b) for _ in range(2)]
    await settle()
    with pytest.raises(QueueFull):
        await b.endpoint.call(RESET)
    b.peer.wire.cut()
    await asyncio.wait(calls)
    assert [type(call.exception()) for call in calls] == [ConnectionClosed] * 2


@pytest.mark.asyncio
async def test_a_cancelled_call_keeps_the_slot_until_it_is_answered(bench: Make) -> None:
    b = bench()
    first, second = begin(b), begin(b)
    assert await b.peer.says() == [RESET_FRAME]
    first.cancel()
    assert await b.peer.says() == []
    assert first.cancelled()
    (sent,) = await b.peer.says([3, "our-1", {"status": "Accepted"}])
    assert sent[1] == "our-2"
    await b.peer.says([3, "our-2", {"status": "Accepted"}])
    assert await second == ACCEPTED


@pytest.mark.asyncio
async def test_a_call_cancelled_in_the_moment_it_fails_leaves_no_noise(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    call = begin(b)
    await b.peer.says()
    b.endpoint.data_received('[4,"our-1","GenericError","",{}]')
    call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    del call
    gc.collect()
    assert "never retrieved" not in caplog.text


@pytest.mark.asyncio
async def test_a_lost_call_says_whether_it_may_have_run(bench: Make) -> None:
    b = bench()
    sent, waiting = begin(b), begin(b)
    await settle()
    b.peer.wire.close(1001, "bye")
    await asyncio.wait({sent, waiting})
    for call, delivered in ((sent, "unknown"), (waiting, "no")):
        error = call.exception()
        assert isinstance(error, ConnectionClosed)
        assert (error.delivered, error.by, error.code, error.reason) == (
            delivered,
            "peer",
            1001,
            "bye",
        )
    with pytest.raises(ConnectionClosed) as caught:
        await b.endpoint.call(RESET)
    assert caught.value.delivered == "no"
    assert (await b.endpoint.wait_ended()).by == "peer"
    assert b.host.told == [("disconnected", "peer", 1001), "finished"]


@pytest.mark.asyncio
async def test_what_breaks_the_schema_or_the_version_is_not_sent(bench: Make) -> None:
    b = bench()
    with pytest.raises(WrongVersion):
        await b.endpoint.call(v21.ResetRequest(type=v21.ResetEnumType.IMMEDIATE))
    long_text = "x" * 1000
    with pytest.raises(InvalidOutgoing):
        await b.endpoint.call(v201.DataTransferRequest(vendor_id=long_text))
    assert await b.peer.says() == []


@pytest.mark.asyncio
async def test_a_send_goes_out_at_once(bench: Make) -> None:
    b = bench(Role.STATION, protocol=v21.PROTOCOL)
    message = v21.NotifyPeriodicEventStream(
        id=1, pending=0, basetime=utcnow(), data=[v21.StreamDataElementType(t=0.5, v="1")]
    )
    b.endpoint.send(message)
    (frame,) = await b.peer.says()
    assert frame[0] == 6
    b.peer.wire.cut()
    await settle()
    with pytest.raises(ConnectionClosed):
        b.endpoint.send(message)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("failure", "code"),
    [(Failure.NOT_ACCEPTED, "SecurityError"), (Failure.REJECTED, "SecurityError")],
)
async def test_the_host_may_refuse(failure: Failure, code: str, bench: Make) -> None:
    b = bench()
    b.host.refused["Heartbeat"] = failure
    (answer,) = await b.peer.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", code]


@pytest.mark.asyncio
async def test_a_refused_send_is_dropped(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    seen: list[object] = []
    b.host.handlers["NotifyPeriodicEventStream"] = seen.append
    b.host.refused["NotifyPeriodicEventStream"] = Failure.NOT_ACCEPTED
    data = [{"t": 0, "v": "1"}]
    payload = {"id": 1, "pending": 0, "basetime": "2024-01-01T00:00:00Z", "data": data}
    assert await b.peer.says([6, "1", "NotifyPeriodicEventStream", payload]) == []
    assert seen == []


@pytest.mark.asyncio
async def test_what_nobody_handles_is_not_supported(bench: Make) -> None:
    b = bench()
    (answer,) = await b.peer.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", "NotSupported"]


@pytest.mark.asyncio
async def test_a_handler_that_goes_away_while_its_call_comes_in(bench: Make) -> None:
    b = bench()
    found = iter([fail, Failure.NOT_HANDLED])
    b.host.handler_or_failure = lambda action: next(found)
    (answer,) = await b.peer.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", "NotSupported"]


def fail(request: object) -> object:
    raise AssertionError("must not run")


@pytest.mark.asyncio
async def test_a_frame_too_big_closes_the_connection(bench: Make) -> None:
    b = bench(limits=Limits(frame_bytes=1000))
    await b.peer.says([2, "1", "Heartbeat", {"x": "x" * 1000}])
    assert b.peer.end is not None
    assert (b.peer.end.by, b.peer.end.code) == ("peer", 1009)


@pytest.mark.asyncio
async def test_binary_messages_are_no_ocpp(bench: Make) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = fail
    b.peer.wire.write_binary(b'[2,"1","Heartbeat",{}]')
    (answer,) = await b.peer.says()
    assert answer[:3] == [4, "-1", "RpcFrameworkError"]


@pytest.mark.asyncio
async def test_a_flood_of_bad_frames_does_not_flood_the_log(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    with caplog.at_level(logging.WARNING):
        answers = await b.peer.says(*(["nonsense"] for _ in range(500)))
    assert len(answers) == 500
    assert len(caplog.records) == 100


@pytest.mark.asyncio
async def test_a_failing_hook_is_logged(bench: Make, caplog: pytest.LogCaptureFixture) -> None:
    def on_invalid(call: InvalidCall[object]) -> None:
        raise RuntimeError("in the hook")

    b = bench(on_invalid=on_invalid)
    b.host.handlers["Heartbeat"] = fail
    (answer,) = await b.peer.says([2, "1", "Heartbeat", {"more": 1}])
    assert answer[:3] == [4, "1", "FormatViolation"]
    assert "on_invalid raised an exception" in caplog.text.replace(".<locals>", "")


@pytest.mark.asyncio
async def test_the_peer_refuses_a_result(bench: Make, caplog: pytest.LogCaptureFixture) -> None:
    b = bench(protocol=v21.PROTOCOL)
    b.host.handlers["Heartbeat"] = lambda request: v21.HeartbeatResponse(current_time=utcnow())
    await b.peer.says([2, "1", "Heartbeat", {}])
    await b.peer.says([5, "1", "FormatViolation", "what is this", {}])
    assert "the peer refused our result" in caplog.text


@pytest.mark.asyncio
async def test_draining_waits_for_handlers_and_leaves_new_calls_unanswered(bench: Make) -> None:
    b = bench()
    gate = asyncio.Event()

    async def handler(request: object) -> object:
        await gate.wait()
        return v201.HeartbeatResponse(current_time=utcnow())

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says([2, "1", "Heartbeat", {}])
    drained = asyncio.create_task(b.endpoint.drain(10))
    assert await b.peer.says([2, "2", "Heartbeat", {}]) == []
    assert b.peer.end is None
    gate.set()
    (answer,) = await b.peer.says()
    assert answer[:2] == [3, "1"]
    await drained
    assert b.peer.end is not None
    assert (b.peer.end.by, b.peer.end.code) == ("peer", 1001)
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
async def test_draining_ends_when_its_time_is_over(bench: Make) -> None:
    b = bench()

    async def handler(request: object) -> object:
        return await asyncio.get_running_loop().create_future()

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says([2, "1", "Heartbeat", {}])
    drained = asyncio.create_task(b.endpoint.drain(10))
    await b.clock.advance(9)
    assert not drained.done()
    await b.clock.advance(2)
    await drained
    assert b.host.told == [("disconnected", "us", 1001), "finished"]


@pytest.mark.asyncio
async def test_an_observer_sees_frames_and_events(bench: Make) -> None:
    seen: list[Any] = []

    class Watcher:
        def frame(self, identity: str, direction: str, data: str | bytes) -> None:
            seen.append((identity, direction, data))

        def event(self, identity: str, event: Any) -> None:
            seen.append((identity, type(event).__name__))

    b = bench(observer=Watcher())
    await b.peer.says([2, "1", "Nonsense", {}])
    assert seen == [
        ("CP001", "in", '[2, "1", "Nonsense", {}]'),
        ("CP001", "FrameRefused"),
        ("CP001", "out", '[4,"1","NotImplemented","unknown action",{}]'),
    ]


@pytest.mark.asyncio
async def test_frames_are_logged_at_debug_only(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    with caplog.at_level(logging.INFO):
        await b.peer.says([2, "1", "Heartbeat", {}])
    assert '"Heartbeat"' not in caplog.text
    with caplog.at_level(logging.DEBUG):
        await b.peer.says([2, "2", "Heartbeat", {}])
    assert 'CP001 < [2, "2", "Heartbeat", {}]' in caplog.text
    assert 'CP001 > [4,"2","NotSupported"' in caplog.text


@pytest.mark.asyncio
async def test_nothing_is_left_of_an_endpoint(bench: Make) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = lambda request: v201.HeartbeatResponse(current_time=utcnow())
    call = begin(b)
    await b.peer.says([2, "1", "Heartbeat", {}])
    await b.peer.says([3, "our-1", {"status": "Accepted"}])
    await call
    b.endpoint.close()
    await settle()
    # The timer of the call may still ring: it finds nothing to do.
    await b.clock.advance(60)
    assert b.host.told[-1] == "finished"
    assert len(asyncio.all_tasks()) == 1

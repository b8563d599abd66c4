"""Handlers, plain and async: whatever one does, its call gets one answer and the connection lives."""

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v21, v201
from ocppkit.aio import CallRefused, current_call
from ocppkit.core import ErrorCode, Limits, utcnow
from ocppkit.testing import settle

Make = Callable[..., Any]

CALL = [2, "1", "Heartbeat", {}]
OK = v201.HeartbeatResponse(current_time=utcnow())
INTERNAL_ERROR = [4, "1", "InternalError", "handler failed", {}]


async def is_alive(bench: Any) -> bool:
    bench.host.handlers["Heartbeat"] = lambda request: OK
    (answer,) = await bench.peer.says([2, "alive", "Heartbeat", {}])
    return bool(answer[:2] == [3, "alive"])


@pytest.mark.asyncio
async def test_a_plain_handler_answers(bench: Make) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = lambda request: OK
    (answer,) = await b.peer.says(CALL)
    assert answer[:2] == [3, "1"]
    assert b.host.told == [("answered", "1")]


@pytest.mark.asyncio
async def test_a_coroutine_handler_answers(bench: Make) -> None:
    b = bench()

    async def handler(request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
        await asyncio.sleep(0)
        return OK

    b.host.handlers["Heartbeat"] = handler
    (answer,) = await b.peer.says(CALL)
    assert answer[:2] == [3, "1"]


def fail(request: object) -> object:
    raise RuntimeError("secret of the house")


async def fail_later(request: object) -> object:
    await asyncio.sleep(0)
    raise RuntimeError("secret of the house")


def wrong(request: object) -> object:
    return {"currentTime": "2024-01-01T00:00:00Z"}


async def nothing(request: object) -> object:
    return None


def other_response(request: object) -> object:
    return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)


def breaks_schema(request: object) -> object:
    return v201.HeartbeatResponse(current_time=utcnow().replace(tzinfo=None))


async def cancels_itself(request: object) -> object:
    raise asyncio.CancelledError


def plain_cancels_itself(request: object) -> object:
    raise asyncio.CancelledError


def awaits_nothing(request: object) -> object:
    return asyncio.get_running_loop().create_future()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "handler",
    [
        fail,
        fail_later,
        wrong,
        nothing,
        other_response,
        breaks_schema,
        cancels_itself,
        plain_cancels_itself,
        awaits_nothing,
    ],
)
async def test_a_failing_handler_is_answered_and_logged(
    handler: Any, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says(CALL) == [INTERNAL_ERROR]
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert "Heartbeat 1: the handler " in record.message
    assert record.exc_info is not None
    assert b.endpoint.connected
    assert await is_alive(b)


@pytest.mark.asyncio
async def test_a_handler_refuses_with_the_code_of_its_choice(bench: Make) -> None:
    b = bench()

    async def handler(request: object) -> object:
        raise CallRefused(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "too many", {"most": 3})

    b.host.handlers["Heartbeat"] = handler
    expected = [4, "1", "OccurrenceConstraintViolation", "too many", {"most": 3}]
    assert await b.peer.says(CALL) == [expected]


@pytest.mark.asyncio
async def test_a_refusal_that_cannot_be_written_is_an_internal_error(bench: Make) -> None:
    b = bench()

    def handler(request: object) -> object:
        raise CallRefused(ErrorCode.GENERIC_ERROR, "no JSON", {"what": object()})

    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says(CALL) == [INTERNAL_ERROR]
    assert await is_alive(b)


@pytest.mark.asyncio
async def test_a_hanging_handler_is_answered_in_time_and_cancelled(bench: Make) -> None:
    b = bench()
    seen: list[str] = []

    async def handler(request: object) -> object:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("cancelled")

    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says(CALL) == []
    await b.clock.advance(24.9)
    assert await b.peer.says() == []
    await b.clock.advance(0.2)
    assert await b.peer.says() == [[4, "1", "InternalError", "handler timed out", {}]]
    assert seen == ["cancelled"]
    assert await is_alive(b)


@pytest.mark.asyncio
async def test_what_a_handler_returns_after_its_time_answers_nothing(bench: Make) -> None:
    """Not even a later call that has the same message id."""
    b = bench()
    release = asyncio.Event()

    async def stubborn(request: object) -> object:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return OK

    async def patient(request: object) -> object:
        return await asyncio.get_running_loop().create_future()

    b.host.handlers["Heartbeat"] = stubborn
    await b.peer.says(CALL)
    await b.clock.advance(26)
    assert len(await b.peer.says()) == 1
    b.host.handlers["Heartbeat"] = patient
    assert await b.peer.says(CALL) == []
    release.set()
    assert await b.peer.says() == []
    assert await is_alive(b)
    b.peer.wire.cut()
    await settle()
    await b.endpoint.cancel_handlers()


@pytest.mark.asyncio
async def test_handlers_start_in_order_of_arrival_and_run_side_by_side(bench: Make) -> None:
    b = bench()
    seen: list[str] = []
    first = asyncio.Event()

    async def handler(request: object) -> object:
        message_id = current_call().message_id
        seen.append(message_id)
        if message_id == "1":
            await first.wait()
        return OK

    b.host.handlers["Heartbeat"] = handler
    answers = await b.peer.says(CALL, [2, "2", "Heartbeat", {}], [2, "3", "Heartbeat", {}])
    assert seen == ["1", "2", "3"]
    assert [answer[1] for answer in answers] == ["2", "3"]
    first.set()
    (answer,) = await b.peer.says()
    assert answer[:2] == [3, "1"]


@pytest.mark.asyncio
async def test_a_handler_may_call_the_peer(bench: Make) -> None:
    b = bench()

    async def handler(request: object) -> object:
        await b.endpoint.call(v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE))
        return OK

    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says(CALL) == [[2, "our-1", "Reset", {"type": "Immediate"}]]
    (answer,) = await b.peer.says([3, "our-1", {"status": "Accepted"}])
    assert answer[:2] == [3, "1"]


@pytest.mark.asyncio
async def test_the_context_of_a_call(bench: Make) -> None:
    b = bench()
    seen: list[Any] = []

    async def handler(request: object) -> object:
        await asyncio.sleep(0)
        call = current_call()
        seen.extend([call.message_id, call.action.name, call.raw, call.issues, call.received_at])
        return OK

    b.host.handlers["Heartbeat"] = handler
    await b.clock.advance(7)
    await b.peer.says('[2,"1","Heartbeat",{ }]')
    assert seen == ["1", "Heartbeat", b"{ }", (), 7.0]
    with pytest.raises(LookupError):
        current_call()


@pytest.mark.asyncio
async def test_callbacks_run_after_the_response_in_order(bench: Make) -> None:
    b = bench()
    seen: list[str] = []

    async def later() -> None:
        assert current_call().message_id == "1"
        await asyncio.sleep(0)
        seen.append(f"later {b.host.told}")

    def handler(request: object) -> object:
        current_call().after_response(later)
        current_call().after_response(fail_without_arguments)
        current_call().after_response(lambda: seen.append("last"))
        return OK

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says(CALL)
    assert seen == ["later [('answered', '1')]", "last"]


def fail_without_arguments() -> None:
    raise RuntimeError("in a callback")


@pytest.mark.asyncio
@pytest.mark.parametrize("handler", [fail, wrong])
async def test_callbacks_do_not_run_after_an_error(handler: Any, bench: Make) -> None:
    b = bench()
    seen: list[str] = []

    def failing(request: object) -> object:
        current_call().after_response(lambda: seen.append("ran"))
        return handler(request)

    b.host.handlers["Heartbeat"] = failing
    assert await b.peer.says(CALL) == [INTERNAL_ERROR]
    assert seen == []


@pytest.mark.asyncio
async def test_the_reader_pauses_while_too_many_handlers_run(bench: Make) -> None:
    b = bench(limits=Limits(handlers=2))
    gates: list[asyncio.Event] = []

    async def handler(request: object) -> object:
        gates.append(asyncio.Event())
        await gates[-1].wait()
        return OK

    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says(*([2, str(i), "Heartbeat", {}] for i in range(5))) == []
    assert len(gates) == 2
    for i in range(5):
        gates[i].set()
        (answer,) = await b.peer.says()
        assert answer[:2] == [3, str(i)]
    assert len(gates) == 5


@pytest.mark.asyncio
async def test_a_handler_of_a_lost_connection_runs_on_within_its_time(bench: Make) -> None:
    b = bench()
    seen: list[str] = []

    async def handler(request: object) -> object:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says(CALL)
    b.peer.wire.cut()
    await b.clock.advance(24)
    assert b.host.told == [("disconnected", "network", None)]
    assert seen == []
    await b.clock.advance(2)
    assert seen == ["cancelled"]
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
async def test_a_result_after_the_end_is_dropped(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    gate = asyncio.Event()

    async def handler(request: object) -> object:
        await gate.wait()
        current_call().after_response(fail_without_arguments)
        return OK

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says(CALL)
    b.peer.wire.cut()
    await settle()
    gate.set()
    await settle()
    assert "the handler returned too late [its result is dropped: the call was" in caplog.text
    assert "or the connection has ended]" in caplog.text
    assert b.host.told == [("disconnected", "network", None), "finished"]


@pytest.mark.asyncio
async def test_a_send_is_handled_and_never_answered(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    seen: list[object] = []
    b.host.handlers["NotifyPeriodicEventStream"] = seen.append
    event = {"t": 0.5, "v": "1"}
    payload = {"id": 1, "pending": 0, "basetime": "2024-01-01T00:00:00Z", "data": [event]}
    assert await b.peer.says([6, "1", "NotifyPeriodicEventStream", payload]) == []
    assert [type(each) for each in seen] == [v21.NotifyPeriodicEventStream]


@pytest.mark.asyncio
@pytest.mark.parametrize("handler", [fail, fail_later])
async def test_a_send_whose_handler_fails_is_logged(
    handler: Any, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench(protocol=v21.PROTOCOL)
    b.host.handlers["NotifyPeriodicEventStream"] = handler
    payload = {
        "id": 1,
        "pending": 0,
        "basetime": "2024-01-01T00:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    assert await b.peer.says([6, "1", "NotifyPeriodicEventStream", payload]) == []
    assert "NotifyPeriodicEventStream 1: the handler " in caplog.text


@pytest.mark.asyncio
async def test_a_hanging_handler_of_a_send_is_cancelled(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    seen: list[str] = []

    async def handler(message: object) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("cancelled")

    b.host.handlers["NotifyPeriodicEventStream"] = handler
    payload = {
        "id": 1,
        "pending": 0,
        "basetime": "2024-01-01T00:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    await b.peer.says([6, "1", "NotifyPeriodicEventStream", payload])
    await b.clock.advance(26)
    assert seen == ["cancelled"]


@pytest.mark.asyncio
async def test_a_handler_cancelled_before_it_begins(bench: Make) -> None:
    b = bench()
    started: list[str] = []

    async def handler(request: object) -> object:
        started.append("started")
        return OK

    b.host.handlers["Heartbeat"] = handler
    b.endpoint.data_received('[2,"1","Heartbeat",{}]')
    await b.endpoint.cancel_handlers()
    if sys.version_info >= (3, 12):
        # It begins at once, and never had to wait.
        assert (started, (await b.peer.says())[0][:2]) == (["started"], [3, "1"])
    else:
        assert started == []
        assert await b.peer.says() == [INTERNAL_ERROR]


@pytest.mark.asyncio
async def test_a_handler_that_cancels_itself_at_once(bench: Make) -> None:
    b = bench()

    async def handler(request: object) -> object:
        raise asyncio.CancelledError

    b.host.handlers["Heartbeat"] = handler
    assert await b.peer.says([2, "1", "Heartbeat", {}]) == [INTERNAL_ERROR]
    assert await b.peer.says([2, "2", "Heartbeat", {}]) != []


@pytest.mark.asyncio
async def test_a_handler_knows_its_task_and_its_call(bench: Make) -> None:
    b = bench()
    seen: list[object] = []

    async def handler(request: object) -> object:
        seen.append(current_call().message_id)
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        seen.append(current_call().message_id)
        return OK

    b.host.handlers["Heartbeat"] = handler
    await b.peer.says([2, "1", "Heartbeat", {}], [2, "2", "Heartbeat", {}])
    assert sorted(map(str, seen)) == ["1", "1", "2", "2"]
    with pytest.raises(LookupError):
        current_call()

"""Observers hear of every call and connection, and harm none when they fail."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from ocppkit import v21, v201
from ocppkit.aio import CallObserver, CallRefused, ObservedCall, ObservedConnection
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    ErrorCode,
    Failure,
    Role,
    utcnow,
)
from ocppkit.testing import settle

Make = Callable[..., Any]

HEARTBEAT = v201.HeartbeatResponse(current_time=utcnow())


class Watcher(CallObserver):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.started: list[ObservedCall] = []
        self.ended: list[ObservedCall] = []
        self.connections: list[ObservedConnection] = []
        self.ends: list[ConnectionClosed | None] = []

    def call_started(self, call: ObservedCall) -> None:
        assert call.outcome is None
        self.started.append(call)

    def call_ended(self, call: ObservedCall) -> None:
        assert self.started.count(call) == 1
        self.ended.append(call)

    def connection_started(self, connection: ObservedConnection) -> None:
        self.connections.append(connection)

    def connection_ended(self, connection: ObservedConnection) -> None:
        self.ends.append(connection.end)


def story(call: ObservedCall) -> tuple[Any, ...]:
    """Returns what is told of a call, in one line."""
    way = "out" if call.outgoing else "in"
    return way, call.action, call.message_id, call.outcome, call.error_code, call.duration


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.mark.asyncio
async def test_a_call_of_ours_is_answered(bench: Make, watcher: Watcher) -> None:
    b = bench(observer=watcher)
    call = asyncio.create_task(
        b.endpoint.call(v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE))
    )
    await settle()
    (told,) = watcher.started
    assert (told.action, told.outgoing, told.outcome) == ("Reset", True, None)
    sent = b.peer.received[0]
    await b.clock.advance(1.5)
    answer = f'[3,"{sent[1]}",{{"status":"Accepted"}}]'
    await b.peer.says(answer)
    await call
    assert story(told) == ("out", "Reset", sent[1], "answered", None, 1.5)
    assert told.request_bytes == len(f'[2,"{sent[1]}","Reset",{{"type":"Immediate"}}]')
    assert told.response_bytes == len('{"status":"Accepted"}')
    assert told.sent_at == told.started_at
    assert watcher.ended == [told]


@pytest.mark.asyncio
async def test_how_calls_of_ours_end(bench: Make, watcher: Watcher) -> None:
    b = bench(observer=watcher)
    request = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
    calls = [asyncio.create_task(b.endpoint.call(request, timeout=30)) for _ in range(4)]
    await settle()
    ids = [call.message_id for call in watcher.started]
    assert [call.sent_at is None for call in watcher.started] == [False, True, True, True]
    await b.clock.advance(1)
    await b.peer.says([4, ids[0], "SecurityError", "no", {}])
    await b.clock.advance(30)
    calls[2].cancel()
    await settle()
    b.peer.wire.close(1000)
    await settle()
    results = await asyncio.gather(*calls, return_exceptions=True)
    kinds = [CallFailed, CallTimedOut, asyncio.CancelledError, ConnectionClosed]
    assert [type(result) for result in results] == kinds
    assert {call.message_id: (call.outcome, call.error_code) for call in watcher.ended} == {
        ids[0]: ("refused", "SecurityError"),
        ids[1]: ("timed out", None),
        ids[2]: ("cancelled", None),
        ids[3]: ("lost", None),
    }
    # The second one waited for the first to be answered.
    first, second = watcher.started[:2]
    assert first.sent_at == first.started_at == second.started_at
    assert second.sent_at == second.started_at + 1


@pytest.mark.asyncio
async def test_calls_of_the_peer(bench: Make, watcher: Watcher) -> None:
    b = bench(observer=watcher)
    released = asyncio.Event()

    async def slow(request: Any) -> Any:
        await released.wait()
        return HEARTBEAT

    def refusing(request: Any) -> Any:
        raise CallRefused(ErrorCode.SECURITY_ERROR, "no")

    def broken(request: Any) -> Any:
        raise KeyError("database")

    b.host.handlers.update(
        Heartbeat=slow, ClearedChargingLimit=refusing, LogStatusNotification=broken
    )
    b.host.refused["FirmwareStatusNotification"] = Failure.NOT_ACCEPTED
    await b.peer.says(
        '[2,"1","Heartbeat",{}]',
        '[2,"2","ClearedChargingLimit",{"chargingLimitSource":"EMS"}]',
        '[2,"3","LogStatusNotification",{"status":"Idle"}]',
        '[2,"4","FirmwareStatusNotification",{"status":"Idle"}]',
        '[2,"5","Heartbeat",{"colour":"red"}]',
        '[2,"6","Nonsense",{}]',
    )
    await b.clock.advance(2)
    released.set()
    await settle()
    assert [story(call) for call in watcher.ended] == [
        ("in", "ClearedChargingLimit", "2", "refused", "SecurityError", 0),
        ("in", "LogStatusNotification", "3", "refused", "InternalError", 0),
        ("in", "FirmwareStatusNotification", "4", "refused", "SecurityError", 0),
        ("in", "Heartbeat", "5", "refused", "FormatViolation", 0),
        ("in", "unknown", "6", "refused", "NotImplemented", 0),
        ("in", "Heartbeat", "1", "answered", None, 2),
    ]
    assert len(watcher.started) == 6
    heartbeat = watcher.ended[-1]
    assert heartbeat.request_bytes == len('[2,"1","Heartbeat",{}]')
    assert heartbeat.response_bytes > len('[3,"1",{}]')


@pytest.mark.asyncio
async def test_ids_that_json_must_escape(bench: Make, watcher: Watcher) -> None:
    b = bench(observer=watcher)
    b.host.handlers["Heartbeat"] = lambda request: HEARTBEAT
    await b.peer.says([2, 'a"b\\c\u00e9\n', "Heartbeat", {}])
    assert [story(call)[2:4] for call in watcher.ended] == [('a"b\\c\u00e9\n', "answered")]


@pytest.mark.asyncio
async def test_the_end_of_a_connection(bench: Make, watcher: Watcher) -> None:
    b = bench(observer=watcher)
    b.host.handlers["Heartbeat"] = lambda request: asyncio.sleep(1, HEARTBEAT)
    await b.peer.says('[2,"1","Heartbeat",{}]', '[2,"é","Nonsense",{}]')
    await b.clock.advance(5)
    b.peer.wire.close(1001, "bye")
    await settle()
    assert [call.outcome for call in watcher.ended] == ["refused", "lost"]
    (connection,) = watcher.connections
    (end,) = watcher.ends
    assert (connection.identity, connection.duration) == ("CP001", 5)
    assert connection.end is end
    assert end is not None
    assert (end.code, end.by) == (1001, "peer")
    assert (connection.frames_in, connection.frames_out) == (2, 1)
    assert connection.bytes_in == len('[2,"1","Heartbeat",{}][2,"é","Nonsense",{}]'.encode())
    await b.endpoint.cancel_handlers()


@pytest.mark.asyncio
async def test_messages_that_are_never_answered(bench: Make, watcher: Watcher) -> None:
    b = bench(Role.STATION, observer=watcher, protocol=v21.PROTOCOL)
    stream = v21.NotifyPeriodicEventStream(
        id=1, pending=0, basetime=utcnow(), data=[v21.StreamDataElementType(t=0, v="1")]
    )
    b.endpoint.send(stream)
    await settle()
    (sent,) = watcher.ended
    assert (sent.action, sent.outcome, sent.outgoing) == ("NotifyPeriodicEventStream", "sent", True)
    frame = json.dumps(b.peer.received[0])
    other = bench(observer=watcher, protocol=v21.PROTOCOL)
    other.host.handlers["NotifyPeriodicEventStream"] = lambda message: None
    await other.peer.says(frame)
    received = watcher.ended[1]
    assert (received.action, received.outcome) == ("NotifyPeriodicEventStream", "sent")
    assert not received.outgoing
    assert 0 < received.request_bytes < sent.request_bytes
    assert len(watcher.ended) == 2


@pytest.mark.asyncio
async def test_a_handler_sees_what_the_observer_set_in_its_context(bench: Make) -> None:
    span: ContextVar[str] = ContextVar("span", default="none")
    seen: list[str] = []

    class Tracer(CallObserver):
        def call_started(self, call: ObservedCall) -> None:
            span.set(call.message_id)

    async def handler(request: Any) -> Any:
        await asyncio.sleep(0)
        seen.append(span.get())
        return HEARTBEAT

    b = bench(observer=Tracer())
    b.host.handlers["Heartbeat"] = handler
    await b.peer.says('[2,"1","Heartbeat",{}]', '[2,"2","Heartbeat",{}]')
    assert seen == ["1", "2"]
    assert span.get() == "none"


class Failing(CallObserver):
    """Fails in everything."""

    def frame(self, *about: Any) -> None:
        raise KeyError("frame")

    event = call_started = call_ended = frame  # type: ignore[assignment]
    connection_started = connection_ended = frame  # type: ignore[assignment]


class FailingOfOld:
    """An observer of frames and events alone, that fails."""

    def frame(self, *about: Any) -> None:
        raise KeyError("frame")

    event = frame


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [Failing, FailingOfOld])
async def test_an_observer_that_fails_does_no_harm(
    kind: type[Any], bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    b = bench(observer=kind())
    b.host.handlers["Heartbeat"] = lambda request: HEARTBEAT
    assert [frame[:2] for frame in await b.peer.says([2, "1", "Heartbeat", {}])] == [[3, "1"]]
    call = asyncio.create_task(
        b.endpoint.call(v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE))
    )
    await settle()
    await b.peer.says([3, b.peer.received[-1][1], {"status": "Accepted"}])
    assert (await call).status == "Accepted"
    b.peer.wire.close(1000)
    await settle()
    assert not b.endpoint.connected
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert f"CP001: the observer method {kind.__name__}." in errors[0].getMessage()
    assert errors[0].exc_info is not None

"""What others provide may fail: the host, the observer and the wire never end a connection by surprise."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import ConnectionClosed, utcnow
from ocppkit.testing import settle

Make = Callable[..., Any]

HEARTBEAT = [2, "1", "Heartbeat", {}]
RESET = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
ERRORS = [KeyError("db"), TimeoutError(), ConnectionClosed("other"), OSError(28, "full")]


def answer(request: object) -> v201.HeartbeatResponse:
    return v201.HeartbeatResponse(current_time=utcnow())


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.asyncio
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("method", ["frame", "event"])
async def test_an_observer_that_raises_is_logged(
    method: str, error: Exception, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Watcher:
        def frame(self, identity: str, direction: str, data: str | bytes) -> None:
            if method == "frame":
                raise error

        def event(self, identity: str, event: Any) -> None:
            if method == "event":
                raise error

    b = bench(observer=Watcher())
    b.host.handlers["Heartbeat"] = answer
    (reply,) = await b.peer.says(HEARTBEAT)
    assert reply[:2] == [3, "1"]
    assert b.endpoint.connected
    assert (
        f"CP001: the observer method Watcher.{method} raised an exception [the connection goes on]"
        in errors(caplog)
    )
    b.peer.wire.cut()
    await settle()
    assert b.host.told[-1] == "finished"


@pytest.mark.asyncio
@pytest.mark.parametrize("error", ERRORS)
async def test_a_host_that_cannot_name_the_handler_gets_an_internal_error_sent(
    error: Exception, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = answer

    def fail(action: object) -> Any:
        raise error

    b.host.handler_or_failure = fail
    assert await b.peer.says(HEARTBEAT) == [[4, "1", "InternalError", "handler failed", {}]]
    # This host asks itself for the handler there too.
    assert errors(caplog) == [
        f"CP001: Host.{each} raised an exception [the connection goes on]"
        for each in ("handles", "handler_or_failure")
    ]
    assert b.endpoint.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("error", ERRORS)
async def test_a_host_that_fails_over_an_answer_stops_neither_answer_nor_connection(
    error: Exception, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()
    b.host.handlers["Heartbeat"] = answer

    def fail(*about: object) -> None:
        raise error

    b.host.call_answered = fail
    (reply,) = await b.peer.says(HEARTBEAT)
    assert reply[:2] == [3, "1"]
    assert errors(caplog) == [
        "CP001: Host.call_answered raised an exception [the connection goes on]"
    ]
    assert b.endpoint.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("error", ERRORS)
async def test_a_host_that_fails_over_a_result_lets_the_caller_have_it(
    error: Exception, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()

    def fail(result: object) -> None:
        raise error

    b.host.result_received = fail
    call = asyncio.create_task(b.endpoint.call(RESET))
    await b.peer.says()
    await b.peer.says([3, "our-1", {"status": "Accepted"}])
    assert (await call).status == "Accepted"
    assert errors(caplog) == [
        "CP001: Host.result_received raised an exception [the connection goes on]"
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["disconnected", "finished"])
async def test_a_host_that_fails_over_the_end_keeps_nobody_waiting(
    method: str, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()

    def fail(*about: object) -> None:
        raise KeyError("registry")

    setattr(b.host, method, fail)
    call = asyncio.create_task(b.endpoint.call(RESET))
    await settle()
    b.peer.wire.cut()
    with pytest.raises(ConnectionClosed):
        await call
    assert (await b.endpoint.wait_ended()).by == "network"
    assert errors(caplog) == [f"CP001: Host.{method} raised an exception [the connection goes on]"]
    if method == "disconnected":
        assert b.host.told == ["finished"]


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [OSError(104, "reset"), RuntimeError("closed")])
async def test_a_wire_that_cannot_write_is_closed(
    error: Exception, bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()

    def fail(text: str) -> None:
        raise error

    b.endpoint._wire.write = fail
    with pytest.raises(ConnectionClosed, match="writing failed"):
        await b.endpoint.call(RESET)
    assert not b.endpoint.connected
    assert (await b.endpoint.wait_ended()).by == "us"
    assert errors(caplog) == ["CP001: writing a frame failed [the connection is closed]"]


@pytest.mark.asyncio
async def test_a_wire_that_cannot_even_close_ends_the_calls(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    b = bench()

    def fail(code: int, reason: str) -> None:
        raise OSError

    call = asyncio.create_task(b.endpoint.call(RESET))
    await settle()
    b.endpoint._wire.close = fail
    b.endpoint.close()
    with pytest.raises(ConnectionClosed):
        await call
    assert errors(caplog) == ["CP001: closing the wire failed [the connection counts as closed]"]


@pytest.mark.asyncio
async def test_a_timer_that_finds_a_failing_observer_goes_on(
    bench: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Watcher:
        def frame(self, identity: str, direction: str, data: str | bytes) -> None:
            """Sees nothing."""

        def event(self, identity: str, event: Any) -> None:
            raise KeyError(type(event).__name__)

    b = bench(observer=Watcher())

    async def hang(request: object) -> object:
        return await asyncio.get_running_loop().create_future()

    b.host.handlers["Heartbeat"] = hang
    await b.peer.says(HEARTBEAT)
    await b.clock.advance(20)
    await b.peer.says([2, "2", "Heartbeat", {}])
    await b.clock.advance(6)
    assert await b.peer.says() == [[4, "1", "InternalError", "handler timed out", {}]]
    await b.clock.advance(20)
    assert await b.peer.says() == [[4, "2", "InternalError", "handler timed out", {}]]
    assert "the observer method Watcher.event raised an exception" in caplog.text


@pytest.mark.asyncio
async def test_misuse_raises_where_it_is_done_and_nowhere_else(bench: Make) -> None:
    b = bench()

    def broken() -> None:
        raise KeyError("accepted")

    with pytest.raises(KeyError, match="accepted"):
        await b.endpoint.call(RESET, accepted=broken)
    with pytest.raises(Exception, match="is not a message of OCPP"):
        await b.endpoint.call({"type": "Immediate"})
    # It had been sent, so the next call waits until its time is over. # SYN-01
    call = asyncio.create_task(b.endpoint.call(RESET, timeout=5))
    await b.clock.advance(31)
    assert await b.peer.says() == [
        [2, "our-1", "Reset", {"type": "Immediate"}],
        [2, "our-2", "Reset", {"type": "Immediate"}],
    ]
    await b.peer.says([3, "our-2", {"status": "Accepted"}])
    assert (await call).status == "Accepted"

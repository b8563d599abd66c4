"""The handlers of a CSMS answer messages that another process has received."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import AfterResponse, CallRefused, current_call
from ocppkit.core import (
    CallReceived,
    ErrorCode,
    InvalidOutgoing,
    Issue,
    Issues,
    Message,
    Response,
    Rule,
    SendReceived,
    encode_payload,
)
from ocppkit.csms import Csms, StationHandle, station_handle_class
from ocppkit.v201.roles import ConnectedStation

Make = Callable[..., Any]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENT = v21.NotifyPeriodicEventStream(
    id=1, pending=0, basetime=NOON, data=[v21.StreamDataElementType(t=0, v="1")]
)


def handle(csms: Csms) -> StationHandle:
    (protocol,) = csms.protocols
    peer: Any = None  # no handler here talks to its station
    return station_handle_class(protocol)("CP001", protocol, peer, "192.0.2.1")


def received(request: Any, issues: Issues | None = None, version: Any = v201) -> CallReceived:
    action = version.PROTOCOL.actions[request.__ocpp_action__]
    frame = f'[2,"7f3a","{action.name}",{encode_payload(request).decode()}]'
    return CallReceived("7f3a", action, frame, request, issues or Issues(), 0.0)


AUTHORIZE = v201.AuthorizeRequest(
    id_token=v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.CENTRAL)
)
ANSWER = v201.AuthorizeResponse(
    id_token_info=v201.IdTokenInfoType(status=v201.AuthorizationStatusEnumType.ACCEPTED)
)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.asyncio
async def test_a_handler_is_run_as_a_session_runs_it(plain: bool) -> None:
    csms = Csms(v201.PROTOCOL, insecure=True)
    seen: list[Any] = []

    def answer(station: ConnectedStation, request: v201.AuthorizeRequest) -> v201.AuthorizeResponse:
        call = current_call()
        seen.append((station.identity, request, call.message_id, call.action.name, call.raw))
        assert [issue.path for issue in call.issues] == ["$.x"]
        call.after_response(lambda: seen.append(current_call().message_id))

        async def fails() -> None:
            await asyncio.sleep(0)
            raise ValueError("after the response")

        call.after_response(fails)
        call.after_response(lambda: seen.append("the next one"))
        return ANSWER

    async def later(
        station: ConnectedStation, request: v201.AuthorizeRequest
    ) -> v201.AuthorizeResponse:
        await asyncio.sleep(0)
        return answer(station, request)

    if plain:
        csms.on(v201.AuthorizeRequest)(answer)
    else:
        csms.on(v201.AuthorizeRequest)(later)
    call = received(AUTHORIZE, Issues([Issue("$.x", Rule.UNKNOWN_MEMBER, 1, repaired=True)]))
    outcome = await csms.dispatcher.run(handle(csms), call)
    assert outcome.response is ANSWER
    assert seen == [("CP001", AUTHORIZE, "7f3a", "Authorize", encode_payload(AUTHORIZE))]
    with pytest.raises(LookupError):
        current_call()
    await outcome.run_callbacks()
    assert seen[1:] == ["7f3a", "the next one"]
    # They run once.
    await outcome.run_callbacks()
    assert len(seen) == 3


@pytest.mark.asyncio
async def test_a_callback_that_fails_is_logged_by_name(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise ValueError("after the response")

    csms = answering_with(fails)
    await (await csms.dispatcher.run(handle(csms), received(AUTHORIZE))).run_callbacks()
    (record,) = caplog.records
    assert record.getMessage().startswith("CP001: Authorize 7f3a: the after_response callback")
    assert record.getMessage().endswith(
        "fails raised an exception [the response has been sent already]"
    )


def answering_with(callback: AfterResponse) -> Csms:
    csms = Csms(v201.PROTOCOL, insecure=True)

    @csms.on(v201.AuthorizeRequest)
    def answer(station: StationHandle, request: v201.AuthorizeRequest) -> v201.AuthorizeResponse:
        current_call().after_response(callback)
        return ANSWER

    return csms


@pytest.mark.asyncio
async def test_callbacks_can_be_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    csms = answering_with(asyncio.Event().wait)
    outcome = await csms.dispatcher.run(handle(csms), received(AUTHORIZE))
    task = asyncio.create_task(outcome.run_callbacks())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not caplog.records


@pytest.mark.asyncio
async def test_what_stops_the_program_is_logged_and_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stop() -> None:
        raise SystemExit(3)

    csms = answering_with(stop)
    outcome = await csms.dispatcher.run(handle(csms), received(AUTHORIZE))
    with pytest.raises(SystemExit):
        await outcome.run_callbacks()
    assert "stop raised an exception" in caplog.text


@pytest.mark.asyncio
async def test_heartbeats_and_the_fallback_are_there() -> None:
    csms = Csms(v201.PROTOCOL, insecure=True, wall_clock=lambda: NOON)
    run = csms.dispatcher.run
    outcome = await run(handle(csms), received(v201.HeartbeatRequest()))
    assert outcome.response == v201.HeartbeatResponse(current_time=NOON)
    authorize = v201.PROTOCOL.actions["Authorize"]
    assert not csms.dispatcher.handles(authorize)
    with pytest.raises(CallRefused, match="not handled") as refused:
        await run(handle(csms), received(AUTHORIZE))
    assert refused.value.code is ErrorCode.NOT_SUPPORTED

    @csms.fallback
    def answer(station: StationHandle, request: Message) -> Response:
        return ANSWER

    assert csms.dispatcher.handles(authorize)
    assert (await run(handle(csms), received(AUTHORIZE))).response is ANSWER


@pytest.mark.asyncio
async def test_what_a_handler_raises_is_raised() -> None:
    csms = Csms(v201.PROTOCOL, insecure=True)
    problems: list[Exception] = [CallRefused(ErrorCode.SECURITY_ERROR, "no"), ValueError("x")]
    problem = problems[0]

    @csms.on(v201.AuthorizeRequest)
    async def answer(
        station: StationHandle, request: v201.AuthorizeRequest
    ) -> v201.AuthorizeResponse:
        raise problem

    for problem in problems:
        with pytest.raises(type(problem)) as raised:
            await csms.dispatcher.run(handle(csms), received(AUTHORIZE))
        assert raised.value is problem


@pytest.mark.asyncio
async def test_another_response_is_refused_as_an_endpoint_does() -> None:
    csms = Csms(v201.PROTOCOL, insecure=True)

    @csms.fallback
    def answer(station: StationHandle, request: Message) -> Response:
        return v201.HeartbeatResponse(current_time=NOON)

    problem = "Authorize 7f3a: the handler returned a HeartbeatResponse, but it must return a AuthorizeResponse"
    with pytest.raises(InvalidOutgoing, match=problem):
        await csms.dispatcher.run(handle(csms), received(AUTHORIZE))


@pytest.mark.asyncio
async def test_a_message_without_an_answer() -> None:
    csms = Csms(v21.PROTOCOL, insecure=True)
    seen: list[Any] = []

    @csms.on(v21.NotifyPeriodicEventStream)
    def note(station: StationHandle, message: v21.NotifyPeriodicEventStream) -> None:
        seen.append(message)

    action = v21.PROTOCOL.actions["NotifyPeriodicEventStream"]
    send = SendReceived("s", action, encode_payload(EVENT), EVENT, Issues(), 0.0)
    assert (await csms.dispatcher.run(handle(csms), send)).response is None
    assert seen == [EVENT]


@pytest.mark.asyncio
async def test_a_handler_that_is_cancelled_leaves_nothing_behind() -> None:
    csms = Csms(v16.PROTOCOL, insecure=True)

    @csms.fallback
    async def hang(station: StationHandle, request: Message) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("it never ends")

    call = received(v16.AuthorizeRequest(id_tag="A"), version=v16)
    task = asyncio.create_task(csms.dispatcher.run(handle(csms), call))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

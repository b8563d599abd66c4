"""`on_invalid` answers calls whose content cannot be used, at once or later, and billing data is kept."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, Final

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallObserver, CallRefused, InvalidCall, ObservedCall, current_call
from ocppkit.aio.lowlevel import AttachedConnection
from ocppkit.core import (
    ErrorCode,
    Event,
    FrameRefused,
    InvalidCallReceived,
    InvalidOutgoing,
    Limits,
    Response,
    Rule,
)
from ocppkit.csms import Csms
from ocppkit.testing import FakeClock, connected, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

WITHOUT_TIMESTAMP = {"connectorId": 1, "idTag": "TAG", "meterStart": 7}
EVENT_WITHOUT_TIMESTAMP = {
    "eventType": "Ended",
    "triggerReason": "Authorized",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T"},
}
STARTED: Final = v16.StartTransactionResponse(
    id_tag_info=v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED), transaction_id=1
)

INVALID: dict[str, tuple[Any, str, dict[str, Any], Response]] = {
    "ocpp1.6": (v16, "StartTransaction", WITHOUT_TIMESTAMP, STARTED),
    "ocpp2.0.1": (
        v201,
        "TransactionEvent",
        EVENT_WITHOUT_TIMESTAMP,
        v201.TransactionEventResponse(),
    ),
    "ocpp2.1": (v21, "TransactionEvent", EVENT_WITHOUT_TIMESTAMP, v21.TransactionEventResponse()),
}
ROLES: dict[str, Any] = {
    "ocpp1.6": ChargePoint,
    "ocpp2.0.1": ChargingStation,
    "ocpp2.1": ChargingStation21,
}
ABOUT: dict[str, dict[str, Any]] = {
    "ocpp1.6": {"charge_point_model": "M", "charge_point_vendor": "V"},
    "ocpp2.0.1": {"model": "M", "vendor_name": "V"},
    "ocpp2.1": {"model": "M", "vendor_name": "V"},
}
MISSING = {"ocpp1.6": "OccurenceConstraintViolation"}
BOOTS: dict[str, dict[str, Any]] = {
    "ocpp1.6": {"chargePointModel": "M", "chargePointVendor": "V"},
}
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


class Kept:
    """A program that keeps what it could not read; `answer` says how."""

    def __init__(self, answer: Callable[[InvalidCall[Any]], Any]) -> None:
        self.calls: list[InvalidCall[Any]] = []
        self.events: list[Event] = []
        self.sent: list[str | bytes] = []
        self._answer = answer

    def __call__(self, call: InvalidCall[Any]) -> Any:
        self.calls.append(call)
        return self._answer(call)

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        if direction == "out":
            self.sent.append(data)

    def event(self, identity: str, event: Event) -> None:
        self.events.append(event)


class Observed(CallObserver):
    """Writes down how the peer's call ended."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ends: list[tuple[str, str | None, str | None]] = []

    def call_started(self, call: ObservedCall) -> None:
        self.started.append(call.message_id)

    def call_ended(self, call: ObservedCall) -> None:
        if call.message_id == "1":
            assert call.request_bytes > 0
            self.ends.append((call.action, call.outcome, call.error_code))


def csms_with(make_csms: Make, subprotocol: str, kept: Kept, **options: Any) -> Csms:
    version, action, _, _ = INVALID[subprotocol]
    csms: Csms = make_csms(version.PROTOCOL, on_invalid=kept, observer=kept, **options)
    csms.on(version.PROTOCOL.actions[action].request)(never)
    return csms


def never(*arguments: object) -> Response:
    pytest.fail("an invalid call reached the handler")


async def booted(csms: Csms, station: Make, subprotocol: str) -> Any:
    raw = await station(csms, subprotocol=subprotocol)
    ((number, *_),) = await raw.says([2, "b", "BootNotification", BOOTS.get(subprotocol, BOOT)])
    assert number == 3
    return raw


async def later(response: Response | None) -> Response | None:
    await asyncio.sleep(0)
    return response


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", INVALID)
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_transaction_message_without_a_timestamp_is_kept_and_answered(
    subprotocol: str, is_async: bool, make_csms: Make, station: Make
) -> None:
    _, action, payload, response = INVALID[subprotocol]
    kept = Kept(lambda call: later(response) if is_async else response)
    csms = csms_with(make_csms, subprotocol, kept)
    raw = await booted(csms, station, subprotocol)
    text = json.dumps(payload)
    ((number, message_id, _),) = await raw.says(f'[2,"1","{action}",{text}]')
    assert (number, message_id) == (3, "1")
    (call,) = kept.calls
    assert call.station is csms.stations.get("CP001")
    assert (call.action, call.message_id) == (action, "1")
    assert call.raw == text.encode()
    assert call.value == payload
    assert [(issue.path, issue.rule) for issue in call.issues] == [("$.timestamp", Rule.REQUIRED)]
    # An observer sees that it was invalid, and nothing is owed any more.
    assert any(isinstance(event, InvalidCallReceived) for event in kept.events)
    assert not any(isinstance(event, FrameRefused) for event in kept.events)


@pytest.mark.asyncio
@pytest.mark.parametrize("answers", [False, True])
async def test_an_observer_hears_of_it_once(answers: bool, make_csms: Make, station: Make) -> None:
    version, action, payload, response = INVALID["ocpp2.0.1"]
    observed = Observed()
    csms: Csms = make_csms(
        version.PROTOCOL,
        on_invalid=lambda call: later(response if answers else None),
        observer=observed,
    )
    csms.on(version.PROTOCOL.actions[action].request)(never)
    raw = await booted(csms, station, "ocpp2.0.1")
    await raw.says([2, "1", action, payload])
    code = "OccurrenceConstraintViolation"
    end = (action, "answered", None) if answers else (action, "refused", code)
    assert observed.ends == [end]
    assert observed.started.count("1") == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", INVALID)
@pytest.mark.parametrize("is_async", [False, True])
async def test_none_means_refused_as_without_a_function(
    subprotocol: str, is_async: bool, make_csms: Make, station: Make
) -> None:
    _, action, payload, _ = INVALID[subprotocol]
    kept = Kept(lambda call: later(None) if is_async else None)
    raw = await booted(csms_with(make_csms, subprotocol, kept), station, subprotocol)
    ((number, message_id, code, *_),) = await raw.says([2, "1", action, payload])
    assert (number, message_id) == (4, "1")
    assert code == MISSING.get(subprotocol, "OccurrenceConstraintViolation")
    (refused,) = (event for event in kept.events if isinstance(event, FrameRefused))
    assert refused.failure is Rule.REQUIRED
    assert refused.error.message_id == "1"


def fails(call: InvalidCall[Any]) -> Any:
    raise ZeroDivisionError


async def fails_later(call: InvalidCall[Any]) -> Any:
    await asyncio.sleep(0)
    raise ZeroDivisionError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (fails, ZeroDivisionError),
        (fails_later, ZeroDivisionError),
        (lambda call: {}, InvalidOutgoing),
        (lambda call: v201.AuthorizeResponse(id_token_info=None), InvalidOutgoing),  # type: ignore[arg-type]
    ],
)
async def test_a_function_that_fails_is_named_and_the_call_refused(
    answer: Any,
    said: type[Exception],
    make_csms: Make,
    station: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    csms = csms_with(make_csms, "ocpp1.6", Kept(answer))
    raw = await booted(csms, station, "ocpp1.6")
    with caplog.at_level(logging.ERROR):
        (frame,) = await raw.says([2, "1", "StartTransaction", WITHOUT_TIMESTAMP])
    assert frame[:3] == [4, "1", "OccurenceConstraintViolation"]
    (record,) = caplog.records
    assert record.getMessage().startswith("CP001: StartTransaction 1: the handler")
    assert record.exc_info is not None
    assert record.exc_info[0] is said
    assert [frame[:2] for frame in await raw.says([2, "2", "Heartbeat", {}])] == [[3, "2"]]


@pytest.mark.asyncio
async def test_it_may_refuse_in_its_own_way_and_knows_the_call(
    make_csms: Make, station: Make
) -> None:
    async def refuse(call: InvalidCall[Any]) -> Response | None:
        assert current_call().message_id == call.message_id
        assert current_call().issues == call.issues
        raise CallRefused(ErrorCode.GENERIC_ERROR, "send it by mail")

    raw = await booted(csms_with(make_csms, "ocpp1.6", Kept(refuse)), station, "ocpp1.6")
    assert await raw.says([2, "1", "StartTransaction", WITHOUT_TIMESTAMP]) == [
        [4, "1", "GenericError", "send it by mail", {}]
    ]


@pytest.mark.asyncio
async def test_it_has_the_time_of_a_handler(make_csms: Make, station: Make) -> None:
    async def hang(call: InvalidCall[Any]) -> Response | None:
        await asyncio.Event().wait()
        return None

    clock = FakeClock()
    csms = csms_with(
        make_csms, "ocpp1.6", Kept(hang), clock=clock, limits=Limits(handler_timeout=5.0)
    )
    raw = await booted(csms, station, "ocpp1.6")
    assert await raw.says([2, "1", "StartTransaction", WITHOUT_TIMESTAMP]) == []
    await clock.advance(5.0)
    ((number, message_id, code, *_),) = await raw.says()
    assert (number, message_id, code) == (4, "1", "InternalError")


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_it_is_not_asked_about_a_station_that_is_not_accepted(
    subprotocol: str, make_csms: Make, station: Make
) -> None:
    _, action, payload, response = INVALID[subprotocol]
    kept = Kept(lambda call: response)
    raw = await station(csms_with(make_csms, subprotocol, kept), subprotocol=subprotocol)
    ((number, message_id, *_),) = await raw.says([2, "1", action, payload])
    assert (number, message_id) == (4, "1")
    assert kept.calls == []


@pytest.mark.asyncio
async def test_the_same_id_meanwhile_is_refused_and_a_repeated_call_is_answered_from_memory(
    make_csms: Make, station: Make
) -> None:
    go_on = asyncio.Event()

    async def wait(call: InvalidCall[Any]) -> Response | None:
        await go_on.wait()
        return STARTED

    kept = Kept(wait)
    csms = csms_with(make_csms, "ocpp1.6", kept, answer_repeats=True)
    raw = await booted(csms, station, "ocpp1.6")
    call = [2, "1", "StartTransaction", WITHOUT_TIMESTAMP]
    assert await raw.says(call) == []
    # Another payload under the same id is an error; the same one is still in work.
    ((number, *_),) = await raw.says([2, "1", "StartTransaction", {"connectorId": 2}])
    assert number == 4
    assert await raw.says(call) == []
    go_on.set()
    (answer,) = await raw.says()
    assert answer[:2] == [3, "1"]
    assert await raw.says(call) == [answer]
    assert len(kept.calls) == 1


@pytest.mark.asyncio
async def test_it_finishes_while_the_connection_drains(
    make_csms: Make, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def wait(call: InvalidCall[Any]) -> Response | None:
        await go_on.wait()
        return STARTED

    csms = csms_with(make_csms, "ocpp1.6", Kept(wait))
    attached: list[AttachedConnection] = []
    attach = csms.attach
    monkeypatch.setattr(csms, "attach", lambda *what: attached.append(attach(*what)) or attached[0])
    raw = await booted(csms, station, "ocpp1.6")
    await raw.says([2, "1", "StartTransaction", WITHOUT_TIMESTAMP])
    draining = asyncio.create_task(attached[0].drain(10.0))
    await settle()
    # What comes now stays unanswered, so that the station repeats it.
    assert await raw.says([2, "2", "StartTransaction", WITHOUT_TIMESTAMP]) == []
    go_on.set()
    assert [frame[:2] for frame in await raw.says()] == [[3, "1"]]
    await draining


@pytest.mark.asyncio
@pytest.mark.parametrize("response", [STARTED, None])
async def test_a_connection_that_ends_meanwhile_does_no_harm(
    response: Response | None, make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = asyncio.Event()
    ended: list[str] = []

    async def wait(call: InvalidCall[Any]) -> Response | None:
        await go_on.wait()
        ended.append(call.message_id)
        return response

    raw = await booted(csms_with(make_csms, "ocpp1.6", Kept(wait)), station, "ocpp1.6")
    await raw.says([2, "1", "StartTransaction", WITHOUT_TIMESTAMP])
    raw.wire.cut()
    go_on.set()
    await settle()
    # What it stores is stored, though nobody learns of it.
    assert ended == ["1"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.asyncio
async def test_what_is_no_json_has_no_value(make_csms: Make, station: Make) -> None:
    kept = Kept(lambda call: STARTED)
    raw = await booted(csms_with(make_csms, "ocpp1.6", kept), station, "ocpp1.6")
    text = '[2,"1","StartTransaction",{"connectorId":1'
    assert [frame[:2] for frame in await raw.says(text)] == [[3, "1"]]
    (call,) = kept.calls
    assert (call.value, call.raw) == (None, text.encode())


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", INVALID)
@pytest.mark.parametrize("is_async", [False, True])
async def test_stations_ask_too(subprotocol: str, is_async: bool, make_csms: Make) -> None:
    version, roles = INVALID[subprotocol][0], ROLES[subprotocol]
    words = getattr(version, "ClearCacheStatus", None) or version.ClearCacheStatusEnumType
    response = version.ClearCacheResponse(status=words.REJECTED)
    kept = Kept(lambda call: later(response) if is_async else response)
    csms: Csms = make_csms(version.PROTOCOL)
    about: dict[str, Any] = ABOUT[subprotocol]
    station = roles(
        "CP001", **about, insecure=True, on_invalid=kept, observer=kept, clock=csms._clock()
    )
    station.on(version.ClearCacheRequest)(never)
    async with connected(station, csms) as network:
        await settle()
        network.wires[0].peer.write('[2,"1","ClearCache",{"more":1}]')
        await settle()
        assert '[3,"1",{"status":"Rejected"}]' in kept.sent
        (call,) = kept.calls
        assert call.station is station
        assert (call.action, call.value) == ("ClearCache", {"more": 1})


def test_its_repr_shows_nothing_of_the_payload() -> None:
    call = InvalidCall("CP001", "StartTransaction", b"SECRET", {"idTag": "SECRET"}, (), "1")
    assert repr(call) == "<InvalidCall StartTransaction '1': 0 issues>"

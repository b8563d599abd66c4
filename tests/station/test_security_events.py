"""The security events that a station reports by itself, and those that a program reports."""

import asyncio
import re
import ssl
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection
from ocppkit.core import (
    ConnectionClosed,
    HandshakeRefused,
    InvalidOutgoing,
    LocalProtocolError,
    Protocol,
    SecurityEvent,
    utcnow,
)
from ocppkit.station import BackOff, JournalFull, NetworkProfile, Station
from ocppkit.station._security_events import REPORTED, security_report
from ocppkit.testing import FakeClock, settle
from support.memory_store import MemoryStore

Make = Callable[..., Any]


def ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] no")
    error.reason = reason
    return error


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "station.md"
VERSIONS: list[Any] = [v16, v201, v21]

UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed " + "x" * 300)
OLD = ssl_error("UNSUPPORTED_PROTOCOL")


def wrapped(cause: Exception) -> Exception:
    problem = OSError("what a library makes of it")
    problem.__cause__ = cause
    return problem


def make(clock: FakeClock, version: Any = v201, **options: Any) -> Station:
    roles: Any = import_module(f"{version.PROTOCOL.package}.roles")
    options |= {
        "clock": clock,
        "insecure": True,
        "back_off": BackOff(wait_minimum=10, random_range=0, repeat_times=0),
    }
    if version is v16:
        made = roles.ChargePoint(
            "CP001", charge_point_vendor="V", charge_point_model="M", **options
        )
    else:
        made = roles.ChargingStation("CP001", vendor_name="V", model="M", **options)
    assert isinstance(made, Station)
    return made


async def events(
    fake_csms: Make, station: Station, clock: FakeClock, *causes: BaseException | None
) -> list[Any]:
    """Runs a station whose attempts to connect end so, where `None` is a success, and returns its reports."""
    csms = fake_csms(clock, subprotocol=station.protocol.subprotocol)
    csms.answers["SecurityEventNotification"] = {}
    accept, left = csms.connect, list(causes)

    async def connect(request: ConnectRequest) -> OpenedConnection:
        cause = left.pop(0) if left else None
        if cause is not None:
            if isinstance(cause, ConnectionClosed):
                raise cause
            raise ConnectionClosed(str(cause), delivered="no") from cause
        opened: OpenedConnection = await accept(request)
        return opened

    csms.connect = connect
    async with csms.running(station):
        for _ in causes:
            if station.connected:
                csms.wire.cut()
            await clock.advance(10)
    assert left == []
    return reports(csms)


def reports(csms: Any) -> list[Any]:
    """Returns the content of each security event that a CSMS got."""
    calls = [frame for frame in csms.received if frame[0] == 2]
    return [frame[3] for frame in calls if frame[2] == "SecurityEventNotification"]


def named(version: Any, event: SecurityEvent) -> str:
    name: str = version.PROTOCOL.security_events[event]
    return name


# Failures to connect.

REFUSED = SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (UNTRUSTED, SecurityEvent.INVALID_CSMS_CERTIFICATE),
        (OLD, SecurityEvent.INVALID_TLS_VERSION),
        (ssl_error("TLSV1_ALERT_PROTOCOL_VERSION"), SecurityEvent.INVALID_TLS_VERSION),
        (ssl_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), SecurityEvent.INVALID_TLS_CIPHER_SUITE),
        (ssl_error("NO_CIPHERS_AVAILABLE"), SecurityEvent.INVALID_TLS_CIPHER_SUITE),
        (ssl_error("TLSV1_ALERT_UNKNOWN_CA"), REFUSED),
        (ssl_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), REFUSED),
        (wrapped(ssl_error("TLSV1_ALERT_UNKNOWN_CA")), REFUSED),
        (HandshakeRefused("wrong password", status=401), REFUSED),
        (HandshakeRefused("not you", status=403), REFUSED),
    ],
)
async def test_sec_05_sec_09_sec_10_it_is_reported_when_a_connection_works(
    version: Any, cause: Exception, expected: SecurityEvent, fake_csms: Make
) -> None:
    clock = FakeClock()
    station = make(clock, version)
    (event,) = await events(fake_csms, station, clock, cause)
    assert event["type"] == named(version, expected)
    assert event["techInfo"] == str(cause.__cause__ or cause)[:255]
    assert station.undelivered == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "cause",
    [
        OSError("no route"),
        ssl_error("WRONG_VERSION_NUMBER"),
        ssl.SSLError(1, "without a reason"),
        ValueError("no"),
        HandshakeRefused("who?", status=404),
        HandshakeRefused("later", status=503),
    ],
)
async def test_what_else_goes_wrong_is_no_security_event(
    cause: BaseException, fake_csms: Make
) -> None:
    clock = FakeClock()
    assert await events(fake_csms, make(clock), clock, cause) == []


@pytest.mark.asyncio
async def test_sec_05_once_until_a_connection_works(fake_csms: Make) -> None:
    clock = FakeClock()
    causes = (UNTRUSTED, UNTRUSTED, OLD, UNTRUSTED, OLD, None, UNTRUSTED)
    seen = await events(fake_csms, make(clock), clock, *causes)
    assert [event["type"] for event in seen] == [
        "InvalidCsmsCertificate",
        "InvalidTLSVersion",
        "InvalidCsmsCertificate",
    ]


@pytest.mark.asyncio
async def test_it_can_be_switched_off(fake_csms: Make) -> None:
    clock = FakeClock()
    station = make(clock, raise_security_events=False)
    assert await events(fake_csms, station, clock, UNTRUSTED) == []


@pytest.mark.asyncio
async def test_sec_16_a_report_is_in_the_journal_before_it_is_sent(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    station = make(clock, journal=store)
    csms = fake_csms(clock)

    async def connect(request: ConnectRequest) -> OpenedConnection:
        raise HandshakeRefused("wrong password", status=401)

    csms.connect = connect
    async with csms.running(station):
        (stored,) = store.waiting.values()
    # The program is started again, with the right password.
    again = fake_csms(clock)
    again.answers["SecurityEventNotification"] = {}
    async with again.running(make(clock, journal=store)):
        assert [each["type"] for each in reports(again)] == ["FailedToAuthenticateAtCsms"]
    assert stored.entry.action == "SecurityEventNotification"


# Messages that are not valid.


async def told(csms: Any, *frames: Any) -> list[str]:
    """Has a CSMS say something, and returns what was reported."""
    csms.received.clear()
    for frame in frames:
        csms.says(frame)
        await settle()
    return [each["type"] for each in reports(csms)]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "frame",
    [[2, "1"], {"no": "array"}, [9, "1", {}], [2, "2", "Reset", {"type": 7}], [2, "3", "Reset", 1]],
    ids=["malformed", "no array", "unknown type", "breaks its schema", "no object"],
)
async def test_messages_that_are_not_valid(version: Any, frame: Any, fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    csms.answers["SecurityEventNotification"] = {}
    station: Any = make(clock, version)
    station.on(version.ResetRequest)(print)
    async with csms.running(station):
        assert await told(csms, frame) == ["InvalidMessages"]
        (report,) = reports(csms)
        assert report["techInfo"]


@pytest.mark.asyncio
async def test_an_answer_that_breaks_its_schema_is_not_valid(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers |= {"SecurityEventNotification": {}, "Heartbeat": {"currentTime": "noon"}}
    async with csms.running(station):
        await clock.advance(300)
        assert [each["type"] for each in reports(csms)] == ["InvalidMessages"]


@pytest.mark.asyncio
async def test_messages_that_are_only_not_wanted_are_valid(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    frames: list[Any] = [
        [2, "1", "Reset", {"type": "Immediate"}],
        [2, "2", "AcmeBlink", {}],
        [3, "7", {}],
    ]
    async with csms.running(station):
        assert await told(csms, *frames) == []


@pytest.mark.asyncio
async def test_invalid_messages_in_a_row_are_reported_once(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    # Not even the answer to the report is valid.
    csms.answers["SecurityEventNotification"] = {"no": "such member"}
    async with csms.running(station):
        assert await told(csms, [2, "1"], [2, "1"]) == ["InvalidMessages"]
        for _ in range(4):
            await clock.advance(1000)
            assert await told(csms, [2, "1"]) == []
        csms.answers["SecurityEventNotification"] = {}
        for _ in range(4):
            await clock.advance(1000)
        assert await told(csms, [2, "1"]) == ["InvalidMessages"]


# Changes of security parameters.


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_new_password_is_reported(version: Any, fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    csms.answers["SecurityEventNotification"] = {}
    station = make(clock, version, password="old")
    async with csms.running(station):
        station.reconnect(password="new secret")
        await clock.advance(1)
        (report,) = reports(csms)
        assert report["type"] == "ReconfigurationOfSecurityParameters"
        assert report["techInfo"] == "password"
        station.reconnect(password="new secret")
        await clock.advance(1)
        assert len(reports(csms)) == 1
        station.reconnect(ssl=None, client_certificate=True)
        await clock.advance(1)
        assert [each["techInfo"] for each in reports(csms)] == ["password", "TLS"]


@pytest.mark.asyncio
async def test_other_network_profiles_are_reported_if_they_are_safer(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock)
    csms.answers["SecurityEventNotification"] = {}
    station = make(clock)
    async with csms.running(station):
        station.restart(network=[NetworkProfile("ws://other")])
        await clock.advance(1)
        assert reports(csms) == []
        station.restart(network=[NetworkProfile("ws://other", password="secret")])
        await clock.advance(1)
        (report,) = reports(csms)
        assert (report["type"], report["techInfo"]) == (
            "ReconfigurationOfSecurityParameters",
            "network profiles",
        )


@pytest.mark.asyncio
async def test_the_first_network_profiles_are_no_change(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    station.restart(network=[NetworkProfile("ws://other", password="secret")])
    async with csms.running(station):
        assert not store


# A full journal.


def transaction_event(number: int, kind: str = "Updated") -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType(kind),
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["Updated", "Started"])
async def test_a_full_journal_is_reported_once_there_is_room(kind: str, fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, up=False)
    station: Any = make(clock, journal=store)
    csms.answers |= {"SecurityEventNotification": {}, "TransactionEvent": {}}
    async with csms.running(station):
        for number in range(9):
            await station.keep(transaction_event(number, kind))
        store.max_bytes = store.size
        for number in range(9, 12):
            try:
                await station.keep(transaction_event(number, kind))
            except JournalFull:
                assert kind == "Started"
        csms.up = True
        await clock.advance(200)
        assert [each["type"] for each in reports(csms)] == ["MemoryExhaustion"]
        assert "full" in reports(csms)[0]["techInfo"]


# What a program reports.


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("event", SecurityEvent)
async def test_every_event_can_be_reported_by_its_name(
    version: Any, event: SecurityEvent, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    csms.answers["SecurityEventNotification"] = {}
    station = make(clock, version)
    if event not in version.PROTOCOL.security_events:
        with pytest.raises(LocalProtocolError, match=f"has no security event {event}"):
            await station.security_event(event)
        return
    delivery = await station.security_event(event, "x" * 300)
    async with csms.running(station):
        await delivery.answer()
        (report,) = reports(csms)
        assert report["type"] == named(version, event)
        assert report["techInfo"] == "x" * 255


@pytest.mark.asyncio
async def test_events_of_a_vendor_s_own_are_text(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    station = make(clock, journal=store)
    await station.security_event("AcmeCoverOpened")
    (stored,) = store.waiting.values()
    assert b"AcmeCoverOpened" in stored.entry.payload
    assert b"techInfo" not in stored.entry.payload
    with pytest.raises(InvalidOutgoing):
        await station.security_event("x" * 51)


@pytest.mark.asyncio
async def test_a_report_that_the_journal_refuses_is_kept_later(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["SecurityEventNotification"] = {}
    left = [OSError(28, "No space left on device"), asyncio.CancelledError()]

    def fail(operation: str) -> None:
        if operation == "commit" and left:
            raise left.pop(0)

    store.before = fail
    async with csms.running(station):
        assert await told(csms, [2, "1"]) == []
        await clock.advance(1)
        await clock.advance(2)
        assert [each["type"] for each in reports(csms)] == ["InvalidMessages"]
    assert caplog.text.count("CP001: SecurityEventNotification cannot be stored") == 2


def test_a_version_without_the_action_reports_nothing() -> None:
    silent: Protocol = msgspec.structs.replace(v201.PROTOCOL, actions={})
    event = SecurityEvent.INVALID_MESSAGES
    assert security_report(silent, event, utcnow(), None) is None


# The list in the guide.


def test_the_guide_lists_every_event_and_who_reports_it() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (by itself|your program) \|", GUIDE.read_text(), re.M)
    assert sorted(name for name, _ in rows) == sorted(SecurityEvent)
    assert {name for name, who in rows if who == "by itself"} == set(REPORTED)


@pytest.mark.parametrize("version", VERSIONS)
def test_critical_events_are_those_of_the_standard(version: Any) -> None:
    events = version.PROTOCOL.security_events
    assert version.PROTOCOL.uncritical_events <= set(events.values())
    assert len(set(events.values())) == len(events) == {v16: 18, v201: 20, v21: 21}[version]

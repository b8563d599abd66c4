"""A station reports a CSMS whose TLS it does not accept, as soon as it can."""

import ssl
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import ConnectRequest, Opened
from ocppkit.core import ConnectionClosed, Protocol
from ocppkit.station import BackOff, Station
from ocppkit.testing import FakeClock

Make = Callable[..., Any]


def ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] no")
    error.reason = reason
    return error


UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed " + "x" * 300)
OLD = ssl_error("UNSUPPORTED_PROTOCOL")


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

    async def connect(request: ConnectRequest) -> Opened:
        cause = left.pop(0) if left else None
        if cause is not None:
            raise ConnectionClosed(str(cause), delivered="no") from cause
        opened: Opened = await accept(request)
        return opened

    csms.connect = connect
    async with csms.running(station):
        for _ in causes:
            if station.connected:
                csms.wire.cut()
            await clock.advance(10)
    assert left == []
    return [frame[3] for frame in csms.received if frame[2] == "SecurityEventNotification"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("version", "cause", "expected"),
    [
        (v16, UNTRUSTED, "InvalidCentralSystemCertificate"),
        (v201, UNTRUSTED, "InvalidCsmsCertificate"),
        (v21, UNTRUSTED, "InvalidCsmsCertificate"),
        (v201, OLD, "InvalidTLSVersion"),
        (v21, ssl_error("TLSV1_ALERT_PROTOCOL_VERSION"), "InvalidTLSVersion"),
    ],
)
async def test_sec_10_sec_05_it_is_reported_when_a_connection_works(
    version: Any, cause: ssl.SSLError, expected: str, fake_csms: Make
) -> None:
    clock = FakeClock()
    station = make(clock, version)
    (event,) = await events(fake_csms, station, clock, cause)
    assert event["type"] == expected
    assert event["techInfo"] == str(cause)[:255]
    assert station.undelivered == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "cause", [OSError("no route"), ssl_error("WRONG_VERSION_NUMBER"), ValueError("no")]
)
async def test_what_else_goes_wrong_is_no_security_event(
    cause: BaseException, fake_csms: Make
) -> None:
    clock = FakeClock()
    assert await events(fake_csms, make(clock), clock, cause) == []


@pytest.mark.asyncio
async def test_a_version_without_such_an_event_reports_none(fake_csms: Make) -> None:
    clock = FakeClock()
    assert await events(fake_csms, make(clock, v16), clock, OLD) == []


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


def test_a_version_without_the_action_reports_nothing() -> None:
    from ocppkit.station._tls_events import TlsEvents

    silent: Protocol = msgspec.structs.replace(v201.PROTOCOL, actions={})
    problem = ConnectionClosed()
    problem.__cause__ = UNTRUSTED
    assert TlsEvents(silent, make(FakeClock()).now).report_on(problem) is None

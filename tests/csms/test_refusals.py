"""Refused connections: one log line a minute and kind, an event, and every one for the observer."""

import logging
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.aio import Handshake
from ocppkit.csms import Csms, StationRefused
from ocppkit.csms._refused_stations import RefusalReports
from ocppkit.testing import FakeClock


class Noting:
    def __init__(self) -> None:
        self.refusals: list[StationRefused] = []

    def frame(self, identity: str, direction: str, data: str | bytes) -> None: ...

    def event(self, identity: str, event: object) -> None: ...

    def connection_refused(self, refusal: StationRefused) -> None:
        self.refusals.append(refusal)


def old_station(identity: str = "CP001") -> Handshake:
    return Handshake(
        path=f"/ocpp/{identity}?token=secret",
        headers=[(b"Sec-WebSocket-Protocol", b"ocpp1.5")],
        remote_address="192.0.2.7",
    )


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.levelno == logging.WARNING]


@pytest.mark.asyncio
async def test_a_refusal_is_logged_with_who_and_why(caplog: pytest.LogCaptureFixture) -> None:
    csms = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True, clock=FakeClock())
    await csms.accept(old_station())
    (line,) = warnings(caplog)
    assert line == (
        "CP001 (192.0.2.7, /ocpp/CP001, offers ocpp1.5): refused 400: "
        "none of the offered versions is spoken here, but ocpp2.0.1, ocpp1.6"
    )


@pytest.mark.asyncio
async def test_refusals_of_one_kind_are_logged_once_a_minute_with_their_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, observer = FakeClock(), Noting()
    csms = Csms(v201.PROTOCOL, insecure=True, clock=clock, observer=observer)
    events = csms.stations.events()
    for _ in range(5):
        await csms.accept(old_station())
    await csms.accept(old_station("CP002"))
    assert len(warnings(caplog)) == 2
    await clock.advance(61)
    assert len(warnings(caplog)) == 3
    assert warnings(caplog)[-1].endswith("(3 more in the last minute)")
    # Every one reaches the observer, and what is logged also the listeners.
    assert len(observer.refusals) == 6
    told: list[Any] = [await anext(events) for _ in range(3)]
    assert [(each.identity, each.status, each.repeated) for each in told] == [
        ("CP001", 400, 0),
        ("CP002", 400, 0),
        ("CP001", 400, 3),
    ]
    # Nothing more came: the next one is news again.
    await clock.advance(61)
    await csms.accept(old_station())
    assert len(warnings(caplog)) == 4


@pytest.mark.asyncio
async def test_transports_report_what_they_refuse(caplog: pytest.LogCaptureFixture) -> None:
    csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock())
    csms.report_refusal("TLS handshake failed: no shared cipher", remote_address="192.0.2.8")
    csms.report_refusal("too many connections", status=503, handshake=old_station())
    csms.report_refusal("no WebSocket", status=426, handshake=Handshake(path="/x/\x1b[2J%"))
    assert warnings(caplog) == [
        "unknown station (192.0.2.8): refused: TLS handshake failed: no shared cipher",
        "CP001 (192.0.2.7, /ocpp/CP001, offers ocpp1.5): refused 503: too many connections",
        "unknown station (unknown address, /x/\\x1b[2J%): refused 426: no WebSocket",
    ]


@pytest.mark.asyncio
async def test_a_scanner_with_many_names_fills_neither_log_nor_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    csms = Csms(v201.PROTOCOL, insecure=True, clock=clock)
    for number in range(3000):
        await csms.accept(old_station(f"CP{number}"))
    assert len(warnings(caplog)) == 1025
    await clock.advance(61)
    assert len(warnings(caplog)) == 1026
    assert "(1974 more in the last minute)" in warnings(caplog)[-1]
    caplog.clear()
    await clock.advance(61)
    await csms.accept(old_station("CP1"))
    assert len(warnings(caplog)) == 1


@pytest.mark.asyncio
async def test_an_observer_that_fails_decides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Noting):
        def connection_refused(self, refusal: StationRefused) -> None:
            raise ValueError("full disk")

    csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock(), observer=Failing())
    await csms.accept(old_station())
    assert "observer.connection_refused raised an exception" in caplog.text
    assert len(warnings(caplog)) == 1


def test_an_observer_need_not_see_refusals() -> None:
    published: list[StationRefused] = []
    reports = RefusalReports(FakeClock, object(), published.append)
    reports.report(StationRefused(reason="why"))
    assert published == [StationRefused(reason="why")]

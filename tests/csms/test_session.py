"""One connection of a station at the CSMS: its own policies, and the serial number in its certificate."""

import asyncio
import gc
import json
import logging
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.aio.lowlevel import Accept
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    ConnectionClosed,
    InvalidOutgoing,
    Policies,
    utcnow,
)
from ocppkit.csms import Csms
from ocppkit.testing import FakeClock, connected
from ocppkit.v201.roles import ChargingStation, ConnectedStation

Make = Callable[..., Any]

SERIAL = {"ocpp1.6": "chargePointSerialNumber", "ocpp2.0.1": "serialNumber"}


def boot(subprotocol: str, serial_number: str | None = None, vendor: str = "ACME") -> list[Any]:
    members = (
        {} if serial_number is None else {SERIAL.get(subprotocol, "serialNumber"): serial_number}
    )
    if subprotocol == "ocpp1.6":
        return call("BootNotification", chargePointModel="M", chargePointVendor=vendor, **members)
    station = {"model": "M", "vendorName": vendor, **members}
    return call("BootNotification", reason="PowerUp", chargingStation=station)


def call(action: str, **payload: Any) -> list[Any]:
    return [2, action, action, payload]


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize("names", [["SN2"], ["SN1", "SN2"], ["sn1"]])
async def test_boot_22_another_serial_number_than_the_certificate_s(
    subprotocol: str, names: list[str], make_csms: Make, station: Make
) -> None:
    csms = make_csms()
    raw = await station(csms, subprotocol=subprotocol, common_names=names)
    await raw.says(boot(subprotocol, "SN1"))
    assert raw.end is not None
    assert (raw.end.by, raw.end.code) == ("peer", 1008)
    assert "serial number" in raw.end.reason
    assert "CP001" not in csms.stations
    # The boot was not answered, so the next connection is not registered either.
    raw = await station(csms, subprotocol=subprotocol, common_names=["SN1"])
    assert not csms.stations.get("CP001").accepted
    (answer,) = await raw.says(boot(subprotocol, "SN1"))
    assert answer[0] == 3
    assert csms.stations.get("CP001").accepted


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("names", "serial_number", "options"),
    [
        ([], "SN1", {}),
        (["SN1"], "SN1", {}),
        (["SN2"], None, {}),
        (["SN2"], "SN1", {"check_serial_number": False}),
    ],
)
async def test_boot_22_what_may_boot(
    names: list[str],
    serial_number: str | None,
    options: dict[str, Any],
    make_csms: Make,
    station: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    raw = await station(make_csms(**options), common_names=names)
    (answer,) = await raw.says(boot("ocpp2.0.1", serial_number))
    assert answer[0] == 3
    assert raw.end is None
    assert ("has no serial number" in caplog.text) == (serial_number is None)


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", ["ocpp2.0.1", None])
async def test_policies_are_chosen_by_identity(
    subprotocol: str | None, make_csms: Make, station: Make
) -> None:
    async def policies(identity: str) -> Policies | None:
        return Policies(inbound=LENIENT) if identity == "sloppy" else None

    csms = make_csms(policies=policies, without_subprotocol="sniff")
    csms.on(v201.HeartbeatRequest)(
        lambda station, request: v201.HeartbeatResponse(current_time=utcnow())
    )
    answers = {}
    for identity in ("sloppy", "tidy"):
        raw = await station(csms, identity, subprotocol)
        await raw.says(boot("ocpp2.0.1"))
        (answer,) = await raw.says(call("Heartbeat", vendor=1))
        answers[identity] = answer[0]
    assert answers == {"sloppy": 3, "tidy": 4}


@pytest.mark.asyncio
async def test_policies_are_chosen_by_vendor(station: Make) -> None:
    csms = Csms(v16.PROTOCOL, insecure=True, inbound=LENIENT, clock=FakeClock())

    @csms.on(v16.BootNotificationRequest)
    def accept(station: Any, request: v16.BootNotificationRequest) -> v16.BootNotificationResponse:
        if request.charge_point_vendor == "Tidy":
            station.use_policies(Policies(inbound=STRICT))
        return v16.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v16.RegistrationStatus.ACCEPTED
        )

    @csms.on(v16.HeartbeatRequest)
    def heartbeat(station: Any, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=utcnow())

    answers = {}
    for vendor in ("Tidy", "Sloppy"):
        raw = await station(csms, vendor, "ocpp1.6")
        await raw.says(boot("ocpp1.6", vendor=vendor))
        (answer,) = await raw.says(call("Heartbeat", extra=1))
        answers[vendor] = answer[0]
    assert answers == {"Tidy": 4, "Sloppy": 3}


@pytest.mark.asyncio
async def test_each_direction_has_its_own_policy(make_csms: Make, station: Make) -> None:
    csms = make_csms(policies={"loose": Policies(outbound=OFF)}.get)
    broken = v201.DataTransferRequest(vendor_id="x" * 300)
    strict = await station(csms, "strict")
    with pytest.raises(InvalidOutgoing):
        await csms.stations.get("strict", ConnectedStation).call(broken)
    assert await strict.says() == []
    loose = await station(csms, "loose")
    task = asyncio.create_task(csms.stations.get("loose", ConnectedStation).call(broken))
    (sent,) = await loose.says()
    assert sent[3] == {"vendorId": "x" * 300}
    (answer,) = await loose.says(call("Heartbeat", extra=1))
    assert answer[2] == "FormatViolation"
    loose.wire.cut()
    with pytest.raises(ConnectionClosed):
        await task


@pytest.mark.asyncio
@pytest.mark.parametrize("hide", [True, False])
async def test_logged_frames_hide_who_charges_if_that_is_wanted(
    hide: bool, make_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ocppkit.frames")
    clock = FakeClock()
    csms = make_csms(v201.PROTOCOL, clock=clock, hide_id_tokens=hide)
    charging_station = ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, hide_id_tokens=hide
    )
    token = v201.IdTokenType(id_token="04E91C5A", type=v201.IdTokenEnumType.ISO14443)

    @csms.on(v201.AuthorizeRequest)
    def authorize(
        station: ConnectedStation, request: v201.AuthorizeRequest
    ) -> v201.AuthorizeResponse:
        assert request.id_token == token
        return v201.AuthorizeResponse(
            id_token_info=v201.IdTokenInfoType(
                status=v201.AuthorizationStatusEnumType.ACCEPTED, group_id_token=token
            )
        )

    async with connected(charging_station, csms):
        await charging_station.wait_accepted()
        response = await charging_station.authorize(id_token=token)
        assert response.id_token_info.group_id_token == token
    seen = [record.message for record in caplog.records if "dToken" in record.message]
    assert len(seen) == 4
    assert [token.id_token in message for message in seen] == [not hide] * 4


class Wire:
    """The least that a connection can be."""

    __slots__ = ("receiver",)

    def start(self, receiver: Any) -> None:
        self.receiver = receiver

    def write(self, text: str) -> None:
        """Sends into the void."""


@pytest.mark.asyncio
async def test_an_idle_connection_costs_little(make_csms: Make) -> None:
    csms = make_csms(v201.PROTOCOL, clock=None)
    wires: list[Any] = []

    async def connect(numbers: range) -> None:
        for number in numbers:
            wires.append(Wire())
            csms.attach(Accept(subprotocol="ocpp2.0.1", identity=f"CP{number}"), wires[-1])
            wires[-1].receiver.data_received(json.dumps(boot("ocpp2.0.1")))
        await asyncio.sleep(0)
        gc.collect()

    await connect(range(10))
    tracemalloc.start()
    try:
        await connect(range(10, 110))
        each = tracemalloc.get_traced_memory()[0] / 100
    finally:
        tracemalloc.stop()
    assert len(csms.stations) == 110
    assert each < 6 * 1024
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", ["ocpp2.0.1", None])
async def test_a_silent_connection_is_closed_if_that_is_wanted(
    subprotocol: str | None, make_csms: Make, station: Make
) -> None:
    clock = FakeClock()
    csms = make_csms(clock=clock, idle_timeout=600, without_subprotocol="sniff")
    raw = await station(csms, subprotocol=subprotocol)
    await raw.says(boot("ocpp2.0.1"))
    for _ in range(3):
        await clock.advance(599)
        await raw.says(call("Heartbeat"))
    assert raw.end is None
    await clock.advance(600)
    assert raw.end is not None
    assert (raw.end.code, raw.end.reason) == (1001, "no message for too long")
    assert "CP001" not in csms.stations


@pytest.mark.asyncio
async def test_a_connection_that_is_gone_is_watched_no_more(
    make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    raw = await station(make_csms(clock=clock, idle_timeout=600))
    raw.wire.cut()
    await clock.advance(1200)
    assert "silent" not in caplog.text


@pytest.mark.asyncio
async def test_silence_is_no_matter_by_default(make_csms: Make, station: Make) -> None:
    clock = FakeClock()
    raw = await station(make_csms(clock=clock))
    await clock.advance(1_000_000)
    assert raw.end is None

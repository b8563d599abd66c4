"""The guides about the SDK do what they say: their programs run against each other, and the rest is used."""

import asyncio
import logging
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused, Handshake
from ocppkit.aio.lowlevel import Accept, ConnectRequest, OpenedConnection, Reject, running_beside
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ErrorCode,
    HandshakeRefused,
    InvalidMessage,
    InvalidOutgoing,
    LocalProtocolError,
    OcppError,
    QueueFull,
    WrongVersion,
    utcnow,
)
from ocppkit.csms import Credentials, Csms, PasswordAuthenticator, StationHandle, Verdict
from ocppkit.station import BackOff, Station
from ocppkit.testing import FakeClock, MemoryNetwork, connected, settle, wire_pair
from ocppkit.transports import websockets
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation, ConnectedStation
from support.guide_code import LIMIT, executed, files, free_port, program, wait_for

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes back what a guide does to logging; its files lie in a folder of the test's."""
    monkeypatch.chdir(tmp_path)
    frames = logging.getLogger("ocppkit.frames")
    yield
    frames.setLevel(logging.NOTSET)


def three_stations() -> tuple[Station, ...]:
    """Returns a station of each version, as the guides' CSMS knows them; all can be reset."""
    one = ChargePoint("CP001", charge_point_vendor="V", charge_point_model="M", password=PASSWORD)
    two = ChargingStation("CP002", model="M", vendor_name="V", password=PASSWORD)
    three = ChargingStation21("CP003", model="M", vendor_name="V", password=PASSWORD)

    @one.on(v16.ResetRequest)
    def reset_16(request: v16.ResetRequest) -> v16.ResetResponse:
        return v16.ResetResponse(status=v16.ResetStatus.REJECTED)

    @two.on(v201.ResetRequest)
    def reset_201(request: v201.ResetRequest) -> v201.ResetResponse:
        return v201.ResetResponse(status=v201.ResetStatusEnumType.SCHEDULED)

    @three.on(v21.ResetRequest)
    def reset_21(request: v21.ResetRequest) -> v21.ResetResponse:
        return v21.ResetResponse(status=v21.ResetStatusEnumType.ACCEPTED)

    return one, two, three


def boot_201(
    station: StationHandle, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


def test_the_two_programs_play_a_session() -> None:
    port = free_port()
    with ExitStack() as running:
        server = running.enter_context(program("guides/csms.md", "csms.py", port))
        wait_for(port, server)
        client = running.enter_context(program("guides/station.md", "station.py", port))
        assert client.communicate(timeout=LIMIT) == ("", "")
        assert client.returncode == 0
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=LIMIT)
    assert said.splitlines() == [
        "CP002: connected, OCPP 2.0.1",
        "CP002: accepted",
        "CP002: connector 1 is Occupied",
        "CP002: transaction Started []",
        "CP002: transaction Updated [1200.0]",
        "CP002: transaction Updated [1450.0]",
        "CP002: transaction Updated [1700.0]",
        "CP002: transaction Ended []",
        "CP002: connector 1 is Available",
        "CP002: closed by peer with 1001: 'going away'",
    ]


@pytest.mark.asyncio
async def test_the_csms_program_knows_three_versions_and_their_passwords() -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    with program("guides/csms.md", "csms.py", port) as server:
        await asyncio.to_thread(wait_for, port, server)
        for station in three_stations():
            async with websockets.connect(station, url):
                await station.wait_accepted()
        server.send_signal(signal.SIGINT)
        said, _ = await asyncio.to_thread(server.communicate, timeout=LIMIT)
    for identity, version in (("CP001", "1.6"), ("CP002", "2.0.1"), ("CP003", "2.1")):
        assert f"{identity}: connected, OCPP {version}\n{identity}: accepted\n" in said


@pytest.mark.asyncio
async def test_the_csms_resets_each_version() -> None:
    names = executed("guides/csms.md", "csms.py")
    csms, reset = names["csms"], names["reset"]
    with pytest.raises(LookupError, match="CP001 is not connected"):
        await reset("CP001")
    for station, status in zip(
        three_stations(), ("Rejected", "Scheduled", "Accepted"), strict=True
    ):
        async with connected(station, csms):
            await station.wait_accepted()
            assert await reset(station.identity) == status
    stranger = ChargingStation("CP002", model="M", vendor_name="V", password="guess")
    with pytest.raises(HandshakeRefused) as caught:
        await MemoryNetwork(csms).connect(stranger.open("ws://memory"))
    assert caught.value.status == 401


@pytest.mark.asyncio
async def test_a_handler_refuses_or_goes_on_after_its_answer() -> None:
    csms = executed("guides/csms.md", "csms.py")["csms"]
    station, *_ = three_stations()
    assert isinstance(station, ChargePoint)
    changed: list[tuple[str, str]] = []

    @station.on(v16.ChangeConfigurationRequest)
    def change(request: v16.ChangeConfigurationRequest) -> v16.ChangeConfigurationResponse:
        changed.append((request.key, request.value))
        return v16.ChangeConfigurationResponse(status=v16.ConfigurationStatus.ACCEPTED)

    async with connected(station, csms):
        await station.wait_accepted()
        with pytest.raises(CallFailed) as caught:
            await station.data_transfer(vendor_id="other")
        assert caught.value.code == ErrorCode.NOT_SUPPORTED
        assert caught.value.description == "no settings for other"
        await station.data_transfer(vendor_id="ACME")
        await settle()
    assert changed == [("HeartbeatInterval", "60")]


@pytest.mark.asyncio
async def test_the_csms_guide_tells_the_truth_about_what_is_refused() -> None:
    csms = executed("guides/csms.md", "csms.py")["csms"]
    for station, request in zip(
        three_stations(),
        (
            v16.FirmwareStatusNotificationRequest(status=v16.FirmwareStatus.IDLE),
            v201.FirmwareStatusNotificationRequest(status=v201.FirmwareStatusEnumType.IDLE),
            v21.FirmwareStatusNotificationRequest(status=v21.FirmwareStatusEnumType.IDLE),
        ),
        strict=True,
    ):
        async with connected(station, csms):
            await station.wait_accepted()
            with pytest.raises(CallFailed) as caught:
                await station.call(request)  # type: ignore[attr-defined]
            assert caught.value.code == ErrorCode.NOT_SUPPORTED


@pytest.mark.asyncio
async def test_an_authenticator_of_ones_own() -> None:
    authenticator = executed("guides/csms.md", "csms.py")["OnlyFromInside"]()
    csms = Csms(v201.PROTOCOL, authenticator=authenticator)
    inside = Credentials(identity="CP001", remote_address="10.1.2.3")
    assert await authenticator.authenticate(inside) is Verdict.ACCEPTED
    refused = await csms.accept(
        Handshake(
            path="/CP001",
            headers=((b"Sec-WebSocket-Protocol", b"ocpp2.0.1"),),
            remote_address="192.0.2.1",
        )
    )
    assert isinstance(refused, Reject)
    assert refused.status == 401


@pytest.mark.asyncio
async def test_metrics_and_restarts() -> None:
    names = executed("guides/csms.md", "csms.py")
    watched, metrics = names["watched"], names["metrics"]
    _, station, _ = three_stations()
    watched.on(v201.BootNotificationRequest)(boot_201)
    async with connected(station, watched) as network:
        await station.wait_accepted()
        network.wires[-1].write("no frame")
        await settle()
    assert metrics.calls == {"BootNotification": 1}
    assert metrics.refused == {"CP002": 1}
    assert metrics.bytes["in"] > 100
    assert metrics.bytes["out"] > 50
    _, station, _ = three_stations()
    async with connected(station, names["csms"]):
        await station.wait_accepted()
    # The program runs once more: another object, the same file.
    restarted = executed("guides/csms.md", "csms.py")["csms"]
    for other in three_stations():
        await MemoryNetwork(restarted).connect(other.open("ws://memory"))
    accepted = {each.identity: each.accepted for each in restarted.stations}
    assert accepted == {"CP001": False, "CP002": True, "CP003": False}


@pytest.mark.asyncio
async def test_the_presence_example_survives_a_slow_reader() -> None:
    names = executed("guides/csms.md", "csms.py")
    csms, present = names["csms"], set[str]()
    listening = asyncio.create_task(names["presence"](present))
    await settle()
    for number in range(2500):
        accept = Accept(subprotocol="ocpp2.0.1", identity=f"CP{number}")
        csms.attach(accept, wire_pair()[1])
    await settle()
    assert present == {station.identity for station in csms.stations}
    assert len(present) == 2500
    listening.cancel()


@pytest.mark.asyncio
async def test_two_tenants_have_stations_of_the_same_name() -> None:
    tenants = executed("guides/csms.md", "csms.py")["tenants"]
    for tenant, status in (("tenantA", None), ("tenantB", 404), ("tenantC", 404)):
        decision = await tenants.accept(
            Handshake(
                path=f"/{tenant}/CP1",
                headers=(
                    (b"Sec-WebSocket-Protocol", b"ocpp2.0.1"),
                    (b"Authorization", b"Basic " + b64encode(b"CP1:correct horse battery")),
                ),
            )
        )
        assert getattr(decision, "status", None) == status


@pytest.mark.asyncio
async def test_the_log_of_the_watched_csms_hides_who_charges(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched = executed("guides/csms.md", "csms.py")["watched"]
    watched.on(v201.BootNotificationRequest)(boot_201)
    caplog.set_level(logging.DEBUG, "ocppkit.frames")
    _, station, _ = three_stations()
    async with connected(station, watched) as network:
        await station.wait_accepted()
        caplog.clear()
        network.wires[-1].write('[2,"1","Authorize",{"idToken":{"idToken":"SECRET"}}]')
        await settle()
    assert "Authorize" in caplog.text
    assert "SECRET" not in caplog.text


@pytest.mark.asyncio
async def test_clumsy_stations_are_read_kindly() -> None:
    forgiving = executed("guides/csms.md", "csms.py")["forgiving"]
    forgiving.on(v201.BootNotificationRequest)(boot_201)
    kinds = {}
    for identity in ("CP002", "CP003"):
        station = ChargingStation(identity, model="M", vendor_name="V", password=PASSWORD)
        async with connected(station, forgiving) as network:
            await station.wait_accepted()
            wire = network.wires[-1]
            wire.write('[2,"1","Heartbeat",{"unheard":"of"}]')
            await settle()
            kinds[identity] = wire.frames[-1].data[:5]
    assert kinds == {"CP002": '[4,"1', "CP003": '[3,"1'}


@pytest.mark.asyncio
async def test_the_station_answers_a_trigger_and_a_reset(
    capsys: pytest.CaptureFixture[str],
) -> None:
    csms = executed("guides/csms.md", "csms.py")["csms"]
    station = executed("guides/station.md", "station.py")["station"]
    async with connected(station, csms) as network:
        handle = await csms.stations.wait("CP002", ConnectedStation)
        wanted = v201.MessageTriggerEnumType.STATUS_NOTIFICATION
        answer = await handle.trigger_message(requested_message=wanted)
        assert answer.status == "Accepted"
        await settle()
        assert capsys.readouterr().out == "CP002: connector 1 is Available\n"
        other = v201.MessageTriggerEnumType.HEARTBEAT
        assert (await handle.trigger_message(requested_message=other)).status == "NotImplemented"
        await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
        await settle()
        assert len(network.wires) == 2
        assert csms.stations.get("CP002") is not handle
        assert station.boot.reason == v201.BootReasonEnumType.REMOTE_RESET


@pytest.mark.asyncio
async def test_the_journal_survives(tmp_path: Path) -> None:
    names = executed("guides/station.md", "station.py")
    sent: list[int] = []
    csms = Csms(v201.PROTOCOL, insecure=True)
    csms.on(v201.BootNotificationRequest)(boot_201)

    @csms.on(v201.TransactionEventRequest)
    def transaction(
        station: StationHandle, request: v201.TransactionEventRequest
    ) -> v201.TransactionEventResponse:
        sent.append(request.seq_no)
        return v201.TransactionEventResponse()

    journal = names["SqliteJournal"](str(tmp_path / "journal"))

    def event(station: Any, seq_no: int) -> Any:
        return station.transaction_event(
            event_type=v201.TransactionEventEnumType.UPDATED,
            timestamp=utcnow(),
            trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
            seq_no=seq_no,
            transaction_info=names["CHARGING"],
        )

    offline = names["durable"](journal)
    waiting = [asyncio.create_task(event(offline, n)) for n in range(3)]
    while len(journal) < 3:
        await asyncio.sleep(0.01)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    journal.close()

    journal = names["SqliteJournal"](str(tmp_path / "journal"))
    again = names["durable"](journal)
    async with connected(again, csms):
        await again.wait_accepted()
        await event(again, 3)
        await names["begin"](again)
    assert len(journal) == 0
    assert sent == [0, 1, 2, 3, 0]
    journal.close()


@pytest.mark.asyncio
async def test_a_1_6_transaction_begins_and_ends_offline(tmp_path: Path) -> None:
    names = executed("guides/station.md", "station.py")
    stopped: list[int] = []
    csms = Csms(v16.PROTOCOL, insecure=True)

    @csms.on(v16.BootNotificationRequest)
    def boot(
        station: StationHandle, request: v16.BootNotificationRequest
    ) -> v16.BootNotificationResponse:
        return v16.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v16.RegistrationStatus.ACCEPTED
        )

    @csms.on(v16.StartTransactionRequest)
    def start(
        station: StationHandle, request: v16.StartTransactionRequest
    ) -> v16.StartTransactionResponse:
        accepted = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
        return v16.StartTransactionResponse(transaction_id=4711, id_tag_info=accepted)

    @csms.on(v16.StopTransactionRequest)
    def stop(
        station: StationHandle, request: v16.StopTransactionRequest
    ) -> v16.StopTransactionResponse:
        stopped.append(request.transaction_id)
        return v16.StopTransactionResponse()

    point = ChargePoint("CP016", charge_point_model="M", charge_point_vendor="V", insecure=True)
    await names["charge_offline"](point)
    assert point.undelivered == 2
    async with connected(point, csms):
        await point.wait_accepted()
        await settle()
    assert stopped == [4711]


def test_the_back_off_is_the_default() -> None:
    assert executed("guides/station.md", "station.py")["patient"] == BackOff()


@pytest.mark.asyncio
async def test_the_spare_way_is_taken() -> None:
    ways = executed("guides/station.md", "station.py")["WAYS"]
    clock = FakeClock()
    station = ChargingStation("CP002", model="M", vendor_name="V", password="first", clock=clock)
    csms = Csms(
        v201.PROTOCOL, authenticator=PasswordAuthenticator({"CP002": "another password"}.get)
    )
    csms.on(v201.BootNotificationRequest)(boot_201)
    network = MemoryNetwork(csms)
    tried: list[str | None] = []

    async def connect(request: ConnectRequest) -> OpenedConnection:
        tried.append(urlsplit(request.url).hostname)
        return await network.connect(request)

    async with running_beside(station.run(ways, connect)):
        await clock.advance(200)
        assert station.connected
    assert tried == ["csms.example"] * 3 + ["backup.example"]


def v201_station() -> ChargingStation:
    """Returns a station that needs no password, and whose connector 2 is out of order."""
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True)

    @station.on(v201.ResetRequest)
    async def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        if request.evse_id is not None:
            station.disconnect("bored")
            await asyncio.sleep(0.1)
        return v201.ResetResponse(status=v201.ResetStatusEnumType.SCHEDULED)

    @station.on(v201.UnlockConnectorRequest)
    def unlock(request: v201.UnlockConnectorRequest) -> v201.UnlockConnectorResponse:
        if request.connector_id == 2:
            raise CallRefused(ErrorCode.INTERNAL_ERROR, "out of order")
        return v201.UnlockConnectorResponse(status=v201.UnlockStatusEnumType.UNLOCKED)

    return station


@pytest.mark.asyncio
async def test_the_fastapi_program() -> None:
    port = free_port()
    station = v201_station()
    with program("guides/fastapi.md", "app.py", port) as server:
        await asyncio.to_thread(wait_for, port, server)
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
            websockets.connect(station, f"ws://127.0.0.1:{port}/ocpp"),
        ):
            await station.wait_accepted()
            assert (await http.get("/stations")).json() == {"CP001": "Accepted"}
            reset = "/stations/CP001/reset"
            done = await http.post(reset, json={"type": "Immediate"})
            assert (done.status_code, done.json()) == (200, {"status": "Scheduled"})
            mistaken = await http.post(reset, json={"type": "Soon"})
            assert (mistaken.status_code, mistaken.json()["detail"][0]["loc"]) == (
                422,
                ["body", "type"],
            )
            assert (
                await http.post("/stations/CP009/reset", json={"type": "OnIdle"})
            ).status_code == 404
            assert (await http.post("/stations/CP001/unlock/1/1")).json() == {"status": "Unlocked"}
            refused = await http.post("/stations/CP001/unlock/1/2")
            assert (refused.status_code, "out of order" in refused.text) == (502, True)
            lost = await http.post(reset, json={"type": "Immediate", "evseId": 1})
            assert (lost.status_code, lost.json()["delivered"]) == (503, "unknown")
        server.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.communicate, timeout=LIMIT)


@pytest.mark.asyncio
async def test_the_fastapi_guides_port_for_stations() -> None:
    port = free_port()
    app = executed("guides/fastapi.md", "app.py", port=port)["two_ports"]
    station = v201_station()
    async with (
        app.router.lifespan_context(app),
        websockets.connect(station, f"ws://127.0.0.1:{port}"),
    ):
        await station.wait_accepted()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WrongVersion(), 409),
        (InvalidOutgoing(), 422),
        (QueueFull(), 429),
        (CallFailed(), 502),
        (InvalidMessage(), 502),
        (HandshakeRefused(), 503),
        (CallTimedOut(), 504),
        (LocalProtocolError(), 500),
    ],
)
@pytest.mark.asyncio
async def test_each_error_has_its_status(error: OcppError, status: int) -> None:
    failed = executed("guides/fastapi.md", "app.py")["failed"]
    assert (await failed(None, error)).status_code == status


SETTINGS = ("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function")


def with_names(file: str, folder: Path) -> Path:
    path = folder / file
    path.write_text("\n\n".join(files("guides/testing.md")[file]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("file", "passed"), [("test_csms.py", 3), ("test_station.py", 3), ("test_simulation.py", 3)]
)
def test_the_tests_of_the_testing_guide_pass(file: str, passed: int, tmp_path: Path) -> None:
    path = with_names(file, tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", *SETTINGS, path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{passed} passed" in run.stdout


def test_every_file_of_the_testing_guide_is_run() -> None:
    assert set(files("guides/testing.md")) == {
        "test_csms.py",
        "test_station.py",
        "test_simulation.py",
    }


@pytest.mark.parametrize(
    "serve", ["starlette_app.py", "uvicorn_app.py", "aiohttp_app.py", "aiohttp_site.py"]
)
@pytest.mark.asyncio
async def test_the_applications(serve: str) -> None:
    port = free_port()
    station = ChargePoint("CP001", charge_point_vendor="V", charge_point_model="M", insecure=True)

    @station.on(v16.UnlockConnectorRequest)
    def unlock(request: v16.UnlockConnectorRequest) -> v16.UnlockConnectorResponse:
        statuses = {1: v16.UnlockStatus.UNLOCKED, 2: v16.UnlockStatus.UNLOCK_FAILED}
        return v16.UnlockConnectorResponse(status=statuses[request.connector_id])

    with program("guides/starlette-aiohttp.md", serve, port) as server:
        await asyncio.to_thread(wait_for, port, server)
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
            websockets.connect(station, f"ws://127.0.0.1:{port}/ocpp"),
        ):
            await station.wait_accepted()
            unlocked = await http.post("/stations/CP001/unlock/1")
            assert unlocked.json() == {"status": "Unlocked"}
            failed = await http.post("/stations/CP001/unlock/2")
            assert failed.json() == {"status": "UnlockFailed"}
            assert (await http.post("/stations/CP009/unlock/1")).status_code == 404
        server.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.communicate, timeout=LIMIT)


def test_the_messages_alone_need_no_event_loop() -> None:
    page = "guides/messages-only.md"
    code = "\n".join(files(page)[""]) + "\nimport sys; print('asyncio' in sys.modules)\n"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "False\n", "")


@pytest.mark.asyncio
async def test_the_pydantic_flavour() -> None:
    app = executed("guides/pydantic.md")["app"]
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
            }
        ],
    }
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        path = "/stations/CP001/charging-profile"
        done = await http.post(path, json={"evseId": 1, "chargingProfile": profile})
        assert (done.status_code, done.json()) == (200, {"status": "Accepted"})
        assert (await http.post(path, json={"evseId": 1})).status_code == 422

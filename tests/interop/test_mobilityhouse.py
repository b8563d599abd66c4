"""Whole sessions with the Python package `ocpp` at the other end, both ways, in every kind of security."""

import asyncio
import ssl
from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest
from ocpp import exceptions as errors
from websockets.exceptions import InvalidHandshake, InvalidStatus

from interop.ends import CLIENTS, PATIENCE, our_csms, our_station, play
from interop.mobilityhouse import central_system, charge_point
from interop.script import PROTOCOLS, steps
from interop.security import MODES, PLAYED, PLAYED_ELSEWHERE, Files, SecurityMode
from ocppkit.core import CallFailed, ErrorCode
from support.servers import SERVERS

HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "00",
    "issuerKeyHash": "00",
    "serialNumber": "1",
}


def test_nine_whole_sessions_each_way() -> None:
    assert len(PLAYED) == 9
    assert [len(steps(PROTOCOLS[version])) for version in ("1.6", "2.0.1")] == [39, 40]


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED)
async def test_their_station_in_our_csms(version: str, mode: SecurityMode, files: Files) -> None:
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files) as csms,
        charge_point(protocol, mode, files, csms.port) as station,
    ):
        await play(steps(protocol), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED)
async def test_our_station_in_their_central_system(
    version: str, mode: SecurityMode, files: Files
) -> None:
    protocol = PROTOCOLS[version]
    boot, *others = steps(protocol)
    async with asyncio.timeout(PATIENCE), central_system(protocol, mode, files) as csms:
        csms.inbox.response = boot.response
        async with our_station(protocol, mode, files, csms.port, boot=boot.request) as station:
            await station.station.wait_accepted()
            assert csms.inbox.heard == [(boot.action, boot.request)]
            await play(tuple(others), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED_ELSEWHERE)
@pytest.mark.parametrize("server", ["starlette", "aiohttp"])
async def test_their_station_in_every_server(
    server: str, version: str, mode: SecurityMode, files: Files
) -> None:
    if server == "starlette" and mode.client_certificate:
        # No ASGI server hands a client certificate over.
        mode = MODES["tls"]
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files, SERVERS[server]) as csms,
        charge_point(protocol, mode, files, csms.port) as station,
    ):
        await play(steps(protocol), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "mode"), PLAYED_ELSEWHERE)
@pytest.mark.parametrize("client", CLIENTS)
async def test_our_station_by_every_client(
    client: str, version: str, mode: SecurityMode, files: Files
) -> None:
    protocol = PROTOCOLS[version]
    boot, *others = steps(protocol)
    async with asyncio.timeout(PATIENCE), central_system(protocol, mode, files) as csms:
        csms.inbox.response = boot.response
        async with our_station(
            protocol, mode, files, csms.port, boot=boot.request, connect=CLIENTS[client]
        ) as station:
            await station.station.wait_accepted()
            assert csms.inbox.heard == [(boot.action, boot.request)]
            await play(tuple(others), station, csms)


class _Attempt:
    """Tells when an attempt of a station to connect has failed, by being asked for the back-off."""

    def __init__(self) -> None:
        self.failed = asyncio.Event()

    def random(self) -> float:
        self.failed.set()
        return 0.0


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["basic", "key", "tls"])
async def test_their_station_with_a_wrong_password_stays_outside(name: str, files: Files) -> None:
    protocol, mode = PROTOCOLS["1.6"], MODES[name]
    async with asyncio.timeout(PATIENCE), our_csms(protocol, mode, files) as csms:
        with pytest.raises(InvalidStatus) as caught:
            async with charge_point(protocol, mode, files, csms.port, password=b"wrong"):
                pytest.fail("it was let in")

        assert caught.value.response.status_code == 401
        assert len(csms.csms.stations) == 0


@pytest.mark.asyncio
async def test_their_station_without_a_certificate_stays_outside(files: Files) -> None:
    protocol, mode = PROTOCOLS["2.0.1"], MODES["mtls"]
    bare = files.for_station(MODES["tls"])
    async with asyncio.timeout(PATIENCE), our_csms(protocol, mode, files) as csms:
        with pytest.raises((OSError, InvalidHandshake)):
            async with charge_point(protocol, mode, files, csms.port, ssl=bare):
                pytest.fail("it was let in")

        assert len(csms.csms.stations) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param("basic", {"password": b"wrong"}, id="password"),
        pytest.param("tls", {"ssl": ssl.create_default_context()}, id="authority"),
    ],
)
async def test_our_station_is_not_connected_where_something_is_wrong(
    name: str, wrong: dict[str, Any], files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    protocol, mode, attempt = PROTOCOLS["2.0.1"], MODES[name], _Attempt()
    boot = steps(protocol)[0].request
    async with (
        asyncio.timeout(PATIENCE),
        central_system(protocol, mode, files) as csms,
        our_station(
            protocol, mode, files, csms.port, boot=boot, random=attempt.random, **wrong
        ) as station,
    ):
        await attempt.failed.wait()

        assert not station.station.connected
        assert csms.inbox.heard == []
    assert "cannot connect" in caplog.text
    assert "wrong" not in caplog.text


@dataclass
class _Wrong:
    """A request that breaks its schema, and what they make of the answer."""

    version: str
    members: dict[str, Any]
    error: type[Exception]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong",
    [
        _Wrong("1.6", {}, errors.OccurenceConstraintViolationError),
        _Wrong("1.6", {"id_tag": 5}, errors.TypeConstraintViolationError),
        _Wrong("1.6", {"id_tag": "x" * 21}, errors.PropertyConstraintViolationError),
        _Wrong("1.6", {"id_tag": "x", "colour": "red"}, errors.FormationViolationError),
        _Wrong("2.0.1", {}, errors.OccurrenceConstraintViolationError),
        _Wrong("2.0.1", {"id_token": 5}, errors.TypeConstraintViolationError),
        _Wrong("2.0.1", {"id_token": {"x": 1}}, errors.OccurrenceConstraintViolationError),
        _Wrong(
            "2.0.1",
            {"id_token": {"id_token": "x", "type": "Smell"}},
            errors.PropertyConstraintViolationError,
        ),
    ],
    ids=lambda wrong: f"{wrong.version}-{wrong.members}",
)
async def test_they_understand_our_errors(wrong: _Wrong, files: Files) -> None:
    protocol, mode = PROTOCOLS[wrong.version], MODES["open"]
    boot, *others = steps(protocol)
    request = make_dataclass("Authorize", list(wrong.members))(**wrong.members)
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files) as csms,
        charge_point(protocol, mode, files, csms.port) as station,
    ):
        await play((boot,), station, csms)
        csms.inbox.heard.clear()

        with pytest.raises(wrong.error):
            await station.peer.call(request, suppress=False, skip_schema_validation=True)

        assert csms.inbox.heard == []
        await play(tuple(others), station, csms)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_we_understand_their_errors(version: str, files: Files) -> None:
    protocol, mode = PROTOCOLS[version], MODES["open"]
    session = steps(protocol)
    async with (
        asyncio.timeout(PATIENCE),
        our_csms(protocol, mode, files) as csms,
        charge_point(protocol, mode, files, csms.port) as station,
    ):
        await play(session[:1], station, csms)

        with pytest.raises(CallFailed) as caught:
            await csms.say("DeleteCertificate", {"certificateHashData": HASH})

        # What they do not handle they do not implement.
        assert caught.value.code == ErrorCode.NOT_IMPLEMENTED
        await play(session[1:], station, csms)

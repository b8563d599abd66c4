"""On every transport a handler that fails is answered, and its connection stays open."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from websockets.asyncio.client import connect

from ocppkit import v201
from ocppkit.aio import CallRefused
from ocppkit.core import ErrorCode
from ocppkit.station import Station
from ocppkit.transports import aiohttp, websockets
from ocppkit.v201.roles import ConnectedStation
from support.servers import Serving

Make = Callable[..., Any]


class Broken(tzinfo):
    """A zone whose offset cannot be told."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        raise KeyError("db")

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None


def description() -> Any:
    raise CallRefused(ErrorCode.INTERNAL_ERROR, KeyError("db"))  # type: ignore[arg-type]


def details() -> Any:
    raise CallRefused(ErrorCode.INTERNAL_ERROR, "", [1])  # type: ignore[arg-type]


def changed() -> Any:
    error = CallRefused(ErrorCode.INTERNAL_ERROR)
    error.description = KeyError("db")  # type: ignore[assignment]
    raise error


def response() -> Any:
    return v201.DataTransferResponse(
        status=v201.DataTransferStatusEnumType.ACCEPTED,
        data={"at": datetime(2024, 1, 1, tzinfo=Broken())},
    )


def generator_exit() -> Any:
    raise GeneratorExit


ACTS = [description, details, changed, response, generator_exit]


@pytest.mark.asyncio
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_csms(is_async: bool, serving: Serving, make_csms: Make) -> None:
    csms = make_csms(boot_gate=False)
    acts = iter(ACTS)

    if is_async:

        @csms.on(v201.DataTransferRequest)
        async def handle(station: object, request: object) -> v201.DataTransferResponse:
            return next(acts)()  # type: ignore[no-any-return]

    else:

        @csms.on(v201.DataTransferRequest)
        def handle_at_once(station: object, request: object) -> v201.DataTransferResponse:
            return next(acts)()  # type: ignore[no-any-return]

    async with serving(csms) as port:
        url = f"ws://127.0.0.1:{port}/ocpp/CP001"
        async with connect(url, subprotocols=["ocpp2.0.1"], proxy=None) as client:  # type: ignore[list-item]
            for act in ACTS:
                # Nothing behind it has to wait.
                await client.send(f'[2,"{act.__name__}","DataTransfer",{{"vendorId":"v"}}]')
                await client.send(f'[2,"after {act.__name__}","Heartbeat",{{}}]')
                replies = {
                    frame[1]: frame for frame in [json.loads(await client.recv()) for _ in "12"]
                }
                failed = replies[act.__name__]
                assert failed == [4, act.__name__, "InternalError", "handler failed", {}]
                assert replies[f"after {act.__name__}"][0] == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("transport", [websockets, aiohttp])
async def test_a_station(
    transport: Any, make_csms: Make, make_station: Make, serving: Serving
) -> None:
    csms = make_csms()
    station: Station = make_station("2.0.1")
    acts = iter(ACTS)

    def handle(request: v201.DataTransferRequest) -> v201.DataTransferResponse:
        return next(acts)()  # type: ignore[no-any-return]

    station.on(v201.DataTransferRequest)(handle)  # type: ignore[attr-defined]
    async with serving(csms) as port:
        url = f"ws://127.0.0.1:{port}/ocpp"
        async with transport.connect(station, url):
            handle_ = await csms.stations.wait(station.identity, ConnectedStation)
            for _ in ACTS:
                with pytest.raises(Exception, match="InternalError 'handler failed'"):
                    await handle_.data_transfer(vendor_id="v")
            assert handle_.connected

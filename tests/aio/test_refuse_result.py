"""CALLRESULTERROR by the program: a result that is well-formed and yet of no use. # ERR-06"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    ConnectionClosed,
    ErrorCode,
    InvalidOutgoing,
    LocalProtocolError,
    Role,
)
from ocppkit.testing import settle

Make = Callable[..., Any]

CODE = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


async def result(b: Any, request: Any = None, number: int = 1) -> Any:
    request = request or v21.ResetRequest(type=v21.ResetEnumType.IMMEDIATE)
    call = asyncio.create_task(b.endpoint.call(request))
    await b.peer.says()
    await b.peer.says([3, f"our-{number}", {"status": "Accepted"}])
    return await call


@pytest.mark.asyncio
async def test_a_result_is_refused_once(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    response = await result(b)
    b.endpoint.refuse_result(response, CODE, "not now", {"why": 1})
    sent = await b.peer.says()
    assert sent == [[5, "our-1", "PropertyConstraintViolation", "not now", {"why": 1}]]
    with pytest.raises(LocalProtocolError, match="refused before"):
        b.endpoint.refuse_result(response, CODE)


@pytest.mark.asyncio
async def test_a_station_refuses_a_result_too(bench: Make) -> None:
    b = bench(Role.STATION, protocol=v21.PROTOCOL)
    call = asyncio.create_task(b.endpoint.call(v21.HeartbeatRequest()))
    await b.peer.says()
    await b.peer.says([3, "our-1", {"currentTime": "2082-01-01T00:00:00Z"}])
    b.endpoint.refuse_result(await call, CODE, "58 years from now")
    assert await b.peer.says() == [
        [5, "our-1", "PropertyConstraintViolation", "58 years from now", {}]
    ]


@pytest.mark.asyncio
async def test_equal_results_are_told_apart(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    first = await result(b)
    second = await result(b, number=2)
    assert first == second
    b.endpoint.refuse_result(first, CODE)
    assert [frame[1] for frame in await b.peer.says()] == ["our-1"]


@pytest.mark.asyncio
async def test_only_the_latest_results_can_be_refused(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    first = latest = await result(b)
    for number in range(2, 11):
        latest = await result(b, number=number)
    with pytest.raises(LocalProtocolError, match="not one of the 8 latest results"):
        b.endpoint.refuse_result(first, CODE)
    b.endpoint.refuse_result(latest, CODE)
    assert len(await b.peer.says()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("protocol", "request_"),
    [
        (v16.PROTOCOL, v16.ResetRequest(type=v16.ResetType.SOFT)),
        (v201.PROTOCOL, v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)),
    ],
)
async def test_versions_without_it_say_so(protocol: Any, request_: Any, bench: Make) -> None:
    b = bench(protocol=protocol)
    response = await result(b, request_)
    with pytest.raises(LocalProtocolError, match=r"OCPP \S+ has no CALLRESULTERROR"):
        b.endpoint.refuse_result(response, CODE)


@pytest.mark.asyncio
async def test_what_cannot_be_sent_can_be_said_otherwise(bench: Make) -> None:
    b = bench(protocol=v21.PROTOCOL)
    response = await result(b)
    for arguments in ((CODE, "", {"a": object()}), (CODE, KeyError("db")), (7,)):
        with pytest.raises(InvalidOutgoing):
            b.endpoint.refuse_result(response, *arguments)
    b.endpoint.refuse_result(response, CODE)
    assert len(await b.peer.says()) == 1
    b.endpoint.close()
    with pytest.raises(ConnectionClosed):
        b.endpoint.refuse_result(response, CODE)
    await settle()

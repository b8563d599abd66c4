"""A CSMS answers heartbeats with the time by itself, unless there is a handler or it is told not to."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import Response
from ocppkit.csms._heartbeats import heartbeat_handlers

Make = Callable[..., Any]

VERSIONS = {"ocpp1.6": v16, "ocpp2.0.1": v201, "ocpp2.1": v21}
HEARTBEAT = [2, "h", "Heartbeat", {}]
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", VERSIONS)
async def test_hb_02_it_is_answered_with_the_time(
    subprotocol: str, make_csms: Make, station: Make
) -> None:
    csms = make_csms(unknown="serve", wall_clock=lambda: NOON)
    raw = await station(csms, subprotocol=subprotocol)
    assert await raw.says(HEARTBEAT) == [[3, "h", {"currentTime": "2025-06-01T12:00:00Z"}]]


@pytest.mark.asyncio
async def test_it_is_the_system_s_time_by_default(make_csms: Make, station: Make) -> None:
    raw = await station(make_csms(unknown="serve"))
    before = datetime.now(UTC)
    ((*_, payload),) = await raw.says(HEARTBEAT)
    told = datetime.fromisoformat(payload["currentTime"])
    assert abs((told - before).total_seconds()) < 60


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", VERSIONS)
@pytest.mark.parametrize("enrolled", ["before", "while connected"])
async def test_a_handler_wins(
    subprotocol: str, enrolled: str, make_csms: Make, station: Make
) -> None:
    version: Any = VERSIONS[subprotocol]
    csms = make_csms(unknown="serve", wall_clock=lambda: NOON)

    def add() -> None:
        csms.on(version.HeartbeatRequest)(
            lambda station, request: version.HeartbeatResponse(current_time=MIDNIGHT)
        )

    if enrolled == "before":
        add()
    raw = await station(csms, subprotocol=subprotocol)
    if enrolled != "before":
        await raw.says(HEARTBEAT)
        add()
    assert await raw.says(HEARTBEAT) == [[3, "h", {"currentTime": "2025-06-01T00:00:00Z"}]]


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", VERSIONS)
async def test_it_can_be_switched_off(subprotocol: str, make_csms: Make, station: Make) -> None:
    csms = make_csms(unknown="serve", answer_heartbeats=False)
    raw = await station(csms, subprotocol=subprotocol)
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[:3] == [4, "h", "NotSupported"]


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", VERSIONS)
async def test_err_19_the_boot_gate_stands_before_it(
    subprotocol: str, make_csms: Make, station: Make
) -> None:
    raw = await station(make_csms(unknown="refuse"), subprotocol=subprotocol)
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[:3] == [4, "h", "SecurityError"]


class Wider(Response, kw_only=True, frozen=True):
    """An answer that needs more than the time."""

    current_time: datetime
    mood: str


@pytest.mark.parametrize("response", [Wider, v201.ResetResponse])
def test_an_answer_that_needs_more_than_the_time_is_the_user_s(response: type[Response]) -> None:
    action = msgspec.structs.replace(v201.PROTOCOL.actions["Heartbeat"], response=response)
    edition = msgspec.structs.replace(v201.PROTOCOL, actions={"Heartbeat": action})
    assert heartbeat_handlers([edition], lambda: NOON) == {}


def test_a_version_without_heartbeats_needs_no_answer() -> None:
    silent = msgspec.structs.replace(v201.PROTOCOL, actions={})
    assert heartbeat_handlers([silent], lambda: NOON) == {}

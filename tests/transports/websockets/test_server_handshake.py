"""The doorway of a server that listens by itself: how long and how much it lets somebody send unasked."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.core import Limits
from ocppkit.csms import Csms, Verdict
from ocppkit.transports.websockets._listening_server import Server, ServerConnection
from ocppkit.transports.websockets._server_handshake import ServerHandshake
from support.wire_ends import Line, frame

Make = Callable[..., Any]


class Slow:
    """An authenticator that takes its time."""

    def __init__(self) -> None:
        self.verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

    async def authenticate(self, credentials: object) -> Verdict:
        return await self.verdict


class Way:
    """Somebody before the doorway of a CSMS that takes its time."""

    def __init__(self, make_csms: Make, **limits: float) -> None:
        self.slow = Slow()
        self.line = Line()
        csms: Csms = make_csms(authenticator=self.slow, limits=Limits(**{"ping_interval": 0} | limits))  # type: ignore[arg-type]
        self.server = Server(csms, None)
        self.doorway = ServerHandshake(csms, ServerConnection(self.server, csms), True)
        self.doorway.connection_made(self.line)

    @property
    def opened(self) -> bool:
        return self.line.written.startswith(b"HTTP/1.1 101 ")


@pytest.mark.asyncio
async def test_who_sends_while_nobody_has_decided_is_read_from_once(
    make_csms: Make, handshake: Make, until: Make
) -> None:
    way = Way(make_csms)
    call = frame(0x81, b'[2,"1","Nonsense",{}]')
    way.doorway.data_received(handshake("/CP001") + call[:5])
    assert way.line.reading
    await asyncio.sleep(0)
    way.doorway.data_received(call[5:])
    assert not way.line.reading
    way.slow.verdict.set_result(Verdict.ACCEPTED)
    await until(lambda: way.opened)
    # The connection belongs to the wire now, which feeds the endpoint with what came before.
    assert way.line.reading
    await until(lambda: b'[4,"1","NotImplemented"' in way.line.written)


@pytest.mark.asyncio
async def test_who_is_refused_is_read_from_to_the_end(
    make_csms: Make, handshake: Make, until: Make, caplog: pytest.LogCaptureFixture
) -> None:
    way = Way(make_csms)
    way.doorway.data_received(handshake("/CP001"))
    way.slow.verdict.set_result(Verdict.REFUSED)
    await until(lambda: way.line.written)
    assert way.line.written.startswith(b"HTTP/1.1 401 ")
    for _ in range(3):
        way.doorway.data_received(b"x" * 10_000)
    assert way.line.reading
    way.doorway.on_interval()
    assert way.line.over
    (line,) = [each.message for each in caplog.records]
    assert "refused 401" in line


@pytest.mark.asyncio
async def test_who_leaves_before_the_decision_ends_it(make_csms: Make, handshake: Make) -> None:
    way = Way(make_csms)
    way.doorway.data_received(handshake("/CP001"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert way.server.connections == 1
    way.doorway.connection_lost(None)
    for _ in range(3):
        await asyncio.sleep(0)
    assert way.slow.verdict.cancelled()
    assert way.server.connections == 0
    assert not way.opened


@pytest.mark.asyncio
@pytest.mark.parametrize("sent", [b"", b"GET /CP001 HTTP/1.1\r\n", None])
async def test_patience_ends(
    sent: bytes | None, make_csms: Make, handshake: Make, until: Make
) -> None:
    way = Way(make_csms, handshake_timeout=0.05)
    way.doorway.data_received(handshake("/CP001") if sent is None else sent)
    assert not way.line.over
    await until(lambda: way.line.over)
    way.doorway.connection_lost(None)
    assert way.server.connections == 0


@pytest.mark.asyncio
async def test_a_decision_that_takes_too_long_is_reported(
    make_csms: Make, handshake: Make, caplog: pytest.LogCaptureFixture
) -> None:
    way = Way(make_csms, handshake_timeout=60)
    way.doorway.data_received(handshake("/CP001"))
    way.doorway.on_interval()
    assert way.line.over
    assert [each.message for each in caplog.records] == [
        "unknown station (unknown address): refused: no decision in time"
    ]
    way.doorway.connection_lost(None)
    assert way.server.connections == 0


@pytest.mark.asyncio
async def test_patience_with_one_is_not_that_with_the_next(
    make_csms: Make, handshake: Make, until: Make
) -> None:
    first, second = (Way(make_csms, handshake_timeout=0.1) for _ in range(2))
    first.doorway.data_received(handshake("/CP001"))
    first.slow.verdict.set_result(Verdict.ACCEPTED)
    await until(lambda: first.opened)
    await until(lambda: second.line.over)
    assert not first.line.over

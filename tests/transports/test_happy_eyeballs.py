"""A host name whose first addresses are dead keeps no station offline, whatever its transport is."""

import asyncio
import gc
import socket
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports import _happy_eyeballs, aiohttp, websockets
from support.dead_addresses import refusing_port, silent_port

Make = Callable[..., Any]
Place = tuple[str, int]

LIBRARIES = pytest.mark.parametrize(
    "library", [websockets, aiohttp], ids=lambda each: each.__name__.rpartition(".")[2]
)
LIMITS = Limits(handshake_timeout=60)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


def resolves_to(places: Sequence[Place], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every name that is looked up have these addresses."""

    async def look_up(host: str, port: int, **options: Any) -> Any:
        return [
            (
                socket.AF_INET6 if ":" in at else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (at, port),
            )
            for at, port in places
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


async def connects(library: Any, csms: Any, station: Any) -> None:
    async with asyncio.timeout(20), library.connect(station, "ws://csms.example/ocpp"):
        await station.wait_accepted()
        assert csms.stations.get("CP001") is not None


@pytest.mark.asyncio
@LIBRARIES
async def test_the_first_address_refuses(
    library: Any, make_csms: Make, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server:
        dead = ("127.0.0.2", refusing_port("127.0.0.2"))
        resolves_to([dead, ("127.0.0.1", server.port)], monkeypatch)
        await connects(library, csms, make_station(limits=LIMITS))


@pytest.mark.asyncio
@LIBRARIES
async def test_the_first_addresses_never_answer(
    library: Any, make_csms: Make, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms = make_csms()
    with silent_port("127.0.0.2") as one, silent_port("127.0.0.3") as two:
        async with websockets.serve(csms, "127.0.0.1") as server:
            silent = [("127.0.0.2", one), ("127.0.0.3", two)]
            resolves_to([*silent, ("127.0.0.1", server.port)], monkeypatch)
            await connects(library, csms, make_station(limits=LIMITS))


@pytest.mark.asyncio
@LIBRARIES
async def test_no_address_answers(
    library: Any, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = [(host, refusing_port(host)) for host in ("127.0.0.2", "127.0.0.3")]
    resolves_to(dead, monkeypatch)
    station = make_station(limits=LIMITS)
    connector = library._client.connector(station.limits, True)
    with pytest.raises(ConnectionClosed) as caught:
        await connector(station.open("ws://csms.example/ocpp"))
    assert type(caught.value) is ConnectionClosed
    assert caught.value.delivered == "no"
    assert "127.0.0.3" in caught.value.reason


@pytest.mark.asyncio
@LIBRARIES
async def test_a_name_that_is_not_known(
    library: Any, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(host: str, port: int, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    station = make_station(limits=LIMITS)
    connector = library._client.connector(station.limits, True)
    with pytest.raises(ConnectionClosed, match="not known") as caught:
        await connector(station.open("ws://csms.example/ocpp"))
    assert caught.value.delivered == "no"


@pytest.mark.asyncio
@LIBRARIES
async def test_silence_everywhere_ends_with_the_handshake_timeout(
    library: Any, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_port("127.0.0.2") as port:
        resolves_to([("127.0.0.2", port)], monkeypatch)
        station = make_station(limits=Limits(handshake_timeout=0.1))
        connector = library._client.connector(station.limits, True)
        with pytest.raises(ConnectionClosed, match="no answer to the handshake"):
            await connector(station.open("ws://csms.example/ocpp"))


@pytest.mark.asyncio
async def test_after_a_failure_the_next_address_is_tried_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_happy_eyeballs, "NEXT_ADDRESS_AFTER", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
        resolves_to([("127.0.0.2", refusing_port("127.0.0.2")), place], monkeypatch)
        async with asyncio.timeout(10):
            connection = await _happy_eyeballs.connect_socket("csms.example", 9000)
        with connection:
            assert connection.getpeername() == place


@pytest.mark.asyncio
async def test_a_name_without_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to([], monkeypatch)
    with pytest.raises(OSError, match="no address"):
        await _happy_eyeballs.connect_socket("csms.example", 9000)


@pytest.mark.asyncio
async def test_who_gives_up_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_happy_eyeballs, "NEXT_ADDRESS_AFTER", 0.0)
    with silent_port("127.0.0.2") as silent:
        refusing = ("127.0.0.3", refusing_port("127.0.0.3"))
        resolves_to([("127.0.0.2", silent), refusing], monkeypatch)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await _happy_eyeballs.connect_socket("csms.example", 9000)
        assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_a_second_connection_is_closed() -> None:
    late = socket.socket()

    async def connected() -> socket.socket:
        return late

    attempt = asyncio.create_task(connected())
    await asyncio.wait({attempt})
    await _happy_eyeballs._give_up({attempt})
    assert late.fileno() == -1


def test_families_take_turns() -> None:
    places = [(10, "a"), (10, "b"), (10, "c"), (2, "d"), (2, "e")]
    addresses = [_happy_eyeballs._Address(family, 6, (at, 80)) for family, at in places]
    turns = _happy_eyeballs._interleaved(addresses)
    assert [each.address[0] for each in turns] == ["a", "d", "b", "e", "c"]


def test_uvloop_has_it_too(
    make_csms: Make, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        csms, station = make_csms(), make_station(limits=LIMITS)
        async with websockets.serve(csms, "127.0.0.1") as server:
            # Functions of that loop cannot be replaced.
            places = [("127.0.0.2", silent), ("127.0.0.1", server.port)]
            addresses = [_happy_eyeballs._Address(socket.AF_INET, 6, place) for place in places]
            monkeypatch.setattr(_happy_eyeballs, "_interleaved", lambda found: addresses)
            async with asyncio.timeout(20), websockets.connect(station, "ws://localhost/ocpp"):
                await station.wait_accepted()

    with silent_port("127.0.0.2") as silent:
        uvloop.run(main())

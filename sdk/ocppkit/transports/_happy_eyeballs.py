"""Connects to the first address of a host that answers (RFC 8305, "Happy Eyeballs").

asyncio has this in `create_connection`, uvloop has not. The next address is tried when the one before
has failed, or has not answered in time; all of them then go on until one is connected.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import Any, Final, NamedTuple

__all__ = ["NEXT_ADDRESS_AFTER", "connect_socket"]

NEXT_ADDRESS_AFTER: Final = 0.25
"""Seconds until the next address is tried beside the ones that have not answered."""


class _Address(NamedTuple):
    family: int
    protocol: int
    address: Any


async def connect_socket(host: str, port: int) -> socket.socket:
    """Returns a socket that is connected to the fastest address of a host.

    Raises:
        OSError: the host has no address, or none of them can be connected to; the message names each.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = _interleaved(_Address(family, proto, at) for family, _, proto, _, at in found)
    if not addresses:
        raise OSError(f"{host} has no address")
    return await _first_connected(addresses)


def _interleaved(addresses: Iterable[_Address]) -> list[_Address]:
    """Returns addresses so that their families alternate, beginning with the first one's (section
    4).
    """
    families: dict[int, list[_Address]] = {}
    for each in addresses:
        families.setdefault(each.family, []).append(each)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [each for each in turns if each is not None]


async def _first_connected(addresses: Sequence[_Address]) -> socket.socket:
    untried = deque(addresses)
    attempts: set[asyncio.Task[socket.socket]] = set()
    problems: list[str] = []
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(_connected(untried.popleft())))
            patience = NEXT_ADDRESS_AFTER if untried else None
            done, _ = await asyncio.wait(
                attempts, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                attempts.discard(attempt)
                try:
                    return attempt.result()
                except OSError as problem:
                    problems.append(str(problem))
        raise OSError("; ".join(problems))
    finally:
        await _give_up(attempts)


async def _connected(to: _Address) -> socket.socket:
    """Returns a socket that is connected to one address."""
    connection = socket.socket(to.family, socket.SOCK_STREAM, to.protocol)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connection, to.address)
    except OSError as problem:
        connection.close()
        raise OSError(problem.errno, f"{to.address[0]}: {problem.strerror or problem}") from problem
    except BaseException:
        connection.close()
        raise
    return connection


async def _give_up(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """Cancels attempts that are not needed any more, and closes the sockets that they have opened."""
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()

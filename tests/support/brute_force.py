"""A trial: an attacker guesses passwords from the address of many stations; measures how long these wait.

`python -m support.brute_force --stations 1000 --attackers 2` runs it large; the gate runs it small.
"""

import argparse
import asyncio
import base64
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from ocppkit import v201
from ocppkit.csms import Csms, PasswordAuthenticator
from ocppkit.transports import websockets

__all__ = ["Figures", "trial"]

PASSWORD = "right"
PARALLEL = 16
"""Connections of one attacker at a time."""

WARM_UP = 300
"""Attempts of an attacker before the fleet comes."""


class Figures(NamedTuple):
    """The figures that a trial has measured."""

    first: float
    """Seconds that the slowest good station took, after a start of the CSMS."""

    again: float
    """The same, when all of them came again while their own identities were attacked."""

    refused: Counter[int]
    """How often the attackers were answered with each status."""

    def __str__(self) -> str:
        tries = sum(self.refused.values())
        return (
            f"slowest station {self.first:.2f} s after a start, {self.again:.2f} s after an outage; "
            f"{tries} attempts of the attackers: {dict(self.refused)}"
        )


async def trial(stations: int, attackers: int, *, by_proxy: bool = False) -> Figures:
    """Lets a fleet connect twice during an attack.

    Args:
        stations: how many there are.
        attackers: processes that guess.
        by_proxy: let all come from the address of a trusted proxy, which names an address for each
            station; the attackers have one of their own.
    """
    good = [f"CP{number:04}" for number in range(stations)]
    stale = [f"OLD{number:04}" for number in range(stations)]
    passwords = dict.fromkeys([*good, *stale], PASSWORD)
    csms = Csms(v201.PROTOCOL, authenticator=PasswordAuthenticator(passwords.get))
    proxies = ["127.0.0.1"] if by_proxy else []
    async with websockets.serve(csms, "127.0.0.1", 0, trusted_proxies=proxies) as server:
        strangers = ["?", *stale]
        async with _attacked(server.port, strangers, attackers) as before:
            first = await _slowest(server.port, good)
        async with _attacked(server.port, [*strangers, *good], attackers) as after:
            again = await _slowest(server.port, good)
    return Figures(first, again, before + after)


async def _slowest(port: int, identities: Sequence[str]) -> float:
    return max(await asyncio.gather(*(_connect(port, identity) for identity in identities)))


async def _connect(port: int, identity: str) -> float:
    """Returns the seconds until a station with the right password is in, as it retries."""
    begin = perf_counter()
    address = f"198.51.100.{int(identity.removeprefix('CP')) % 250}"
    while await attempt(port, identity, PASSWORD, address) != 101:
        if perf_counter() - begin > 30:
            raise TimeoutError(f"{identity} was not let in")
        await asyncio.sleep(0.1)
    return perf_counter() - begin


async def attempt(port: int, identity: str, password: str, address: str = "192.0.2.7") -> int:
    """Returns the status of one handshake; zero without an answer.

    Args:
        port: the server's.
        identity: who it claims to be.
        password: what it shows.
        address: where it comes from, if the server believes its proxy.
    """
    key = base64.b64encode(bytes(16)).decode()
    basic = base64.b64encode(f"{identity}:{password}".encode()).decode()
    lines = (
        f"GET /{identity} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.0.1",
        f"Authorization: Basic {basic}",
        f"X-Forwarded-For: {address}",
    )
    with suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = await reader.readuntil(b"\r\n")
            return int(answer.split()[1])
        finally:
            writer.close()
    return 0


@asynccontextmanager
async def _attacked(
    port: int, identities: Sequence[str], attackers: int
) -> AsyncGenerator[Counter[int]]:
    """Runs attackers as processes; what they were answered is known when the block is left."""
    command = (sys.executable, "-m", "support.brute_force", "--attack", str(port), *identities)
    folder = Path(__file__).parents[1]
    running = [
        await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(attackers)
    ]
    statuses: Counter[int] = Counter()
    try:
        for process in running:
            assert process.stdout is not None
            await process.stdout.readline()
        yield statuses
    finally:
        for process in running:
            output, _ = await process.communicate(b"\n")
            for line in output.decode().splitlines():
                status, count = line.split()
                statuses[int(status)] += int(count)


async def _attack(port: int, identities: Sequence[str]) -> None:
    """Guesses until a line comes in; `?` stands for an identity that is made up each time."""
    statuses: Counter[int] = Counter()
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    turn = 0

    async def guess() -> None:
        nonlocal turn
        while not stop.done():
            turn += 1
            chosen = identities[turn % len(identities)] if turn % 2 else "?"
            identity = f"X{turn}" if chosen == "?" else chosen
            statuses[await attempt(port, identity, f"guess{turn}")] += 1

    guessing = [asyncio.create_task(guess()) for _ in range(PARALLEL)]
    # By then the address has used up all attempts that it had.
    while sum(statuses.values()) < WARM_UP:
        await asyncio.sleep(0.01)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.gather(*guessing)
    sys.stdout.writelines(f"{status} {count}\n" for status, count in statuses.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--attackers", type=int, default=2)
    parser.add_argument("--by-proxy", action="store_true")
    parser.add_argument("--attack", type=int, help=argparse.SUPPRESS)
    parser.add_argument("identities", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack is not None:
        asyncio.run(_attack(options.attack, options.identities))
    else:
        logging.disable(logging.CRITICAL)
        measured = trial(options.stations, options.attackers, by_proxy=options.by_proxy)
        sys.stdout.write(f"{asyncio.run(measured)}\n")


if __name__ == "__main__":
    main()

"""Limits how often passwords can be guessed, while stations with the right password can still
connect.

Theory of operation: behind one address there may be a fleet, stations with an old password, and an
attacker, and only the password tells them apart. So a handshake takes three steps:

1. Credentials that were accepted before pass at once. What is remembered of them is a keyed digest.
2. Other credentials are checked if this identity has an attempt left at this address. An attempt that
   turns out right costs nothing. Spent attempts come back one by one, evenly over the window, so that no
   identity is ever locked; others' wrong attempts never use them up.
3. At most `at_once` checks run at a time. The rest waits in a bounded queue, in which each identity
   takes its turn.

An address with very many wrong attempts leaves each identity one attempt at a time in step 2.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from ._credentials import Credentials

__all__ = ["AttemptLimiter", "TooManyAttempts", "address_group"]

_SECOND_CHANCES: Final = 8
"""How many counters may be passed over because they are high, before one is forgotten."""

_WAITING_PER_IDENTITY: Final = 4


class TooManyAttempts(Exception):
    """Raised by an `AttemptLimits` when credentials must not be checked now."""

    def __init__(self, reason: str, retry_after: float) -> None:
        """Sets the reason, and the seconds until the next attempt may be made."""
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds until the next attempt."""


class AttemptLimiter:
    """Limits wrong attempts to authenticate, per address and identity.

    IPv6 addresses count by their /64 network, as one customer has all of it.
    """

    KEYS: Final = 16_384
    """Counters kept; beyond them old ones are forgotten, so that a flood costs no memory."""

    PROOFS: Final = 65_536
    """Stations whose accepted credentials are remembered."""

    def __init__(
        self,
        *,
        per_station: int = 10,
        per_address: int = 100,
        window: float = 60.0,
        at_once: int = 64,
        waiting: int = 4096,
    ) -> None:
        """Sets the limits.

        Args:
            per_station: wrong attempts for one identity from one address within the window.
            per_address: wrong attempts from one address within the window, after which each identity
                has one attempt at a time there.
            window: seconds.
            at_once: how many credentials may be checked at a time.
            waiting: how many more may wait for that.
        """
        self._per_station = per_station
        self._stations = _Counters(window / per_station, self.KEYS)
        self._per_address = per_address
        self._addresses = _Counters(window / per_address, self.KEYS)
        self._turns = _FairQueue(at_once, waiting)
        self._proofs: OrderedDict[str, bytes] = OrderedDict()
        self._key = secrets.token_bytes(32)

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        """Waits until these credentials may be checked; the caller checks them inside the `async
        with` block.

        Args:
            credentials: what a station has shown.
            now: tells the time.

        Raises:
            TooManyAttempts: they must not be checked now.
        """
        if self._was_accepted_before(credentials):
            yield
            return
        group = address_group(credentials.remote_address)
        key = (group, credentials.identity)
        wait = self._seconds_to_wait(key, now())
        if wait > 0:
            raise TooManyAttempts("too many wrong attempts", wait)
        # Counted while it is looked at: a hundred at once are no way around the limit.
        self._stations.add(key, now())
        try:
            await self._turns.enter(credentials.identity)
        except BaseException:
            self._stations.take_back(key)
            raise
        try:
            yield
        finally:
            self._turns.leave()
            self._stations.take_back(key)

    def accepted(self, credentials: Credentials) -> None:
        """Remembers accepted credentials: a station that sends them again is never limited."""
        proof = self._digest_of(credentials)
        if proof is not None:
            self._proofs[credentials.identity] = proof
            self._proofs.move_to_end(credentials.identity)
            if len(self._proofs) > self.PROOFS:
                self._proofs.popitem(last=False)

    def failed(self, credentials: Credentials, now: float) -> None:
        """Counts a wrong attempt."""
        if self._was_accepted_before(credentials):
            del self._proofs[credentials.identity]
        group = address_group(credentials.remote_address)
        self._stations.add((group, credentials.identity), now)
        self._addresses.add((group, ""), now)

    def _seconds_to_wait(self, key: tuple[str, str], now: float) -> float:
        crowded = self._addresses.count((key[0], ""), now) >= self._per_address
        return self._stations.seconds_to_wait(key, 1 if crowded else self._per_station, now)

    def _was_accepted_before(self, credentials: Credentials) -> bool:
        known = self._proofs.get(credentials.identity)
        if known is None:
            return False
        proof = self._digest_of(credentials)
        return proof is not None and hmac.compare_digest(proof, known)

    def _digest_of(self, credentials: Credentials) -> bytes | None:
        shown = (credentials.authorization, credentials.query, credentials.certificate)
        if not any(shown):
            return None
        text = repr((credentials.identity, *shown)).encode("utf-8", "surrogateescape")
        return hmac.digest(self._key, text, "sha256")


class _Counters:
    """Counters by key, each of which falls by one every few seconds."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        # The count at a time.
        self._counts: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def count(self, key: tuple[str, str], now: float) -> float:
        """Returns the count of a key now."""
        count, at = self._counts.get(key, (0.0, now))
        return max(0.0, count - (now - at) / self._seconds)

    def seconds_to_wait(self, key: tuple[str, str], most: int, now: float) -> float:
        """Returns the seconds to wait until the count of a key, plus one, is not above `most`."""
        return max(0.0, (self.count(key, now) + 1 - most) * self._seconds)

    def add(self, key: tuple[str, str], now: float) -> None:
        """Raises the count of a key by one."""
        self._counts[key] = (self.count(key, now) + 1, now)
        self._counts.move_to_end(key)
        if len(self._counts) > self._most:
            self._forget_one()

    def take_back(self, key: tuple[str, str]) -> None:
        """Lowers the count of a key by one."""
        if key not in self._counts:
            return
        count, at = self._counts[key]
        if count <= 1:
            del self._counts[key]
        else:
            self._counts[key] = (count - 1, at)

    def _forget_one(self) -> None:
        # Whoever guesses must not get rid of a high count by making up many identities.
        for _ in range(_SECOND_CHANCES):
            key = next(iter(self._counts))
            if self._counts[key][0] < 2:
                break
            self._counts.move_to_end(key)
        self._counts.popitem(last=False)


class _FairQueue:
    """Limits how many checks run at a time; identities that wait are served in turn."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._room = waiting
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def enter(self, name: str) -> None:
        """Waits until a check may begin; the caller calls `leave` when the check is done.

        Raises:
            TooManyAttempts: too many wait.
        """
        if self._free > 0:
            self._free -= 1
            return
        queue = self._queues.get(name)
        if self._room <= 0 or (queue is not None and len(queue) >= _WAITING_PER_IDENTITY):
            raise TooManyAttempts("too many stations wait until their credentials are checked", 1.0)
        if queue is None:
            queue = self._queues[name] = deque()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._room -= 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It had its turn in the moment that it was cancelled.
                self.leave()
            else:
                self._remove(name, turn)
            raise

    def leave(self) -> None:
        """Ends a check, and lets the next waiting one begin."""
        while self._queues:
            name, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            self._room += 1
            if queue:
                self._queues[name] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _remove(self, name: str, turn: asyncio.Future[None]) -> None:
        queue = self._queues.get(name)
        if queue is not None and turn in queue:
            queue.remove(turn)
            self._room += 1
            if not queue:
                del self._queues[name]


def address_group(address: str) -> str:
    """Returns the key under which attempts of an address are counted: an IPv4 address, or the /64
    network of an IPv6 address.
    """
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))

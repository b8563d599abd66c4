"""Generates load: many WebSocket connections that send prepared frames with as little CPU time as possible.

Whoever loads a server must not be slower than the server. So nothing is parsed here that need not be:
frames are masked in advance, one system call sends a frame, one reads its answer, and of the answer the
header and the first characters are looked at, which tell whether it is a whole CALLRESULT.
"""

import select
import socket
import ssl
import sys
from array import array
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Final

from .messages import frame, sample

__all__ = ["Crowd", "LoadResult", "masked", "mix", "percentile"]

_MASK: Final = bytes((0x5A, 0xC3, 0x96, 0x0F))
_TEXT: Final = 0x81
_PING: Final = 0x89
_PONG: Final = 0x8A
_RESULT: Final = b"[3,"
_RESULTS: Final = (_RESULT, b"[2,")
"""How an answer begins; an echo is one too."""

_READ: Final = 1 << 16
_IN_FLIGHT: Final = 64
"""Connections that are opened at a time: fewer than a server's backlog takes."""

_PER_ADDRESS: Final = 4000
"""Connections from one loopback address, of which there are enough, unlike ports."""

_PATIENCE: Final = 60.0

_REQUEST: Final = (
    "GET /ocpp/{identity} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
)


def masked(text: str) -> bytes:
    """Returns a text frame as a client sends it."""
    data = text.encode()
    size = len(data)
    if size < 126:
        head = bytes((_TEXT, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((_TEXT, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((_TEXT, 0x80 | 127)) + size.to_bytes(8)
    mask = int.from_bytes(_MASK * (size // 4 + 1))
    padded = int.from_bytes(data + bytes(4 - size % 4))
    return head + _MASK + (padded ^ mask).to_bytes(size + 4 - size % 4)[:size]


_ROUNDS: Final = 16
"""How many different message ids a station uses in turn."""


def mix(names: Sequence[str]) -> tuple[bytes, ...]:
    """Returns the frames that a station sends, over and over."""
    return tuple(
        masked(frame(one.action, one.payload, f"0f3d6c9e-6a1c-4a57-9f5e-{at:04}{turn:08}"))
        for turn in range(_ROUNDS)
        for at, name in enumerate(names)
        for one in [sample("2.0.1", name)]
    )


@dataclass(slots=True)
class LoadResult:
    """The result of a load: calls, errors and delays."""

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    """How long calls were made; those that were under way then are counted too."""

    delays: "array[float]" = field(default_factory=lambda: array("d"))


def percentile(delays: Iterable[float], part: float) -> float:
    """Returns a percentile of delays, such as 0.99."""
    ordered = sorted(delays)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class _LoadLink:
    __slots__ = ("at", "connection", "rest", "sent")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.at = 0
        self.sent = 0.0
        self.rest = b""


class Crowd:
    """Many connected stations that generate load."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self._tls = tls
        self._links: dict[int, _LoadLink] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._links)

    def connect(self, count: int, boot: bytes | None = None) -> None:
        """Opens more connections, and boots each.

        Args:
            count: how many.
            boot: the first frame of each.
        """
        todo = iter(range(count))
        opening: dict[int, Generator[None]] = {}
        deadline = perf_counter() + _PATIENCE
        with select.epoll() as poll:
            while True:
                for _ in islice(todo, _IN_FLIGHT - len(opening)):
                    connection = self._connection()
                    opening[connection.fileno()] = self._open(connection, self._serial, boot)
                    poll.register(connection, select.EPOLLIN | select.EPOLLOUT)
                if not opening:
                    return
                for fd, _ in poll.poll(1.0):
                    try:
                        next(opening[fd])
                    except StopIteration:
                        poll.unregister(fd)
                        del opening[fd]
                    else:
                        poll.modify(fd, select.EPOLLIN)
                if perf_counter() > deadline:
                    raise RuntimeError(f"{len(opening)} connections do not open")

    def drive(self, frames: Sequence[bytes], seconds: float) -> LoadResult:
        """Lets each station call again as soon as it is answered.

        Args:
            frames: what each sends, over and over.
            seconds: for how long; answers that are due then are waited for.
        """
        outcome = LoadResult()
        with self._polled() as poll:
            start = perf_counter()
            until = start + seconds
            for link in self._links.values():
                self._call(link, frames)
            waiting = len(self._links)
            while waiting:
                ready = poll.poll(_PATIENCE)
                if not ready:
                    raise RuntimeError(f"{waiting} calls are not answered")
                for fd, _ in ready:
                    link = self._links[fd]
                    if not self._answered(link, outcome):
                        continue
                    if link.sent < until:
                        self._call(link, frames)
                    else:
                        waiting -= 1
            outcome.seconds = perf_counter() - start
        return outcome

    def tend(self) -> None:
        """Answers the pings that have come in while nobody looked, and sees that all are still there."""
        with self._polled() as poll:
            while ready := poll.poll(0):
                for fd, _ in ready:
                    self._tend(self._links[fd].connection)

    def disconnect(self, count: int) -> None:
        """Lets some of the stations vanish."""
        for fd in list(self._links)[:count]:
            self._links.pop(fd).connection.close()

    def close(self) -> None:
        """Lets all of them vanish."""
        self.disconnect(len(self))

    # Opening.

    def _connection(self) -> socket.socket:
        source = f"127.0.0.{2 + self._serial // _PER_ADDRESS % 200}"
        self._serial += 1
        connection = socket.socket()
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, do_handshake_on_connect=False)

    def _open(self, connection: socket.socket, serial: int, boot: bytes | None) -> Generator[None]:
        """Goes through the handshakes; waits for data where it yields."""
        identity = f"CP{serial:06}"
        if isinstance(connection, ssl.SSLSocket):
            yield from _shake_hands(connection)
        connection.sendall(_REQUEST.format(identity=identity, port=self._port).encode())
        head = yield from _read_until(connection, b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"refused: {head!r}")
        link = _LoadLink(connection)
        if boot is not None:
            connection.sendall(boot)
            answer = yield from _read_until(connection, b"]")
            if _RESULT not in answer:
                raise RuntimeError(f"the boot was refused: {answer!r}")
        self._links[connection.fileno()] = link

    # Calling.

    @contextmanager
    def _polled(self) -> Generator["select.epoll"]:
        with select.epoll(len(self._links) + 1) as poll:
            for fd in self._links:
                poll.register(fd, select.EPOLLIN)
            yield poll

    def _tend(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(_READ)
        except ssl.SSLWantReadError:
            return  # TLS had something to say to itself
        if data[:1] != bytes((_PING,)):
            raise RuntimeError(f"an idle connection got {data!r}")
        connection.send(_pong(data))

    def _call(self, link: _LoadLink, frames: Sequence[bytes]) -> None:
        text = frames[link.at]
        link.at = (link.at + 1) % len(frames)
        link.sent = perf_counter()
        if link.connection.send(text) != len(text):
            raise RuntimeError("a frame does not fit the socket's buffer")

    def _answered(self, link: _LoadLink, outcome: LoadResult) -> bool:
        """Reads what there is, and returns whether it completes the answer."""
        data = link.connection.recv(_READ)
        if not data:
            raise RuntimeError("the server has closed the connection")
        if link.rest:
            data, link.rest = link.rest + data, b""
        while data[0] == _PING and len(data) > 1 and len(data) >= 2 + data[1]:
            link.connection.send(_pong(data))
            data = data[2 + data[1] :]
            if not data:
                return False
        size, head = (data[1], 2) if len(data) > 1 else (_READ, 0)
        if size == 126:
            size, head = int.from_bytes(data[2:4]), 4
        if len(data) < head + size:
            link.rest = data
            return False
        outcome.calls += 1
        outcome.delays.append(perf_counter() - link.sent)
        if data[0] != _TEXT or data[head : head + 3] not in _RESULTS:
            outcome.errors += 1
        return True


def _pong(ping: bytes) -> bytes:
    # A mask of zeros leaves the data as it is.
    return bytes((_PONG, 0x80 | ping[1])) + bytes(4) + ping[2 : 2 + ping[1]]


def _shake_hands(connection: ssl.SSLSocket) -> Generator[None]:
    while True:
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            yield
        else:
            return


def _read_until(connection: socket.socket, end: bytes) -> Generator[None, None, bytes]:
    data = b""
    while end not in data:
        try:
            more = connection.recv(_READ)
        except (BlockingIOError, ssl.SSLWantReadError):
            yield
            continue
        if not more:
            raise RuntimeError(f"the server has closed the connection after {data!r}")
        data += more
    return data


def _main(port: int, connections: int, seconds: float) -> None:
    """Loads a server that runs already, to look at it with tools of your choice."""
    crowd = Crowd(port)
    crowd.connect(connections, masked(sample("2.0.1", "BootNotification").text))
    outcome = crowd.drive(mix(("BootNotification", "Heartbeat", "MeterValues")), seconds)
    crowd.close()
    sys.stdout.write(f"{outcome.calls / outcome.seconds:.0f} calls/s, {outcome.errors} errors\n")


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

"""The cheapest CSMS for stations to call: it answers from a table, and looks at little of what it reads."""

import base64
import hashlib
import json
import select
import socket
import sys
from typing import Final

from speed.peers.ending import tell

_READ: Final = 1 << 16
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD: Final = 64
"""Characters of a call that are looked at: its message id and its action."""

_SWITCH: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: ocpp2.0.1\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)
_NOW: Final = "2025-06-01T10:00:00Z"
_ANSWERS: Final = {
    "BootNotification": {"currentTime": _NOW, "interval": 300, "status": "Accepted"},
    "Heartbeat": {"currentTime": _NOW},
    "MeterValues": {},
}
_PAYLOADS: Final = {
    action.encode(): json.dumps(answer, separators=(",", ":")).encode()
    for action, answer in _ANSWERS.items()
}
_CLOSE: Final = 0x88
_PING: Final = 0x89


class _Visitor:
    """One station's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""
        self._open = False

    def readable(self) -> bool:
        """Takes what there is, and returns whether the station is still there."""
        try:
            more = self._connection.recv(_READ)
        except ConnectionResetError:
            return False
        self._data += more
        if not self._open:
            self._shake_hands()
        out = bytearray()
        while (size := _frame_size(self._data)) and len(self._data) >= size:
            if self._data[0] == _CLOSE:
                return False
            out += _answer(self._data[:size])
            self._data = self._data[size:]
        if out:
            self._connection.sendall(out)
        return bool(more)

    def close(self) -> None:
        """Ends it."""
        self._connection.close()

    def _shake_hands(self) -> None:
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = (line.partition(b":") for line in head.split(b"\r\n"))
        key = next(value for name, _, value in lines if name.lower() == b"sec-websocket-key")
        digest = hashlib.sha1(key.strip() + _MAGIC).digest()
        self._connection.sendall(_SWITCH % base64.b64encode(digest))
        self._open = True
        self._data = rest


def _frame_size(data: bytes) -> int:
    """Returns the bytes of a frame with its header; 0 if there is none to tell."""
    if len(data) < 6 or data[:4] == b"GET ":
        return 0
    size = data[1] & 0x7F
    if size < 126:
        return size + 6
    if size == 126:
        return int.from_bytes(data[2:4]) + 8
    return int.from_bytes(data[2:10]) + 14


def _answer(data: bytes) -> bytes:
    size = data[1] & 0x7F
    start = 2 + {126: 2, 127: 8}.get(size, 0)
    mask, body = data[start : start + 4], data[start + 4 : start + 4 + _HEAD]
    key = (mask * (_HEAD // 4))[: len(body)]
    head = (int.from_bytes(body) ^ int.from_bytes(key)).to_bytes(len(body))
    if data[0] == _PING:
        return bytes((0x8A, len(head))) + head
    _, message_id, _, action = head.split(b'"', 4)[:4]
    text = b'[3,"%s",%s]' % (message_id, _PAYLOADS[action])
    if len(text) < 126:
        return bytes((0x81, len(text))) + text
    return b"\x81\x7e" + len(text).to_bytes(2) + text


def _main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    tell(port=listener.getsockname()[1])
    visitors: dict[int, _Visitor] = {}
    with select.epoll() as poll:
        poll.register(listener, select.EPOLLIN)
        poll.register(sys.stdin, select.EPOLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == listener.fileno():
                    connection, _ = listener.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    visitors[connection.fileno()] = _Visitor(connection)
                    poll.register(connection, select.EPOLLIN)
                elif fd == sys.stdin.fileno():
                    return
                elif not visitors[fd].readable():
                    poll.unregister(fd)
                    visitors.pop(fd).close()


if __name__ == "__main__":
    _main()

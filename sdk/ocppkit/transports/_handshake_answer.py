"""Reads the HTTP response to a station's opening handshake, for all transports of stations.

A transport's library gives the status and the headers; here it is decided whether they open a
WebSocket (RFC 6455 section 4.1), and what a station is told if they do not.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1
from http import HTTPStatus
from typing import Final, NamedTuple

from ocppkit.aio import Headers
from ocppkit.aio.lowlevel import without_query
from ocppkit.core import ConnectionClosed, HandshakeRefused

from ._bounds import MOST_FIELDS

__all__ = [
    "BODY_BYTES",
    "BODY_TIMEOUT",
    "LONGEST_LINE",
    "Agreement",
    "HandshakeAnswer",
    "accept_value",
    "check_answer",
    "check_head",
    "malformed_error",
    "no_answer_error",
    "refused",
    "too_late_error",
]

LONGEST_LINE: Final = 8190
"""Bytes of a header."""

BODY_BYTES: Final = 1024
"""Bytes of a refusal's body that are read."""

BODY_TIMEOUT: Final = 1.0
"""Seconds that a refusal's body is waited for."""

_SHOWN_CHARACTERS: Final = 200
"""Characters of a body that are told."""

_OPENED: Final = 101
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""

_PARAMETER: Final = re.compile(rb'\s*([a-z_]+)\s*(?:=\s*("?)(\d{1,2})\2\s*)?')
_WINDOW_BITS: Final = {
    b"server_max_window_bits": range(8, 16),
    # zlib cannot compress with 8.
    b"client_max_window_bits": range(9, 16),
}
_CONTROL: Final = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")
_NO_TAKEOVER: Final = frozenset({b"server_no_context_takeover", b"client_no_context_takeover"})
_DEFLATE: Final = b"permessage-deflate"

Parameters = list[tuple[str, str | None]]


class HandshakeAnswer(NamedTuple):
    """The head of an HTTP response to a handshake."""

    version: tuple[int, int]
    """Of HTTP."""

    status: int
    headers: Headers

    def values(self, name: bytes) -> list[bytes]:
        """Returns the values of all headers with this name, which is in lower case."""
        return [value.strip(b" \t") for key, value in self.headers if key.lower() == name]

    def words(self, name: bytes) -> list[bytes]:
        """Returns the elements of all list headers with this name, in lower case."""
        elements = b",".join(self.values(name)).lower().split(b",")
        return [each.strip(b" \t") for each in elements]


class Agreement(NamedTuple):
    """The options that both sides of a handshake have agreed on: subprotocol and compression."""

    subprotocol: str | None
    compression: Parameters | None
    """Parameters of permessage-deflate; `None`: messages are not compressed."""


def accept_value(key: bytes) -> bytes:
    """Returns the value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`."""
    return b64encode(sha1(key + _MAGIC, usedforsecurity=False).digest())


def check_answer(
    answer: HandshakeAnswer, key: bytes, subprotocols: Sequence[str], compression: bool
) -> Agreement:
    """Returns the options on which a response agrees; raises if the response does not open a
    WebSocket.

    Args:
        answer: its head; its status is 101.
        key: the `Sec-WebSocket-Key` that was sent.
        subprotocols: what was offered.
        compression: whether permessage-deflate was offered.

    Raises:
        HandshakeRefused: it does not open a WebSocket, or agrees to what was not offered.
    """
    if answer.version != (1, 1):
        raise _unusable("it is not HTTP/1.1")
    if answer.words(b"upgrade") != [b"websocket"]:
        raise _unusable("its Upgrade header is not websocket")
    if b"upgrade" not in answer.words(b"connection"):
        raise _unusable("its Connection header does not name Upgrade")
    if answer.values(b"sec-websocket-accept") != [accept_value(key)]:
        raise _unusable("its Sec-WebSocket-Accept does not fit the key")
    if answer.values(b"transfer-encoding") or set(answer.values(b"content-length")) - {b"0"}:
        raise _unusable("it has a body")
    return Agreement(_subprotocol(answer, subprotocols), _compression(answer, compression))


def check_head(answer: HandshakeAnswer) -> None:
    """Checks headers that a library has read, as old releases accept texts that are not HTTP.

    Raises:
        HandshakeRefused: there are too many, or a value has a control character.
    """
    if len(answer.headers) > MOST_FIELDS:
        raise malformed_error("its headers are too many or too long")
    if any(_CONTROL.search(value) for _, value in answer.headers):
        raise malformed_error("one of its headers is invalid")


def refused(answer: HandshakeAnswer, body: bytes = b"") -> HandshakeRefused:
    """Returns the error for a response that refuses the handshake.

    Args:
        answer: its head.
        body: the beginning of its body.
    """
    places = answer.values(b"location")
    if 300 <= answer.status < 400 and places:
        place = without_query(places[0].decode("latin-1"))
        said = f"redirects are not followed [use its target as URL: {place}]"
    else:
        said = " ".join(body.decode("utf-8", "replace").split())[:_SHOWN_CHARACTERS]
    return HandshakeRefused(said or _phrase(answer.status), status=answer.status)


def malformed_error(why: str) -> HandshakeRefused:
    """Returns the error for a response that is not HTTP."""
    return HandshakeRefused(f"the answer is not valid HTTP: {why}")


def no_answer_error() -> ConnectionClosed:
    """Returns the error for a connection that ended before the response."""
    return ConnectionClosed(
        "the connection ended before an answer to the handshake", delivered="no"
    )


def too_late_error() -> ConnectionClosed:
    """Returns the error for a CSMS that did not respond in time."""
    return ConnectionClosed("no answer to the handshake", delivered="no")


def _unusable(why: str) -> HandshakeRefused:
    return HandshakeRefused(f"no WebSocket: {why}", status=_OPENED)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "refused"


def _subprotocol(answer: HandshakeAnswer, offered: Sequence[str]) -> str | None:
    values = answer.values(b"sec-websocket-protocol")
    if not values:
        return None
    chosen = values[0].decode("latin-1")
    if len(values) > 1 or chosen not in offered:
        raise _unusable("it chooses a subprotocol that was not offered")
    return chosen


def _compression(answer: HandshakeAnswer, offered: bool) -> Parameters | None:
    extensions = [each for each in answer.words(b"sec-websocket-extensions") if each]
    if not extensions:
        return None
    name, *parameters = extensions[0].split(b";")
    if len(extensions) > 1 or name.strip(b" \t") != _DEFLATE or not offered:
        raise _unusable("it agrees to an extension that was not offered")
    return _parameters(parameters)


def _parameters(texts: Sequence[bytes]) -> Parameters:
    """Returns the parameters of permessage-deflate, RFC 7692 section 7.1."""
    found: dict[bytes, bytes | None] = {}
    for text in texts:
        match = _PARAMETER.fullmatch(text)
        name, value = (b"", None) if match is None else (match[1], match[3])
        bits = _WINDOW_BITS.get(name)
        known = value is None if name in _NO_TAKEOVER else bits is not None and value is not None
        if not known or name in found or (bits is not None and int(value or 0) not in bits):
            raise _unusable("its permessage-deflate has unusable parameters")
        found[name] = value
    return [
        (name.decode(), None if value is None else value.decode()) for name, value in found.items()
    ]

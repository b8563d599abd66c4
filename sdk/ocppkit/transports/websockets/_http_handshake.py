"""Reads the request of an opening handshake from bytes, and writes the response that accepts it.

It reads just what RFC 6455 section 4.2 wants of a request, and refuses everything else. Each request is
the only one of its connection and has no body, so there is little to get wrong; the HTTP of a library takes
half of all the time that a new connection costs.
"""

import re
from base64 import b64decode
from binascii import Error
from http import HTTPStatus
from typing import Final

from ocppkit.aio import Headers

from .._bounds import MOST_FIELDS
from .._handshake_answer import accept_value
from .._request_head import FIELDS, header_lines

__all__ = ["BadRequest", "HttpRequest", "accepting_response", "read_request", "websocket_key_of"]

_REQUEST: Final = re.compile(rb"GET ([!-~\x80-\xff]+) HTTP/1\.1\r\n")

_HOST: Final = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%\x80-\xff-]+)(?::[0-9]{0,5})?"
)
"""A host name or address, with a port perhaps: RFC 3986 section 3.2.2."""

_KEY_BYTES: Final = 16


class BadRequest(Exception):
    """Raised when a request is not an opening handshake."""

    def __init__(self, status: HTTPStatus, reason: str, headers: Headers = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


class HttpRequest:
    """An HTTP request of a client."""

    __slots__ = ("_values", "headers", "target")

    def __init__(
        self, target: bytes, headers: list[tuple[bytes, bytes]], values: dict[bytes, bytes]
    ) -> None:
        self.target = target
        self.headers = headers
        """Names and values in order, as they stood there but for the white space around values."""

        self._values = values

    def value(self, name: bytes) -> bytes:
        """Returns the value of a header; several values with commas between them; an empty text if
        there is none.

        Args:
            name: in lower case.
        """
        return self._values.get(name, b"")

    def has_word(self, name: bytes, word: bytes) -> bool:
        """Returns whether a list header contains a word, in any case."""
        words = self.value(name).lower()
        return words == word or word in [each.strip(b" \t") for each in words.split(b",")]


def read_request(head: bytes) -> HttpRequest:
    """Reads the head of a request, including its empty line.

    Raises:
        BadRequest: it is no GET of HTTP 1.1, is malformed, has a body, or does not name one host.
    """
    first = _REQUEST.match(head)
    if first is None or FIELDS.fullmatch(head, first.end()) is None:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "no handshake")
    lines = head[first.end() : -4].split(b"\r\n")
    if len(lines) > MOST_FIELDS:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
    headers: list[tuple[bytes, bytes]] = []
    values: dict[bytes, bytes] = {}
    for line in lines if lines[0] else ():
        name, _, value = line.partition(b":")
        value = value.strip(b" \t")
        headers.append((name, value))
        name = name.lower()
        values[name] = values[name] + b", " + value if name in values else value
    _check_fields(headers, values)
    return HttpRequest(first[1], headers, values)


def _check_fields(headers: list[tuple[bytes, bytes]], values: dict[bytes, bytes]) -> None:
    if b"content-length" in values or b"transfer-encoding" in values:
        # A body would be read as WebSocket frames, or by a proxy in front as another request.
        raise BadRequest(HTTPStatus.BAD_REQUEST, "a handshake has no body")
    hosts = [value for name, value in headers if name.lower() == b"host"]
    # RFC 9112 section 3.2
    if len(hosts) != 1 or _HOST.fullmatch(hosts[0]) is None:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "exactly one usable Host header is needed")


def websocket_key_of(request: HttpRequest) -> bytes:
    """Returns the `Sec-WebSocket-Key` of a request that asks for a WebSocket.

    Raises:
        BadRequest: it asks for something else.
    """
    if not (
        request.has_word(b"upgrade", b"websocket") and request.has_word(b"connection", b"upgrade")
    ):
        wanted = [(b"Upgrade", b"websocket")]
        raise BadRequest(HTTPStatus.UPGRADE_REQUIRED, "stations connect here by WebSocket", wanted)
    if request.value(b"sec-websocket-version") != b"13":
        spoken = [(b"Sec-WebSocket-Version", b"13")]
        raise BadRequest(HTTPStatus.UPGRADE_REQUIRED, "another WebSocket version is spoken", spoken)
    key = request.value(b"sec-websocket-key")
    if not _is_key(key):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "no usable key")
    return key


def _is_key(text: bytes) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _KEY_BYTES
    except Error:
        return False


def accepting_response(key: bytes, headers: Headers) -> bytes:
    """Returns the bytes of the HTTP response that accepts a handshake."""
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n%b\r\n"
    ) % (accept_value(key), header_lines(headers))

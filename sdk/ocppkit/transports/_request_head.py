"""Checks the head of an HTTP request as bytes, and writes the response that refuses it."""

import re
from http import HTTPStatus
from typing import Final

from ocppkit.aio import Handshake, Headers

__all__ = ["FIELDS", "handshake_of", "header_lines", "is_well_formed", "refusal_response"]

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_REQUEST: Final = re.compile(_TOKEN + rb" [!-~\x80-\xff]+ HTTP/1\.[01]\r\n")

FIELDS: Final = re.compile(rb"(?:" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n")
"""The headers of a request, and the empty line behind them."""


def is_well_formed(head: bytes) -> bool:
    """Returns whether a head, with its empty line, is valid HTTP/1 (RFC 9112)."""
    request = _REQUEST.match(head)
    return request is not None and FIELDS.fullmatch(head, request.end()) is not None


def handshake_of(head: bytes, remote_address: str) -> Handshake:
    """Returns the handshake in a well-formed head."""
    request, *fields = head[:-4].split(b"\r\n")
    headers = [
        (name, value.strip()) for name, _, value in (each.partition(b":") for each in fields)
    ]
    return Handshake(
        path=request.split(b" ")[1].decode("ascii", "surrogateescape"),
        headers=headers,
        remote_address=remote_address,
    )


def refusal_response(status: int, body: bytes, headers: Headers) -> bytes:
    """Returns the bytes of an HTTP response that refuses a request."""
    phrase = HTTPStatus(status).phrase.encode()
    return (
        b"HTTP/1.1 %d %b\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: %d\r\n%b\r\n%b"
    ) % (status, phrase, len(body), header_lines(headers), body)


def header_lines(headers: Headers) -> bytes:
    """Returns headers as the lines of an HTTP response."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])

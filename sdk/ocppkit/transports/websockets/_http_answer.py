"""Reads the response to a station's opening handshake from bytes: its head, and the body of a
refusal.
"""

import re
from typing import Final

from .._bounds import LONGEST_HEAD, MOST_FIELDS
from .._handshake_answer import BODY_BYTES, LONGEST_LINE, HandshakeAnswer, malformed_error

__all__ = ["AnswerReader"]

_BEGINNING: Final = b"HTTP/1."
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[^\n]{0,64}\r\n")

_OPENED: Final = 101
_FIRST_FINAL: Final = 200
_WITHOUT_BODY: Final = frozenset({204, 304})


class AnswerReader:
    """Reads the head of a response, and then its body up to a limit."""

    def __init__(self) -> None:
        self._unread: bytes = b""
        self.answer: HandshakeAnswer | None = None
        """The head, once it is there."""

    @property
    def rest(self) -> bytes:
        """The bytes that came after the head."""
        return self._unread

    def receive_data(self, data: bytes) -> None:
        """Reads received bytes, and sets `answer` once the head is complete.

        Raises:
            HandshakeRefused: they are not HTTP, or too many.
        """
        self._unread += data
        while self.answer is None and self._unread:
            if not self._unread.startswith(_BEGINNING[: len(self._unread)]):
                raise malformed_error("it does not begin with HTTP/1")
            head, end, rest = self._unread.partition(b"\r\n\r\n")
            if not end:
                if len(head) > LONGEST_HEAD:
                    raise malformed_error("its headers are too long, or do not end")
                return
            answer = _read_head(head)
            self._unread = rest
            # Other answers below 200 say that one will come. # RFC 9110, 15.2
            if answer.status == _OPENED or answer.status >= _FIRST_FINAL:
                self.answer = answer

    def body(self, answer: HandshakeAnswer) -> bytes | None:
        """Returns the body of a refusal, or `None` if more of it is to come.

        Args:
            answer: its head.
        """
        if answer.values(b"transfer-encoding"):
            content, ended = _unchunked(self._unread)
            return content[:BODY_BYTES] if ended or len(content) >= BODY_BYTES else None
        # As in aiohttp, one that only ends with the connection is not waited for.
        lengths = answer.values(b"content-length")
        size = int(lengths[0]) if lengths and lengths[0].isdigit() else 0
        wanted = 0 if answer.status in _WITHOUT_BODY else min(size, BODY_BYTES)
        return self._unread[:wanted] if len(self._unread) >= wanted else None

    def partial_body(self, answer: HandshakeAnswer) -> bytes:
        """Returns the part of an incomplete body that has come."""
        chunked = answer.values(b"transfer-encoding")
        return _unchunked(self._unread)[0] if chunked else self._unread


def _read_head(head: bytes) -> HandshakeAnswer:
    first, *lines = head.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise malformed_error("its status line is invalid")
    if len(lines) > MOST_FIELDS or any(len(line) > LONGEST_LINE for line in lines):
        raise malformed_error("its headers are too many or too long")
    fields = [_FIELD.fullmatch(line) for line in lines]
    headers = [(field[1], field[2].rstrip(b" \t")) for field in fields if field is not None]
    if len(headers) != len(lines):
        raise malformed_error("one of its headers is invalid")
    return HandshakeAnswer((1, int(status[1])), int(status[2]), headers)


def _unchunked(data: bytes) -> tuple[bytes, bool]:
    """Returns the decoded part of a chunked body, and whether the body has ended (RFC 9112 section
    7.1).
    """
    content, at = b"", 0
    while (size := _CHUNK.match(data, at)) is not None:
        length = int(size[1], 16)
        if length == 0:
            return content, True
        content += data[size.end() : size.end() + length]
        at = size.end() + length + 2
    return content, False

"""Wraps the sans-IO protocol of `websockets`, which handles all frames that are not ordinary texts,
pings and pongs.

It is large and slow, so a connection gets one when it needs it: when a message comes in fragments or
compressed, when somebody sends a close frame, or breaks the protocol. Ordinary frames leave nothing
behind that the next ones depend on, so a codec that begins between two frames knows all it needs.
"""

import logging
from collections.abc import Sequence
from typing import Literal, cast

from websockets.extensions import Extension
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

__all__ = ["FrameCodec"]

logger = logging.getLogger("ocppkit.transports.websockets")


class FrameCodec:
    """Decodes and encodes the frames of an open connection. What is to be sent is in
    `data_to_send`.
    """

    __slots__ = (
        "_extensions", "_fragments", "_frame_bytes", "_is_text", "_protocol", "_side", "failed",
    )  # fmt: skip

    def __init__(self, side: Side, extensions: Sequence[Extension], frame_bytes: int) -> None:
        """Starts between two messages.

        Args:
            side: which of the two we are.
            extensions: what was agreed on; if there is anything, the codec reads all messages.
            frame_bytes: the longest message that is read.
        """
        self._side = side
        self._extensions = list(extensions)
        self._frame_bytes = frame_bytes
        self._protocol = self._new_protocol()
        self._fragments: bytearray | None = None
        self._is_text = True
        self.failed = False
        """Whether the peer has broken the protocol, which ends the connection."""

    @property
    def is_open(self) -> bool:
        """Whether no close frame was sent or received."""
        return self._protocol.state is OPEN

    @property
    def is_between(self) -> bool:
        """Whether the next frame starts a message."""
        return self.is_open and self._fragments is None

    @property
    def awaits_end(self) -> bool:
        """Whether the connection should end soon, as a close frame was sent or received."""
        return self._protocol.close_expected()

    @property
    def is_done(self) -> bool:
        """Whether both sides have sent a close frame."""
        return self.close_received and self._protocol.close_sent is not None

    @property
    def close_received(self) -> bool:
        """Whether the peer has sent a close frame."""
        return self._protocol.close_rcvd is not None

    @property
    def first_close(self) -> tuple[Literal["us", "peer"], Close] | None:
        """Returns which side has sent the first close frame, and the frame; `None` if there was
        none.
        """
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None and self._protocol.close_rcvd_then_sent:
            return "peer", received
        return None if sent is None else ("us", sent)

    def data_to_send(self) -> list[bytes]:
        """Returns the bytes to send. An empty item means that no bytes follow."""
        return self._protocol.data_to_send()

    def send_text(self, text: bytes) -> None:
        """Encodes a text message."""
        self._protocol.send_text(text)

    def send_close(self, code: int, reason: str) -> None:
        """Encodes a close frame."""
        self._protocol.send_close(code, reason)

    def drop_fragments(self) -> None:
        """Drops the fragments of an incomplete message, because a close frame comes next.

        `websockets` takes a close frame there for a violation of the protocol; RFC 6455 section 5.4
        allows it, as any control frame.
        """
        if self._fragments is not None and self.is_open:
            self._fragments = None
            self._protocol = self._new_protocol()

    def receive_data(self, data: bytes) -> str | bytes | None:
        """Decodes bytes of at most one frame; returns the message if it is complete with them."""
        self._protocol.receive_data(data)
        message = None
        for event in self._protocol.events_received():
            message = self._message_in(cast(Frame, event))
        self.failed = self.failed or self._protocol.parser_exc is not None
        return message

    def receive_eof(self) -> None:
        """Handles the end of the received bytes."""
        self._protocol.receive_eof()

    def _new_protocol(self) -> Protocol:
        # The object that read the handshake would keep all of it, passwords included: a new one.
        protocol = Protocol(self._side, max_size=self._frame_bytes, logger=logger)
        protocol.debug = False
        protocol.extensions = self._extensions
        return protocol

    def _message_in(self, frame: Frame) -> str | bytes | None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._is_text = opcode is Opcode.TEXT
        elif opcode is not Opcode.CONT:
            return None
        if frame.fin and self._fragments is None:
            return self._decoded(bytes(frame.data))
        self._fragments = self._fragments or bytearray()
        self._fragments += frame.data
        if not frame.fin:
            return None
        data, self._fragments = bytes(self._fragments), None
        return self._decoded(data)

    def _decoded(self, data: bytes) -> str | bytes | None:
        if not self._is_text:
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            # RFC 6455 section 8.1
            self._protocol.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
            self.failed = True
            return None

"""The sans-IO core of `websockets`, for all that is not ordinary on a connection.

It is large and slow, so a connection gets one when it needs it: when a message comes in pieces or
compressed, when somebody says goodbye, or makes a mistake. Ordinary frames leave nothing behind that the
next ones depend on, so a core that begins between two frames knows all that it has to.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal, cast

from websockets.extensions import Extension
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

__all__ = ["Core", "send_out"]

logger = logging.getLogger("ocppkit.transports.websockets")


class Core:
    """Reads and writes on an open connection; what it wants to send it sends at once."""

    __slots__ = ("_is_text", "_pieces", "_protocol", "_transport", "failed")

    def __init__(
        self,
        transport: asyncio.Transport,
        side: Side,
        extensions: Sequence[Extension],
        frame_bytes: int,
    ) -> None:
        """Begins between two frames, of which none was a piece of a message.

        Args:
            transport: where to write.
            side: which of the two we are.
            extensions: what was agreed on; if there is anything, all messages are the core's.
            frame_bytes: the longest message that is read.
        """
        self._transport = transport
        # Whoever has read the handshake would keep all of it, passwords included: a new one.
        self._protocol = Protocol(side, max_size=frame_bytes, logger=logger)
        self._protocol.debug = False
        self._protocol.extensions = list(extensions)
        self._pieces: bytearray | None = None
        self._is_text = True
        self.failed = False
        """Whether the other side has made a mistake that ends the connection."""

    @property
    def is_open(self) -> bool:
        """Whether nobody has said goodbye."""
        return self._protocol.state is OPEN

    @property
    def is_between(self) -> bool:
        """Whether the next frame, if no piece of another has come, begins a message."""
        return self.is_open and self._pieces is None

    @property
    def awaits_end(self) -> bool:
        """Whether somebody has said goodbye, so that the connection is to end soon."""
        return self._protocol.close_expected()

    @property
    def is_done(self) -> bool:
        """Whether both have said goodbye."""
        return self._protocol.close_rcvd is not None and self._protocol.close_sent is not None

    @property
    def goodbye(self) -> tuple[Literal["us", "peer"], Close] | None:
        """Who has said goodbye first, and how."""
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None and self._protocol.close_rcvd_then_sent:
            return "peer", received
        return None if sent is None else ("us", sent)

    def write(self, text: bytes) -> None:
        """Sends a text."""
        self._protocol.send_text(text)
        send_out(self._protocol, self._transport)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Sends a goodbye."""
        self._protocol.send_close(code, reason)
        send_out(self._protocol, self._transport)

    def take(self, data: bytes) -> str | bytes | None:
        """Takes bytes of one frame at most, and returns the message that is complete now."""
        self._protocol.receive_data(data)
        message = None
        for event in self._protocol.events_received():
            message = self._message_in(cast(Frame, event))
        self.failed = self.failed or self._protocol.parser_exc is not None
        send_out(self._protocol, self._transport)
        return message

    def take_eof(self) -> None:
        """Takes the end of all bytes."""
        self._protocol.receive_eof()
        send_out(self._protocol, self._transport)

    def _message_in(self, frame: Frame) -> str | bytes | None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._is_text = opcode is Opcode.TEXT
        elif opcode is not Opcode.CONT:
            return None
        if frame.fin and self._pieces is None:
            return self._decoded(bytes(frame.data))
        self._pieces = self._pieces or bytearray()
        self._pieces += frame.data
        if not frame.fin:
            return None
        data, self._pieces = bytes(self._pieces), None
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


def send_out(protocol: Protocol, transport: asyncio.Transport) -> None:
    """Hands over what the sans-IO core wants to send, the end of it included."""
    for data in protocol.data_to_send():
        if data:
            transport.write(data)
        elif transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

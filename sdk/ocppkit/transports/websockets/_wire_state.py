"""The states of an open WebSocket until it has ended, and their transitions (RFC 6455 section 7.1)."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

__all__ = ["TRANSITIONS", "WireInput", "WireState"]


class WireState(Enum):
    """The states of a WebSocket, from open to lost."""

    OPEN = auto()
    """Messages go both ways."""

    CLOSING = auto()
    """We have sent a close frame and wait for the peer's. Messages that arrive are dropped."""

    CLOSED = auto()
    """The peer has sent a close frame or the end of its bytes. Nothing is sent any more."""

    FAILED = auto()
    """The peer broke the protocol. It was told why; what it still sends is read and ignored."""

    LOST = auto()
    """The network connection has ended."""


class WireInput(Enum):
    """The inputs that change the state of a WebSocket."""

    CLOSE_SENT = auto()
    CLOSE_RECEIVED = auto()
    PROTOCOL_ERROR = auto()
    EOF = auto()
    CONNECTION_LOST = auto()


_OPEN, _CLOSING, _CLOSED, _FAILED, _LOST = WireState

TRANSITIONS: Final[Mapping[WireState, Mapping[WireInput, WireState]]] = {
    _OPEN: {
        WireInput.CLOSE_SENT: _CLOSING,
        WireInput.CLOSE_RECEIVED: _CLOSED,
        WireInput.PROTOCOL_ERROR: _FAILED,
        WireInput.EOF: _CLOSED,
        WireInput.CONNECTION_LOST: _LOST,
    },
    _CLOSING: {
        WireInput.CLOSE_SENT: _CLOSING,
        WireInput.CLOSE_RECEIVED: _CLOSED,
        WireInput.PROTOCOL_ERROR: _FAILED,
        WireInput.EOF: _CLOSED,
        WireInput.CONNECTION_LOST: _LOST,
    },
    # The close frame that answers the peer's is no new step.
    _CLOSED: {
        WireInput.CLOSE_SENT: _CLOSED,
        WireInput.CLOSE_RECEIVED: _CLOSED,
        WireInput.PROTOCOL_ERROR: _CLOSED,
        WireInput.EOF: _CLOSED,
        WireInput.CONNECTION_LOST: _LOST,
    },
    _FAILED: {
        WireInput.CLOSE_SENT: _FAILED,
        WireInput.CLOSE_RECEIVED: _FAILED,
        WireInput.PROTOCOL_ERROR: _FAILED,
        WireInput.EOF: _FAILED,
        WireInput.CONNECTION_LOST: _LOST,
    },
    _LOST: dict.fromkeys(WireInput, _LOST),
}
"""The next state, by state and input. Every input is allowed in every state, as a peer sends what it
likes; none leads back to an earlier state."""

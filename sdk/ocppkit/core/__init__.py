"""The sans-IO heart: base classes of messages, decoding and encoding, and what a version of OCPP is.

Theory of operation: messages need the base classes, and those who only read and write messages,
or import a version to look something up, should not wait for an engine. So what generated code
stands on is loaded with this package, and each of the other modules when one of its names is first
asked for (PEP 562). Type checkers, editors and `dir` see all names as if they were imported here.
"""

from typing import TYPE_CHECKING

from ._enums import WireEnum
from ._failures import Failure, MessageKind
from ._messages import (
    CsmsRequest,
    CsmsSend,
    Message,
    Payload,
    Request,
    Response,
    Send,
    StationRequest,
    StationSend,
)
from ._objects import KnownMembers, OpenObject
from ._opt import Opt
from ._protocol import Action, ErrorCode, NoReply, Offline, Protocol, Reply, Role

if TYPE_CHECKING:
    from ._answers import AnswerCache
    from ._clock import utcnow
    from ._codec import decode_payload, encode_payload
    from ._connection import Connection
    from ._fast_path import Doors
    from ._envelopes import decode_message, encode_message
    from ._errors import (
        CallFailed,
        CallTimedOut,
        ConnectionClosed,
        FrameFault,
        HandshakeRefused,
        InvalidFrame,
        InvalidMessage,
        InvalidOutgoing,
        LocalProtocolError,
        OcppError,
        QueueFull,
        RemoteProtocolError,
        WrongVersion,
    )
    from ._events import (
        AnswerIgnored,
        CallCancelled,
        CallEnded,
        CallOverdue,
        CallReceived,
        CallRepeated,
        Event,
        FrameRefused,
        ResultReceived,
        ResultRefused,
        SendReceived,
        Stray,
    )
    from ._frames import (
        Call,
        CallError,
        CallResult,
        CallResultError,
        Frame,
        SendFrame,
        decode_frame,
        encode_frame,
    )
    from ._issues import Issue, Rule
    from ._limits import Limits
    from ._policy import LENIENT, OFF, STRICT, Mode, Override, Policies, Policy
    from ._replies import reply_to
    from ._session import OnInvalid

__all__ = [
    "LENIENT",
    "OFF",
    "STRICT",
    "Action",
    "AnswerCache",
    "AnswerIgnored",
    "Call",
    "CallCancelled",
    "CallEnded",
    "CallError",
    "CallFailed",
    "CallOverdue",
    "CallReceived",
    "CallRepeated",
    "CallResult",
    "CallResultError",
    "CallTimedOut",
    "Connection",
    "ConnectionClosed",
    "CsmsRequest",
    "CsmsSend",
    "Doors",
    "ErrorCode",
    "Event",
    "Failure",
    "Frame",
    "FrameFault",
    "FrameRefused",
    "HandshakeRefused",
    "InvalidFrame",
    "InvalidMessage",
    "InvalidOutgoing",
    "Issue",
    "KnownMembers",
    "Limits",
    "LocalProtocolError",
    "Message",
    "MessageKind",
    "Mode",
    "NoReply",
    "OcppError",
    "Offline",
    "OnInvalid",
    "OpenObject",
    "Opt",
    "Override",
    "Payload",
    "Policies",
    "Policy",
    "Protocol",
    "QueueFull",
    "RemoteProtocolError",
    "Reply",
    "Request",
    "Response",
    "ResultReceived",
    "ResultRefused",
    "Role",
    "Rule",
    "Send",
    "SendFrame",
    "SendReceived",
    "StationRequest",
    "StationSend",
    "Stray",
    "WireEnum",
    "WrongVersion",
    "decode_frame",
    "decode_message",
    "decode_payload",
    "encode_frame",
    "encode_message",
    "encode_payload",
    "reply_to",
    "utcnow",
]

_LATER = {
    "_answers": ("AnswerCache",),
    "_clock": ("utcnow",),
    "_codec": ("decode_payload", "encode_payload"),
    "_connection": ("Connection",),
    "_envelopes": ("decode_message", "encode_message"),
    "_fast_path": ("Doors",),
    "_errors": (
        "CallFailed",
        "CallTimedOut",
        "ConnectionClosed",
        "FrameFault",
        "HandshakeRefused",
        "InvalidFrame",
        "InvalidMessage",
        "InvalidOutgoing",
        "LocalProtocolError",
        "OcppError",
        "QueueFull",
        "RemoteProtocolError",
        "WrongVersion",
    ),
    "_events": (
        "AnswerIgnored",
        "CallCancelled",
        "CallEnded",
        "CallOverdue",
        "CallReceived",
        "CallRepeated",
        "Event",
        "FrameRefused",
        "ResultReceived",
        "ResultRefused",
        "SendReceived",
        "Stray",
    ),
    "_frames": (
        "Call",
        "CallError",
        "CallResult",
        "CallResultError",
        "Frame",
        "SendFrame",
        "decode_frame",
        "encode_frame",
    ),
    "_issues": ("Issue", "Rule"),
    "_limits": ("Limits",),
    "_policy": ("LENIENT", "OFF", "STRICT", "Mode", "Override", "Policies", "Policy"),
    "_replies": ("reply_to",),
    "_session": ("OnInvalid",),
}
"""What is not loaded with this package, by module; the same as above for type checkers."""

_MODULES = {name: module for module, names in _LATER.items() for name in names}


# Type checkers must not see it: they would take any name for one of ours.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        # The next look finds it without us.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

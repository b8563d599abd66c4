"""Everything about OCPP that needs no network: messages, decoding and encoding, versions, and the
engine of a connection.

Theory of operation: messages need the base classes, and those who only read and write messages,
or import a version to look something up, should not wait for an engine. So what generated code
stands on is loaded with this package, and each of the other modules when one of its names is first
asked for (PEP 562). Type checkers, editors and `dir` see all names as if they were imported here.
"""

from typing import TYPE_CHECKING

from .model._enums import WireEnum
from .model._failures import Failure, MessageKind
from .model._fast_path import FastPath
from .model._generated import require_format
from .model._messages import (
    CsmsRequest,
    CsmsSend,
    Message,
    Payload,
    PayloadRules,
    Request,
    Response,
    Send,
    Sensitive,
    StationRequest,
    StationSend,
)
from .model._objects import KnownMembers, OpenObject, VendorData
from .model._opt import Opt
from .model._protocol import (
    Action,
    ErrorCode,
    NoReply,
    Offline,
    Protocol,
    Reply,
    Role,
    SecurityEvent,
)

if TYPE_CHECKING:
    from .engine._answer_cache import AnswerCache
    from .engine._connection import Connection
    from .engine._events import (
        AnswerIgnored,
        CallCancelled,
        CallEnded,
        CallOverdue,
        CallReceived,
        CallRepeated,
        Event,
        FrameRefused,
        InvalidCallReceived,
        MessageAltered,
        OpenCall,
        ResultReceived,
        ResultRefused,
        SendReceived,
        Stray,
    )
    from .engine._preparing import PreparedData
    from .engine._replies import reply_to
    from .engine._state import DEFERRED, Deferred, OnInvalid
    from .frames._envelopes import decode_message, encode_message
    from .frames._frames import (
        Call,
        CallError,
        CallResult,
        CallResultError,
        Frame,
        SendFrame,
        decode_frame,
        encode_frame,
    )
    from .frames._limits import Limits
    from .model._error_values import error_from_value, error_to_value
    from .model._errors import (
        CallFailed,
        CallTimedOut,
        ConnectionClosed,
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
    from .model._issues import Issue, IssueList, Issues, Rule
    from .model._repairs import Repair
    from .model._sensitive import is_sensitive
    from .model._utcnow import utcnow
    from .model._version import __version__
    from .payloads._codec import decode_payload, encode_payload
    from .payloads._formats import read_datetime, utc_text
    from .payloads._policy import (
        LENIENT,
        OFF,
        STRICT,
        Alteration,
        Mode,
        Override,
        Policies,
        Policy,
    )
    from .payloads._variables import (
        BooleanKey,
        DataType,
        DateTimeKey,
        DecimalKey,
        IntegerKey,
        ListKey,
        Mutability,
        TextKey,
        VariableKey,
    )

__all__ = [
    "DEFERRED",
    "LENIENT",
    "OFF",
    "STRICT",
    "Action",
    "Alteration",
    "AnswerCache",
    "AnswerIgnored",
    "BooleanKey",
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
    "DataType",
    "DateTimeKey",
    "DecimalKey",
    "Deferred",
    "ErrorCode",
    "Event",
    "Failure",
    "FastPath",
    "Frame",
    "FrameRefused",
    "HandshakeRefused",
    "IntegerKey",
    "InvalidCallReceived",
    "InvalidFrame",
    "InvalidMessage",
    "InvalidOutgoing",
    "Issue",
    "IssueList",
    "Issues",
    "KnownMembers",
    "Limits",
    "ListKey",
    "LocalProtocolError",
    "Message",
    "MessageAltered",
    "MessageKind",
    "Mode",
    "Mutability",
    "NoReply",
    "OcppError",
    "Offline",
    "OnInvalid",
    "OpenCall",
    "OpenObject",
    "Opt",
    "Override",
    "Payload",
    "PayloadRules",
    "Policies",
    "Policy",
    "PreparedData",
    "Protocol",
    "QueueFull",
    "RemoteProtocolError",
    "Repair",
    "Reply",
    "Request",
    "Response",
    "ResultReceived",
    "ResultRefused",
    "Role",
    "Rule",
    "SecurityEvent",
    "Send",
    "SendFrame",
    "SendReceived",
    "Sensitive",
    "StationRequest",
    "StationSend",
    "Stray",
    "TextKey",
    "VariableKey",
    "VendorData",
    "WireEnum",
    "WrongVersion",
    "__version__",
    "decode_frame",
    "decode_message",
    "decode_payload",
    "encode_frame",
    "encode_message",
    "encode_payload",
    "error_from_value",
    "error_to_value",
    "is_sensitive",
    "read_datetime",
    "reply_to",
    "require_format",
    "utc_text",
    "utcnow",
]

_LATER = {
    "engine._answer_cache": ("AnswerCache",),
    "model._utcnow": ("utcnow",),
    "payloads._variables": (
        "BooleanKey",
        "DataType",
        "DateTimeKey",
        "DecimalKey",
        "IntegerKey",
        "ListKey",
        "Mutability",
        "TextKey",
        "VariableKey",
    ),
    "model._version": ("__version__",),
    "payloads._codec": ("decode_payload", "encode_payload"),
    "payloads._formats": ("read_datetime", "utc_text"),
    "engine._connection": ("Connection",),
    "frames._envelopes": ("decode_message", "encode_message"),
    "model._error_values": ("error_from_value", "error_to_value"),
    "model._errors": (
        "CallFailed",
        "CallTimedOut",
        "ConnectionClosed",
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
    "engine._events": (
        "AnswerIgnored",
        "CallCancelled",
        "CallEnded",
        "CallOverdue",
        "CallReceived",
        "CallRepeated",
        "Event",
        "FrameRefused",
        "InvalidCallReceived",
        "MessageAltered",
        "OpenCall",
        "ResultReceived",
        "ResultRefused",
        "SendReceived",
        "Stray",
    ),
    "frames._frames": (
        "Call",
        "CallError",
        "CallResult",
        "CallResultError",
        "Frame",
        "SendFrame",
        "decode_frame",
        "encode_frame",
    ),
    "model._issues": ("Issue", "IssueList", "Issues", "Rule"),
    "model._repairs": ("Repair",),
    "model._sensitive": ("is_sensitive",),
    "frames._limits": ("Limits",),
    "payloads._policy": (
        "LENIENT",
        "OFF",
        "STRICT",
        "Alteration",
        "Mode",
        "Override",
        "Policies",
        "Policy",
    ),
    "engine._preparing": ("PreparedData",),
    "engine._replies": ("reply_to",),
    "engine._state": ("DEFERRED", "Deferred", "OnInvalid"),
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

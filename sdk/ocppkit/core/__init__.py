"""The sans-IO heart: base classes of messages, decoding and encoding, and what a version of OCPP is."""

from ._answers import AnswerCache, IncomingCall
from ._clock import utcnow
from ._codec import decode_payload, encode_payload
from ._connection import Connection
from ._enums import WireEnum
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
from ._failures import Failure, MessageKind
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
from ._policy import LENIENT, OFF, STRICT, Mode, Override, Policy
from ._protocol import Action, ErrorCode, NoReply, Offline, Protocol, Reply, Role
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
    "ErrorCode",
    "Event",
    "Failure",
    "Frame",
    "FrameFault",
    "FrameRefused",
    "HandshakeRefused",
    "IncomingCall",
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

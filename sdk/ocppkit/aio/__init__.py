"""The asyncio layer: drives a sans-IO connection over a transport and runs its handlers."""

from ._call_context import AfterResponse, CallContext, CallRefused, current_call
from ._clock import Clock, Timer, sleep, wait_until
from ._eager_tasks import start_task
from ._endpoint import Endpoint
from ._frame_log import loggable
from ._handlers import AnyHandler, HandlerTable, MaybeAwaitable, resolved
from ._handshake import Accept, ConnectRequest, Handshake, Headers, Reject
from ._host import Host
from ._registration import BOOT, Registration, RegistrationStatus
from ._running_beside import running_beside
from ._settings import Observer, Settings
from ._tls import refuse_old_tls
from ._transport import Attachment, Connector, Opened, Receiver, Transport, Wire

__all__ = [
    "BOOT",
    "Accept",
    "AfterResponse",
    "AnyHandler",
    "Attachment",
    "CallContext",
    "CallRefused",
    "Clock",
    "ConnectRequest",
    "Connector",
    "Endpoint",
    "HandlerTable",
    "Handshake",
    "Headers",
    "Host",
    "MaybeAwaitable",
    "Observer",
    "Opened",
    "Receiver",
    "Registration",
    "RegistrationStatus",
    "Reject",
    "Settings",
    "Timer",
    "Transport",
    "Wire",
    "current_call",
    "loggable",
    "refuse_old_tls",
    "resolved",
    "running_beside",
    "sleep",
    "start_task",
    "wait_until",
]

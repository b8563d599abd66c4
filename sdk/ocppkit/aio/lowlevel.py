"""What roles and transports are built from: endpoints, wires, handler tables and handshake decisions.

Programs that run a station or a CSMS do not need it; authors of transports do.
"""

from ._clock import Timer, sleep, wait_until
from ._data_transfers import data_transfer, vendor_response
from ._eager_tasks import start_task
from ._endpoint import Endpoint
from ._event_listeners import EventListeners, Listener
from ._event_stream import EventStream, EventStreams
from ._frame_log import loggable
from ._handlers import AnyHandler, HandlerTable, name_of, resolved
from ._handshake import Accept, ConnectRequest, Reject, without_query
from ._host import Host
from ._peer import Peer
from ._registration import BOOT, Registration, StationRecord, answered_status
from ._running_beside import running_beside
from ._settings import ConnectionOptions, Settings
from ._stopping import draining_first
from ._transport import AdjustablePings, Attachment, Connector, Opened, Receiver, Transport, Wire
from .tls import refuse_old_tls

__all__ = [
    "BOOT",
    "Accept",
    "AdjustablePings",
    "AnyHandler",
    "Attachment",
    "ConnectRequest",
    "ConnectionOptions",
    "Connector",
    "Endpoint",
    "EventListeners",
    "EventStream",
    "EventStreams",
    "HandlerTable",
    "Host",
    "Listener",
    "Opened",
    "Peer",
    "Receiver",
    "Registration",
    "Reject",
    "Settings",
    "StationRecord",
    "Timer",
    "Transport",
    "Wire",
    "answered_status",
    "data_transfer",
    "draining_first",
    "loggable",
    "name_of",
    "refuse_old_tls",
    "resolved",
    "running_beside",
    "sleep",
    "start_task",
    "vendor_response",
    "wait_until",
    "without_query",
]

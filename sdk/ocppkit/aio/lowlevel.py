"""The parts from which roles and transports are built: endpoints, wires, handler tables and
handshake decisions.

Programs that run a station or a CSMS do not need it; authors of transports do.
"""

from ._clock import Timer, sleep, wait_until
from ._data_transfers import data_transfer, vendor_response
from ._eager_tasks import start_task
from ._endpoint import Endpoint
from ._event_listeners import EventListeners, Listener
from ._event_stream import EventStream, EventStreams
from ._frame_log import loggable
from ._handler_outcome import HandlerOutcome, run_handler
from ._handlers import AnyHandler, HandlerTable, await_if_needed, name_of
from ._handshake import Accept, ConnectRequest, Reject, without_query
from ._host import Host
from ._peer import Peer
from ._registration import BOOT, Registration, StationRecord, answered_status
from ._running_beside import running_beside
from ._served import Served
from ._settings import ConnectionOptions, Settings
from ._stopping import drain_before_stop
from ._transport import (
    AdjustablePings,
    AttachedConnection,
    Connector,
    OpenedConnection,
    Receiver,
    Transport,
    Wire,
)
from .tls import refuse_old_tls

__all__ = [
    "BOOT",
    "Accept",
    "AdjustablePings",
    "AnyHandler",
    "AttachedConnection",
    "ConnectRequest",
    "ConnectionOptions",
    "Connector",
    "Endpoint",
    "EventListeners",
    "EventStream",
    "EventStreams",
    "HandlerOutcome",
    "HandlerTable",
    "Host",
    "Listener",
    "OpenedConnection",
    "Peer",
    "Receiver",
    "Registration",
    "Reject",
    "Served",
    "Settings",
    "StationRecord",
    "Timer",
    "Transport",
    "Wire",
    "answered_status",
    "await_if_needed",
    "data_transfer",
    "drain_before_stop",
    "loggable",
    "name_of",
    "refuse_old_tls",
    "run_handler",
    "running_beside",
    "sleep",
    "start_task",
    "vendor_response",
    "wait_until",
    "without_query",
]

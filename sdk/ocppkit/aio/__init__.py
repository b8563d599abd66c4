"""The asyncio layer as handlers and tests use it: the running call, clocks, observers and vendors'
messages.

What roles and transports are built from is in `ocppkit.aio.lowlevel`.
"""

from ._call_context import AfterResponse, CallContext, CallRefused, current_call
from ._clock import Clock, Timer
from ._handlers import MaybeAwaitable
from ._handshake import Handshake, Headers
from ._invalid_call import InvalidCall
from ._observing import CallObserver, ObservedCall, ObservedConnection, Outcome
from ._registration import RegistrationStatus
from ._settings import Observer
from ._stopping import stop_requested
from ._vendor_messages import DataTransferRefused, VendorRequest, VendorResponse

__all__ = [
    "AfterResponse",
    "CallContext",
    "CallObserver",
    "CallRefused",
    "Clock",
    "DataTransferRefused",
    "Handshake",
    "Headers",
    "InvalidCall",
    "MaybeAwaitable",
    "ObservedCall",
    "ObservedConnection",
    "Observer",
    "Outcome",
    "RegistrationStatus",
    "Timer",
    "VendorRequest",
    "VendorResponse",
    "current_call",
    "stop_requested",
]

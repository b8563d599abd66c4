"""The CSMS's side: the server that you run, its registry of live stations, and the handshake."""

from ._authentication import (
    AttemptLimiter,
    Authenticator,
    CertificateAuthenticator,
    PasswordAuthenticator,
    Refused,
    Verdict,
)
from ._credentials import Credentials
from ._csms import Csms, CsmsOptions
from ._handle import StationHandle
from ._refusals import RefusalObserver, StationRefused
from ._registrar import CsmsRegistrar
from ._stations import (
    StationAccepted,
    StationConnected,
    StationDisconnected,
    StationEvent,
    Stations,
)

__all__ = [
    "AttemptLimiter",
    "Authenticator",
    "CertificateAuthenticator",
    "Credentials",
    "Csms",
    "CsmsOptions",
    "CsmsRegistrar",
    "PasswordAuthenticator",
    "RefusalObserver",
    "Refused",
    "StationAccepted",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "StationHandle",
    "StationRefused",
    "Stations",
    "Verdict",
]

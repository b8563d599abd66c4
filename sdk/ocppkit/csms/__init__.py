"""The CSMS's side: the server that you run, its registry of live stations, and the handshake."""

from ocppkit.aio.lowlevel import StationRecord

from ._answer_store import AnswerStore
from ._attempt_limits import AttemptLimits
from ._attempts import AttemptLimiter, TooManyAttempts
from ._authentication import (
    Authenticator,
    CertificateAuthenticator,
    PasswordAuthenticator,
    Refused,
    Verdict,
)
from ._credentials import Credentials
from ._csms import Csms, CsmsOptions
from ._csms_fleet_access import CsmsFleetAccess
from ._directory import Directory, DirectoryView, MemoryDirectory
from ._dispatch import Dispatcher
from ._handle import StationHandle
from ._handle_classes import station_handle_class
from ._read_handshake import read_handshake
from ._refused_stations import RefusalObserver, StationRefused
from ._registrar import CsmsRegistrar
from ._registrations import MemoryRegistrations, Registrations
from ._sqlite_answers import SqliteAnswers
from ._sqlite_registrations import SqliteRegistrations
from ._station_events import (
    StationAccepted,
    StationChange,
    StationConnected,
    StationDisconnected,
    StationEvent,
    StationEventsMissed,
)
from ._stations import StationLookup, Stations, StationsFollower
from ._stations_view import StationsView

__all__ = [
    "AnswerStore",
    "AttemptLimiter",
    "AttemptLimits",
    "Authenticator",
    "CertificateAuthenticator",
    "Credentials",
    "Csms",
    "CsmsFleetAccess",
    "CsmsOptions",
    "CsmsRegistrar",
    "Directory",
    "DirectoryView",
    "Dispatcher",
    "MemoryDirectory",
    "MemoryRegistrations",
    "PasswordAuthenticator",
    "RefusalObserver",
    "Refused",
    "Registrations",
    "SqliteAnswers",
    "SqliteRegistrations",
    "StationAccepted",
    "StationChange",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "StationEventsMissed",
    "StationHandle",
    "StationLookup",
    "StationRecord",
    "StationRefused",
    "Stations",
    "StationsFollower",
    "StationsView",
    "TooManyAttempts",
    "Verdict",
    "read_handshake",
    "station_handle_class",
]

"""A version of OCPP as data: its actions, who may send them, and the spelling of its error codes."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

from msgspec import Struct

from ._failures import Failure, MessageKind
from ._fast_path import FastPath
from ._messages import NOT_SENSITIVE, Request, Response, Send, Sensitive

__all__ = [
    "Action",
    "ErrorCode",
    "NoReply",
    "Offline",
    "Protocol",
    "Reply",
    "Role",
    "SecurityEvent",
]


class Role(StrEnum):
    """The two ends of a connection."""

    STATION = "station"
    """Charge Point (1.6), Charging Station (2.x); it opens the connection."""

    CSMS = "csms"
    """Central System (1.6), Charging Station Management System (2.x)."""

    @property
    def peer(self) -> "Role":
        """The role of the other end."""
        return Role.CSMS if self is Role.STATION else Role.STATION


class ErrorCode(StrEnum):
    """The error codes of OCPP-J, by their names in OCPP 2.x. `Protocol.error_codes` has the
    spelling of each version.
    """

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


class SecurityEvent(StrEnum):
    """The security events of OCPP, by their names in OCPP 2.x. `Protocol.security_events` has the
    spelling of each version.
    """

    ATTEMPTED_REPLAY_ATTACKS = "AttemptedReplayAttacks"
    """The station received a message again that was not repeated for a lost answer."""

    CSMS_FAILED_TO_AUTHENTICATE = "CsmsFailedToAuthenticate"
    """The station rejected the credentials of the CSMS."""

    DISCARDED_RENEWED_CLIENT_CERTIFICATE = "DiscardedRenewedClientCertificate"
    """The station could not connect with a new certificate and went back to the old one."""

    FAILED_TO_AUTHENTICATE_AT_CSMS = "FailedToAuthenticateAtCsms"
    """The CSMS rejected the credentials of the station."""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    """New firmware was installed."""

    INVALID_CHARGING_STATION_CERTIFICATE = "InvalidChargingStationCertificate"
    """The certificate that CertificateSigned brought cannot be used."""

    INVALID_CSMS_CERTIFICATE = "InvalidCsmsCertificate"
    """The certificate of the CSMS does not verify."""

    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    """The signature of a firmware does not verify."""

    INVALID_FIRMWARE_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    """The certificate that a firmware is signed with does not verify."""

    INVALID_MESSAGES = "InvalidMessages"
    """The station received what is no valid message of OCPP."""

    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"
    """The CSMS offers only cipher suites that OCPP does not allow."""

    INVALID_TLS_VERSION = "InvalidTLSVersion"
    """The CSMS offers only versions of TLS before 1.2."""

    MAINTENANCE_LOGIN_ACCEPTED = "MaintenanceLoginAccepted"
    """Somebody logged in to the local maintenance interface."""

    MAINTENANCE_LOGIN_FAILED = "MaintenanceLoginFailed"
    """Somebody failed to log in to the local maintenance interface."""

    MEMORY_EXHAUSTION = "MemoryExhaustion"
    """The memory or the flash of the station is getting full."""

    RECONFIGURATION_OF_SECURITY_PARAMETERS = "ReconfigurationOfSecurityParameters"
    """A key, a certificate or the security profile was changed."""

    RESET_OR_REBOOT = "ResetOrReboot"
    """The station was reset or restarted."""

    SECURITY_LOG_WAS_CLEARED = "SecurityLogWasCleared"
    """The security log was cleared."""

    SETTING_SYSTEM_TIME = "SettingSystemTime"
    """The clock of the station was set."""

    STARTUP_OF_THE_DEVICE = "StartupOfTheDevice"
    """The station has started."""

    TAMPER_DETECTION_ACTIVATED = "TamperDetectionActivated"
    """The sensor that detects tampering was triggered."""


class NoReply(StrEnum):
    """Reactions to a failure without a reply."""

    SILENT = "silent"
    """The frame is dropped and reported by an event."""

    CLOSE = "close"
    """The connection is closed."""


class Reply(Struct, frozen=True):
    """The reaction to a failure and its reason, an entry of the reply table."""

    reaction: ErrorCode | NoReply
    citation: str
    """Requirement ids of OCPP-J, or the document and section."""


class Offline(StrEnum):
    """Ways to handle a message while a station is offline: keep, drop or fail."""

    DROP = "drop"
    """It may be dropped, or created again after the station has reconnected."""

    QUEUE = "queue"
    """It must be kept and delivered in order."""

    QUEUE_IF_TRANSACTION = "queue_if_transaction"
    """It must be kept when it belongs to a transaction."""

    QUEUE_IF_CRITICAL = "queue_if_critical"
    """It must be kept when it reports a critical event."""

    QUEUE_BY_SEVERITY = "queue_by_severity"
    """It must be kept up to the severity in OfflineMonitoringEventQueuingSeverity."""


class Action(Struct, frozen=True, kw_only=True):
    """An action of one version: its messages, and what the specification says about them."""

    name: str
    """Its name on the wire."""

    senders: frozenset[Role]
    """Who may send the request."""

    request: type[Request[Any]] | type[Send]
    response: type[Response] | None
    """`None` for a SEND, which is never answered."""

    block: str
    """Functional block (2.x: its letter) or feature profile (1.6) that owns the action."""

    use_cases: tuple[str, ...] = ()
    """Use cases that define or drive the action; 1.6 has ids only for its security extension."""

    transaction_related: bool = False
    """Whether it belongs to the ordered, retried queue of transaction messages."""

    offline: Offline = Offline.DROP

    offline_mark: str | None = None
    """Member of the request, on the wire, that says that it was made while the station was offline."""

    correlation: str | None = None
    """Member that ties this message to later ones, as a path on the wire: `request.requestId`."""

    parts: tuple[str, ...] = ()
    """Members that number the parts of a multi-part report."""

    triggers: tuple[str, ...] = ()
    """Values of TriggerMessage that make a station send it."""

    @property
    def answered(self) -> bool:
        """Whether the message is answered: true for a CALL, false for a SEND."""
        return self.response is not None


class Protocol(Struct, frozen=True, kw_only=True, dict=True):
    """One version of OCPP as data. All code outside the generated packages looks facts up here."""

    version: str
    """Its usual name: `1.6`, `2.0.1` or `2.1`."""

    subprotocol: str
    """Its name in a WebSocket handshake, such as `ocpp2.0.1`."""

    package: str
    """The package that holds its messages and roles."""

    roles: str | None = None
    """The module with its roles; `None` if none were generated because it has no BootNotification."""

    actions: Mapping[str, Action]
    """The actions by name on the wire; upper and lower case matter."""

    blocks: Mapping[str, str]
    """Functional blocks or feature profiles: short name to long name."""

    error_codes: Mapping[ErrorCode, str]
    """The error codes of the version, with their spelling on the wire."""

    message_types: frozenset[MessageKind] = frozenset(
        {MessageKind.CALL, MessageKind.CALL_RESULT, MessageKind.CALL_ERROR}
    )
    """The kinds of messages that this version has."""

    serial_number: str | None = None
    """Where the boot message has the station's serial number, as a path of attributes."""

    vendor: str | None = None
    """Where the boot message has the station's vendor, as a path of attributes."""

    model: str | None = None
    """Where the boot message has the station's model, as a path of attributes."""

    firmware: str | None = None
    """Where the boot message has the version of the station's firmware, as a path of attributes."""

    serves_unknown: bool = False
    """Whether a CSMS may serve a station before it has booted. # ERR-19"""

    identity_pattern: str | None = None
    """The identities that a station may have, as a regular expression. # CON-06"""

    identity_ignores_case: bool = False
    """Whether identities that differ only in upper and lower case are the same. # CON-06"""

    uncritical_events: frozenset[str] = frozenset()
    """Security events that need not be kept until they can be delivered; all others must be."""

    security_events: Mapping[SecurityEvent, str] = {}
    """The security events that this version knows, as it spells them on the wire."""

    replies: Mapping[Failure, Reply] = {}
    """Answers to failed calls that differ from the common reply table; see `_replies.py`."""

    # Not a field: it must neither count in comparisons nor be carried over by `replace`, as it
    # belongs to these actions. Not a property: that would slow `decode_message` down by a tenth.
    fast_path: ClassVar[FastPath[Callable[[Any], Any]]]
    """The decoders that `decode_message` tries first."""

    def __post_init__(self) -> None:
        vars(self)["fast_path"] = FastPath()

    @property
    def sensitive(self) -> Sensitive:
        """The JSON names of members with sensitive values, which are the same for all messages of
        the version.
        """
        for action in self.actions.values():
            return action.request.__ocpp_sensitive__
        return NOT_SENSITIVE

    def __copy__(self) -> Self:
        return self

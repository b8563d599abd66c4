"""The facts of one OCPP version as frozen dataclasses: what the schemas do not say.

`_facts_files` reads them from TOML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "ActionFacts",
    "PayloadFacts",
    "ProtocolFacts",
    "RoleFacts",
    "SensitiveFacts",
    "VersionFacts",
]


@dataclass(frozen=True)
class ActionFacts:
    """The facts of one action."""

    name: str
    """Its name in OCPP frames, such as `BootNotification`."""

    direction: str
    """Who sends the request: `station`, `csms` or `both`."""

    block: str
    """Short name of its functional block (2.x) or feature profile (1.6)."""

    purpose: str
    """A sentence that says what the request does."""

    citation: str
    """The section or use cases of the specification that the entry was reviewed against."""

    file: str
    """The facts file with the entry, for error messages."""

    use_cases: tuple[str, ...] = ()
    """The use cases of the specification in which the action is used."""

    kind: str = "call"
    """`call` for a request with a response, `send` for a message without one."""

    transaction_related: bool = False
    """Whether a station sends it in order with other transaction messages, and retries until it is delivered."""

    offline: str = "drop"
    """What a station does with the message while it is offline: a value of `core.Offline`."""

    offline_mark: str | None = None
    """The request member that is true if the message was created while the station was offline."""

    correlation: str | None = None
    """The member that links the message to others, such as `request.requestId`."""

    parts: tuple[str, ...] = ()
    """The request members that number the parts of a report, such as `seqNo`."""

    triggers: tuple[str, ...] = ()
    """The values of TriggerMessage with which a CSMS asks for the message."""

    extended_triggers: tuple[str, ...] = ()
    """The values of OCPP 1.6's ExtendedTriggerMessage with which a CSMS asks for the message."""

    followed_by: tuple[str, ...] = ()
    """The actions that report the final result later."""

    v16_equivalent: tuple[str, ...] = ()
    """The actions of OCPP 1.6 that had the same purpose."""

    since: str | None = None
    """The first version with the action, if earlier versions of the same family lack it."""


@dataclass(frozen=True)
class RoleFacts:
    """How one version names the station and the CSMS, and how a station describes itself at boot."""

    station: str
    """The name of a station in texts: `Charge Point` or `Charging Station`."""

    csms: str
    """The name of a CSMS in texts: `Central System` or `CSMS`."""

    station_class: str
    """The name of the generated class for running a station."""

    handle_class: str
    """The name of the generated class with which a CSMS calls a connected station."""

    description: str | None = None
    """The member of BootNotification that describes the station; `None` if the request itself does (1.6)."""

    boot_defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    """Default values of the other required members of BootNotification, such as the reason of a boot."""

    serial_number: str | None = None
    """The member of the description with the serial number; client certificates have it as common name."""

    vendor: str | None = None
    """The member of the description with the name of the vendor."""

    model: str | None = None
    """The member of the description with the name of the model."""

    firmware: str | None = None
    """The member of the description with the version of the firmware."""


@dataclass(frozen=True)
class SensitiveFacts:
    """Payload members whose values must not appear in logs and errors, by their JSON names."""

    secret: tuple[str, ...] = ()
    """Members with passwords, keys or PINs."""

    personal: tuple[str, ...] = ()
    """Members that identify who charges or pays."""

    named_values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Members that are secret depending on another member, mapped to the path of that other member.

    For example `attributeValue` is secret if `variable.name` names a password."""

    secret_names: tuple[str, ...] = ()
    """The values of that other member that mean a secret, such as `BasicAuthPassword`."""

    harmless_in: tuple[str, ...] = ()
    """Members whose objects have no secrets, although members inside have such names."""


@dataclass(frozen=True)
class PayloadFacts:
    """Rules about payload values that the schemas do not state."""

    integer_bits: int | None = None
    """The number of bits of an integer; `None` if integers are not limited."""

    harmless_when_absent: tuple[str, ...] = ()
    """Optional members, by JSON name, that lenient reading may drop from a command without a wider effect."""

    json_texts: tuple[str, ...] = ()
    """Members whose text is often JSON itself."""


@dataclass(frozen=True)
class ProtocolFacts:
    """The facts of one version that belong to no single action."""

    version: str
    """The number of the version: `1.6`, `2.0.1` or `2.1`."""

    subprotocol: str
    """The name of the version in the WebSocket handshake, such as `ocpp2.0.1`."""

    package: str
    """The name of the generated package, such as `v201`."""

    blocks: Mapping[str, str]
    """The functional blocks or feature profiles: short names mapped to long ones."""

    error_codes: Mapping[str, str]
    """The error codes of the version: values of `core.ErrorCode` mapped to their spelling in frames."""

    roles: RoleFacts
    """The names of station and CSMS in this version."""

    message_types: tuple[str, ...] = ("call", "call_result", "call_error")
    """The kinds of frames of the version: names of `core.MessageKind` in lower case."""

    extends: str | None = None
    """The version that this one was derived from; it has the same messages, and more."""

    ancestors: tuple[str, ...] = ()
    """The versions that this one extends, directly or through others, oldest first."""

    compared_limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """Limits that the reference compares between versions: a label mapped to the member with the limit."""

    uncritical_events: tuple[str, ...] = ()
    """The security events that a station may drop while it is offline; it must keep all others."""

    security_events: Mapping[str, str] = field(default_factory=dict[str, str])
    """The security events of the version: values of `core.SecurityEvent` mapped to their spelling in frames."""

    serves_unknown: bool = False
    """Whether a CSMS may answer a station that has not sent BootNotification to it yet."""

    identity_pattern: str | None = None
    """A regular expression that every identity of a station matches."""

    identity_ignores_case: bool = False
    """Whether identities that differ only in upper and lower case are the same station."""

    sensitive: SensitiveFacts = field(default_factory=SensitiveFacts)
    """Payload members whose values must not appear in logs and errors."""

    payloads: PayloadFacts = field(default_factory=PayloadFacts)
    """Rules about payload values that the schemas do not state."""

    replies: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Replies to failed calls that differ from other versions: values of `core.Failure` mapped to a
    `reaction` (a value of `core.ErrorCode` or `core.NoReply`) and its `citation`."""


@dataclass(frozen=True)
class VersionFacts:
    """All facts of one version."""

    protocol: ProtocolFacts
    actions: Mapping[str, ActionFacts]
    """The facts of each action by its name, sorted."""

    names: Mapping[str, str]
    """Names for types that the schemas define inline, by place, such as `BootNotification.response.status`."""

    name_files: Mapping[str, str]
    """The facts file of each entry of `names`, for error messages."""

    members: Mapping[str, str]
    """Python names of members, by class and JSON name, such as `ResetRequest.type`."""

    member_files: Mapping[str, str]
    """The facts file of each entry of `members`, for error messages."""

    files: tuple[str, ...]
    """The files that the facts were read from: older versions first, and of each version the user's last."""

    own_files: tuple[str, ...] = ()
    """The files among `files` that belong to the user; an error names them as the place for missing entries."""

    removed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Actions that this version no longer has, sorted, each mapped to the facts file with the entry."""

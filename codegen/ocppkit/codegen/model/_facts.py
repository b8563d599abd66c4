"""What the schemas do not say: who sends an action, to which block it belongs, what 1.6's types are called.

Facts are TOML files, reviewed by hand, one citation per action. Every file names its OCPP version.
The files of one version are merged key by key, the shipped ones first and the user's after them.
A version that is not shipped starts from the facts of the version that it `extends`. An action with
`removed = true` is left out of the version.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from .._errors import CodegenError
from ._facts_rules import REQUIRED, check, pointer_of

__all__ = [
    "ActionFacts",
    "ProtocolFacts",
    "RoleFacts",
    "VersionFacts",
    "base_version",
    "has_sends",
    "known_versions",
    "load_facts",
]

_FOLDER = Path(__file__).parents[1] / "facts"


@dataclass(frozen=True)
class ActionFacts:
    """One action."""

    name: str
    """As it stands on the wire."""

    direction: str
    """Who sends the request: `station`, `csms` or `both`."""

    block: str
    """Short name of the functional block (2.x) or feature profile (1.6)."""

    purpose: str
    """What the request does, in one sentence of our own."""

    citation: str
    """The document and the section or use cases that this entry was reviewed against."""

    file: str
    """The facts file that has the entry, for error messages."""

    use_cases: tuple[str, ...] = ()
    """Use cases that define or drive the action."""

    kind: str = "call"
    """`call` is answered, `send` never is."""

    transaction_related: bool = False
    """Whether it belongs to the ordered, retried queue of transaction messages."""

    offline: str = "drop"
    """A value of `core.Offline`: what a station does with it while it cannot deliver it."""

    offline_mark: str | None = None
    """The member of the request that says that it was made while the station was offline."""

    correlation: str | None = None
    """The member that ties it to other messages: `request.requestId`."""

    parts: tuple[str, ...] = ()
    """Members of the request that number the parts of a report."""

    triggers: tuple[str, ...] = ()
    """Values of TriggerMessage that ask a station for it."""

    extended_triggers: tuple[str, ...] = ()
    """Values of 1.6's ExtendedTriggerMessage that ask a Charge Point for it."""

    followed_by: tuple[str, ...] = ()
    """Actions that bring the real result later."""

    v16_equivalent: tuple[str, ...] = ()
    """Actions of OCPP 1.6 that did this one's work."""

    since: str | None = None
    """The version that brought it, where earlier versions of the same family lack it."""


@dataclass(frozen=True)
class RoleFacts:
    """The two ends of a connection in one version's words."""

    station: str
    """In prose: `Charge Point`, `Charging Station`."""

    csms: str
    """In prose: `Central System`, `CSMS`."""

    station_class: str
    """The role class of a station that one runs."""

    handle_class: str
    """The class of a CSMS's handle on a connected station."""

    description: str | None = None
    """The member of BootNotification that describes the station; without it the request does so itself."""

    boot_defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    """Enum values of BootNotification's other required members, for a plain start."""

    serial_number: str | None = None
    """The member of that description that a client certificate names as its common name."""

    vendor: str | None = None
    """The member of that description that names the vendor."""

    model: str | None = None
    """The member of that description that names the model."""

    firmware: str | None = None
    """The member of that description that names the version of the firmware."""


@dataclass(frozen=True)
class SensitiveFacts:
    """Members whose values stay out of logs and errors, by name on the wire."""

    secret: tuple[str, ...] = ()
    """Members that hold passwords, keys and PINs."""

    personal: tuple[str, ...] = ()
    """Members that tell who charges or pays."""

    named_values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Members whose value is secret if a sibling names a secret: the member to the path of the sibling."""

    secret_names: tuple[str, ...] = ()
    """Names of secrets in such a sibling."""

    harmless_in: tuple[str, ...] = ()
    """Members whose objects have members of such names that never hold secrets."""


@dataclass(frozen=True)
class PayloadFacts:
    """Rules about values that the schemas do not state."""

    integer_bits: int | None = None
    """The size of the integers that are sent; without it there is no bound."""

    harmless_when_absent: tuple[str, ...] = ()
    """Optional members, by name on the wire, that a command may lose without doing more than with them."""

    json_texts: tuple[str, ...] = ()
    """Members whose text is often JSON."""


@dataclass(frozen=True)
class ProtocolFacts:
    """One version as a whole."""

    version: str
    """As people say it: `1.6`, `2.0.1`, `2.1`."""

    subprotocol: str
    """As the WebSocket handshake names it."""

    package: str
    """Name of the generated package."""

    blocks: Mapping[str, str]
    """Functional blocks or feature profiles: short name to long name."""

    error_codes: Mapping[str, str]
    """The error codes that this version knows: value of `core.ErrorCode` to spelling on the wire."""

    roles: RoleFacts
    """What this version calls its two ends."""

    message_types: tuple[str, ...] = ("call", "call_result", "call_error")
    """The kinds of messages that this version has: names of `core.MessageKind`, in lower case."""

    extends: str | None = None
    """The version whose messages this one took over and grew."""

    ancestors: tuple[str, ...] = ()
    """The versions that this one extends, directly or through others, oldest first."""

    compared_limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """Limits that the reference compares over versions: what each is called, and its member."""

    uncritical_events: tuple[str, ...] = ()
    """Security events that need not be kept until they can be delivered; all others must be."""

    security_events: Mapping[str, str] = field(default_factory=dict[str, str])
    """The security events that this version knows: value of `core.SecurityEvent` to spelling on the wire."""

    serves_unknown: bool = False
    """Whether a CSMS may serve a station of whose boot it knows nothing."""

    identity_pattern: str | None = None
    """The identities that a station may have, as a regular expression."""

    identity_ignores_case: bool = False
    """Whether two identities that differ in case alone are one."""

    sensitive: SensitiveFacts = field(default_factory=SensitiveFacts)
    """Members whose values stay out of logs and errors."""

    payloads: PayloadFacts = field(default_factory=PayloadFacts)
    """Rules about values that the schemas do not state."""

    replies: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Where it answers a failed call otherwise than most: value of `core.Failure` to `reaction` (a
    value of `core.ErrorCode` or `core.NoReply`) and `citation`."""


@dataclass(frozen=True)
class VersionFacts:
    """All facts of one version."""

    protocol: ProtocolFacts
    actions: Mapping[str, ActionFacts]
    """By name, sorted."""

    names: Mapping[str, str]
    """What inline types are called, by place: `BootNotification.response.status`."""

    name_files: Mapping[str, str]
    """The facts file that has each of these names, for error messages."""

    members: Mapping[str, str]
    """What members are called in Python, by class and name on the wire: `ResetRequest.type`."""

    member_files: Mapping[str, str]
    """The facts file that has each of these names, for error messages."""

    files: tuple[str, ...]
    """The files these facts were read from, those of older versions first, the user's last of each."""

    own_files: tuple[str, ...] = ()
    """Those of these files that are the user's: where a missing entry belongs."""

    removed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Actions that this version no longer has, sorted, each with the file that says so."""


@dataclass(frozen=True)
class _Layer:
    """One facts file, checked on its own."""

    file: str
    version: str
    tables: Mapping[str, Any]


def known_versions(*extra: Path) -> Mapping[str, str]:
    """Returns the versions that there are facts for, oldest first, with their packages' names.

    Args:
        extra: the user's facts files, which may describe versions of their own.

    Raises:
        CodegenError: one of these files is refused.
    """
    found = {
        layer.version: protocol["package"]
        for layer in [*_own_layers(), *map(_read, extra)]
        if "package" in (protocol := layer.tables["protocol"])
    }
    oldest_first = sorted(found, key=lambda version: [int(part) for part in version.split(".")])
    return {version: found[version] for version in oldest_first}


def has_sends(version: str) -> bool:
    """Tells whether a version has messages without a response; unknown ones may have them."""
    if version not in known_versions():
        return True
    return "send" in load_facts(version).protocol.message_types


def load_facts(version: str, *extra: Path) -> VersionFacts:
    """Reads the facts of one version.

    Args:
        version: `1.6`, `2.0.1` or `2.1`.
        extra: the user's own files in the same format, for vendor actions or to overrule ours.

    Raises:
        CodegenError: a file is no TOML, belongs to another version, has an unknown key, a wrong
            type or an unknown value, or all files together leave something out.
    """
    own, users = _own_layers(), [_read(path) for path in extra]
    line = _line_of(version, [*own, *users])
    factual = _line_of_facts(version, line)
    for layer in users:
        if layer.version not in factual:
            raise CodegenError(
                f"these are facts of OCPP {layer.version}, not of OCPP {version}",
                file=layer.file,
                pointer="/protocol/version",
                cure=f"generate OCPP {layer.version} with them, or write facts of OCPP {version}",
            )
    layers = [layer for each in factual for layer in [*own, *users] if layer.version == each]
    if version not in {layer.version for layer in layers}:
        raise CodegenError(
            f"there are no facts of OCPP {version!r}",
            cure=f"choose one of {', '.join(known_versions())}, or give facts of your own (--facts)",
        )
    return _combine(layers, line[:-1])


def facts_files_of(version: str, files: Iterable[Path]) -> tuple[Path, ...]:
    """Returns those of the user's facts files that hold for a version.

    Raises:
        CodegenError: one of the files is refused.
    """
    users = {path: _read(path) for path in files}
    line = _line_of(version, [*_own_layers(), *users.values()])
    factual = _line_of_facts(version, line)
    return tuple(path for path, layer in users.items() if layer.version in factual)


def _line_of(version: str, layers: Sequence[_Layer]) -> tuple[str, ...]:
    """Returns a version and those it extends, oldest first."""
    line: list[str] = [version]
    while True:
        found = [
            (layer, cast("str", layer.tables["protocol"]["extends"]))
            for layer in layers
            if layer.version == line[-1] and "extends" in layer.tables["protocol"]
        ]
        if not found:
            return tuple(reversed(line))
        layer, extended = found[-1]
        if extended in line:
            raise CodegenError(
                f"OCPP {extended} extends itself",
                file=layer.file,
                pointer="/protocol/extends",
                cure="name an earlier version",
            )
        line.append(extended)


def _line_of_facts(version: str, line: Sequence[str]) -> Sequence[str]:
    """Returns the versions whose facts hold for a version.

    The facts of a shipped version are complete by themselves. One that is not shipped builds on
    the nearest shipped version that it extends, and on those between the two.
    """
    shipped = known_versions()
    last = max((place for place, each in enumerate(line) if each in shipped), default=0)
    return line[last:]


def base_version(facts: VersionFacts) -> str:
    """Returns the shipped version whose schemas a version starts from: mostly itself."""
    protocol = facts.protocol
    shipped = known_versions()
    line = [each for each in (*protocol.ancestors, protocol.version) if each in shipped]
    return line[-1] if line else protocol.version


@cache
def _own_layers() -> tuple[_Layer, ...]:
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.toml")))


def _read(path: Path) -> _Layer:
    file = str(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CodegenError(
            f"cannot be read: {error.strerror}", file=file, cure="check the path of the facts file"
        ) from error
    except ValueError as error:
        raise CodegenError(
            f"no TOML: {error}", file=file, cure="mend the file; facts are TOML in UTF-8"
        ) from error
    check(tables, file)
    version = tables.get("protocol", {}).get("version")
    if version is None:
        raise CodegenError(
            "the file does not say which version of OCPP its facts are of",
            file=file,
            pointer="/protocol/version",
            cure='add [protocol] and, below it, version = "2.0.1" or another',
        )
    return _Layer(file, version, tables)


def _combine(layers: Sequence[_Layer], ancestors: tuple[str, ...]) -> VersionFacts:
    """Merges the files and checks what only shows in the whole."""
    tables: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        tables = _lay_over(tables, layer.tables)
        origins |= dict.fromkeys(layer.tables.get("actions", {}), layer.file)
    _require_base(tables["protocol"], layers)
    _require(tables["protocol"], "protocol", layers[-1].file, ("protocol",))
    _require(tables["protocol"]["roles"], "roles", layers[-1].file, ("protocol", "roles"))
    removed = _removed(tables, origins)
    actions = {
        name: table for name, table in tables.get("actions", {}).items() if name not in removed
    }
    names = {
        path: name
        for path, name in tables.get("names", {}).items()
        if path.partition(".")[0] not in removed
    }
    for name, action in actions.items():
        _require(action, "action", origins[name], ("actions", name))
        _check_references(name, action, tables, origins[name])
    return VersionFacts(
        protocol=_protocol(tables["protocol"], ancestors),
        actions={
            name: _action(name, _without_followers(actions[name], removed), origins[name])
            for name in sorted(actions)
        },
        names=names,
        name_files={path: layer.file for layer in layers for path in layer.tables.get("names", {})},
        members=tables.get("members", {}),
        member_files={
            path: layer.file for layer in layers for path in layer.tables.get("members", {})
        },
        files=tuple(layer.file for layer in layers),
        own_files=tuple(layer.file for layer in layers if Path(layer.file).parent != _FOLDER),
        removed=removed,
    )


def _removed(tables: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, str]:
    """Returns the actions that the facts remove, each with the file that says so.

    Raises:
        CodegenError: there was no such action, so its name is misspelt.
    """
    actions: Mapping[str, Mapping[str, Any]] = tables.get("actions", {})
    removed = {name: origins[name] for name in sorted(actions) if actions[name].get("removed")}
    for name, file in removed.items():
        if set(actions[name]) == {"removed"}:
            close = difflib.get_close_matches(name, actions.keys() - removed.keys(), n=1)
            raise CodegenError(
                f"there is no action {name!r} to remove",
                file=file,
                pointer=pointer_of("actions", name),
                cure=(
                    f"did you mean {close[0]!r}?" if close else "mend the name or remove the entry"
                ),
            )
    return removed


def _without_followers(action: Mapping[str, Any], removed: Mapping[str, str]) -> dict[str, Any]:
    """Returns an action's facts without a `removed = false`, and without followers that are gone."""
    kept = {key: value for key, value in action.items() if key != "removed"}
    if "followed_by" in kept:
        kept["followed_by"] = [name for name in kept["followed_by"] if name not in removed]
    return kept


def _protocol(table: Mapping[str, Any], ancestors: tuple[str, ...]) -> ProtocolFacts:
    members: dict[str, Any] = {
        **table,
        "roles": RoleFacts(**table["roles"]),
        "sensitive": SensitiveFacts(**table.get("sensitive", {})),
        "payloads": PayloadFacts(**table.get("payloads", {})),
    }
    return ProtocolFacts(**members, ancestors=ancestors)


def _lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict):
            value = _lay_over(below.get(key, {}), cast("dict[str, Any]", value))
        merged[key] = value
    return merged


def _require_base(protocol: Mapping[str, Any], layers: Sequence[_Layer]) -> None:
    """Refuses the facts of a new version that stand alone although they are not complete."""
    shipped = known_versions()
    if {layer.version for layer in layers} & shipped.keys() or "blocks" in protocol:
        return
    newest = list(shipped)[-1]
    extended = protocol.get("extends")
    raise CodegenError(
        (
            f"there are no facts of OCPP {extended!r}, which this version extends"
            if extended
            else "the facts do not say which version this one builds on"
        ),
        file=layers[-1].file,
        pointer="/protocol/extends" if extended else "/protocol",
        cure=f'write extends = "{newest}", or another of {", ".join(shipped)}',
    )


def _require(table: Mapping[str, Any], what: str, file: str, place: tuple[str, ...]) -> None:
    for key in REQUIRED[what]:
        if key not in table:
            raise CodegenError(
                f"{key!r} is missing",
                file=file,
                pointer=pointer_of(*place),
                cure=f"add it; needed here are {', '.join(REQUIRED[what])}",
            )


def _check_references(
    name: str, action: Mapping[str, Any], tables: Mapping[str, Any], file: str
) -> None:
    blocks = tables["protocol"]["blocks"]
    if action["block"] not in blocks:
        raise CodegenError(
            f"there is no block {action['block']!r}",
            file=file,
            pointer=pointer_of("actions", name, "block"),
            cure=f"use one of {', '.join(blocks)}, or add it under [protocol.blocks]",
        )
    for follower in action.get("followed_by", ()):
        if follower not in tables["actions"]:
            raise CodegenError(
                f"there is no action {follower!r}",
                file=file,
                pointer=pointer_of("actions", name, "followed_by"),
                cure="name actions of this version as they stand on the wire",
            )


def _action(name: str, table: Mapping[str, Any], file: str) -> ActionFacts:
    frozen: dict[str, Any] = {
        key: tuple(cast("list[str]", value)) if isinstance(value, list) else value
        for key, value in table.items()
    }
    return ActionFacts(name=name, file=file, **frozen)

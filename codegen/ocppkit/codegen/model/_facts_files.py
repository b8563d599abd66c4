"""Reads the facts of a version from TOML files.

Facts say what the schemas do not say: who sends an action, which functional block it belongs to, what the
types of OCPP 1.6 are called. People review these files; each action has a citation. Every file names its
OCPP version. The files of one version are merged key by key: first the shipped ones, then the user's.
A version that is not shipped starts from the facts of the version that it `extends`. An action with
`removed = true` is left out of the version.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from .._errors import CodegenError, did_you_mean
from ._facts import (
    ActionFacts,
    PayloadFacts,
    ProtocolFacts,
    RoleFacts,
    SensitiveFacts,
    VersionFacts,
)
from ._facts_rules import REQUIRED, check_facts, pointer_of

__all__ = [
    "base_version",
    "facts_files_of",
    "has_sends",
    "known_versions",
    "load_facts",
]

_FOLDER = Path(__file__).parents[1] / "facts"


@dataclass(frozen=True)
class _FactsFile:
    """The contents of one facts file; each key and value has been checked."""

    file: str
    version: str
    tables: Mapping[str, Any]


def known_versions(*extra: Path) -> Mapping[str, str]:
    """Returns all OCPP versions that have facts, oldest first, each with the name of its package.

    Args:
        extra: the user's facts files, which may describe other versions than the shipped ones.

    Raises:
        CodegenError: one of these files is wrong.
    """
    found = {
        layer.version: protocol["package"]
        for layer in [*_shipped_files(), *map(_read_file, extra)]
        if "package" in (protocol := layer.tables["protocol"])
    }
    oldest_first = sorted(found, key=lambda version: [int(part) for part in version.split(".")])
    return {version: found[version] for version in oldest_first}


def has_sends(version: str) -> bool:
    """Tells whether a version has messages without a response (SENDs); true for unknown versions."""
    if version not in known_versions():
        return True
    return "send" in load_facts(version).protocol.message_types


def load_facts(version: str, *extra: Path) -> VersionFacts:
    """Reads all facts of one version.

    Args:
        version: `1.6`, `2.0.1` or `2.1`.
        extra: the user's facts files. They can add actions of a vendor, and replace shipped facts.

    Raises:
        CodegenError: a file is not valid TOML, belongs to another version, or has an unknown key or a wrong
            value; or a required fact is in none of the files.
    """
    own, users = _shipped_files(), [_read_file(path) for path in extra]
    line = _version_lineage(version, [*own, *users])
    factual = _versions_with_facts(version, line)
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
    return _merged_facts(layers, line[:-1])


def facts_files_of(version: str, files: Iterable[Path]) -> tuple[Path, ...]:
    """Returns the facts files of the user that apply to a version.

    Raises:
        CodegenError: one of the files is wrong.
    """
    users = {path: _read_file(path) for path in files}
    line = _version_lineage(version, [*_shipped_files(), *users.values()])
    factual = _versions_with_facts(version, line)
    return tuple(path for path, layer in users.items() if layer.version in factual)


def _version_lineage(version: str, layers: Sequence[_FactsFile]) -> tuple[str, ...]:
    """Returns the versions that a version extends, directly or through others, then itself; oldest first."""
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


def _versions_with_facts(version: str, line: Sequence[str]) -> Sequence[str]:
    """Returns the versions whose facts apply to the last version of a line.

    The facts of a shipped version are complete. Another version uses the facts of the nearest shipped
    version that it extends, and those of the versions between the two.
    """
    shipped = known_versions()
    last = max((place for place, each in enumerate(line) if each in shipped), default=0)
    return line[last:]


def base_version(facts: VersionFacts) -> str:
    """Returns the shipped version whose schemas are used for a version: itself, if it is shipped."""
    protocol = facts.protocol
    shipped = known_versions()
    line = [each for each in (*protocol.ancestors, protocol.version) if each in shipped]
    return line[-1] if line else protocol.version


@cache
def _shipped_files() -> tuple[_FactsFile, ...]:
    return tuple(_read_file(path) for path in sorted(_FOLDER.glob("*.toml")))


def _read_file(path: Path) -> _FactsFile:
    file = str(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CodegenError(
            f"the facts file cannot be read: {error.strerror}", file=file, cure="check the path"
        ) from error
    except ValueError as error:
        raise CodegenError(
            f"not valid TOML: {error}", file=file, cure="correct the file; facts are TOML in UTF-8"
        ) from error
    check_facts(tables, file)
    version = tables.get("protocol", {}).get("version")
    if version is None:
        raise CodegenError(
            "the facts file does not name its OCPP version",
            file=file,
            pointer="/protocol/version",
            cure='add the table [protocol] with a line such as version = "2.0.1"',
        )
    return _FactsFile(file, version, tables)


def _merged_facts(layers: Sequence[_FactsFile], ancestors: tuple[str, ...]) -> VersionFacts:
    """Merges facts files, and checks that nothing is missing and all references exist."""
    tables: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        tables = _merged_tables(tables, layer.tables)
        origins |= dict.fromkeys(layer.tables.get("actions", {}), layer.file)
    _check_base_version(tables["protocol"], layers)
    _check_required_keys(tables["protocol"], "protocol", layers[-1].file, ("protocol",))
    _check_required_keys(
        tables["protocol"]["roles"], "roles", layers[-1].file, ("protocol", "roles")
    )
    removed = _removed_actions(tables, origins)
    actions = {
        name: table for name, table in tables.get("actions", {}).items() if name not in removed
    }
    names = {
        path: name
        for path, name in tables.get("names", {}).items()
        if path.partition(".")[0] not in removed
    }
    for name, action in actions.items():
        _check_required_keys(action, "action", origins[name], ("actions", name))
        _check_references(name, action, tables, origins[name])
    return VersionFacts(
        protocol=_protocol_facts(tables["protocol"], ancestors),
        actions={
            name: _action_facts(
                name, _without_removed_followers(actions[name], removed), origins[name]
            )
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


def _removed_actions(tables: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, str]:
    """Returns the actions that the facts remove, each with the facts file that removes it.

    Raises:
        CodegenError: the version has no such action, so the name is probably misspelt.
    """
    actions: Mapping[str, Mapping[str, Any]] = tables.get("actions", {})
    removed = {name: origins[name] for name in sorted(actions) if actions[name].get("removed")}
    for name, file in removed.items():
        if set(actions[name]) == {"removed"}:
            raise CodegenError(
                f"there is no action {name!r} to remove",
                file=file,
                pointer=pointer_of("actions", name),
                cure=did_you_mean(
                    name, actions.keys() - removed.keys(), "correct the name or remove the entry"
                ),
            )
    return removed


def _without_removed_followers(
    action: Mapping[str, Any], removed: Mapping[str, str]
) -> dict[str, Any]:
    """Returns an action's facts; takes removed actions out of `followed_by`, and drops the key `removed`."""
    kept = {key: value for key, value in action.items() if key != "removed"}
    if "followed_by" in kept:
        kept["followed_by"] = [name for name in kept["followed_by"] if name not in removed]
    return kept


def _protocol_facts(table: Mapping[str, Any], ancestors: tuple[str, ...]) -> ProtocolFacts:
    members: dict[str, Any] = {
        **table,
        "roles": RoleFacts(**table["roles"]),
        "sensitive": SensitiveFacts(**table.get("sensitive", {})),
        "payloads": PayloadFacts(**table.get("payloads", {})),
    }
    return ProtocolFacts(**members, ancestors=ancestors)


def _merged_tables(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict):
            value = _merged_tables(below.get(key, {}), cast("dict[str, Any]", value))
        merged[key] = value
    return merged


def _check_base_version(protocol: Mapping[str, Any], layers: Sequence[_FactsFile]) -> None:
    """Raises an error if facts of a new version are incomplete and extend no shipped version."""
    shipped = known_versions()
    if {layer.version for layer in layers} & shipped.keys() or "blocks" in protocol:
        return
    newest = list(shipped)[-1]
    extended = protocol.get("extends")
    raise CodegenError(
        (
            f"this version extends OCPP {extended!r}, of which there are no facts"
            if extended
            else "the facts of this version do not name a version that it extends"
        ),
        file=layers[-1].file,
        pointer="/protocol/extends" if extended else "/protocol",
        cure=f'write extends = "{newest}", or another of {", ".join(shipped)}',
    )


def _check_required_keys(
    table: Mapping[str, Any], what: str, file: str, place: tuple[str, ...]
) -> None:
    for key in REQUIRED[what]:
        if key not in table:
            raise CodegenError(
                f"the key {key!r} is missing",
                file=file,
                pointer=pointer_of(*place),
                cure=f"add the key; this table needs {', '.join(REQUIRED[what])}",
            )


def _check_references(
    name: str, action: Mapping[str, Any], tables: Mapping[str, Any], file: str
) -> None:
    blocks = tables["protocol"]["blocks"]
    if action["block"] not in blocks:
        raise CodegenError(
            f"there is no functional block {action['block']!r}",
            file=file,
            pointer=pointer_of("actions", name, "block"),
            cure=f"use one of {', '.join(blocks)}, or add the block under [protocol.blocks]",
        )
    for follower in action.get("followed_by", ()):
        if follower not in tables["actions"]:
            raise CodegenError(
                f"there is no action {follower!r}",
                file=file,
                pointer=pointer_of("actions", name, "followed_by"),
                cure="write an action of this version as in OCPP messages, such as BootNotification",
            )


def _action_facts(name: str, table: Mapping[str, Any], file: str) -> ActionFacts:
    frozen: dict[str, Any] = {
        key: tuple(cast("list[str]", value)) if isinstance(value, list) else value
        for key, value in table.items()
    }
    return ActionFacts(name=name, file=file, **frozen)

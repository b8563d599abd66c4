"""Checks the keys and values of a facts file.

The rules are a table with the shape of the file. A key that is not in the table is an error, so that
a misspelt key is not silently ignored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .._errors import CodegenError, did_you_mean

__all__ = [
    "ERROR_CODES",
    "FAILURES",
    "MESSAGE_KINDS",
    "NO_REPLIES",
    "OFFLINE",
    "REQUIRED",
    "SECURITY_EVENTS",
    "check_facts",
    "pointer_of",
]

OFFLINE = ("drop", "queue", "queue_if_transaction", "queue_if_critical", "queue_by_severity")
"""The values of `core.Offline`; a test compares them."""

ERROR_CODES = (
    "FormatViolation",
    "GenericError",
    "InternalError",
    "MessageTypeNotSupported",
    "NotImplemented",
    "NotSupported",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "ProtocolError",
    "RpcFrameworkError",
    "SecurityError",
    "TypeConstraintViolation",
)
"""The values of `core.ErrorCode`; a test compares them."""

SECURITY_EVENTS = (
    "AttemptedReplayAttacks",
    "CsmsFailedToAuthenticate",
    "DiscardedRenewedClientCertificate",
    "FailedToAuthenticateAtCsms",
    "FirmwareUpdated",
    "InvalidChargingStationCertificate",
    "InvalidCsmsCertificate",
    "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate",
    "InvalidMessages",
    "InvalidTLSCipherSuite",
    "InvalidTLSVersion",
    "MaintenanceLoginAccepted",
    "MaintenanceLoginFailed",
    "MemoryExhaustion",
    "ReconfigurationOfSecurityParameters",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "TamperDetectionActivated",
)
"""The values of `core.SecurityEvent`; a test compares them."""

MESSAGE_KINDS = ("call", "call_result", "call_error", "call_result_error", "send")
"""The names of `core.MessageKind` that have a number on the wire; a test compares them."""

FAILURES = (
    "frame_too_big",
    "binary",
    "not_json",
    "salvaged",
    "not_an_array",
    "unreadable_id",
    "unknown_type",
    "malformed",
    "id_too_long",
    "too_deep",
    "number_too_long",
    "too_many_elements",
    "duplicate_id",
    "unknown_action",
    "wrong_direction",
    "not_handled",
    "not_accepted",
    "rejected",
    "handler_failed",
    "handler_timed_out",
    "stray",
)
"""The values of `core.Failure`; a test compares them."""

NO_REPLIES = ("silent", "close")
"""The values of `core.NoReply`; a test compares them."""

REQUIRED = {
    "protocol": ("version", "subprotocol", "package", "blocks", "error_codes", "roles"),
    "roles": ("station", "csms", "station_class", "handle_class"),
    "action": ("purpose", "direction", "block", "citation"),
}
"""The keys that each of these tables must have after all facts files of a version are merged."""


@dataclass(frozen=True)
class _ValueRule:
    """A rule for one value."""

    expected: str
    """The allowed values in words, for errors."""

    fits: Callable[[object], bool]
    """Tells whether a value is allowed."""


@dataclass(frozen=True)
class _TomlTableRule:
    """A rule for a table: rules for named keys, and perhaps one rule for all other keys."""

    keys: Mapping[str, "_ValueRule | _TomlTableRule"] = field(
        default_factory=dict[str, "_ValueRule | _TomlTableRule"]
    )
    rest: "_ValueRule | _TomlTableRule | None" = None
    rest_key: "_ValueRule | None" = None


def _matching_rule(expected: str, pattern: str) -> _ValueRule:
    compiled = re.compile(pattern)
    return _ValueRule(
        expected, lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None
    )


def _one_of_rule(*words: str) -> _ValueRule:
    return _ValueRule("one of " + ", ".join(map(repr, words)), lambda value: value in words)


def _list_rule(rule: _ValueRule) -> _ValueRule:
    return _ValueRule(
        f"a list, each item {rule.expected}",
        lambda value: isinstance(value, list) and all(map(rule.fits, cast("list[object]", value))),
    )


# Facts end up in docstrings: one line, and nothing that could close the docstring or escape in it.
_LINE = _matching_rule(
    "one line of text without quotation marks and backslashes", r'[^"\\\r\n]*[^"\\\s]'
)
_SENTENCE = _matching_rule(
    "one sentence that ends with a full stop, without quotation marks and backslashes",
    r'[^"\\\r\n]+\.',
)
_NAME = _matching_rule(
    "a name such as 'BootNotification'", r"(?!(None|True|False)$)[A-Z][A-Za-z0-9_]*"
)
_MEMBER = _matching_rule("a member such as 'seqNo'", r"[A-Za-z_]\w*")
_SIBLING = _matching_rule("a sibling such as 'variable.name'", r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_USE_CASE = _matching_rule("a use case such as 'B01'", r"[A-Z][0-9]{2}")
_VERSION = _matching_rule("a version such as '2.0.1'", r"[0-9]+(\.[0-9]+)*")

_REPLY = _TomlTableRule({"reaction": _one_of_rule(*ERROR_CODES, *NO_REPLIES), "citation": _LINE})

_BITS = _ValueRule("a number of bits", lambda value: type(value) is int and value > 0)

_BOOLEAN = _ValueRule("true or false", lambda value: isinstance(value, bool))

_ACTION = _TomlTableRule(
    {
        "purpose": _SENTENCE,
        "direction": _one_of_rule("station", "csms", "both"),
        "block": _LINE,
        "kind": _one_of_rule("call", "send"),
        "use_cases": _list_rule(_USE_CASE),
        "citation": _LINE,
        "transaction_related": _BOOLEAN,
        "offline": _one_of_rule(*OFFLINE),
        "offline_mark": _MEMBER,
        "correlation": _matching_rule(
            "a place such as 'request.requestId'", r"(request|response)(\.[A-Za-z_]\w*)+"
        ),
        "parts": _list_rule(_MEMBER),
        "triggers": _list_rule(_NAME),
        "extended_triggers": _list_rule(_NAME),
        "followed_by": _list_rule(_NAME),
        "v16_equivalent": _list_rule(_NAME),
        "since": _VERSION,
        "removed": _ValueRule("true or false", lambda value: isinstance(value, bool)),
    }
)

_FILE = _TomlTableRule(
    {
        "protocol": _TomlTableRule(
            {
                "version": _VERSION,
                "subprotocol": _matching_rule("a subprotocol such as 'ocpp2.0.1'", r"[\w.+-]+"),
                "package": _matching_rule("a package such as 'v201'", r"[a-z_][a-z0-9_]*"),
                "blocks": _TomlTableRule(
                    rest=_LINE, rest_key=_matching_rule("a short name", r"[A-Za-z]\w*")
                ),
                "error_codes": _TomlTableRule(dict.fromkeys(ERROR_CODES, _NAME)),
                "extends": _VERSION,
                "message_types": _list_rule(_one_of_rule(*MESSAGE_KINDS)),
                "replies": _TomlTableRule(dict.fromkeys(FAILURES, _REPLY)),
                "compared_limits": _TomlTableRule(
                    rest=_matching_rule("a member such as 'IdTokenType.idToken'", r"[A-Z]\w*\.\w+"),
                    rest_key=_LINE,
                ),
                "uncritical_events": _list_rule(_NAME),
                "security_events": _TomlTableRule(dict.fromkeys(SECURITY_EVENTS, _NAME)),
                "serves_unknown": _BOOLEAN,
                "identity_pattern": _LINE,
                "identity_ignores_case": _BOOLEAN,
                "sensitive": _TomlTableRule(
                    {
                        "secret": _list_rule(_MEMBER),
                        "personal": _list_rule(_MEMBER),
                        "named_values": _TomlTableRule(rest=_SIBLING, rest_key=_MEMBER),
                        "secret_names": _list_rule(_LINE),
                        "harmless_in": _list_rule(_MEMBER),
                    }
                ),
                "payloads": _TomlTableRule(
                    {
                        "integer_bits": _BITS,
                        "harmless_when_absent": _list_rule(_MEMBER),
                        "json_texts": _list_rule(_MEMBER),
                    }
                ),
                "roles": _TomlTableRule(
                    {
                        "station": _LINE,
                        "csms": _LINE,
                        "station_class": _NAME,
                        "handle_class": _NAME,
                        "description": _MEMBER,
                        "boot_defaults": _TomlTableRule(rest=_NAME, rest_key=_MEMBER),
                        "serial_number": _MEMBER,
                        "vendor": _MEMBER,
                        "model": _MEMBER,
                        "firmware": _MEMBER,
                    }
                ),
            }
        ),
        "actions": _TomlTableRule(rest=_ACTION, rest_key=_NAME),
        "names": _TomlTableRule(
            rest=_NAME,
            rest_key=_matching_rule(
                "a place such as 'Authorize.response.idTagInfo', or a definition of the schemas",
                r"[A-Z]\w*\.(request|response)(\.[^.\[\]]+(\[\])*)+|[^.]+",
            ),
        ),
        "members": _TomlTableRule(
            rest=_matching_rule(
                "a name such as 'serial_number' or 'POWER_UP'", r"[A-Za-z][A-Za-z0-9_]*"
            ),
            rest_key=_matching_rule("a member such as 'ResetRequest.type'", r"[A-Z]\w*\..+"),
        ),
    }
)


def check_facts(document: Mapping[str, Any], file: str) -> None:
    """Checks the keys and values of one facts file.

    Raises:
        CodegenError: a key is unknown, or a value is not allowed.
    """
    _check_table(document, _FILE, file, ())


def pointer_of(*keys: str) -> str:
    """Returns the JSON pointer of a path of keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def _check_table(
    table: Mapping[str, Any], rules: _TomlTableRule, file: str, trail: tuple[str, ...]
) -> None:
    for key, value in table.items():
        place = (*trail, key)
        rule = rules.keys.get(key, rules.rest)
        if rule is None:
            raise _unknown_key(key, rules, file, place)
        if key not in rules.keys and rules.rest_key and not rules.rest_key.fits(key):
            raise CodegenError(
                f"the key {key!r} is not {rules.rest_key.expected}",
                file=file,
                pointer=pointer_of(*place),
                cure="correct the key",
            )
        _check_value(value, rule, file, place)


def _check_value(
    value: object, rule: _ValueRule | _TomlTableRule, file: str, place: tuple[str, ...]
) -> None:
    if isinstance(rule, _TomlTableRule):
        if isinstance(value, dict):
            _check_table(cast("dict[str, Any]", value), rule, file, place)
            return
        expected = "a table"
    else:
        if rule.fits(value):
            return
        expected = rule.expected
    raise CodegenError(
        f"{value!r} is not allowed here",
        file=file,
        pointer=pointer_of(*place),
        cure=f"write {expected}",
    )


def _unknown_key(
    key: str, rules: _TomlTableRule, file: str, place: tuple[str, ...]
) -> CodegenError:
    known = ", ".join(rules.keys)
    return CodegenError(
        f"the key {key!r} is unknown",
        file=file,
        pointer=pointer_of(*place),
        cure=did_you_mean(key, rules.keys, f"use one of the known keys: {known}"),
    )

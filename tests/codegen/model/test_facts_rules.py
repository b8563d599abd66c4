"""The rules of facts files: every key, type and word that is not right is refused, with the place."""

import tomllib
from typing import Any

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.model._facts_rules import (
    ERROR_CODES,
    FAILURES,
    MESSAGE_KINDS,
    NO_REPLIES,
    OFFLINE,
    SECURITY_EVENTS,
    check_facts,
    pointer_of,
)
from ocppkit.core import ErrorCode, Failure, MessageKind, NoReply, Offline, SecurityEvent

WHOLE = """
[protocol]
version = "2.0.1"
subprotocol = "ocpp2.0.1"
package = "v201"
blocks = { A = "Security", ACME = "Acme's own" }
error_codes = { NotSupported = "NotSupported" }
message_types = ["call_result", "send"]
replies = { not_json = { reaction = "silent", citation = "Acme manual, page 4" } }
uncritical_events = ["LampReplaced"]
security_events = { InvalidCsmsCertificate = "StrangeCsms" }
serves_unknown = true
identity_pattern = "[A-Z]{1,4}"
identity_ignores_case = true
sensitive = { secret = ["pin"], personal = ["idTag"], named_values = { value = "key.name" }, secret_names = ["Key"], harmless_in = ["sample"] }
payloads = { integer_bits = 32, harmless_when_absent = ["retries"], json_texts = ["data"] }

[protocol.roles]
station = "Charging Station"
csms = "CSMS"
station_class = "ChargingStation"
handle_class = "ConnectedStation"
description = "chargingStation"
boot_defaults = { reason = "PowerUp" }
serial_number = "serialNumber"
vendor = "vendorName"
model = "model"
firmware = "firmwareVersion"

[actions.AcmeBlink]
purpose = "Asks the Charging Station to blink."
direction = "csms"
block = "ACME"
citation = "Acme manual, edition 7, page 3"
kind = "call"
use_cases = ["Z01"]
transaction_related = false
removed = false
offline = "queue"
offline_mark = "late"
correlation = "request.lamp.requestId"
parts = ["seqNo", "tbc"]
triggers = ["Blink"]
extended_triggers = ["Blink"]
followed_by = ["AcmeBlinked"]
v16_equivalent = ["Reset"]
since = "2.1"

[names]
"AcmeBlink.request.colours[]" = "Colour"
"AcmeBlink.response.lamps[].state" = "LampState"
"""
"""A file that uses every key."""


def refused(text: str) -> CodegenError:
    with pytest.raises(CodegenError) as caught:
        check_facts(tomllib.loads(text), "acme.toml")
    assert caught.value.file == "acme.toml"
    assert caught.value.cure
    return caught.value


def test_a_whole_file_passes() -> None:
    check_facts(tomllib.loads(WHOLE), "acme.toml")


def test_every_rule_is_exercised_by_the_whole_file() -> None:
    action: dict[str, Any] = tomllib.loads(WHOLE)["actions"]["AcmeBlink"]
    cure = refused("[actions.Blink]\nzzz = 1\n").cure or ""
    assert set(cure.removeprefix("use one of the known keys: ").split(", ")) == action.keys()


def test_the_words_are_those_of_core() -> None:
    assert set(OFFLINE) == {word.value for word in Offline}
    assert set(ERROR_CODES) == {code.value for code in ErrorCode}
    assert set(SECURITY_EVENTS) == {event.value for event in SecurityEvent}
    assert set(FAILURES) == {failure.value for failure in Failure}
    assert set(NO_REPLIES) == {word.value for word in NoReply}
    assert {*MESSAGE_KINDS, "other"} == {kind.name.lower() for kind in MessageKind}


@pytest.mark.parametrize(
    ("old", "new", "pointer", "cure"),
    [
        ("direction =", "directoin =", "/actions/AcmeBlink/directoin", "did you mean 'direction'?"),
        ("purpose =", "x =", "/actions/AcmeBlink/x", "use one of the known keys: purpose"),
        ("[actions.AcmeBlink]", "[actions.acmeBlink]", "/actions/acmeBlink", "correct the key"),
        ("[actions.AcmeBlink]", "[action.AcmeBlink]", "/action", "did you mean 'actions'?"),
        ("[actions.AcmeBlink]", "[actions]\nA = 1\n[actions.B]", "/actions/A", "write a table"),
        ("NotSupported =", "NoSupport =", "/protocol/error_codes/NoSupport", "'NotSupported'?"),
        ('"send"', '"shout"', "/protocol/message_types", "one of 'call', 'call_result'"),
        ("not_json", "no_json", "/protocol/replies/no_json", "did you mean 'not_json'?"),
        ('"silent"', '"shy"', "/protocol/replies/not_json/reaction", "'silent', 'close'"),
        ('"2.0.1"', "2.0", "/protocol/version", "a version such as"),
        ('"v201"', '"V 201"', "/protocol/package", "a package such as"),
        ('"ocpp2.0.1"', '"ocpp 2.0.1"', "/protocol/subprotocol", "a subprotocol such as"),
        ("A = ", '"A b" = ', "/protocol/blocks/A b", "correct the key"),
        ('"ChargingStation"', '"charging"', "/protocol/roles/station_class", "a name such as"),
        ('"PowerUp"', "1", "/protocol/roles/boot_defaults/reason", "a name such as"),
        ("blink.", "blink", "/actions/AcmeBlink/purpose", "ends with a full stop"),
        ("to blink", "to\\nblink", "/actions/AcmeBlink/purpose", "one sentence"),
        ("to blink", 'to \\"blink\\"', "/actions/AcmeBlink/purpose", "without quotation marks"),
        ("to blink", "to \\\\blink", "/actions/AcmeBlink/purpose", "backslashes"),
        ('"csms"', '"server"', "/actions/AcmeBlink/direction", "one of 'station', 'csms', 'both'"),
        ('"csms"', "true", "/actions/AcmeBlink/direction", "one of 'station', 'csms', 'both'"),
        ('"csms"', '["csms"]', "/actions/AcmeBlink/direction", "one of 'station'"),
        ('"call"', '"reply"', "/actions/AcmeBlink/kind", "one of 'call', 'send'"),
        ('"queue"', '"keep"', "/actions/AcmeBlink/offline", "'queue_if_transaction'"),
        ("= false", "= 0", "/actions/AcmeBlink/transaction_related", "true or false"),
        ('["Z01"]', '"Z01"', "/actions/AcmeBlink/use_cases", "a list, each item a use case"),
        ('["Z01"]', '["Z1"]', "/actions/AcmeBlink/use_cases", "a list, each item a use case"),
        ('"request.lamp', '"lamp', "/actions/AcmeBlink/correlation", "'request.requestId'"),
        ('"tbc"]', "1]", "/actions/AcmeBlink/parts", "each item a member"),
        ('["AcmeBlinked"]', '["not a name"]', "/actions/AcmeBlink/followed_by", "each item a name"),
        ('since = "2.1"', "since = 2.1", "/actions/AcmeBlink/since", "a version such as"),
        ('"Colour"', '"colour"', "/names/AcmeBlink.request.colours[]", "a name such as"),
        ('"Colour"', '"None"', "/names/AcmeBlink.request.colours[]", "a name such as"),
        ("request.colours[]", "colours[]", "/names/AcmeBlink.colours[]", "correct the key"),
        ("request.colours[]", "request", "/names/AcmeBlink.request", "correct the key"),
        (
            "request.colours[]",
            "request.a/b~[x]",
            "/names/AcmeBlink.request.a~1b~0[x]",
            "correct the key",
        ),
    ],
)
def test_what_is_refused(old: str, new: str, pointer: str, cure: str) -> None:
    assert old in WHOLE
    error = refused(WHOLE.replace(old, new, 1))
    assert error.pointer == pointer
    assert cure in (error.cure or "")


def test_pointers_escape() -> None:
    assert pointer_of("a/b", "c~d", "e.f") == "/a~1b/c~0d/e.f"

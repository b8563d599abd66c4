"""The reply table: every cell as it was decided, and every cell once more over a connection."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocppkit.core import (
    LENIENT,
    STRICT,
    CallEnded,
    ErrorCode,
    Failure,
    FrameRefused,
    InvalidMessage,
    Issue,
    MessageKind,
    NoReply,
    Policy,
    Role,
    Rule,
    reply_to,
)
from ocppkit.core.engine._replies import REPLIES, describe, message_kind_of, read_code, spell_code
from support.connection_pair import PROTOCOLS, VERSIONS, connect, events_of, frames_of

# How a call is answered, in the spelling of each version; the cells of the decision table of OCPP-J.
CALL_CELLS = """
frame_too_big       close                         close                          close
binary              silent                        RpcFrameworkError              RpcFrameworkError
not_json            silent                        RpcFrameworkError              RpcFrameworkError
salvaged            FormationViolation            RpcFrameworkError              RpcFrameworkError
not_an_array        silent                        RpcFrameworkError              RpcFrameworkError
unreadable_id       silent                        RpcFrameworkError              RpcFrameworkError
unknown_type        silent                        MessageTypeNotSupported        silent
malformed           FormationViolation            RpcFrameworkError              RpcFrameworkError
id_too_long         FormationViolation            RpcFrameworkError              RpcFrameworkError
too_deep            FormationViolation            FormatViolation                FormatViolation
number_too_long     PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
too_many_elements   FormationViolation            FormatViolation                FormatViolation
stray               silent                        silent                         silent
duplicate_id        FormationViolation            RpcFrameworkError              RpcFrameworkError
unknown_action      NotImplemented                NotImplemented                 NotImplemented
wrong_direction     NotSupported                  NotSupported                   NotSupported
not_handled         NotSupported                  NotSupported                   NotSupported
payload             FormationViolation            FormatViolation                FormatViolation
required            OccurenceConstraintViolation  OccurrenceConstraintViolation  OccurrenceConstraintViolation
min_items           OccurenceConstraintViolation  OccurrenceConstraintViolation  OccurrenceConstraintViolation
max_items           OccurenceConstraintViolation  OccurrenceConstraintViolation  OccurrenceConstraintViolation
unknown_member      FormationViolation            FormatViolation                FormatViolation
null                TypeConstraintViolation       TypeConstraintViolation        TypeConstraintViolation
type                TypeConstraintViolation       TypeConstraintViolation        TypeConstraintViolation
number              PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
enum                PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
min_length          PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
max_length          PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
minimum             PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
maximum             PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
multiple_of         PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
format              PropertyConstraintViolation   PropertyConstraintViolation    PropertyConstraintViolation
not_accepted        SecurityError                 SecurityError                  SecurityError
rejected            silent                        SecurityError                  SecurityError
handler_failed      InternalError                 InternalError                  InternalError
handler_timed_out   InternalError                 InternalError                  InternalError
"""

ROWS = {
    cells[0]: dict(zip(VERSIONS, cells[1:], strict=True))
    for cells in map(str.split, CALL_CELLS.strip().splitlines())
}

# An answer whose message id is unknown is nobody's.
UNKNOWN_ID = ("binary", "not_json", "not_an_array", "unreadable_id")


def failure_of(word: str) -> Failure | Rule:
    return Failure(word) if word in {each.value for each in Failure} else Rule(word)


def expected(version: str, word: str, kind: MessageKind) -> str:
    """Returns a cell as the decisions in `_replies.py` have it."""
    if word == "frame_too_big":
        return "close"
    match kind:
        case MessageKind.CALL | MessageKind.OTHER:
            return ROWS[word][version]
        case MessageKind.CALL_RESULT if version == "2.1" and word not in UNKNOWN_ID:
            return ROWS[word][version]
        case _:
            return "silent"


def cells() -> Iterator[tuple[str, str, MessageKind]]:
    for version, protocol in PROTOCOLS.items():
        for word in ROWS:
            for kind in sorted({MessageKind.OTHER, *protocol.message_types}):
                yield version, word, kind


def shown(protocol_version: str, reaction: ErrorCode | NoReply) -> str:
    if isinstance(reaction, NoReply):
        return reaction
    return PROTOCOLS[protocol_version].error_codes[reaction]


@pytest.mark.parametrize(("version", "word", "kind"), [*cells()])
def test_every_cell(version: str, word: str, kind: MessageKind) -> None:
    reply = reply_to(PROTOCOLS[version], failure_of(word), kind)
    assert shown(version, reply.reaction) == expected(version, word, kind)
    assert reply.citation


def test_the_table_is_complete() -> None:
    # A payload that is no JSON makes the whole text none, so that rule has no row of its own.
    assert set(REPLIES) == {*Failure, *Rule} - {Rule.JSON}
    assert {failure_of(word) for word in ROWS} == set(REPLIES)


def test_failures_and_rules_share_no_word() -> None:
    assert not {each.value for each in Failure} & {each.value for each in Rule}


def test_rules_answer_as_issues_do() -> None:
    for rule in set(Rule) - {Rule.JSON}:
        assert REPLIES[rule].reaction == Issue("$", rule).error_code


# --- Over a connection -----------------------------------------------------------------------

# For each failure of a call: what arrives at the CSMS, in 1.6 and in 2.x where they differ.
START = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2025-06-01T10:00:00Z"}
EVENT = {
    "eventType": "Started",
    "timestamp": "2025-06-01T10:00:00Z",
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "t"},
}
ONCE = {
    "not_json": '[2,"x","Heartbeat",{',
    "not_an_array": '{"a":1}',
    "unreadable_id": '[2,17,"Heartbeat",{}]',
    "unknown_type": '[7,"x","Heartbeat",{}]',
    "malformed": '[2,"x","Heartbeat"]',
    "id_too_long": f'[2,"{"x" * 37}","Heartbeat",{{}}]',
    "too_deep": f'[2,"x","Heartbeat",{"[" * 64}{"]" * 64}]',
    "number_too_long": f'[2,"x","Heartbeat",{{"a":{"1" * 41}}}]',
    "too_many_elements": f'[2,"x","Heartbeat",{{"a":[{"1," * 65536}1]}}]',
    "unknown_action": '[2,"x","FlyToTheMoon",{}]',
    "wrong_direction": '[2,"x","Reset",{"type":"Soft"}]',
    "payload": '[2,"x","Heartbeat",[]]',
    "unknown_member": '[2,"x","Heartbeat",{"a":1}]',
}


def heard(version: str, text: str, **options: Any) -> tuple[list[FrameRefused], list[Any]]:
    csms = connect(Role.CSMS, version, **options)
    csms.receive_data(text, 0.0)
    refused = [event for event in events_of(csms) if isinstance(event, FrameRefused)]
    return refused, frames_of(csms)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("word", ONCE)
def test_a_failed_call_is_answered_as_the_table_says(version: str, word: str) -> None:
    (refused,), frames = heard(version, ONCE[word])
    assert refused.failure == word
    due = expected(version, word, refused.kind)
    assert [frame[2] for frame in frames] == ([] if due == "silent" else [due])
    for frame in frames:
        message_id = {"id_too_long": "x" * 37}.get(word, "-1" if word in UNKNOWN_ID else "x")
        assert frame == [4, message_id, due, frame[3], {}]
        assert refused.error.error_code == refused.reply.reaction


@pytest.mark.parametrize("version", VERSIONS)
def test_salvaged(version: str) -> None:
    (refused,), ((*_, code, _, _),) = heard(version, ONCE["not_json"], inbound=LENIENT)
    assert (refused.failure, code) == (
        Failure.SALVAGED,
        expected(version, "salvaged", refused.kind),
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_binary(version: str) -> None:
    csms = connect(Role.CSMS, version)
    csms.receive_data(b'[2,"x","Heartbeat",{}]', 0.0, binary=True)
    due = expected(version, "binary", MessageKind.CALL)
    assert [frame[1:3] for frame in frames_of(csms)] == ([] if due == "silent" else [["-1", due]])


@pytest.mark.parametrize("version", VERSIONS)
def test_duplicate_id(version: str) -> None:
    csms = connect(Role.CSMS, version)
    for _ in range(2):
        csms.receive_data('[2,"x","Heartbeat",{}]', 0.0)
    due = expected(version, "duplicate_id", MessageKind.CALL)
    assert frames_of(csms) == [[4, "x", due, "duplicate id", {}]]


@pytest.mark.parametrize("version", VERSIONS)
def test_not_handled(version: str) -> None:
    (refused,), frames = heard(version, '[2,"x","Heartbeat",{}]', handled=lambda action: False)
    assert refused.failure is Failure.NOT_HANDLED
    assert frames == [[4, "x", "NotSupported", "not handled", {}]]


REFUSALS = ["not_accepted", "rejected", "handler_failed", "handler_timed_out", "not_handled"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("word", REFUSALS)
def test_what_a_role_refuses(version: str, word: str) -> None:
    csms = connect(Role.CSMS, version)
    csms.receive_data('[2,"x","Heartbeat",{}]', 0.0)
    csms.refuse("x", Failure(word), now=0.0)
    due = expected(version, word, MessageKind.CALL)
    described = word.replace("_", " ")
    assert frames_of(csms) == ([] if due == "silent" else [[4, "x", due, described, {}]])
    assert not csms.open_calls


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('[2,"x","BootNotification",{"chargePointVendor":"V"}]', Rule.REQUIRED),
        ('[2,"x","Authorize",{"idTag":null}]', Rule.NULL),
        ('[2,"x","Authorize",{"idTag":7}]', Rule.TYPE),
        ('[2,"x","Authorize",{"idTag":"123456789012345678901"}]', Rule.MAX_LENGTH),
        (json.dumps([2, "x", "StartTransaction", {**START, "timestamp": "now"}]), Rule.FORMAT),
        (
            '[2,"x","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"On"}]',
            Rule.ENUM,
        ),
    ],
)
def test_rules_in_1_6(text: str, rule: Rule) -> None:
    (refused,), ((*_, code, _, _),) = heard("1.6", text)
    assert (refused.failure, code) == (rule, expected("1.6", rule, MessageKind.CALL))


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"seqNo": None}, Rule.NULL),
        ({"seqNo": "0"}, Rule.TYPE),
        ({"eventType": "Begun"}, Rule.ENUM),
        ({"timestamp": "now"}, Rule.FORMAT),
        ({"meterValue": []}, Rule.MIN_ITEMS),
        ({"transactionInfo": {}}, Rule.REQUIRED),
        ({"transactionInfo": {"transactionId": "t" * 37}}, Rule.MAX_LENGTH),
        ({"extra": 1}, Rule.UNKNOWN_MEMBER),
    ],
)
def test_rules_in_2_x(version: str, change: dict[str, Any], rule: Rule) -> None:
    text = json.dumps([2, "x", "TransactionEvent", {**EVENT, **change}])
    (refused,), ((*_, code, _, _),) = heard(version, text)
    assert (refused.failure, code) == (rule, expected(version, rule, MessageKind.CALL))


@pytest.mark.parametrize(
    "payload", [{"a": 1}, [], {"status": "Maybe"}, {"status": None}, {"status": 1}, {}]
)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_invalid_result_is_answered_where_the_version_has_a_word_for_it(
    version: str, payload: Any
) -> None:
    csms = connect(Role.CSMS, version)
    csms.send_call(PROTOCOLS[version].actions["ClearCache"].request(), 0.0)
    csms.data_to_send()
    csms.receive_data(json.dumps([3, "c1", payload]), 0.0)
    ended, refused = events_of(csms)
    assert isinstance(ended, CallEnded)
    assert isinstance(refused, FrameRefused)
    assert isinstance(ended.error, InvalidMessage)
    due = expected(version, str(refused.failure), MessageKind.CALL_RESULT)
    said = describe(refused.failure, ended.error.issues)
    assert frames_of(csms) == ([] if due == "silent" else [[5, "c1", due, said, {}]])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("frame_type", [3, 4, 5, 6])
@pytest.mark.parametrize("rest", ["", ',"GenericError"', ',{"a":1},[],null', ',"A",{'])
@pytest.mark.parametrize("policy", [STRICT, LENIENT])
def test_what_is_never_answered(version: str, frame_type: int, rest: str, policy: Policy) -> None:
    csms = connect(Role.CSMS, version, inbound=policy)
    for message_id in ('"never asked"', "17", '""', f'"{"x" * 300}"'):
        csms.receive_data(f"[{frame_type},{message_id}{rest}]", 0.0)
    csms.receive_data(f"[{frame_type}]", 0.0)
    # A kind that the version lacks is no answer, and no SEND: it is of an unknown type.
    if frame_type in PROTOCOLS[version].message_types:
        assert csms.data_to_send() == []
    else:
        assert {frame[0] for frame in frames_of(csms)} <= {MessageKind.CALL_ERROR}
    assert sum(csms.refused.values()) + len(events_of(csms)) >= 4


# --- What replies say ------------------------------------------------------------------------


def test_a_reply_repeats_nothing_of_the_payload() -> None:
    secret = "hunter2"
    payloads = [
        {"reason": secret, "chargingStation": {"model": secret * 9, "vendorName": 7}},
        {"chargingStation": {secret: secret}, secret: {secret: [secret]}},
        {"x']\"[" + secret: 1, "reason": "PowerUp", "chargingStation": {"model": [secret]}},
        {"customData": {"vendorId": secret * 99, secret: 1}},
        [secret],
    ]
    for payload in payloads:
        _, frames = heard("2.0.1", json.dumps([2, "x", "BootNotification", payload]))
        assert len(frames) == 1
        assert secret not in json.dumps(frames)


def test_a_reply_says_what_is_wrong() -> None:
    payload = {"reason": "Boredom", "chargingStation": {"model": "m" * 21, "b": 1}}
    (refused,), ((*_, said, _),) = heard("2.0.1", json.dumps([2, "x", "BootNotification", payload]))
    assert said == (
        "$.chargingStation.vendorName is required;"
        " $.chargingStation has a member that its schema lacks;"
        " $.reason must be one of ApplicationReset, FirmwareUpdate, LocalReset, PowerUp,"
        " RemoteReset, ScheduledReset, Triggered, Unknown, Watchdog"
    )
    assert refused.kind is MessageKind.CALL


def test_a_reply_is_bounded() -> None:
    payload = {"meterValue": [{"a" * 200: 1}] * 50, "b" * 99: 1}
    for message_id in ("x" * 36, "é" * 255):
        text = json.dumps([2, message_id, "TransactionEvent", payload])
        _, ((*_, said, details),) = heard("2.0.1", text, inbound=LENIENT)
        assert len(said) <= 255
        assert details == {}


# --- Codes and kinds -------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("code", ErrorCode)
def test_codes_are_spelt_as_the_version_does(version: str, code: ErrorCode) -> None:
    spelt = spell_code(PROTOCOLS[version], code)
    assert spelt == PROTOCOLS[version].error_codes.get(code, "GenericError")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_answers_with_codes_that_it_has(version: str) -> None:
    protocol = PROTOCOLS[version]
    for word in ROWS:
        reaction = reply_to(protocol, failure_of(word), MessageKind.CALL).reaction
        assert isinstance(reaction, NoReply) or reaction in protocol.error_codes


def test_every_spelling_is_read() -> None:
    for protocol in PROTOCOLS.values():
        for code, word in protocol.error_codes.items():
            assert read_code(word) is code
    assert read_code("OutOfCoffee") == "OutOfCoffee"


def test_kinds_by_version() -> None:
    kinds = {
        version: [int(message_kind_of(protocol, number)) for number in (2, 3, 4, 5, 6, 7, 0, None)]
        for version, protocol in PROTOCOLS.items()
    }
    assert kinds == {
        "1.6": [2, 3, 4, 0, 0, 0, 0, 0],
        "2.0.1": [2, 3, 4, 0, 0, 0, 0, 0],
        "2.1": [2, 3, 4, 5, 6, 0, 0, 0],
    }


# --- Citations -------------------------------------------------------------------------------

CITED = re.compile(r"\b(?:ERR|FRM|MID|SYN|VAL|WSX)-\d\d\b")


def test_every_rule_that_is_cited_is_in_the_design_notes() -> None:
    root = Path(__file__).parents[3]
    listed = set(CITED.findall((root / "docs/design/engine.md").read_text("utf-8")))
    modules = [path.read_text("utf-8") for path in (root / "sdk/ocppkit/core").rglob("*.py")]
    cited = set(CITED.findall("".join(modules)))
    assert cited
    assert cited <= listed

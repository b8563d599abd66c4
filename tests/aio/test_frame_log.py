"""Frames in a log: no secret, no control character of the peer's, no endless line."""

import json
import logging
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio._frame_log import frame_text, log_frame
from ocppkit.aio.lowlevel import loggable
from ocppkit.core import Protocol

SECRET = "T0p-s3cret"
PROTOCOLS = [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL]


@pytest.mark.parametrize(
    "payload",
    [
        {"key": "AuthorizationKey", "value": SECRET},
        {"key": "authorizationKEY", "value": SECRET},
        {"value": SECRET, "key": "AuthorizationKey"},
        {"configurationKey": [{"key": "AuthorizationKey", "value": SECRET, "readonly": False}]},
        {"connectionData": {"basicAuthPassword": SECRET}},
        {"connectionData": {"vpn": {"password": SECRET}, "apn": {"apnPassword": SECRET}}},
        {"location": f"ftp://joe:{SECRET}@files.example/x"},
        {"key": "AuthorizationKey", "value": f'quote " and \\ {SECRET}'},
        {"idToken": {"idToken": SECRET, "type": "KeyCode"}},
        {"vendorId": "V", "data": json.dumps({"password": SECRET, "n": 1})},
        {"vendorId": "V", "data": json.dumps({"data": json.dumps({"password": SECRET})})},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.version)
def test_secrets_do_not_show(payload: Any, separators: tuple[str, str], protocol: Protocol) -> None:
    text = json.dumps([2, "1", "X", payload], separators=separators)
    assert SECRET not in frame_text(text, protocol)
    assert SECRET not in frame_text(text.encode(), protocol)


@pytest.mark.parametrize(
    "payload",
    [
        {"connectionData": {"vpn": {"password": "x", "key": SECRET}}},
        {"connectionData": {"vpn": {"user": SECRET}}},
        {"connectionData": {"apn": {"apnUserName": SECRET}}},
        {"actualValue": SECRET, "variable": {"name": "BasicAuthPassword"}},
        {"setVariableData": [{"attributeValue": SECRET, "variable": {"name": "SomePin"}}]},
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=lambda protocol: protocol.version)
def test_secrets_of_2_x_do_not_show(payload: object, protocol: Protocol) -> None:
    assert SECRET not in frame_text(json.dumps([2, "1", "X", payload]), protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.version)
def test_every_member_that_the_facts_name_is_hidden(protocol: Protocol) -> None:
    facts = next(iter(protocol.actions.values())).request.__ocpp_sensitive__
    assert facts.personal
    for name in facts.secret:
        assert SECRET not in frame_text(json.dumps([2, "1", "X", {name: SECRET}]), protocol)
    for name in facts.personal:
        text = json.dumps([2, "1", "X", {name: SECRET}])
        assert SECRET not in frame_text(text, protocol, hide_id_tokens=True)
    for name, sibling in facts.named_values.items():
        for secret in facts.secret_names:
            said: Any = secret
            for step in reversed(sibling.split(".")):
                said = {step: said}
            text = json.dumps([2, "1", "X", {name: SECRET, **said}])
            assert SECRET not in frame_text(text, protocol), (name, secret)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.version)
def test_a_word_that_begins_like_a_secret_hides_nothing(protocol: Protocol) -> None:
    text = '[2,"1","X",{"key":"WebSocketPingInterval","value":"60","attributeValue":"61"}]'
    assert '"60"' in frame_text(text, protocol)
    assert '"61"' in frame_text(text, protocol)


def test_vendors_secrets_are_known_by_their_names_in_a_text_of_no_version() -> None:
    assert loggable(f'{{"wifiPassword":"{SECRET}"}}') == '{"wifiPassword":"***"}'
    assert SECRET not in loggable(f'{{"key":"AuthorizationKey","value":"{SECRET}"}}')


def test_a_pin_that_is_a_number_does_not_show() -> None:
    text = '[2,"1","SetNetworkProfile",{"apn":{"simPin":4711}}]'
    assert "4711" not in frame_text(text, v201.PROTOCOL)
    assert "4711" not in loggable(text)


@pytest.mark.parametrize(
    "payload",
    [
        {"idToken": {"idToken": SECRET, "type": "ISO14443"}},
        {"idTokenInfo": {"groupIdToken": {"idToken": SECRET, "type": "Central"}}},
        {"idToken": {"additionalInfo": [{"additionalIdToken": SECRET, "type": "x"}]}},
        {"customerIdentifier": SECRET},
        {"prioritizedEMAIDs": ["x", SECRET]},
        {"certificate": SECRET},
        {"iso15118CertificateHashData": [{"issuerNameHash": SECRET, "issuerKeyHash": "x"}]},
        {"customerCertificate": {"issuerKeyHash": "x", "serialNumber": SECRET}},
        {"exiRequest": SECRET},
        {"vendorId": "V", "data": json.dumps({"idToken": SECRET})},
        {"idToken": [SECRET]},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_who_charges_shows_unless_it_is_to_be_hidden(
    payload: object, separators: tuple[str, str]
) -> None:
    text = json.dumps([2, "1", "X", payload], separators=separators)
    assert SECRET in frame_text(text, v21.PROTOCOL)
    assert SECRET not in frame_text(text, v21.PROTOCOL, hide_id_tokens=True)


@pytest.mark.parametrize(
    "payload",
    [
        {"idTag": SECRET},
        {"IDTAG": SECRET},
        {"idTagInfo": {"status": "Accepted", "parentIdTag": SECRET}},
        {"vendorId": "V", "data": json.dumps({"idTag": SECRET})},
        {"idTag": [SECRET]},
    ],
)
def test_who_charges_in_1_6(payload: object) -> None:
    text = json.dumps([2, "1", "X", payload])
    assert SECRET in frame_text(text, v16.PROTOCOL)
    assert SECRET not in frame_text(text, v16.PROTOCOL, hide_id_tokens=True)


def test_a_token_that_is_a_number_is_hidden_too() -> None:
    text = '[2,"1","Authorize",{"idTag":4711}]'
    assert (
        frame_text(text, v16.PROTOCOL, hide_id_tokens=True) == '[2,"1","Authorize",{"idTag":"***"}]'
    )


def test_what_tells_nothing_of_who_charges_shows() -> None:
    text = (
        '[2,"1","BootNotification",{"chargingStation":{"serialNumber":"SN1"},'
        '"certificateType":"V2G","idTokenInfo":{"status":"Accepted"},"certificateStatus":"Good"}]'
    )
    assert frame_text(text, v201.PROTOCOL, hide_id_tokens=True) == text


class Bomb(str):
    """A text that must not be looked at."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(name)


def test_nothing_is_formatted_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocppkit.frames")
    log_frame(Bomb(), "<", Bomb(), v16.PROTOCOL, hide_id_tokens=True)
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, "ocppkit.frames")
    text = '[2,"1","Authorize",{"idTag":"T"}]'
    log_frame("CP001", "<", text, v16.PROTOCOL, hide_id_tokens=True)
    assert [record.message for record in caplog.records] == [
        'CP001 < [2,"1","Authorize",{"idTag":"***"}]'
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"a": SECRET, "b": [SECRET, {"c": SECRET}]},
        [SECRET, {"value": SECRET}, 'with ] and } and " in it', SECRET],
        [],
        {},
    ],
)
def test_values_of_another_type_do_not_show(value: object) -> None:
    text = json.dumps([2, "1", "X", {"a": 1, "idTag": value, "b": "shown"}])
    shown = '[2, "1", "X", {"a": 1, "idTag": "***", "b": "shown"}]'
    assert frame_text(text, v16.PROTOCOL, hide_id_tokens=True) == shown
    inside = json.dumps({"vendorId": "V", "n": json.dumps({"idTag": value}), "b": "shown"})
    text = frame_text(inside, v16.PROTOCOL, hide_id_tokens=True)
    assert SECRET not in text
    assert '"b": "shown"' in text


def test_a_secret_cut_off_does_not_show() -> None:
    text = '[2,"1","X",{"key":"AuthorizationKey","value":"' + SECRET
    assert SECRET not in frame_text(text, v16.PROTOCOL)


def test_what_is_no_secret_shows() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]'
    assert frame_text(text, v16.PROTOCOL) == text


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x9b", "\u2028", "\u202e"])
def test_control_characters_are_escaped(character: str) -> None:
    text = loggable(f"[{character}]")
    assert character not in text
    assert text.isprintable()


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert loggable(b"\xff{") == "\\xff{"


def test_long_frames_are_cut() -> None:
    text = loggable("x" * 1_000_000)
    assert len(text) < 5000
    assert text.endswith("(1000000 characters)")


@pytest.mark.parametrize("length", range(4080, 4110))
def test_a_secret_at_the_cut_does_not_show(length: int) -> None:
    """Whatever a cut leaves of a secret, and however far away its name stands."""
    tail = ',"variable":{"name":"BasicAuthPassword"}}'
    for head, end in (
        ('{"attributeValue":"', '"' + "x" * 5000 + tail),
        ('{"location":"ftp://joe:', '@files.example/x"}'),
        ('{"connectionData":{"apn":{"apnPassword":"', '"}}}'),
    ):
        filler = '[2,"1","X",{"data":"' + "x" * (length - len(head) - 30) + '"},'
        text = frame_text(filler + head + "S" * 60 + end + "x" * 5000, v201.PROTOCOL)
        assert "SSS" not in text, text[-100:]


def test_a_hostile_frame_costs_no_time() -> None:
    # A quadratic expression would take minutes over these.
    for text in (
        '"password":"' * 80_000,
        '"' * 1_000_000 + "password",
        "://" * 300_000,
        "\\" * 1_000_000 + "password",
        '\\"' * 500_000 + "password",
        '"idTag":["a",' * 80_000,
        '"idTag":' + " " * 1_000_000,
    ):
        assert len(frame_text(text, v21.PROTOCOL, hide_id_tokens=True)) < 5000

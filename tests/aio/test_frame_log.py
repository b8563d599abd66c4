"""Frames in a log: no secret, no control character of the peer's, no endless line."""

import json
import logging

import pytest

from ocppkit.aio._frame_log import log_frame
from ocppkit.aio.lowlevel import loggable

SECRET = "T0p-s3cret"


@pytest.mark.parametrize(
    "payload",
    [
        {"key": "AuthorizationKey", "value": SECRET},
        {"key": "authorizationKEY", "value": SECRET},
        {"value": SECRET, "key": "AuthorizationKey"},
        {
            "setVariableData": [
                {"attributeValue": SECRET, "variable": {"name": "BasicAuthPassword"}}
            ]
        },
        {"configurationKey": [{"key": "AuthorizationKey", "value": SECRET, "readonly": False}]},
        {"connectionData": {"basicAuthPassword": SECRET}},
        {"connectionData": {"vpn": {"password": SECRET}, "apn": {"apnPassword": SECRET}}},
        {"location": f"ftp://joe:{SECRET}@files.example/x"},
        {"key": "AuthorizationKey", "value": f'quote " and \\ {SECRET}'},
        {"connectionData": {"vpn": {"password": "x", "key": SECRET}}},
        {"actualValue": SECRET, "variable": {"name": "BasicAuthPassword"}},
        {"idToken": {"idToken": SECRET, "type": "KeyCode"}},
        {"vendorId": "V", "data": json.dumps({"password": SECRET, "n": 1})},
        {"vendorId": "V", "data": json.dumps({"data": json.dumps({"password": SECRET})})},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_secrets_do_not_show(payload: object, separators: tuple[str, str]) -> None:
    text = json.dumps([2, "1", "X", payload], separators=separators)
    assert SECRET not in loggable(text)
    assert SECRET not in loggable(text.encode())


def test_a_pin_that_is_a_number_does_not_show() -> None:
    assert "4711" not in loggable('[2,"1","SetNetworkProfile",{"apn":{"simPin":4711}}]')


@pytest.mark.parametrize(
    "payload",
    [
        {"idTag": SECRET},
        {"IDTAG": SECRET},
        {"idTagInfo": {"status": "Accepted", "parentIdTag": SECRET}},
        {"idToken": {"idToken": SECRET, "type": "ISO14443"}},
        {"idTokenInfo": {"groupIdToken": {"idToken": SECRET, "type": "Central"}}},
        {"idToken": {"additionalInfo": [{"additionalIdToken": SECRET, "type": "x"}]}},
        {"customerIdentifier": SECRET},
        {"prioritizedEMAIDs": ["x", SECRET]},
        {"certificate": SECRET},
        {"iso15118CertificateHashData": [{"issuerNameHash": SECRET, "issuerKeyHash": "x"}]},
        {"customerCertificate": {"issuerKeyHash": "x", "serialNumber": SECRET}},
        {"exiRequest": SECRET},
        {"vendorId": "V", "data": json.dumps({"idTag": SECRET})},
        {"idTag": [SECRET]},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_who_charges_shows_unless_it_is_to_be_hidden(
    payload: object, separators: tuple[str, str]
) -> None:
    text = json.dumps([2, "1", "X", payload], separators=separators)
    assert SECRET in loggable(text)
    assert SECRET not in loggable(text, hide_id_tokens=True)


def test_a_token_that_is_a_number_is_hidden_too() -> None:
    text = '[2,"1","Authorize",{"idTag":4711}]'
    assert loggable(text, hide_id_tokens=True) == '[2,"1","Authorize",{"idTag":"***"}]'


def test_what_tells_nothing_of_who_charges_shows() -> None:
    text = (
        '[2,"1","BootNotification",{"chargingStation":{"serialNumber":"SN1"},'
        '"certificateType":"V2G","idTokenInfo":{"status":"Accepted"},"certificateStatus":"Good"}]'
    )
    assert loggable(text, hide_id_tokens=True) == text


class Bomb(str):
    """A text that must not be looked at."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(name)


def test_nothing_is_formatted_when_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocppkit.frames")
    log_frame(Bomb(), "<", Bomb(), hide_id_tokens=True)
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, "ocppkit.frames")
    log_frame("CP001", "<", '[2,"1","Authorize",{"idTag":"T"}]', hide_id_tokens=True)
    assert [record.message for record in caplog.records] == [
        'CP001 < [2,"1","Authorize",{"idTag":"***"}]'
    ]


def test_a_secret_cut_off_does_not_show() -> None:
    assert SECRET not in loggable('[2,"1","X",{"key":"AuthorizationKey","value":"' + SECRET)


def test_what_is_no_secret_shows() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]'
    assert loggable(text) == text


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
        assert len(loggable(text, hide_id_tokens=True)) < 5000

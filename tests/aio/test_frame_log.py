"""Frames in a log: no secret, no control character of the peer's, no endless line."""

import json

import pytest

from ocppkit.aio import shown

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
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_secrets_do_not_show(payload: object, separators: tuple[str, str]) -> None:
    text = json.dumps([2, "1", "X", payload], separators=separators)
    assert SECRET not in shown(text)
    assert SECRET not in shown(text.encode())


def test_a_secret_cut_off_does_not_show() -> None:
    assert SECRET not in shown('[2,"1","X",{"key":"AuthorizationKey","value":"' + SECRET)


def test_what_is_no_secret_shows() -> None:
    text = '[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]'
    assert shown(text) == text


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x9b", "\u2028", "\u202e"])
def test_control_characters_are_escaped(character: str) -> None:
    text = shown(f"[{character}]")
    assert character not in text
    assert text.isprintable()


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert shown(b"\xff{") == "\\xff{"


def test_long_frames_are_cut() -> None:
    text = shown("x" * 1_000_000)
    assert len(text) < 5000
    assert text.endswith("(1000000 characters)")


def test_a_hostile_frame_costs_no_time() -> None:
    # A quadratic expression would take minutes over these.
    for text in ('"password":"' * 80_000, '"' * 1_000_000 + "password", "://" * 300_000):
        assert len(shown(text)) < 5000

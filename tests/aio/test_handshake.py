"""Handshakes as they may be logged: no password, no token."""

import pytest

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import ConnectRequest, Reject, without_query


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/ocpp/CP001?token=c4n4ry", "/ocpp/CP001"),
        ("/ocpp/CP001", "/ocpp/CP001"),
        ("/ocpp/joe@home", "/ocpp/joe@home"),
        (
            "wss://joe:c4n4ry@csms.example:8443/ocpp/CP001?a=c4n4ry#c4n4ry",
            "wss://csms.example:8443/ocpp/CP001",
        ),
        ("ws://csms.example", "ws://csms.example"),
        ("ws://a:c4n4ry@b:c4n4ry@host/x", "ws://host/x"),
    ],
)
def test_urls_lose_user_and_query(url: str, shown: str) -> None:
    assert without_query(url) == shown
    handshake = Handshake(path=url, headers=[(b"Authorization", b"Basic c4n4ry")])
    request = ConnectRequest(url=url, subprotocols=("ocpp1.6",), headers=handshake.headers)
    for said in (repr(handshake), repr(request)):
        assert repr(shown) in said
        assert "c4n4ry" not in said


def test_a_refusal_says_why_in_its_body() -> None:
    assert Reject(status=503, reason="too many connections").body == b"too many connections\n"

"""What a station asks for when it connects; and what is not safe is not asked for."""

import ssl
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.core import LocalProtocolError
from ocppkit.station import Station
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation


def make(identity: str = "CP001", **options: Any) -> Station:
    return ChargingStation(identity, model="M", vendor_name="V", **options)


@pytest.mark.parametrize(
    ("url", "identity", "expected"),
    [
        ("ws://csms", "CP001", "ws://csms/CP001"),
        ("ws://csms/", "CP001", "ws://csms/CP001"),
        ("ws://csms:9000/ocpp/v1", "CP001", "ws://csms:9000/ocpp/v1/CP001"),
        ("ws://csms/ocpp", "RDAM 123", "ws://csms/ocpp/RDAM%20123"),
        ("ws://csms/ocpp", "RDAM|123", "ws://csms/ocpp/RDAM%7C123"),
        ("ws://csms", "a/b?c#d%e", "ws://csms/a%2Fb%3Fc%23d%25e"),
        ("ws://csms/ocpp?tenant=1", "CP001", "ws://csms/ocpp/CP001?tenant=1"),
        ("ws://[::1]:9000", "Ü", "ws://[::1]:9000/%C3%9C"),
    ],
)
def test_con_04_the_identity_is_one_segment(url: str, identity: str, expected: str) -> None:
    assert make(identity, insecure=True).open(url).url == expected


def test_the_version_is_offered() -> None:
    assert make(insecure=True).open("ws://csms").subprotocols == ("ocpp2.0.1",)
    charge_point = ChargePoint(
        "CP001", charge_point_model="M", charge_point_vendor="V", insecure=True
    )
    assert charge_point.open("ws://csms").subprotocols == (v16.PROTOCOL.subprotocol,)
    assert v201.PROTOCOL.subprotocol == "ocpp2.0.1"


def test_bas_02_the_password_is_sent_as_bytes() -> None:
    key = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
    request = make("AL1000", password=key).open("ws://csms")
    expected = b"Basic QUwxMDAwOgABAgMEBQYH////////////////"
    assert request.headers == ((b"Authorization", expected),)
    assert "QUwx" not in repr(request)


def test_bas_03_a_text_is_sent_as_utf_8() -> None:
    request = make(password="Schlüssel").open("wss://csms")
    assert request.headers == ((b"Authorization", b"Basic Q1AwMDE6U2NobMO8c3NlbA=="),)


@pytest.mark.parametrize("url", ["ws://csms", "wss://csms"])
def test_no_authentication_means_no_connection(url: str) -> None:
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        make().open(url)
    assert make(insecure=True).open(url).headers == ()


def test_tls_is_verified_and_recent() -> None:
    request = make(password="x").open("wss://csms")
    assert request.ssl is not None
    assert request.ssl.verify_mode is ssl.CERT_REQUIRED
    assert request.ssl.check_hostname
    assert request.ssl.minimum_version >= ssl.TLSVersion.TLSv1_2


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def any_name() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


def old() -> ssl.SSLContext:
    context = ssl.create_default_context()
    with pytest.deprecated_call():
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_a_context_without_an_oldest_version_gets_one() -> None:
    # That is how some builds of Python make it.
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    make(password="x", ssl=context).open("wss://csms")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("context", [unverified(), any_name(), old()])
def test_a_weak_context_must_be_wanted(context: ssl.SSLContext) -> None:
    with pytest.raises(LocalProtocolError, match="the TLS context"):
        make(password="x", ssl=context).open("wss://csms")
    assert make(password="x", ssl=context, insecure=True).open("wss://csms").ssl is context


def test_a_client_certificate_needs_no_password() -> None:
    context = ssl.create_default_context()
    assert make(ssl=context, client_certificate=True).open("wss://csms").ssl is context


def test_a_context_is_no_client_certificate_unless_the_user_says_so() -> None:
    # Python does not tell what a context holds.
    context = ssl.create_default_context()
    with pytest.raises(LocalProtocolError, match="client_certificate=True"):
        make(ssl=context).open("wss://csms")
    assert make(ssl=context, insecure=True).open("wss://csms").ssl is context


@pytest.mark.parametrize(
    ("url", "options", "problem"),
    [
        ("http://csms", {}, "ws:// or wss://"),
        ("csms", {}, "ws:// or wss://"),
        ("ws://joe:secret@csms", {}, "password="),
        ("ws://csms", {"ssl": ssl.create_default_context()}, "begins with ws://"),
    ],
)
def test_what_cannot_be_used(url: str, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(LocalProtocolError, match=problem) as caught:
        make(insecure=True, **options).open(url)
    assert "secret" not in str(caught.value)


def test_a_colon_cannot_stand_before_a_password() -> None:
    with pytest.raises(LocalProtocolError, match="colon"):
        make("a:b", password="x").open("ws://csms")

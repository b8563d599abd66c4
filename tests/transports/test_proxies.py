"""What a reverse proxy says of a station is believed if it is one of ours, on every transport."""

import base64
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ocppkit.aio import Handshake
from ocppkit.core import LocalProtocolError
from ocppkit.csms import Credentials, Verdict
from ocppkit.transports import aiohttp, starlette, websockets
from ocppkit.transports._forwarded_certificate import BadCertificate, read_certificate
from ocppkit.transports._proxies import proxy_translation
from support.servers import SERVERS

PROXY = "10.0.0.1"
TRUSTED = ["10.0.0.0/24", "2001:db8:1::/48"]
STATION_PEM = (Path(__file__).parent / "tls" / "station.pem").read_text()
STATION_DER = ssl.PEM_cert_to_DER_cert(STATION_PEM)


def through(
    *headers: tuple[str, str], peer: str = PROXY, trusted: list[str] | None = None, **more: Any
) -> Handshake:
    """Returns how a handshake with these headers is understood."""
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    handshake = Handshake(path="/CP001", headers=encoded, remote_address=peer, **more)
    return proxy_translation(TRUSTED if trusted is None else trusted)(handshake)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        # What a client wrote itself stands left of what the proxy added.
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("203.0.113.9,192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("10.0.0.7, 10.0.0.9", "10.0.0.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8::7]:50123", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.7, 2001:db8:1::5, ::ffff:10.0.0.3", "192.0.2.7"),
        ("192.0.2.7, unknown, 10.0.0.9", "10.0.0.9"),
        ("nonsense", PROXY),
        ("192.0.2.7,", PROXY),
        ("'; DROP TABLE, \x1b[31m", PROXY),
    ],
)
def test_the_right_most_address_that_is_no_proxy(value: str, expected: str) -> None:
    assert through(("X-Forwarded-For", value)).remote_address == expected


def test_several_headers_are_one_list() -> None:
    understood = through(("x-forwarded-for", "203.0.113.9"), ("X-FORWARDED-FOR", "192.0.2.7"))
    assert understood.remote_address == "192.0.2.7"


@pytest.mark.parametrize(
    ("value", "address", "secure"),
    [
        ("for=192.0.2.7;proto=https", "192.0.2.7", True),
        ('For="[2001:db8::7]:4711"; Proto="https" ; by=10.0.0.1', "2001:db8::7", True),
        ("for=203.0.113.9;proto=https, for=192.0.2.7;proto=http", "192.0.2.7", False),
        ('for="_a,b;c", for=192.0.2.7;host="a\\"b";proto=wss', "192.0.2.7", True),
        ("for=192.0.2.7, for=unknown", PROXY, False),
        ("for=192.0.2.7, for=_hidden;proto=https", PROXY, True),
        ("proto=https", PROXY, True),
        ("for=192.0.2.7, ???", PROXY, False),
        ("???, for=192.0.2.7", "192.0.2.7", False),
        ("for=203.0.113.9 for=192.0.2.7", PROXY, False),
        ('for="192.0.2.7', PROXY, False),
    ],
)
def test_the_standard_header(value: str, address: str, secure: bool) -> None:
    understood = through(("Forwarded", value))
    assert (understood.remote_address, understood.secure) == (address, secure)


@pytest.mark.parametrize(
    ("protocols", "secure"),
    [
        (["https"], True),
        (["WSS"], True),
        (["http"], False),
        # What is appended to what a client sent says two things: it is not believed.
        (["https, http"], False),
        (["https", "http"], False),
        (["https, https"], True),
        (["gopher"], False),
        ([], False),
    ],
)
def test_tls_of_the_station(protocols: list[str], secure: bool) -> None:
    headers = [("X-Forwarded-Proto", value) for value in protocols]
    understood = through(("X-Forwarded-For", "192.0.2.7"), *headers, secure=not secure)
    assert understood.secure is secure


def test_two_headers_that_disagree(caplog: pytest.LogCaptureFixture) -> None:
    understood = through(("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=203.0.113.9"))
    assert understood.remote_address == PROXY
    assert "name different stations" in caplog.text
    agreed = through(("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=192.0.2.7"))
    assert agreed.remote_address == "192.0.2.7"


def test_headers_of_strangers_are_not_read() -> None:
    headers = [("X-Forwarded-For", "10.9.9.9"), ("X-Forwarded-Proto", "https")]
    for trusted, peer in (([], PROXY), (TRUSTED, "192.0.2.99"), (TRUSTED, ""), (["unix"], PROXY)):
        understood = through(*headers, peer=peer, trusted=trusted)
        assert (understood.remote_address, understood.secure) == (peer, False)


def test_a_proxy_behind_a_unix_socket() -> None:
    understood = through(("X-Forwarded-For", "192.0.2.7"), peer="", trusted=["unix"])
    assert understood.remote_address == "192.0.2.7"


def test_a_proxy_that_says_nothing_is_a_client_itself() -> None:
    understood = through(peer=PROXY, secure=True)
    assert (understood.remote_address, understood.secure) == (PROXY, True)


def test_a_proxy_s_own_certificate_is_no_station_s() -> None:
    own = {"subject": ((("commonName", "proxy"),),)}
    assert through(("X-Forwarded-For", "192.0.2.7"), peer_certificate=own).peer_certificate is None
    direct = through(peer="192.0.2.99", peer_certificate=own)
    assert direct.peer_certificate == own


@pytest.mark.parametrize(
    ("trusted", "header", "message"),
    [
        (["nginx"], None, "'nginx' does not appear to be an IPv4 or IPv6 network; write addresses"),
        (["10.0.0.1/8"], None, "has host bits set"),
        (["*"], None, "write addresses such as"),
        ("10.0.0.1", None, r"write \['10.0.0.1'\]"),
        ([], "X-Client-Cert", "needs trusted_proxies"),
        (["10.0.0.1"], "X Client", "is not a header name"),
    ],
)
def test_bad_settings_are_refused_at_the_start(
    trusted: Any, header: str | None, message: str
) -> None:
    with pytest.raises(LocalProtocolError, match=message):
        proxy_translation(trusted, header)


# Client certificates in a header.

FORMS = {
    "nginx": quote(STATION_PEM),
    "traefik": quote("".join(STATION_PEM.splitlines()[1:-1])) + ",MIIB",
    "haproxy": base64.b64encode(STATION_DER).decode(),
    "rfc9440": f":{base64.b64encode(STATION_DER).decode()}:",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_certificate_that_a_proxy_has_verified(form: str) -> None:
    translate = proxy_translation(TRUSTED, "X-Client-Cert")
    headers = [(b"x-client-cert", FORMS[form].encode())]
    shown = Handshake(path="/CP001", headers=headers, remote_address=PROXY)
    certificate = translate(shown).peer_certificate
    assert certificate is not None
    names = {name: value for relative in certificate["subject"] for name, value in relative}
    assert names["commonName"] == "SN-1"
    stranger = Handshake(path="/CP001", headers=headers, remote_address="192.0.2.99")
    assert translate(stranger).peer_certificate is None


def test_it_reads_what_the_standard_library_reads() -> None:
    decode: Any = ssl._ssl._test_decode_cert  # type: ignore[attr-defined]
    expected = decode(str(Path(__file__).parent / "tls" / "station.pem"))
    read = read_certificate(quote(STATION_PEM))
    assert read == {name: expected[name] for name in read}
    assert set(read) == {"subject", "issuer", "serialNumber"}


@pytest.mark.parametrize("values", [[b"nonsense!"], [b"", b"MIIB"], [b"AAAA", b"AAAA"], [b" "]])
def test_a_header_without_a_certificate(
    values: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    headers = [(b"X-Client-Cert", value) for value in values]
    shown = Handshake(path="/CP001", headers=headers, remote_address=PROXY)
    assert proxy_translation(TRUSTED, "X-Client-Cert")(shown).peer_certificate is None
    assert ("not read" in caplog.text) is (values != [b" "])


def test_no_bytes_raise_anything_else() -> None:
    for size in range(len(STATION_DER)):
        with pytest.raises(BadCertificate):
            read_certificate(base64.b64encode(STATION_DER[:size]).decode())
    for place in range(0, len(STATION_DER), 3):
        for value in (0x00, 0x30, 0x84, 0xFF):
            broken = bytearray(STATION_DER)
            broken[place] = value
            with suppress(BadCertificate):
                read_certificate(base64.b64encode(bytes(broken)).decode())


# On every transport.


class Witness:
    """An authenticator that notes what it is shown."""

    def __init__(self) -> None:
        self.seen: list[Credentials] = []

    def authenticate(self, credentials: Credentials) -> Verdict:
        self.seen.append(credentials)
        return Verdict.ACCEPTED


async def shown_at(
    name: str, csms: Any, raw: Callable[..., Any], witness: Witness, *headers: str, **options: Any
) -> tuple[str, bool, str | None]:
    serving: Callable[..., AbstractAsyncContextManager[int]] = SERVERS[name]
    path = "/CP001" if name == "websockets" else "/ocpp/CP001"
    async with serving(csms, **options) as port, raw(port, path, *headers):
        credentials = witness.seen.pop()
    certificate = credentials.certificate or {"subject": ()}
    names = [value for relative in certificate["subject"] for _, value in relative]
    return credentials.remote_address, credentials.secure, names[-1] if names else None


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_one_meaning_on_all_transports(
    name: str, make_csms: Callable[..., Any], raw: Callable[..., Any]
) -> None:
    witness = Witness()
    csms = make_csms(authenticator=witness)
    headers = (
        "X-Forwarded-For: 203.0.113.9, 192.0.2.7",
        "X-Forwarded-Proto: https",
        f"X-Client-Cert: {FORMS['nginx']}",
    )
    proxied = {
        "trusted_proxies": ["127.0.0.0/8"],
        "client_certificate_header": "X-Client-Cert",
    }
    seen = await shown_at(name, csms, raw, witness, *headers, **proxied)
    assert seen == ("192.0.2.7", True, "SN-1")
    seen = await shown_at(name, csms, raw, witness, *headers)
    assert seen == ("127.0.0.1", False, None)


@pytest.mark.asyncio
async def test_uvicorn_s_own_translation_agrees(
    make_csms: Callable[..., Any], raw: Callable[..., Any]
) -> None:
    witness = Witness()
    csms = make_csms(authenticator=witness)
    headers = ("X-Forwarded-For: 203.0.113.9, 192.0.2.7", "X-Forwarded-Proto: https")
    for options in ({}, {"trusted_proxies": ["127.0.0.1"]}):
        seen = await shown_at(
            "starlette", csms, raw, witness, *headers, proxy_headers=True, **options
        )
        assert seen == ("192.0.2.7", True, None)


def test_every_server_takes_the_same_settings(make_csms: Callable[..., Any]) -> None:
    for make in (
        lambda **options: starlette.endpoint(make_csms(), **options),
        lambda **options: aiohttp.CsmsHandler(make_csms(), **options),
    ):
        make(trusted_proxies=["10.0.0.1"], client_certificate_header="X-Cert")
        with pytest.raises(LocalProtocolError, match="trusted_proxies"):
            make(trusted_proxies=["everybody"])


@pytest.mark.asyncio
async def test_the_default_server_refuses_bad_settings(make_csms: Callable[..., Any]) -> None:
    with pytest.raises(LocalProtocolError, match="trusted_proxies"):
        async with websockets.serve(make_csms(), "127.0.0.1", trusted_proxies=["everybody"]):
            raise AssertionError("it serves")

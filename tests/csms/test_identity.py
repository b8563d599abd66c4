"""Identity and password from a handshake: decoded once, checked, as bytes."""

import base64

import pytest

from ocppkit import v16, v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject
from ocppkit.csms import Csms, PasswordAuthenticator

CSMS = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True, any_identity=True)
GUARDED = Csms(
    v201.PROTOCOL,
    v16.PROTOCOL,
    authenticator=PasswordAuthenticator({"CP001": "secret"}.get),
)
OFFER = (b"Sec-WebSocket-Protocol", b"ocpp2.0.1")


async def knock(
    path: str = "/CP001", *headers: tuple[bytes, bytes], csms: Csms = CSMS
) -> Accept | Reject:
    return await csms.accept(Handshake(path=path, headers=[OFFER, *headers]))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP001", "CP001"),
        ("/ocpp/v2/CP001", "CP001"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/RDAM%7C123", "RDAM|123"),
        ("/a%2Fb", "a/b"),
        ("/x/%C3%9Cber", "Über"),
        ("/CP001?token=a/b", "CP001"),
        ("CP001", "CP001"),
        ("/" + "x" * 255, "x" * 255),
        ("/100%25", "100%"),
        ("/%2525", "%25"),
        ("/CP001/", "CP001"),
        ("/ocpp/CP001//?x=/", "CP001"),
    ],
)
async def test_the_identity_is_the_last_segment(path: str, identity: str) -> None:
    decision = await knock(path)
    assert isinstance(decision, Accept)
    assert decision.identity == identity


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("", 404),
        ("*", 404),
        ("/?x=CP001", 404),
        ("/.", 404),
        ("/..", 404),
        ("/x/%2E%2e", 404),
        ("/CP%00", 404),
        ("/CP%0A", 404),
        ("/CP%1b[2J", 404),
        ("/CP%E2%80%AE", 404),
        ("/" + "x" * 256, 404),
        ("/" + "x" * 10_000, 404),
        ("/%zz", 400),
        ("/CP%", 400),
        ("/CP%2", 400),
        ("/%FF", 400),
        ("/%C3", 400),
        ("/%ED%A0%80", 400),
        ("/\udcff", 400),
    ],
)
async def test_what_cannot_be_an_identity(path: str, status: int) -> None:
    decision = await knock(path)
    assert isinstance(decision, Reject)
    assert decision.status == status
    assert "CP" not in decision.reason


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([b"ocpp2.0.1"], "ocpp2.0.1"),
        ([b"ocpp1.6, ocpp2.0.1"], "ocpp2.0.1"),
        ([b"ocpp1.6", b"ocpp2.0.1"], "ocpp2.0.1"),
        ([b"ocpp1.6"], "ocpp1.6"),
        ([b"ocpp0.1,ocpp1.6 "], "ocpp1.6"),
    ],
)
async def test_the_server_s_preference_decides(offered: list[bytes], chosen: str) -> None:
    headers = [(b"sec-websocket-protocol", value) for value in offered]
    decision = await CSMS.accept(Handshake(path="/CP001", headers=headers))
    assert isinstance(decision, Accept)
    assert decision.subprotocol == chosen


@pytest.mark.asyncio
@pytest.mark.parametrize("offered", [[], [b""], [b"ocpp2.1"], [b"OCPP2.0.1"], [b"mqtt, \xff"]])
async def test_no_common_version_is_refused(offered: list[bytes]) -> None:
    headers = [(b"Sec-WebSocket-Protocol", value) for value in offered]
    decision = await CSMS.accept(Handshake(path="/CP001", headers=headers))
    assert isinstance(decision, Reject)
    assert decision.status == 400


@pytest.mark.asyncio
async def test_a_station_without_subprotocol_by_policy() -> None:
    knock = Handshake(path="/CP001")
    assumed = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True, without_subprotocol=v16.PROTOCOL)
    sniffing = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True, without_subprotocol="sniff")
    for csms in (assumed, sniffing):
        decision = await csms.accept(knock)
        assert isinstance(decision, Accept)
        assert decision.subprotocol is None
        wrong = Handshake(path="/CP001", headers=[(b"Sec-WebSocket-Protocol", b"ocpp2.1")])
        assert isinstance(await csms.accept(wrong), Reject)


def basic(credentials: bytes) -> tuple[bytes, bytes]:
    return (b"Authorization", b"Basic " + base64.b64encode(credentials))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "header",
    [
        (b"Authorization", b"Bearer abc"),
        (b"Authorization", b"Basic"),
        (b"Authorization", b"Basic ???"),
        (b"Authorization", b"Basic \xff\xfe"),
        (b"Authorization", b"Basic QQ"),
        basic(b""),
        basic(b"CP001"),
        basic(b"CP002:secret"),
        basic(b"CP0012:secret"),
    ],
)
async def test_credentials_that_cannot_be_used(header: tuple[bytes, bytes]) -> None:
    decision = await knock("/CP001", header, csms=GUARDED)
    assert isinstance(decision, Reject)
    assert decision.status == 401
    assert decision.headers[0][0] == b"WWW-Authenticate"


@pytest.mark.asyncio
async def test_without_an_authenticator_no_header_is_judged() -> None:
    for header in ((b"Authorization", b"Bearer abc"), basic(b"CP002:secret")):
        assert isinstance(await knock("/CP001", header), Accept)


@pytest.mark.asyncio
async def test_two_authorization_headers_are_refused() -> None:
    header = basic(b"CP001:secret")
    decision = await knock("/CP001", header, header, csms=GUARDED)
    assert isinstance(decision, Reject)

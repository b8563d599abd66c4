"""Who may connect: passwords as bytes, and certificates."""

import base64
import json
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept
from ocppkit.core import LocalProtocolError
from ocppkit.csms import (
    CertificateAuthenticator,
    Credentials,
    Csms,
    PasswordAuthenticator,
    Verdict,
)
from ocppkit.testing import FakeClock, connected, settle
from ocppkit.v201.roles import ChargingStation

KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
PASSWORDS: dict[str, str | bytes] = {
    "CP001": "correct horse battery",
    "AL1000": KEY,
    "colons": "a:b:c",
    "pass": "Schlüssel",
    "a:b": "c",
}
OFFER = (b"Sec-WebSocket-Protocol", b"ocpp2.0.1")


def knock(identity: str, credentials: bytes | None, **more: Any) -> Handshake:
    headers = [OFFER]
    if credentials is not None:
        headers.append((b"AUTHORIZATION", b"basic  " + base64.b64encode(credentials)))
    return Handshake(path=f"/{identity}", headers=headers, **more)


def make(**options: Any) -> Csms:
    options.setdefault("any_identity", True)
    options.setdefault("authenticator", PasswordAuthenticator(PASSWORDS.get))
    return Csms(v201.PROTOCOL, **options)


async def status(csms: Csms, handshake: Handshake) -> int:
    decision = await csms.accept(handshake)
    return 101 if isinstance(decision, Accept) else decision.status


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("identity", "credentials", "expected"),
    [
        ("CP001", b"CP001:correct horse battery", 101),
        ("CP001", b"CP001:wrong", 401),
        ("CP001", b"CP001:", 401),
        ("CP001", None, 401),
        ("CP001", b"CP002:correct horse battery", 401),
        ("AL1000", b"AL1000:" + KEY, 101),
        ("AL1000", b"AL1000:" + KEY[:-1], 401),
        ("AL1000", b"AL1000:" + KEY.hex().encode(), 401),
        ("colons", b"colons:a:b:c", 101),
        ("pass", "pass:Schlüssel".encode(), 101),
        ("pass", "pass:Schlüssel".encode("latin-1"), 401),
        ("a:b", b"a:b:c", 101),
        ("nobody", b"nobody:x", 404),
        ("nobody", None, 404),
    ],
)
async def test_basic_authentication(
    identity: str, credentials: bytes | None, expected: int
) -> None:
    assert await status(make(), knock(identity, credentials)) == expected


@pytest.mark.asyncio
async def test_passwords_may_be_looked_up_elsewhere_and_demand_tls() -> None:
    async def look_up(identity: str) -> str | None:
        return "secret" if identity == "CP001" else None

    csms = make(authenticator=PasswordAuthenticator(look_up, require_tls=True))
    assert await status(csms, knock("CP001", b"CP001:secret", secure=True)) == 101
    assert await status(csms, knock("CP001", b"CP001:secret")) == 401
    assert await status(csms, knock("CP002", b"CP002:secret", secure=True)) == 404


def certificate(*names: str, organization: str = "ACME") -> dict[str, Any]:
    subject = ((("organizationName", organization),), *((("commonName", name),) for name in names))
    return {"subject": subject, "serialNumber": f"0{len(names)}"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (certificate("SN-1"), 101),
        (certificate("SN-2"), 401),
        (certificate(), 401),
        (certificate("SN-1", "SN-2"), 401),
        (certificate("SN-1", organization="OTHER"), 401),
        ({"subject": ((("commonName", "SN-1"),),)}, 401),
        ({}, 401),
        (None, 401),
    ],
)
async def test_client_certificates(shown: dict[str, Any] | None, expected: int) -> None:
    authenticator = CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    csms = make(authenticator=authenticator)
    assert await status(csms, knock("CP001", None, peer_certificate=shown)) == expected
    assert await status(csms, knock("CP002", None, peer_certificate=shown)) == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("organization", [None, "ACME"])
async def test_sec_11_certificates_may_be_revoked_elsewhere(organization: str | None) -> None:
    asked: list[Any] = []

    async def revoked(shown: Any) -> bool:
        asked.append(shown)
        return bool(shown["serialNumber"] == "01")

    csms = make(
        authenticator=CertificateAuthenticator(
            {"CP001": "SN-1"}.get, organization=organization, revoked=revoked
        )
    )
    shown = certificate("SN-1")
    assert await status(csms, knock("CP001", None, peer_certificate=shown)) == 401
    assert await status(csms, knock("CP001", None, peer_certificate=certificate("SN-2"))) == 401
    assert asked == [shown]
    renewed = {**shown, "serialNumber": "02"}
    assert await status(csms, knock("CP001", None, peer_certificate=renewed)) == 101


@pytest.mark.asyncio
@pytest.mark.parametrize("stored", ["", b""])
async def test_an_empty_stored_password_never_matches(stored: str | bytes) -> None:
    csms = make(authenticator=PasswordAuthenticator({"CP001": stored}.get))
    assert await status(csms, knock("CP001", b"CP001:")) == 401


@pytest.mark.asyncio
async def test_an_authenticator_of_ones_own() -> None:
    seen: list[Credentials] = []

    class Mine:
        def authenticate(self, credentials: Credentials) -> Verdict:
            seen.append(credentials)
            return Verdict.ACCEPTED

    csms = make(authenticator=Mine())
    handshake = knock("CP001", b"CP001:x", secure=True, remote_address="192.0.2.1")
    assert await status(csms, handshake) == 101
    (shown,) = seen
    assert (shown.identity, shown.password) == ("CP001", b"x")
    assert (shown.secure, shown.remote_address) == (True, "192.0.2.1")
    assert (shown.path, shown.query, shown.subprotocols) == ("/CP001", "", ("ocpp2.0.1",))
    assert shown.basic == (b"CP001", b"x")
    assert "b'x'" not in repr(seen)


@pytest.mark.asyncio
async def test_no_authenticator_means_no_start() -> None:
    csms = Csms(v201.PROTOCOL)
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        csms.check_startable()
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        await csms.accept(knock("CP001", None))
    make().check_startable()
    Csms(v201.PROTOCOL, insecure=True).check_startable()


def test_a_csms_speaks_something() -> None:
    with pytest.raises(LocalProtocolError, match="got no version of OCPP"):
        Csms(insecure=True)


@pytest.mark.asyncio
async def test_passwords_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return first == second

    # A text that is compared in any other way fails.
    class Secret(str):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared by ==")

        __hash__ = str.__hash__

    monkeypatch.setattr("ocppkit.csms._authentication.hmac.compare_digest", compare)
    authenticator = PasswordAuthenticator({"CP001": Secret("right")}.get)
    for shown in (b"right", b"wrong"):
        await authenticator.authenticate(Credentials(identity="CP001", password=shown))
    assert compared == [(b"right", b"right"), (b"wrong", b"right")]


@pytest.mark.asyncio
async def test_the_authenticator_is_asked_at_each_connection() -> None:
    asked: list[str] = []

    class Counting:
        def authenticate(self, credentials: Credentials) -> Verdict:
            asked.append(credentials.identity)
            return Verdict.ACCEPTED if len(asked) < 3 else Verdict.REFUSED

    csms = make(authenticator=Counting())
    # What was right before is not let in unasked, so that a station can be blocked.
    seen = [await status(csms, knock("CP001", b"CP001:x")) for _ in range(3)]
    assert (seen, asked) == ([101, 101, 401], ["CP001"] * 3)


@pytest.mark.asyncio
async def test_a_refusal_tells_the_same_of_a_wrong_password_and_of_none() -> None:
    csms = make()
    answers = [
        await csms.accept(knock("CP001", shown))
        for shown in (b"CP001:wrong", b"CP001:", b"CP002:correct horse battery", None)
    ]
    assert all(answer == answers[0] for answer in answers)
    assert "password" not in repr(answers[0])


@pytest.mark.asyncio
async def test_both_ends_are_strict_by_default() -> None:
    clock = FakeClock()
    csms = Csms(v201.PROTOCOL, insecure=True, clock=clock, unknown="serve")
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True, clock=clock)
    station.on(v201.ClearCacheRequest)(lambda request: pytest.fail("it was handled"))
    async with connected(station, csms) as network:
        await settle()
        wire = network.wires[0]
        wire.write('[2,"1","Heartbeat",{"more":1}]')
        wire.peer.write('[2,"2","ClearCache",{"more":1}]')
        await settle()
        frames = [json.loads(frame.data) for frame in wire.frames]
    refused = [frame[1:3] for frame in frames if frame[0] == 4]
    assert ["1", "FormatViolation"] in refused
    assert ["2", "FormatViolation"] in refused

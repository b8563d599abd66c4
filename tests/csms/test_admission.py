"""Who is let in: authenticators of all kinds, identities by path, and functions that misbehave."""

import asyncio
import base64
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject
from ocppkit.core import Limits
from ocppkit.csms import (
    Authenticator,
    Credentials,
    Csms,
    PasswordAuthenticator,
    Refused,
    Verdict,
)
from ocppkit.testing import FakeClock, settle

Make = Callable[..., Any]

VERSIONS = (v201.PROTOCOL, v16.PROTOCOL, v21.PROTOCOL)


def handshake(path: str, authorization: bytes | None = None, offer: str = "ocpp2.0.1") -> Handshake:
    headers = [(b"Sec-WebSocket-Protocol", offer.encode()), (b"User-Agent", b"Wall-11")]
    if authorization is not None:
        headers.append((b"Authorization", authorization))
    return Handshake(path=path, headers=headers, remote_address="192.0.2.7")


def basic(credentials: bytes) -> bytes:
    return b"Basic " + base64.b64encode(credentials)


async def status(csms: Csms, asked: Handshake) -> int:
    decision = await csms.accept(asked)
    return 101 if isinstance(decision, Accept) else decision.status


class Deciding:
    """An authenticator made of a function."""

    def __init__(self, decide: Callable[[Credentials], Any]) -> None:
        self.authenticate = decide


def deciding(decide: Callable[[Credentials], Any], **options: Any) -> Csms:
    authenticator = cast(Authenticator, Deciding(decide))
    return Csms(*VERSIONS, authenticator=authenticator, clock=FakeClock(), **options)


def accepted_if(condition: bool) -> Verdict:
    return Verdict.ACCEPTED if condition else Verdict.REFUSED


@pytest.mark.asyncio
async def test_bearer_tokens_shared_user_names_and_tokens_in_the_query() -> None:
    bearer = deciding(lambda shown: accepted_if(shown.token == "abc"))
    assert await status(bearer, handshake("/CP001", b"Bearer abc")) == 101
    assert await status(bearer, handshake("/CP001", b"Bearer xyz")) == 401
    assert await status(bearer, handshake("/CP001", basic(b"CP001:abc"))) == 401
    shared = deciding(lambda shown: accepted_if(shown.basic == (b"fleet", b"a:b")))
    assert await status(shared, handshake("/CP001", basic(b"fleet:a:b"))) == 101
    assert await status(shared, handshake("/CP001", b"Bearer abc")) == 401
    assert await status(shared, handshake("/CP001", basic(b"fleet"))) == 401
    query = deciding(lambda shown: accepted_if(shown.query_value("token") == "a b"))
    assert await status(query, handshake("/CP001?x=1&token=a%20b")) == 101
    assert await status(query, handshake("/CP001?x=1")) == 401


@pytest.mark.asyncio
async def test_an_authenticator_sees_the_whole_request_and_the_handle_keeps_it(
    make_csms: Make,
) -> None:
    seen: list[Credentials] = []

    def decide(shown: Credentials) -> Verdict:
        seen.append(shown)
        return Verdict.ACCEPTED

    asked = handshake("/ocpp/CP%30?token=t", b"Bearer abc", "ocpp1.6, ocpp2.0.1")
    decision = await deciding(decide).accept(asked)
    (shown,) = seen
    assert (shown.path, shown.query) == ("/ocpp/CP%30", "token=t")
    assert shown.authorization == b"Bearer abc"
    assert shown.headers == asked.headers
    assert shown.subprotocols == ("ocpp1.6", "ocpp2.0.1")
    assert "abc" not in repr(shown)
    assert "token" not in repr(shown)
    assert isinstance(decision, Accept)
    kept = decision.handshake
    assert kept is not None
    assert kept.path == asked.path
    assert kept.headers_named(b"user-agent") == [b"Wall-11"]
    assert kept.headers_named(b"authorization") == []


@pytest.mark.asyncio
async def test_a_handle_knows_its_handshake(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    await station(csms)
    handle = csms.stations.get("CP001")
    assert handle.handshake.path == "/CP001"


@pytest.mark.asyncio
async def test_a_password_needs_basic_authentication(caplog: pytest.LogCaptureFixture) -> None:
    csms = Csms(*VERSIONS, authenticator=PasswordAuthenticator({"CP001": "secret"}.get))
    reasons = {
        b"Bearer secret": "the Authorization header is not Basic",
        b"Basic !": "the Authorization header cannot be decoded",
        basic(b"CP002:secret"): "the user name is not the identity in the path",
        basic(b"CP001:guess"): "wrong password",
        None: "there is no Authorization header",
    }
    for authorization, reason in reasons.items():
        caplog.clear()
        decision = await csms.accept(handshake("/CP001", authorization))
        assert isinstance(decision, Reject)
        assert (decision.status, decision.reason) == (401, "wrong or missing credentials")
        assert f"CP001 (192.0.2.7, /CP001, offers ocpp2.0.1): refused 401: {reason}" in caplog.text


@pytest.mark.asyncio
async def test_an_authenticator_may_give_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    csms = deciding(lambda shown: Refused("blocked since May", Verdict.UNKNOWN))
    assert await status(csms, handshake("/CP001")) == 404
    csms = deciding(lambda shown: Refused("blocked since June"))
    assert await status(csms, handshake("/CP001")) == 401
    assert "refused 401: blocked since June" in caplog.text


@pytest.mark.asyncio
async def test_an_authenticator_that_raises_or_returns_nonsense_is_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(shown: Credentials) -> Verdict:
        raise ValueError("the database is away")

    async def fail_later(shown: Credentials) -> Verdict:
        await asyncio.sleep(0)
        raise ValueError("the database is away")

    for decide, why in (
        (fail, "the authenticator raised ValueError"),
        (fail_later, "the authenticator raised ValueError"),
        (lambda shown: True, "the authenticator returned True [return a Verdict, such as"),
        (lambda shown: None, "the authenticator returned None [return a Verdict, such as"),
    ):
        caplog.clear()
        decision = await deciding(decide).accept(handshake("/CP001"))
        assert isinstance(decision, Reject)
        assert (decision.status, decision.reason) == (500, "internal error")
        assert f"refused 500: {why}" in caplog.text
        assert any(record.levelno == logging.ERROR for record in caplog.records)


@pytest.mark.asyncio
async def test_an_authenticator_that_takes_too_long_is_cancelled_and_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock()
    ended: list[str] = []

    async def hang(shown: Credentials) -> Verdict:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(shown.identity)
        return Verdict.ACCEPTED

    csms = Csms(
        v201.PROTOCOL,
        authenticator=cast(Authenticator, Deciding(hang)),
        clock=clock,
        limits=Limits(handshake_timeout=8),
    )
    task = asyncio.create_task(csms.accept(handshake("/CP001")))
    await clock.advance(5.9)
    assert not task.done()
    await clock.advance(0.2)
    decision = await task
    assert isinstance(decision, Reject)
    assert (decision.status, decision.reason) == (503, "no decision in time")
    assert ended == ["CP001"]
    assert "refused 503: the authenticator did not return within 6 seconds" in caplog.text


@pytest.mark.asyncio
async def test_an_authenticator_of_a_station_that_left_is_cancelled() -> None:
    ended = asyncio.Event()

    async def hang(shown: Credentials) -> Verdict:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        return Verdict.ACCEPTED

    task = asyncio.create_task(deciding(hang).accept(handshake("/CP001")))
    await settle()
    task.cancel()
    await settle()
    assert ended.is_set()


@pytest.mark.asyncio
async def test_policies_that_fail_keep_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    def policies(identity: str) -> None:
        raise KeyError(identity)

    csms = Csms(*VERSIONS, insecure=True, policies=policies)
    decision = await csms.accept(handshake("/CP001"))
    assert isinstance(decision, Accept)
    assert decision.policies is None
    assert "policies raised an exception" in caplog.text


def by_tenant(asked: Handshake) -> str | None:
    tenant, _, name = asked.path.strip("/").partition("/")
    return f"{tenant}/{name}" if tenant in {"tenantA", "tenantB"} else None


@pytest.mark.asyncio
async def test_identities_may_be_made_of_the_whole_handshake() -> None:
    passwords = {"tenantA/CP1": "a", "tenantB/CP1": "b"}
    csms = Csms(*VERSIONS, authenticator=PasswordAuthenticator(passwords.get), identify=by_tenant)
    decision = await csms.accept(handshake("/tenantA/CP1", basic(b"CP1:a")))
    assert isinstance(decision, Accept)
    assert decision.identity == "tenantA/CP1"
    assert await status(csms, handshake("/tenantB/CP1", basic(b"CP1:b"))) == 101
    assert await status(csms, handshake("/tenantB/CP1", basic(b"tenantB/CP1:b"))) == 101
    assert await status(csms, handshake("/tenantB/CP1", basic(b"CP1:a"))) == 401
    assert await status(csms, handshake("/tenantC/CP1", basic(b"CP1:a"))) == 404
    assert await status(csms, handshake("/tenantA/", basic(b"CP1:a"))) == 404


@pytest.mark.asyncio
async def test_identify_may_be_asynchronous_and_fail() -> None:
    async def identify(asked: Handshake) -> str | None:
        await asyncio.sleep(0)
        return asked.headers_named(b"user-agent")[0].decode()

    csms = Csms(*VERSIONS, insecure=True, identify=identify)
    decision = await csms.accept(handshake("/"))
    assert isinstance(decision, Accept)
    assert decision.identity == "Wall-11"
    for wrong in (lambda asked: 1 / 0, lambda asked: "", lambda asked: 5):
        csms = Csms(*VERSIONS, insecure=True, identify=cast(Any, wrong))
        assert await status(csms, handshake("/CP001")) == 500


@pytest.mark.asyncio
@pytest.mark.parametrize("identity", ["x" * 49, "a b", "a:b", "Über", "a/b".replace("/", "%2F")])
async def test_con_06_identities_of_ocpp_2(identity: str, caplog: pytest.LogCaptureFixture) -> None:
    path = "/" + identity.replace(" ", "%20").replace("Ü", "%C3%9C")
    csms = Csms(*VERSIONS, insecure=True)
    for offer in ("ocpp2.0.1", "ocpp2.1"):
        assert await status(csms, handshake(path, offer=offer)) == 404
    assert "allow it with Csms(any_identity=True)" in caplog.text
    assert await status(csms, handshake(path, offer="ocpp1.6")) == 101
    tolerant = Csms(*VERSIONS, insecure=True, any_identity=True)
    assert await status(tolerant, handshake(path)) == 101


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("subprotocol", "stations"), [("ocpp1.6", 2), ("ocpp2.0.1", 1), ("ocpp2.1", 1)]
)
async def test_con_06_case_does_not_count_in_ocpp_2(
    subprotocol: str, stations: int, make_csms: Make, station: Make
) -> None:
    csms = make_csms()
    first = await station(csms, "CP1", subprotocol)
    second = await station(csms, "cp1", subprotocol)
    await settle()
    assert len(csms.stations) == stations
    assert (first.end is None) == (stations == 2)
    assert second.end is None
    found = csms.stations.get("cp1")
    assert found is not None
    # The station keeps the name under which it is known.
    assert found.identity == ("cp1" if stations == 2 else "CP1")
    assert ("Cp1" in csms.stations) == (stations == 1)
    assert 1 not in csms.stations


@pytest.mark.asyncio
async def test_con_06_the_user_name_may_differ_in_case_in_ocpp_2() -> None:
    csms = Csms(*VERSIONS, authenticator=PasswordAuthenticator({"CP001": "secret"}.get))
    authorization = basic(b"cp001:secret")
    assert await status(csms, handshake("/CP001", authorization)) == 101
    assert await status(csms, handshake("/CP001", authorization, "ocpp1.6")) == 401

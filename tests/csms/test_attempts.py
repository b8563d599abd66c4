"""Guessing is limited, and no right credentials are refused by what others tried."""

import asyncio
import base64
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject
from ocppkit.csms import (
    AttemptLimiter,
    Credentials,
    Csms,
    PasswordAuthenticator,
    Verdict,
)
from ocppkit.csms._attempts import TooManyAttempts, address_group
from ocppkit.testing import FakeClock, settle

ADDRESS = "192.0.2.1"


def handshake(identity: str, password: str, address: str = ADDRESS) -> Handshake:
    basic = base64.b64encode(f"{identity}:{password}".encode())
    headers = [(b"Sec-WebSocket-Protocol", b"ocpp2.0.1"), (b"Authorization", b"Basic " + basic)]
    return Handshake(path=f"/{identity}", headers=headers, remote_address=address)


class Guarded:
    """A CSMS with passwords, and a clock that stands still."""

    def __init__(self, passwords: dict[str, str] | None = None, **limits: Any) -> None:
        self.passwords = {"CP001": "right", "CP002": "right"} if passwords is None else passwords
        self.clock = FakeClock()
        self.limiter = AttemptLimiter(**limits)
        self.csms = Csms(
            v201.PROTOCOL,
            authenticator=PasswordAuthenticator(lambda identity: self.passwords.get(identity)),
            attempts=self.limiter,
            clock=self.clock,
        )

    async def tries(self, identity: str, password: str, address: str = ADDRESS) -> int:
        decision = await self.csms.accept(handshake(identity, password, address))
        return 101 if isinstance(decision, Accept) else decision.status


@pytest.mark.asyncio
async def test_wrong_attempts_are_limited_by_station_and_address() -> None:
    guarded = Guarded(per_station=3, window=60)
    assert [await guarded.tries("CP001", "no") for _ in range(5)] == [401, 401, 401, 429, 429]
    refused = await guarded.csms.accept(handshake("CP001", "right"))
    assert isinstance(refused, Reject)
    assert (refused.status, refused.headers) == (429, ((b"Retry-After", b"20"),))
    # Neither another station nor another address has lost anything.
    assert await guarded.tries("CP002", "right") == 101
    assert await guarded.tries("CP001", "right", "192.0.2.2") == 101


@pytest.mark.asyncio
async def test_no_identity_is_ever_locked() -> None:
    guarded = Guarded(per_station=3, window=60)
    wrong = 0
    for _ in range(600):
        wrong += await guarded.tries("CP001", "no") == 401
        await guarded.clock.advance(1)
    # Ten minutes of guessing: three, and then three a minute.
    assert 30 <= wrong <= 33
    await guarded.clock.advance(20)
    assert await guarded.tries("CP001", "right") == 101


@pytest.mark.asyncio
async def test_what_was_right_before_passes_whatever_others_try() -> None:
    guarded = Guarded(per_station=3, per_address=5)
    assert await guarded.tries("CP001", "right") == 101
    for _ in range(100):
        await guarded.tries("CP001", "no")
        await guarded.tries("nobody", "x")
    assert await guarded.tries("CP001", "no") == 429
    assert [await guarded.tries("CP001", "right") for _ in range(50)] == [101] * 50


@pytest.mark.asyncio
async def test_a_password_that_was_changed_proves_nothing_any_more() -> None:
    guarded = Guarded(per_station=3)
    assert await guarded.tries("CP001", "right") == 101
    guarded.passwords["CP001"] = "new"
    assert [await guarded.tries("CP001", "right") for _ in range(5)] == [401, 401, 401, 429, 429]


@pytest.mark.asyncio
async def test_strangers_of_one_address_lock_out_nobody() -> None:
    fleet = {f"CP{number}": "right" for number in range(100)}
    guarded = Guarded(fleet, per_address=100)
    for number in range(1000):
        assert await guarded.tries(f"stranger {number}", "x") == 404
    assert [await guarded.tries(identity, "right") for identity in fleet] == [101] * 100


@pytest.mark.asyncio
async def test_stations_with_an_old_password_lock_out_nobody() -> None:
    fleet = {f"CP{number}": "right" for number in range(120)}
    guarded = Guarded(fleet)
    good, stale = [*fleet][:60], [*fleet][60:]
    for _ in range(20):
        for identity in stale:
            assert await guarded.tries(identity, "stale") in (401, 429)
    assert [await guarded.tries(identity, "right") for identity in good] == [101] * 60


@pytest.mark.asyncio
async def test_many_wrong_attempts_leave_each_identity_one_at_a_time() -> None:
    guarded = Guarded({f"CP{number}": "right" for number in range(10)}, per_address=5, window=60)
    for number in range(5):
        assert await guarded.tries(f"CP{number}", "no") == 401
    assert [await guarded.tries("CP7", "no") for _ in range(3)] == [401, 429, 429]
    assert await guarded.tries("CP8", "right") == 101
    await guarded.clock.advance(6)
    assert [await guarded.tries("CP7", "no") for _ in range(2)] == [401, 429]


class Slow:
    """An authenticator that decides when it is told to."""

    def __init__(self, verdict: Verdict = Verdict.REFUSED) -> None:
        self.asked: list[str] = []
        self.decide = asyncio.Event()
        self._verdict = verdict

    async def authenticate(self, credentials: Credentials) -> Verdict:
        self.asked.append(credentials.identity)
        await self.decide.wait()
        return self._verdict


def slow(
    identities: list[str], authenticator: Slow, **limits: Any
) -> tuple[list[asyncio.Task[Any]], AttemptLimiter]:
    limiter = AttemptLimiter(**limits)
    csms = Csms(v201.PROTOCOL, authenticator=authenticator, attempts=limiter, clock=FakeClock())
    return [
        asyncio.create_task(csms.accept(handshake(identity, "guess"))) for identity in identities
    ], limiter


def statuses(decisions: list[Any]) -> list[int]:
    return [101 if isinstance(each, Accept) else each.status for each in decisions]


@pytest.mark.asyncio
async def test_attempts_at_once_are_limited_too() -> None:
    authenticator = Slow()
    tasks, _ = slow(["CP001"] * 10 + ["CP002"], authenticator, per_station=3)
    await settle()
    assert authenticator.asked == ["CP001"] * 3 + ["CP002"]
    authenticator.decide.set()
    assert sorted(statuses(await asyncio.gather(*tasks))) == [401] * 4 + [429] * 7


@pytest.mark.asyncio
async def test_checks_wait_in_a_queue_in_which_identities_take_turns() -> None:
    authenticator = Slow(Verdict.ACCEPTED)
    attack = ["A"] * 6
    tasks, _ = slow([*attack, "B", "C"], authenticator, at_once=1)
    await settle()
    assert authenticator.asked == ["A"]
    authenticator.decide.set()
    decided = statuses(await asyncio.gather(*tasks))
    # One runs, four may wait for one identity, and the sixth is refused.
    assert decided == [101] * 5 + [429] + [101] * 2
    assert authenticator.asked == ["A", "A", "B", "C", "A", "A", "A"]


@pytest.mark.asyncio
async def test_the_queue_is_bounded_and_forgets_who_has_left() -> None:
    authenticator = Slow(Verdict.ACCEPTED)
    tasks, limiter = slow(["A", "B", "C", "D"], authenticator, at_once=1, waiting=2)
    await settle()
    assert tasks[3].done()
    assert statuses([tasks[3].result()]) == [429]
    tasks[1].cancel()
    await settle()
    late = asyncio.create_task(
        Csms(
            v201.PROTOCOL, authenticator=authenticator, attempts=limiter, clock=FakeClock()
        ).accept(handshake("E", "guess"))
    )
    await settle()
    authenticator.decide.set()
    assert statuses(await asyncio.gather(tasks[0], tasks[2], late)) == [101] * 3
    assert authenticator.asked == ["A", "C", "E"]
    # Every turn was given back.
    assert limiter._turns._free == 1
    assert not limiter._turns._queues
    assert limiter._turns._room == 2
    assert not limiter._stations._counts


@pytest.mark.asyncio
async def test_a_turn_that_comes_with_a_cancellation_goes_on_to_the_next() -> None:
    authenticator = Slow(Verdict.ACCEPTED)
    tasks, limiter = slow(["A", "B", "C"], authenticator, at_once=1)
    await settle()
    limiter._turns.leave()
    tasks[1].cancel()
    await settle()
    assert authenticator.asked == ["A", "C"]
    authenticator.decide.set()
    await asyncio.gather(tasks[0], tasks[2])


@pytest.mark.asyncio
async def test_a_count_outlives_a_flood_of_made_up_names() -> None:
    guarded = Guarded(per_station=3)
    for _ in range(3):
        await guarded.tries("CP001", "no")
    for number in range(AttemptLimiter.KEYS + 100):
        guarded.limiter.failed(Credentials(identity=str(number), remote_address="a"), 0)
    assert len(guarded.limiter._stations._counts) == AttemptLimiter.KEYS
    assert await guarded.tries("CP001", "no") == 429


def test_proofs_are_bounded_and_hold_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AttemptLimiter, "PROOFS", 10)
    limiter = AttemptLimiter()
    for number in range(50):
        limiter.accepted(Credentials(identity=str(number), authorization=b"Basic c2VjcmV0"))
    assert [*limiter._proofs] == [str(number) for number in range(40, 50)]
    assert {len(proof) for proof in limiter._proofs.values()} == {32}
    assert len({*limiter._proofs.values()}) == 10


def test_nothing_shown_proves_nothing() -> None:
    limiter = AttemptLimiter()
    limiter.accepted(Credentials(identity="CP001"))
    assert not limiter._proofs


@pytest.mark.asyncio
async def test_certificates_and_tokens_are_proofs_too() -> None:
    shown = {"subject": ((("commonName", "SN-1"),),), "serialNumber": "01"}
    for more in ({"certificate": shown}, {"query": "token=abc"}, {"authorization": b"Bearer abc"}):
        limiter = AttemptLimiter(per_station=1)
        credentials = Credentials(identity="CP001", remote_address=ADDRESS, **more)
        limiter.accepted(credentials)
        limiter.failed(Credentials(identity="CP001", remote_address=ADDRESS), 0)
        async with limiter.wait_for_turn(credentials, lambda: 0):
            pass
        other = Credentials(identity="CP001", remote_address=ADDRESS, authorization=b"Basic eA==")
        with pytest.raises(TooManyAttempts):
            async with limiter.wait_for_turn(other, lambda: 0):
                raise AssertionError("it was looked at")


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_one_network_of_ipv6_is_one_address(address: str, group: str) -> None:
    assert address_group(address) == group


@pytest.mark.asyncio
async def test_guesses_from_one_ipv6_network_count_together() -> None:
    guarded = Guarded(per_station=3)
    tries = [await guarded.tries("CP001", "no", f"2001:db8::{number}") for number in range(1, 6)]
    assert tries == [401, 401, 401, 429, 429]
    assert await guarded.tries("CP001", "right", "2001:db8:0:1::1") == 101

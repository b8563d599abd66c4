"""What a CSMS keeps of repeated messages and of wrong passwords may be kept by the program, which may fail."""

import base64
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Reject
from ocppkit.csms import (
    AnswerStore,
    AttemptLimits,
    Credentials,
    Csms,
    PasswordAuthenticator,
    SqliteAnswers,
    SqliteRegistrations,
    TooManyAttempts,
)
from ocppkit.testing import settle

Make = Callable[..., Any]

EVENT: dict[str, Any] = {
    "eventType": "Ended",
    "timestamp": "2026-05-01T12:00:00Z",
    "triggerReason": "StopAuthorized",
    "seqNo": 9,
    "transactionInfo": {"transactionId": "T"},
}
STOP: dict[str, Any] = {
    "transactionId": 1,
    "meterStop": 7000,
    "timestamp": "2026-05-01T12:00:00Z",
}
BILLS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "ocpp1.6": (v16, "StopTransaction", STOP),
    "ocpp2.0.1": (v201, "TransactionEvent", EVENT),
    "ocpp2.1": (v21, "TransactionEvent", EVENT),
}


class Billing:
    """A CSMS that counts what its handler was asked to store."""

    def __init__(self, make_csms: Make, subprotocol: str, store: Any) -> None:
        self.handled: list[str] = []
        self.subprotocol = subprotocol
        version, self.action, self.payload = BILLS[subprotocol]
        self.csms: Csms = make_csms(version.PROTOCOL, answer_repeats=store, unknown="serve")
        action = version.PROTOCOL.actions[self.action]

        @self.csms.on(action.request)
        def bill(station: Any, request: Any) -> Any:
            self.handled.append(station.identity)
            return action.response()

    async def told(
        self, station: Make, message_id: str = "1", identity: str = "CP001", **more: Any
    ) -> Any:
        raw = await station(self.csms, identity=identity, subprotocol=self.subprotocol)
        (answer,) = await raw.says([2, message_id, self.action, {**self.payload, **more}])
        raw.wire.cut()
        await settle()
        return answer


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", BILLS)
async def test_a_repeated_message_is_handled_once_over_a_restart(
    subprotocol: str, make_csms: Make, station: Make, tmp_path: Path
) -> None:
    path = tmp_path / "stations.db"
    before = Billing(make_csms, subprotocol, SqliteAnswers(path))
    answer = await before.told(station)
    # Nothing is closed, as after a kill; the file may be that of the registrations.
    SqliteRegistrations(path).close()
    after = Billing(make_csms, subprotocol, SqliteAnswers(path))
    assert await after.told(station) == answer
    assert (before.handled, after.handled) == (["CP001"], [])
    # The same id means another message if the station, its identity or the payload is another.
    await after.told(station, identity="CP002")
    await after.told(station, message_id="2")
    await after.told(station, **{"meterStop": 1} if subprotocol == "ocpp1.6" else {"seqNo": 10})
    assert after.handled == ["CP002", "CP001", "CP001"]


@pytest.mark.asyncio
async def test_without_a_store_a_restart_forgets(make_csms: Make, station: Make) -> None:
    for _ in range(2):
        billing = Billing(make_csms, "ocpp2.0.1", store=True)
        await billing.told(station)
        await billing.told(station)
        assert billing.handled == ["CP001"]


@pytest.mark.asyncio
async def test_heartbeats_never_reach_the_store(make_csms: Make, station: Make) -> None:
    store = Broken()
    csms: Csms = make_csms(answer_repeats=store)
    raw = await station(csms)
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    await raw.says([2, "b", "BootNotification", boot], [2, "h", "Heartbeat", {}])
    assert not store.asked


class Broken:
    """A store that cannot be reached."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, identity: str, message_id: str, digest: bytes) -> str | None:
        self.asked.append("find")
        raise sqlite3.OperationalError("disk I/O error")

    def save(self, identity: str, message_id: str, digest: bytes, answer: str) -> None:
        self.asked.append("save")
        raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.asyncio
async def test_a_store_that_fails_refuses_nothing(
    make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    store: AnswerStore = Broken()
    billing = Billing(make_csms, "ocpp2.0.1", store)
    assert (await billing.told(station))[:2] == [3, "1"]
    said = [record.getMessage() for record in caplog.records if record.exc_info]
    assert said == [
        "CP001: Broken.find failed, so the message is handled as a new one",
        "CP001: Broken.save failed, so after a restart the message will be handled again",
    ]
    # In memory the answer is known all the same.
    await billing.told(station)
    assert billing.handled == ["CP001"]


def test_answers_in_a_file_end_with_their_time(tmp_path: Path) -> None:
    now = 1000.0
    store = SqliteAnswers(tmp_path / "answers.db", seconds=60, now=lambda: now)
    store.save("CP001", "1", b"d", "answer")
    now = 1059.9
    assert store.find("CP001", "1", b"d") == "answer"
    now = 1060.0
    assert store.find("CP001", "1", b"d") is None
    for number in range(300):
        store.save("CP001", f"new{number}", b"d", "answer")
    (count,) = store._connection.execute("SELECT count(*) FROM answers").fetchone()
    assert count == 300
    store.close()


# --- Wrong passwords ---------------------------------------------------------------------------------


class Shared:
    """Limits of a program's own, which several processes might share."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.wait = 0.0

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        if self.wait:
            raise TooManyAttempts("too many wrong attempts in the cluster", self.wait)
        self.told.append(("enter", credentials.identity))
        yield
        self.told.append(("leave", credentials.identity))

    async def accepted(self, credentials: Credentials) -> None:
        self.told.append(("accepted", credentials.identity))

    async def failed(self, credentials: Credentials, now: float) -> None:
        self.told.append(("failed", credentials.identity))


class Failing:
    """Limits whose store is down."""

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        raise ConnectionError("the store is down")
        yield

    def accepted(self, credentials: Credentials) -> None:
        raise ConnectionError("the store is down")

    def failed(self, credentials: Credentials, now: float) -> None:
        raise ConnectionError("the store is down")


class FailingToLeave(Shared):
    """Limits whose store goes down while credentials are checked."""

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        yield
        raise ConnectionError("the store is down")


def guarded(make_csms: Make, attempts: AttemptLimits) -> Csms:
    csms: Csms = make_csms(
        insecure=False,
        authenticator=PasswordAuthenticator({"CP001": "right"}.get),
        attempts=attempts,
    )
    return csms


async def status_of(csms: Csms, password: str) -> int:
    basic = base64.b64encode(f"CP001:{password}".encode())
    headers = ((b"Sec-WebSocket-Protocol", b"ocpp2.0.1"), (b"Authorization", b"Basic " + basic))
    decision = await csms.accept(Handshake(path="/CP001", headers=headers))
    return decision.status if isinstance(decision, Reject) else 101


@pytest.mark.asyncio
async def test_limits_of_a_program_s_own(make_csms: Make) -> None:
    shared = Shared()
    csms = guarded(make_csms, shared)
    assert await status_of(csms, "right") == 101
    assert await status_of(csms, "wrong") == 401
    assert [what for what, _ in shared.told] == [
        *("enter", "leave", "accepted"),
        *("enter", "leave", "failed"),
    ]
    shared.wait = 7.2
    basic = (b"Sec-WebSocket-Protocol", b"ocpp2.0.1")
    decision = await csms.accept(Handshake(path="/CP001", headers=(basic,)))
    assert isinstance(decision, Reject)
    assert decision.status == 429
    assert (b"Retry-After", b"8") in decision.headers


@pytest.mark.asyncio
@pytest.mark.parametrize("attempts", [Failing(), FailingToLeave()])
async def test_limits_that_fail_keep_nobody_out_and_let_nobody_in(
    attempts: AttemptLimits, make_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms = guarded(make_csms, attempts)
    assert await status_of(csms, "right") == 101
    assert await status_of(csms, "wrong") == 401
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said
    for line in said:
        assert line.startswith("CP001: attempts.")
        assert line.endswith("failed [until it works again, attempts are not limited]")


class SeesErrors(Shared):
    """Limits that free the turn of a check that failed."""

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        try:
            yield
        except Exception as error:
            self.told.append(("error", str(error)))
            raise


@pytest.mark.asyncio
async def test_limits_see_what_a_check_raises(
    make_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(identity: str) -> str:
        raise LookupError("no database")

    seeing = SeesErrors()
    csms = make_csms(insecure=False, authenticator=PasswordAuthenticator(broken), attempts=seeing)
    assert await status_of(csms, "right") == 500
    assert seeing.told == [("error", "the authenticator raised LookupError")]
    # The failure is the authenticator's, not that of the limits.
    assert "attempts." not in caplog.text


class SwallowsErrors(Shared):
    """Limits that suppress what a check raises."""

    @asynccontextmanager
    async def wait_for_turn(
        self, credentials: Credentials, now: Callable[[], float]
    ) -> AsyncGenerator[None]:
        with suppress(Exception):
            yield


@pytest.mark.asyncio
async def test_limits_cannot_hide_that_a_check_failed(make_csms: Make) -> None:
    csms = make_csms(
        insecure=False,
        authenticator=PasswordAuthenticator(lambda identity: 1 / 0),  # type: ignore[arg-type,return-value]
        attempts=SwallowsErrors(),
    )
    assert await status_of(csms, "right") == 500


@pytest.mark.asyncio
async def test_limits_that_fail_over_a_failing_check_are_logged(
    make_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails(Shared):
        @asynccontextmanager
        async def wait_for_turn(
            self, credentials: Credentials, now: Callable[[], float]
        ) -> AsyncGenerator[None]:
            try:
                yield
            finally:
                raise ConnectionError("the store is down")

    csms = make_csms(
        insecure=False,
        authenticator=PasswordAuthenticator(lambda identity: 1 / 0),  # type: ignore[arg-type,return-value]
        attempts=Fails(),
    )
    assert await status_of(csms, "right") == 500
    assert "CP001: attempts.wait_for_turn failed" in caplog.text

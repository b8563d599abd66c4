"""A call that a station repeats over a new connection is handled once, whenever the old one broke."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.aio import current_call
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.csms._repeated_calls import AnswerMemory
from ocppkit.testing import FakeClock, settle
from ocppkit.v201.roles import ConnectedStation

Make = Callable[..., Any]


def about(transaction_id: str) -> dict[str, Any]:
    return {
        "eventType": "Started",
        "timestamp": "2026-05-01T12:00:00Z",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction_id},
    }


EVENT = [2, "e1", "TransactionEvent", about("V")]


class Slow:
    """A CSMS whose handler takes its time."""

    def __init__(self, make_csms: Make, **options: Any) -> None:
        self.clock = FakeClock()
        self.csms: Csms = make_csms(
            v201.PROTOCOL,
            clock=self.clock,
            answer_repeats=True,
            unknown="serve",
            **options,
        )
        self.seen: list[str] = []
        self.go = asyncio.Event()
        self.problem: Exception | None = None

        @self.csms.on(v201.TransactionEventRequest)
        async def transfer(
            station: ConnectedStation, request: v201.TransactionEventRequest
        ) -> v201.TransactionEventResponse:
            self.seen.append(request.transaction_info.transaction_id)
            await self.go.wait()
            if self.problem is not None:
                raise self.problem
            return v201.TransactionEventResponse()


async def unanswered(csms: Csms, station: Make) -> None:
    """Lets a station say `EVENT`, and breaks its connection while that is in work."""
    raw = await station(csms)
    assert await raw.says(EVENT) == []
    raw.wire.cut()


@pytest.mark.asyncio
async def test_it_joins_the_one_in_work(make_csms: Make, station: Make) -> None:
    slow = Slow(make_csms)
    await unanswered(slow.csms, station)
    raw = await station(slow.csms)
    assert await raw.says(EVENT) == []
    slow.go.set()
    (answer,) = await raw.says()
    assert answer == [3, "e1", {}]
    assert len(slow.seen) == 1
    # From now on the answer is remembered as any other.
    assert await raw.says(EVENT) == [answer]
    assert len(slow.seen) == 1


@pytest.mark.asyncio
async def test_it_gets_the_answer_that_nobody_heard(make_csms: Make, station: Make) -> None:
    slow = Slow(make_csms)
    await unanswered(slow.csms, station)
    slow.go.set()
    await settle()
    raw = await station(slow.csms)
    (answer,) = await raw.says(EVENT)
    assert answer[0] == 3
    assert len(slow.seen) == 1


@pytest.mark.asyncio
async def test_it_is_another_call_after_a_day(make_csms: Make, station: Make) -> None:
    slow = Slow(make_csms)
    await unanswered(slow.csms, station)
    slow.go.set()
    await slow.clock.advance(86_401)
    raw = await station(slow.csms)
    await raw.says(EVENT)
    assert len(slow.seen) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("frame", "identity"),
    [
        ([2, "e2", "TransactionEvent", about("V")], "CP001"),
        ([2, "e1", "TransactionEvent", about("W")], "CP001"),
        (EVENT, "CP002"),
    ],
)
async def test_what_differs_is_another_call(
    frame: Any, identity: str, make_csms: Make, station: Make
) -> None:
    slow = Slow(make_csms)
    await unanswered(slow.csms, station)
    raw = await station(slow.csms, identity)
    slow.go.set()
    (answer,) = await raw.says(frame)
    assert answer[0] == 3
    assert len(slow.seen) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("joins", [True, False])
async def test_a_failure_is_not_remembered(joins: bool, make_csms: Make, station: Make) -> None:
    slow = Slow(make_csms)
    slow.problem = ValueError("the database is away")
    await unanswered(slow.csms, station)
    raw = await station(slow.csms)
    if joins:
        await raw.says(EVENT)
    slow.go.set()
    received = await raw.says()
    assert [frame[2] for frame in received] == (["InternalError"] if joins else [])
    slow.problem = None
    (answer,) = await raw.says([2, "e1", "TransactionEvent", about("V")])
    # An error that went out is an answer too; one that did not leaves the call to be handled.
    assert answer[0] == (4 if joins else 3)
    assert len(slow.seen) == (1 if joins else 2)


@pytest.mark.asyncio
async def test_a_handler_that_hangs_takes_those_who_have_joined_with_it(
    make_csms: Make, station: Make
) -> None:
    slow = Slow(make_csms)
    await unanswered(slow.csms, station)
    await slow.clock.advance(10)
    raw = await station(slow.csms)
    await raw.says(EVENT)
    await slow.clock.advance(15)
    (answer,) = await raw.says()
    assert answer[:3] == [4, "e1", "InternalError"]


@pytest.mark.asyncio
async def test_what_nobody_heard_is_bounded(make_csms: Make, station: Make) -> None:
    slow = Slow(make_csms)
    for number in range(70):
        raw = await station(slow.csms)
        await raw.says([2, f"e{number}", "TransactionEvent", about("V")])
        raw.wire.cut()
        await settle()
    slow.go.set()
    await settle()
    raw = await station(slow.csms)
    await raw.says([2, "e0", "TransactionEvent", about("V")])
    assert len(slow.seen) == 71
    await raw.says([2, "e69", "TransactionEvent", about("V")])
    assert len(slow.seen) == 71


def test_the_memory_of_stations_is_bounded() -> None:
    memory = AnswerMemory([v201.PROTOCOL])
    first = memory.calls_of("first")
    assert memory.calls_of("first") is first
    for number in range(AnswerMemory.STATIONS):
        memory.calls_of(f"CP{number}")
    assert memory.calls_of("first") is not first


@pytest.mark.asyncio
async def test_plain_handlers_and_boots_are_answered_as_ever(
    make_csms: Make, station: Make
) -> None:
    slow = Slow(make_csms)
    slow.csms.on(v201.HeartbeatRequest)(
        lambda station, request: v201.HeartbeatResponse(current_time=utcnow())
    )
    raw = await station(slow.csms)
    (answer,) = await raw.says([2, "h", "Heartbeat", {}])
    assert answer[0] == 3


@pytest.mark.asyncio
async def test_what_holds_the_time_or_a_decision_is_made_anew_after_a_reboot(
    make_csms: Make, station: Make
) -> None:
    blocked, hours = set[str](), count(10)
    csms = make_csms(v16.PROTOCOL, answer_repeats=True)

    @csms.on(v16.HeartbeatRequest)
    def heartbeat(station: Any, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=datetime(2026, 1, 2, next(hours), tzinfo=UTC))

    @csms.on(v16.AuthorizeRequest)
    def authorize(station: Any, request: v16.AuthorizeRequest) -> v16.AuthorizeResponse:
        words = v16.AuthorizationStatus
        status = words.BLOCKED if request.id_tag in blocked else words.ACCEPTED
        return v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=status))

    answers = []
    for _ in range(2):
        raw = await station(csms, subprotocol="ocpp1.6")
        answers.append(
            await raw.says(
                [2, "1", "BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"}],
                [2, "2", "Heartbeat", {}],
                [2, "3", "Authorize", {"idTag": "card"}],
            )
        )
        raw.wire.cut()
        await settle()
        blocked.add("card")
    before, after = answers
    assert [frame[1] for frame in after] == ["1", "2", "3"]
    assert after[0][2]["currentTime"] >= before[0][2]["currentTime"]
    assert [each[1][2]["currentTime"][11:13] for each in answers] == ["10", "11"]
    assert [each[2][2]["idTagInfo"]["status"] for each in answers] == ["Accepted", "Blocked"]


class Hooked:
    """A CSMS whose handler wants something done after its answer."""

    def __init__(self, make_csms: Make, **options: Any) -> None:
        self.clock = FakeClock()
        self.csms: Csms = make_csms(v201.PROTOCOL, clock=self.clock, unknown="serve", **options)
        self.go = asyncio.Event()
        self.ran: list[tuple[str, bool]] = []
        self.calls = 0

        @self.csms.on(v201.TransactionEventRequest)
        async def transfer(
            station: ConnectedStation, request: v201.TransactionEventRequest
        ) -> v201.TransactionEventResponse:
            self.calls += 1
            current_call().after_response(self.plain)
            await self.go.wait()
            current_call().after_response(self.coroutine)
            return v201.TransactionEventResponse()

    def plain(self) -> None:
        self.ran.append(("plain", "CP001" in self.csms.stations))

    async def coroutine(self) -> None:
        self.ran.append(("coroutine", "CP001" in self.csms.stations))


ONCE = [("plain", True), ("coroutine", True)]


@pytest.mark.asyncio
@pytest.mark.parametrize("repeats", [True, False])
async def test_nothing_runs_after_an_answer_that_nobody_heard(
    repeats: bool, make_csms: Make, station: Make
) -> None:
    hooked = Hooked(make_csms, answer_repeats=repeats)
    await unanswered(hooked.csms, station)
    await settle()
    hooked.go.set()
    await settle()
    assert (hooked.calls, hooked.ran) == (1, [])
    raw = await station(hooked.csms)
    assert await raw.says([2, "e9", "TransactionEvent", about("W")])
    assert (hooked.calls, hooked.ran) == (2, ONCE)


@pytest.mark.asyncio
async def test_a_repeated_call_that_is_handled_again_says_again_what_comes_after(
    make_csms: Make, station: Make
) -> None:
    hooked = Hooked(make_csms)
    await unanswered(hooked.csms, station)
    hooked.go.set()
    await settle()
    raw = await station(hooked.csms)
    (answer,) = await raw.says(EVENT)
    assert answer[0] == 3
    assert (hooked.calls, hooked.ran) == (2, ONCE)


@pytest.mark.asyncio
@pytest.mark.parametrize("joins", [True, False])
async def test_what_comes_after_runs_once_after_the_answer_that_is_heard(
    joins: bool, make_csms: Make, station: Make
) -> None:
    hooked = Hooked(make_csms, answer_repeats=True)
    await unanswered(hooked.csms, station)
    if not joins:
        hooked.go.set()
        await settle()
    raw = await station(hooked.csms)
    received = await raw.says(EVENT)
    hooked.go.set()
    received += await raw.says()
    assert received == [[3, "e1", {}]]
    assert (hooked.calls, hooked.ran) == (1, ONCE)
    for _ in range(2):
        assert await raw.says(EVENT) == received
        raw.wire.cut()
        raw = await station(hooked.csms)
    assert (hooked.calls, hooked.ran) == (1, ONCE)


@pytest.mark.asyncio
async def test_what_comes_after_waits_while_connection_after_connection_breaks(
    make_csms: Make, station: Make
) -> None:
    hooked = Hooked(make_csms, answer_repeats=True)
    for _ in range(3):
        await unanswered(hooked.csms, station)
        await settle()
    hooked.go.set()
    await settle()
    assert (hooked.calls, hooked.ran) == (1, [])
    raw = await station(hooked.csms)
    assert await raw.says(EVENT) == [[3, "e1", {}]]
    assert (hooked.calls, hooked.ran) == (1, ONCE)

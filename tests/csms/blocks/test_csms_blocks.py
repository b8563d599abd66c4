"""`CsmsBlocks`: reports, commands and verdicts on tokens, the same in each version."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Block, Command, CommandAnswer, Report, ReportReply
from ocppkit.blocks.transactions import (
    IdToken,
    MeterValue,
    MeterValuesReport,
    SampledValue,
    TokenInfo,
    TransactionEventType,
    TransactionOpened,
    TransactionReport,
)
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.csms import StationHandle
from ocppkit.csms.blocks import AuthorizationQuestion, Authorize
from ocppkit.testing.block_bench import BlockBench

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
CARD = IdToken("04E91C5A", "ISO14443")


class Reporter(Block):
    """Reports what a test says."""

    name = "reporter"

    def report(self, report: Report[ReportReply]) -> None:
        self._report(report)


def transaction(at: datetime) -> Sequence[TransactionReport]:
    """Returns the reports of a transaction of a minute, in which 500 Wh flow."""
    begin, middle, end = (at + timedelta(seconds=seconds) for seconds in (0, 30, 60))
    return [
        TransactionReport(
            event_type=TransactionEventType.STARTED,
            transaction_id="T1",
            seq_no=0,
            timestamp=begin,
            trigger_reason="Authorized",
            evse_id=1,
            connector_id=1,
            id_token=CARD,
            register=1000.0,
            meter_values=(MeterValue(begin, (SampledValue(1000.0),)),),
        ),
        TransactionReport(
            event_type=TransactionEventType.UPDATED,
            transaction_id="T1",
            seq_no=1,
            timestamp=middle,
            trigger_reason="MeterValuePeriodic",
            evse_id=1,
            meter_values=(MeterValue(middle, (SampledValue(1250.0),)),),
        ),
        TransactionReport(
            event_type=TransactionEventType.ENDED,
            transaction_id="T1",
            seq_no=2,
            timestamp=end,
            trigger_reason="EVDeparted",
            stopped_reason="EVDisconnected",
            register=1500.0,
            meter_values=(MeterValue(end, (SampledValue(1500.0),)),),
        ),
    ]


async def charge(bench: BlockBench, reporter: Reporter) -> None:
    for report in transaction(bench.now()):
        bench.do(lambda now, report=report: reporter.report(report))  # type: ignore[misc]
        await bench.advance(30)


@EACH
@pytest.mark.asyncio
async def test_a_transaction_is_joined_from_the_messages_of_any_version(protocol: Protocol) -> None:
    reporter = Reporter()
    opened: list[TransactionOpened] = []
    async with BlockBench(protocol, reporter) as bench:
        bench.csms_blocks.on(TransactionOpened)(opened.append)
        await charge(bench, reporter)
    (record,) = bench.closed
    assert len(opened) == 1
    assert record.is_complete
    assert record.station == "CP001"
    assert record.id_token is not None
    assert record.id_token.is_same_as(CARD)
    assert record.energy == 500.0


@EACH
@pytest.mark.asyncio
async def test_the_program_decides_on_the_token_of_a_transaction(protocol: Protocol) -> None:
    asked: list[AuthorizationQuestion] = []

    async def authorize(question: AuthorizationQuestion) -> TokenInfo:
        asked.append(question)
        return TokenInfo(status="Accepted", group_id_token=IdToken("FLEET"))

    reporter = Reporter()
    async with BlockBench(protocol, reporter, authorize=authorize) as bench:
        await charge(bench, reporter)
    assert asked[0].station == "CP001"
    assert asked[0].token.is_same_as(CARD)
    assert asked[0].evse_id == 1
    assert asked[0].in_transaction


def raises(question: AuthorizationQuestion) -> str:
    raise ValueError("the database is down")


def forgets_to_return(question: AuthorizationQuestion) -> Any:
    return None


def misspells(question: AuthorizationQuestion) -> str:
    return "accepted"


async def never(question: AuthorizationQuestion) -> str:
    await asyncio.Event().wait()
    return "Accepted"


@pytest.mark.parametrize(
    ("authorize", "logged"),
    [
        (raises, "the database is down"),
        (never, "no result within 10 seconds"),
        (forgets_to_return, "it returned None [return one of Accepted, Blocked"),
        (misspells, "it returned 'accepted' [return one of"),
    ],
)
@pytest.mark.asyncio
async def test_a_token_that_nobody_decides_on_is_unknown_and_the_log_says_why(
    authorize: Authorize, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    reporter = Reporter()
    async with BlockBench(v201.PROTOCOL, reporter, authorize=authorize) as bench:
        await charge(bench, reporter)
        await bench.advance(15)
        answers = [
            frame.data
            for frame in bench.network.wires[-1].frames
            if frame.direction == "in" and "idTokenInfo" in str(frame.data)
        ]
    assert '"status":"Unknown"' in str(answers[0])
    assert logged in caplog.text
    assert "[the token is answered with Unknown]" in caplog.text


@EACH
@pytest.mark.asyncio
async def test_the_program_answers_reports_of_other_kinds_itself(protocol: Protocol) -> None:
    reporter = Reporter()
    seen: list[MeterValuesReport] = []
    async with BlockBench(protocol, reporter) as bench:

        @bench.csms_blocks.answer(MeterValuesReport)
        def meter_values(station: StationHandle, report: MeterValuesReport) -> ReportReply:
            seen.append(report)
            return ReportReply()

        values = (MeterValue(bench.now(), (SampledValue(42.0),)),)
        bench.do(lambda now: reporter.report(MeterValuesReport(evse_id=1, meter_values=values)))
        await bench.advance(1)
    assert seen[0].evse_id == 1
    assert seen[0].meter_values[0].sampled_value[0].value == 42.0


class Unsaid(Command[CommandAnswer], frozen=True):
    pass


@EACH
@pytest.mark.asyncio
async def test_a_command_that_a_version_does_not_have_raises_before_anything_is_sent(
    protocol: Protocol,
) -> None:
    async with BlockBench(protocol) as bench:
        with pytest.raises(LocalProtocolError, match="has no message for Unsaid"):
            await bench.call(Unsaid())
        assert bench.actions == ["BootNotification"]


@EACH
@pytest.mark.asyncio
async def test_a_transaction_that_happens_offline_is_joined_when_the_station_is_back(
    protocol: Protocol,
) -> None:  # E04
    reporter = Reporter()
    async with BlockBench(protocol, reporter) as bench:
        await bench.go_offline()
        await charge(bench, reporter)
        assert not bench.closed
        await bench.go_online()
    (record,) = bench.closed
    assert record.is_complete
    assert record.duplicates == 0

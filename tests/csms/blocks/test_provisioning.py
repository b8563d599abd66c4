"""Provisioning of stations, and reports about their variables, in each version."""

import asyncio
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import ReportReply
from ocppkit.blocks.variables import (
    CHARGING_PROFILE_ENTRIES,
    HEARTBEAT_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    BaseReportKind,
    CollectedReport,
    ReportCollector,
    VariablesReport,
)
from ocppkit.core import Protocol
from ocppkit.csms import StationHandle
from ocppkit.csms.blocks import (
    BootQuestion,
    Provisioning,
    ProvisioningFailed,
    StationProvisioned,
)
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)


def full(station: Station) -> FullStation:
    return FullStation(station, read_meter=lambda evse_id: [], maximum=32.0)


def listening(bench: BlockBench, *kinds: type[Any]) -> list[Any]:
    told: list[Any] = []
    for kind in kinds:
        bench.csms_blocks.on(kind)(told.append)
    return told


def provisioning_of(*, interval: int = 86400, **options: Any) -> Provisioning:
    provisioning = Provisioning(interval=interval, retry_interval=60, **options)
    provisioning.want(SAMPLED_DATA_TX_UPDATED_INTERVAL, 45)
    provisioning.want(HEARTBEAT_INTERVAL, 900)
    return provisioning


@EACH
@pytest.mark.asyncio
async def test_a_station_is_pending_until_it_has_taken_all_values(
    protocol: Protocol,
) -> None:  # B02
    bench = BlockBench(protocol, full=full, provisioning=provisioning_of())
    told = listening(bench, StationProvisioned, ProvisioningFailed)
    async with bench:
        await bench.advance(5)
        assert bench.station.status == "Accepted"
        assert bench.actions.count("BootNotification") == 2
        assert bench.full.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] == 45
    assert told == [StationProvisioned("CP001")]


@EACH
@pytest.mark.asyncio
async def test_a_station_that_takes_a_value_not_stays_pending_and_is_tried_again(
    protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:
    provisioning = provisioning_of()
    provisioning.want(CHARGING_PROFILE_ENTRIES, 5)
    bench = BlockBench(protocol, full=full, provisioning=provisioning)
    told = listening(bench, StationProvisioned, ProvisioningFailed)
    async with bench:
        await bench.advance(130)
        assert bench.station.status == "Pending"
        assert bench.actions.count("BootNotification") >= 3
    assert len(told) >= 2
    assert isinstance(told[0], ProvisioningFailed)
    assert told[0].station == "CP001"
    assert str(CHARGING_PROFILE_ENTRIES) in told[0].problem
    assert "CP001: a variable could not be set" in caplog.text
    assert "[the station stays Pending, and is tried again at its next boot]" in caplog.text


@EACH
@pytest.mark.asyncio
async def test_the_program_rejects_a_station(protocol: Protocol) -> None:  # B03
    asked: list[BootQuestion] = []

    async def accept(question: BootQuestion) -> str:
        asked.append(question)
        return "Rejected"

    async with BlockBench(
        protocol, full=full, provisioning=provisioning_of(accept=accept)
    ) as bench:
        assert bench.station.status == "Rejected"
        await bench.advance(61)
        assert bench.actions.count("BootNotification") == 2
    assert asked[0].station == "CP001"
    assert (asked[0].boot.vendor_name, asked[0].boot.model) == ("ACME", "Wall-11")
    assert asked[0].boot.reason == (None if protocol is v16.PROTOCOL else "PowerUp")


@EACH
@pytest.mark.asyncio
async def test_all_variables_of_a_station_are_reported_at_once(protocol: Protocol) -> None:  # B07
    async with BlockBench(protocol, full=full) as bench:
        bench.full.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = 45
        report = await bench.csms_blocks.report(bench.handle)
    assert report.status == "Accepted"
    assert report.is_complete
    values = {each.address.place: each.attributes[0].value for each in report.data}
    assert "45" in values.values()
    assert len(values) == len(report.data) > 20


@pytest.mark.asyncio
async def test_a_report_that_a_station_does_not_have_says_so() -> None:
    async with BlockBench(v201.PROTOCOL, full=full) as bench:
        report = await bench.csms_blocks.report(bench.handle, BaseReportKind.SUMMARY_INVENTORY)
        assert report == CollectedReport(status="Accepted", data=report.data)
        assert report.data != ()


def part(number: int, *, tbc: bool) -> VariablesReport:
    return VariablesReport(
        request_id=1, generated_at=BlockBench(v201.PROTOCOL).now(), seq_no=number, tbc=tbc
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 2, 2, 0)])
def test_parts_are_joined_in_any_order_and_twice(order: tuple[int, ...]) -> None:
    collector = ReportCollector()
    for number in order:
        assert not collector.is_complete
        collector.add_part(part(number, tbc=number < 2))
    assert collector.is_complete
    assert collector.report().missing == ()


def test_parts_that_are_missing_are_named() -> None:
    collector = ReportCollector()
    collector.add_part(part(0, tbc=True))
    collector.add_part(part(3, tbc=False))
    report = collector.report()
    assert report.missing == (1, 2)
    assert not report.is_complete


@pytest.mark.asyncio
async def test_a_report_that_does_not_go_on_is_given_up() -> None:
    async with BlockBench(v201.PROTOCOL, full=full) as bench:

        @bench.csms_blocks.answer(VariablesReport)
        def lose(station: StationHandle, report: VariablesReport) -> ReportReply:
            return ReportReply()

        waiting = asyncio.create_task(bench.csms_blocks.report(bench.handle, patience=10.0))
        await bench.advance(9)
        assert not waiting.done()
        await bench.advance(2)
        report = await waiting
    assert not report.is_complete
    assert report.data == ()


@pytest.mark.asyncio
async def test_a_station_that_answers_one_question_twice_is_not_provisioned() -> None:
    def twice(request: v201.SetVariablesRequest) -> v201.SetVariablesResponse:
        asked = request.set_variable_data[0]
        result = v201.SetVariableResultType(
            attribute_status=v201.SetVariableStatusEnumType.ACCEPTED,
            component=asked.component,
            variable=asked.variable,
        )
        return v201.SetVariablesResponse(set_variable_result=[result, result])

    bench = BlockBench(v201.PROTOCOL, provisioning=provisioning_of())
    bench.station.block_access.set_default_handler(v201.SetVariablesRequest, twice)
    told = listening(bench, StationProvisioned, ProvisioningFailed)
    async with bench:
        await bench.advance(5)
        assert bench.station.status == "Pending"
    assert isinstance(told[0], ProvisioningFailed)
    assert "2 answers to one question" in told[0].problem

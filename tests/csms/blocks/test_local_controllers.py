"""A local controller: a station to the CSMS, and a CSMS to the stations behind it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from ocppkit import v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.charging import (
    ChargingBlock,
    ChargingProfile,
    ChargingRules,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ExternalLimitCleared,
    ExternalLimitSet,
    LimitChanged,
    ProfileKind,
    Purpose,
    RateUnit,
)
from ocppkit.blocks.transactions import IdToken, SampledValue
from ocppkit.blocks.variables import DeviceModel
from ocppkit.core import Protocol
from ocppkit.csms.blocks import ReportReceived
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing import FakeClock
from ocppkit.testing.block_bench import BlockBench

EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
CARD = IdToken("04E91C5A", "ISO14443")


def external_limit(amps: float) -> ChargingProfile:
    return ChargingProfile(
        id=-1,
        stack_level=0,
        charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS,
        charging_profile_kind=ProfileKind.ABSOLUTE,
        charging_schedule=(
            ChargingSchedule(
                charging_rate_unit=RateUnit.AMPERES,
                start_schedule=datetime(2025, 1, 1, tzinfo=UTC),
                charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=amps),),
            ),
        ),
    )


def full(station: Station) -> FullStation:
    return FullStation(station, read_meter=lambda evse_id: [SampledValue(0.0)], maximum=32.0)


class LocalController:
    """Two benches on one clock: the controller and the CSMS, and a station and the controller."""

    def __init__(self, protocol: Protocol) -> None:
        clock = FakeClock()
        self.charging = ChargingBlock(
            (1,),
            DeviceModel(),
            lambda most: 0,
            maximum=32.0,
            rules=dialect_of(protocol).rules(ChargingRules),
        )
        self.above = BlockBench(protocol, self.charging, clock=clock)
        self.below = BlockBench(protocol, full=full, clock=clock)
        self.told: list[ExternalLimitSet | ExternalLimitCleared] = []
        self.limits: list[float] = []
        self.above.csms_blocks.on(ReportReceived)(self._hear)
        self.below.blocks.on(LimitChanged)(lambda event: self.limits.append(event.limit))

    def _hear(self, event: ReportReceived) -> None:
        if isinstance(event.report, ExternalLimitSet | ExternalLimitCleared):
            self.told.append(event.report)

    async def limit(self, amps: float | None) -> Sequence[str]:
        """Limits all stations, or no longer, as the energy manager says, and returns their answers."""
        if amps is None:
            self.above.do(lambda now: self.charging.remove_external_limit(-1, now))
            lifted = await self.below.csms_blocks.lift_limit(self.below.handle)
            statuses = [lifted.status]
        else:
            profile = external_limit(amps)
            self.above.do(lambda now: self.charging.limit_externally(profile, 0, now))
            answer = await self.below.csms_blocks.limit(self.below.handle, amps=amps)
            statuses = [answer.status]
        await self.below.advance(1)
        return statuses


@EVSES
@pytest.mark.asyncio
@pytest.mark.parametrize("charges", [True, False])
async def test_a_limit_of_the_energy_manager_reaches_the_csms_and_the_stations(
    protocol: Protocol, charges: bool
) -> None:  # K14
    controller = LocalController(protocol)
    async with controller.above, controller.below:
        if charges:
            controller.below.full.plugged_in(1)
            controller.below.full.present(1, CARD)
            await controller.below.advance(1)
        assert await controller.limit(10.0) == ["Accepted"]
        assert await controller.limit(6.0) == ["Accepted"]
        assert await controller.limit(None) == ["Accepted"]
        assert controller.limits == [32.0, 10.0, 6.0, 32.0]
    told = [(type(each), each.source, each.evse_id) for each in controller.told]
    assert told == [
        (ExternalLimitSet, "EMS", None),
        (ExternalLimitSet, "EMS", None),
        (ExternalLimitCleared, "EMS", None),
    ]


@EVSES
@pytest.mark.asyncio
async def test_a_station_keeps_the_limit_of_its_controller_while_it_is_offline(
    protocol: Protocol,
) -> None:  # K14
    controller = LocalController(protocol)
    async with controller.above, controller.below:
        await controller.limit(10.0)
        await controller.below.go_offline()
        await controller.below.advance(3600)
        assert controller.limits == [32.0, 10.0]
        await controller.below.go_online()
        await controller.limit(None)
        assert controller.limits == [32.0, 10.0, 32.0]

"""The guide on variables does what it says."""

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.variables import (
    EV_CONNECTION_TIME_OUT,
    VariableAddress,
    VariableRules,
    VariablesBlock,
    model_of,
)
from ocppkit.core import Protocol
from ocppkit.testing.block_bench import BlockBench
from support.guide_code import executed


def test_the_guide_runs() -> None:
    names = executed("guides/variables.md")
    model = names["model"]
    lamp = VariableAddress.of(names["BRIGHTNESS"])
    refused = model.write(lamp, "95")
    assert (refused.status, refused.additional_info) == ("Rejected", "the lamp is broken")
    assert model.write(lamp, "50").status == "Accepted"
    assert [each.url for each in names["network"]] == ["wss://csms.example/ocpp"]


@pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL])
@pytest.mark.asyncio
async def test_the_csms_of_the_guide_sets_up_stations_of_all_versions(protocol: Protocol) -> None:
    set_up = executed("guides/variables.md")["set_up"]
    rules = dialect_of(protocol).rules(VariableRules)
    block = VariablesBlock(model_of(rules), rules)
    async with BlockBench(protocol, block) as bench:
        assert await set_up(bench.csms_blocks, bench.handle) == 120
    assert block.model[EV_CONNECTION_TIME_OUT] == 120

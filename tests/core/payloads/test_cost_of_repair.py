"""What lenient reading costs beside the strict refusal, counted in calls and not in seconds."""

import json
from collections.abc import Callable

import pytest

from ocppkit import v16, v201
from ocppkit.core import LENIENT, STRICT, Payload, Policy
from ocppkit.core.payloads._repair import repair
from support.call_counts import calls_of


def numbers_for_texts(count: int) -> bytes:
    item = {
        "component": {"name": "C"},
        "variable": {"name": "V"},
        "variableAttribute": [{"value": 1}],
    }
    return report([item] * count)


def items_that_cannot_be_built(count: int) -> bytes:
    good = {
        "component": {"name": "C"},
        "variable": {"name": "V"},
        "variableAttribute": [{"value": "1"}],
    }
    return report([good, {"component": {"name": 7}, "variable": []}] * count)


def report(items: list[object]) -> bytes:
    members = {"requestId": 1, "generatedAt": "2026-01-02T03:04:05Z", "seqNo": 0}
    return json.dumps({**members, "reportData": items}).encode()


def cost(data: bytes, policy: Policy, cls: type[Payload] = v201.NotifyReportRequest) -> int:
    return calls_of(lambda: repair(cls, data, policy)).total()


def samples(sample: object) -> Callable[[int], bytes]:
    """Returns what makes MeterValues of 1.6 that have one sample each."""

    def made(count: int) -> bytes:
        entry = {"timestamp": "2026-01-02T03:04:05Z", "sampledValue": [sample]}
        return json.dumps({"connectorId": 1, "meterValue": [entry] * count}).encode()

    return made


SAMPLES = {
    "no object": 7,
    "nothing that can be read": {"value": []},
    "unknown values": {"value": "1", "unit": "X", "context": "Y"},
    "nulls": {"value": "1", "unit": None, "context": None},
    "numbers": {"value": 1},
    "unknown members": {"value": "1", "a": 1, "b": 2},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_is_wrong_with_a_sample_a_repair_costs_little_more(name: str) -> None:
    data = samples(SAMPLES[name])(300)
    cost(data, STRICT, v16.MeterValuesRequest)  # what is compiled at first use
    strict, lenient = (cost(data, each, v16.MeterValuesRequest) for each in (STRICT, LENIENT))
    assert lenient <= 1.2 * strict


MESSAGES = pytest.mark.parametrize("made", [numbers_for_texts, items_that_cannot_be_built])


@MESSAGES
def test_a_repair_costs_little_more_than_the_strict_refusal(made: Callable[[int], bytes]) -> None:
    data = made(300)
    cost(data, STRICT)  # what is compiled at first use
    assert cost(data, LENIENT) <= 1.2 * cost(data, STRICT)


@MESSAGES
def test_the_cost_of_a_repair_is_linear(made: Callable[[int], bytes]) -> None:
    cost(made(1), LENIENT)
    small, large = cost(made(200), LENIENT), cost(made(2000), LENIENT)
    assert large <= 11 * small

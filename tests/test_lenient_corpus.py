"""Lenient reading over the corpus: valid payloads are read as strictly, and every change is told."""

from collections.abc import Iterator
from random import Random

import pytest

from corpus.honesty import dishonest
from corpus.instances import Case, cases
from corpus.literals import Json
from corpus.mutants import random_payload
from corpus.nodes import Node, tree
from corpus.oracle import parse
from corpus.runner import message_class
from corpus.sources import VERSIONS, Source, source, sources
from ocppkit.core import (
    LENIENT,
    OFF,
    InvalidMessage,
    Issue,
    IssueList,
    Issues,
    Payload,
    Repair,
    Rule,
    decode_payload,
    encode_payload,
)

EVERY = 5
"""Of the invalid instances each fifth is read, another one in each message."""

every_version = pytest.mark.parametrize("version", VERSIONS[::-1])


def read(message: Source, data: bytes) -> tuple[Payload, Issues] | None:
    issues = IssueList()
    try:
        payload = decode_payload(message_class(message), data, policy=LENIENT, issues=issues)
    except InvalidMessage as error:
        check_refusal(error)
        return None
    return payload, Issues(issues, issues.omitted)


def check_refusal(error: InvalidMessage) -> None:
    assert any(not issue.repaired for issue in error.issues)


def all_cases(version: str) -> Iterator[Case]:
    for message in sources(version):
        yield from cases(message)


@every_version
def test_lenient_reads_valid_payloads_as_strict_does_and_without_an_issue(version: str) -> None:
    accepted = 0
    for case in all_cases(version):
        try:
            strict = decode_payload(message_class(case.source), case.data)
        except InvalidMessage:
            continue
        accepted += 1
        assert read(case.source, case.data) == (strict, ()), case.id
    assert accepted > 7000


@every_version
def test_every_change_of_an_invalid_instance_is_told(version: str) -> None:
    told = 0
    for at, case in enumerate(all_cases(version)):
        if not case.valid and at % EVERY == len(case.source.name) % EVERY:
            told += assert_honest(case.source, case.data)
    assert told > 400


@every_version
def test_every_change_of_a_random_payload_is_told(version: str) -> None:
    told = 0
    for index in range(2500):
        random = Random(f"lenient/{version}/{index}")
        message = random.choice(sources(version))
        told += assert_honest(message, random_payload(message, random))
    assert told > 200


def assert_honest(message: Source, data: bytes) -> bool:
    """Returns whether something was repaired."""
    found = read(message, data)
    if found is None:
        return False
    payload, issues = found
    assert issues.omitted == 0
    after = parse(encode_payload(payload, policy=OFF))
    problems = list(dishonest(tree(message), parse(data), after, issues))
    assert problems == [], (str(message), data[:300], list(issues))
    return bool(issues)


# The measure itself must see what is not told.


def lies(node: Node, before: Json, after: Json, *issues: Issue) -> bool:
    return bool(list(dishonest(node, before, after, Issues(issues))))


def test_changes_without_an_issue_are_seen() -> None:
    node = tree(source("v16", "MeterValues"))
    whole: dict[str, Json] = {"connectorId": 1, "meterValue": []}
    assert not lies(node, whole, whole)
    assert lies(node, whole, {"connectorId": 1})
    assert lies(node, {"connectorId": 1}, whole)
    assert lies(node, {**whole, "transactionId": 1}, whole)
    assert lies(node, {**whole, "connectorId": "1"}, whole)
    assert lies(node, {**whole, "extra": 1}, whole)
    assert lies(node, {**whole, "meterValue": [1]}, whole)
    left_out = Issue(
        "$.meterValue[0]",
        Rule.TYPE,
        1,
        repaired=True,
        repair=Repair.ITEM_LEFT_OUT,
        left_out="$.meterValue[0]",
    )
    assert not lies(node, {**whole, "meterValue": [1]}, whole, left_out)
    assert lies(node, {**whole, "meterValue": [1, 2]}, whole, left_out)
    assert lies(node, {"connectorId": 1, "meterValue": None}, {"connectorId": 1}, left_out)

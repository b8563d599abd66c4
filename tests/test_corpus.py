"""The derived corpus: the codec agrees with the official schemas, and loses nothing on the way."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest

from corpus.equality import differences, instant
from corpus.explained import explained
from corpus.instances import cases
from corpus.literals import Json
from corpus.mending import examine
from corpus.mutants import random_payload
from corpus.nodes import Node, declared_members, tree
from corpus.oracle import NoJson, oracle, parse
from corpus.runner import Verdict, judge, message_class
from corpus.samples import maximal, minimal
from corpus.sources import VERSIONS, Source, source, sources
from corpus.survey import survey
from ocppkit.core import decode_payload, encode_payload

# The corpus must not shrink unseen: instances that the oracle calls valid, and invalid.
VALID = {"v16": 7265, "v201": 16364, "v21": 38598}
INVALID = {"v16": 15575, "v201": 31363, "v21": 63238}
MESSAGES = {"v16": 78, "v201": 128, "v21": 181}
MEMBERS = {"v16": 234, "v201": 1347, "v21": 2788}

all_sources = [each for version in VERSIONS for each in sources(version)]
every_message = pytest.mark.parametrize("message", all_sources, ids=str)
every_version = pytest.mark.parametrize("version", VERSIONS)


@every_version
def test_codec_agrees_with_the_official_schemas(version: str) -> None:
    found = survey(version)
    assert found.unexplained == []
    assert found.misjudged == []
    assert (found.valid, found.invalid) == (VALID[version], INVALID[version])
    for entry in explained():
        differing = found.explained[entry]
        assert differing == entry.count[version], f"{entry.rules}: {differing} in {version}"


@every_version
def test_the_corpus_is_complete(version: str) -> None:
    ids = [case.id for message in sources(version) for case in cases(message)]
    assert len(ids) == len(set(ids)) == VALID[version] + INVALID[version]
    assert len(sources(version)) == MESSAGES[version]


@every_version
def test_every_member_keeps_its_name_on_the_wire(version: str) -> None:
    declared: set[tuple[str, str]] = set()
    returned: set[tuple[str, str]] = set()
    for message in sources(version):
        declared |= declared_members(message)
        data = maximal(tree(message)).encode()
        assert judge(message, data).verdict is Verdict.AGREES
        payload = decode_payload(message_class(message), data)
        returned |= set(_members_of(tree(message), parse(encode_payload(payload))))
    assert len(declared) == MEMBERS[version]
    assert returned == declared


def _members_of(node: Node, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and node.item is not None:
        for item in value:
            yield from _members_of(node.item, item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in node.members:
                yield node.pointer, name
                yield from _members_of(node.members[name], item)


@every_version
def test_random_payloads_get_the_oracle_s_verdict(version: str) -> None:
    valid, count = 0, 3000
    for index in range(count):
        random = Random(f"tests/{version}/{index}")
        message = random.choice(sources(version))
        data = random_payload(message, random)
        finding, is_explained = examine(message, data)
        assert finding.verdict is Verdict.AGREES or is_explained, f"{message} {data!r} {finding}"
        valid += finding.valid
    # Both kinds must be there, or the comparison says little.
    assert count // 4 < valid < count * 9 // 10


# The oracle itself: what its packages get wrong is mended, and must stay so.


@every_message
def test_oracle_tells_good_from_bad(message: Source) -> None:
    judge_of_message = oracle(message)
    assert judge_of_message.accepts(minimal(tree(message)).encode())
    assert judge_of_message.accepts(maximal(tree(message)).encode())
    assert not judge_of_message.accepts(b"[]")


def test_oracle_checks_formats() -> None:
    download = oracle(source("v16", "UpdateFirmware"))
    good: dict[str, Json] = {
        "location": "ftp://example.com/a",
        "retrieveDate": "2024-05-06T07:08:09Z",
    }
    assert download.allows(good)
    for name, bad in (
        ("location", "no scheme"),
        ("location", "ftp://example.com/a\n"),
        ("retrieveDate", "2024-05-06 07:08:09"),
        ("retrieveDate", "2024-05-06T07:08:09Z\n"),
    ):
        assert not download.allows({**good, name: bad})


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("Heartbeat", b"{}", True),
        ("ClearChargingProfile", b'{"id":1}', True),
        ("ClearChargingProfile", b'{"id":1.0}', False),
        ("GetLog", b'{"logType":"SecurityLog","requestId":1.0,"log":{"remoteLocation":"a"}}', True),
        (
            "GetLog",
            b'{"logType":"SecurityLog","requestId":1.5,"log":{"remoteLocation":"a"}}',
            False,
        ),
        (
            "GetLog",
            b'{"logType":"SecurityLog","requestId":true,"log":{"remoteLocation":"a"}}',
            False,
        ),
    ],
)
def test_oracle_knows_the_integers_of_each_draft(name: str, text: bytes, allowed: bool) -> None:
    assert oracle(source("v16", name)).accepts(text) is allowed


def test_oracle_counts_tenths_exactly() -> None:
    period = '{"duration":1,"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":%s}]}'
    text = '{"status":"Accepted","chargingSchedule":' + period + "}"
    composite = oracle(source("v16", "GetCompositeScheduleResponse"))
    assert all(composite.accepts((text % f"{n // 10}.{n % 10}").encode()) for n in range(2000))
    assert not any(composite.accepts((text % f"{n}.05").encode()) for n in range(2000))


@pytest.mark.parametrize(
    "data", [b"\xff", b"\xef\xbb\xbf{}", b"NaN", b"[Infinity]", b"{'a':1}", b""]
)
def test_oracle_refuses_what_is_no_json(data: bytes) -> None:
    with pytest.raises(NoJson):
        parse(data)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (b'{"connectorId":1,"meterValue":[]}', True),
        (
            b'{"connectorId":1,"meterValue":[{"timestamp":"2024-05-06T07:08:09Z","sampledValue":[]}]}',
            True,
        ),
        (
            b'{"connectorId":1,"meterValue":[{"timestamp":"2024-05-06T07:08:09Z",'
            b'"sampledValue":[{"value":"50","unit":"Hertz"}]}]}',
            False,
        ),
    ],
)
def test_meter_values_of_1_6_follow_the_official_file(text: bytes, allowed: bool) -> None:
    finding = judge(source("v16", "MeterValues"), text)
    assert (finding.valid, finding.verdict) == (allowed, Verdict.AGREES)


# The measure of a round trip must itself see what is lost.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1}, {}),
        ({}, {"a": None}),
        ({"a": None}, {"a": 0}),
        ([1], [1, 1]),
        ([1, 2], [2, 1]),
        (1, True),
        (1, "1"),
        (2**64 + 1, 2**64),
        (10**400, 10**400 + 1),
        (Decimal("1e400"), Decimal("1e401")),
        ("a", "A"),
        ({"timestamp": "2024-05-06T07:08:09Z"}, {"timestamp": "2024-05-06T07:08:09.001Z"}),
        ({"timestamp": "2024-05-06T07:08:09Z"}, {"timestamp": "2024-05-06T07:08:09+00:00"}),
    ],
)
def test_differences_are_seen(before: Json, after: Json) -> None:
    node = tree(source("v21", "AFRRSignalRequest"))
    assert list(differences(node, before, after))
    assert not list(differences(node, before, before)) or "+00:00" in str(before)


def test_instants_of_different_zones_are_equal() -> None:
    assert instant("2024-03-01T00:30:00+01:00") == instant("2024-02-29T23:30:00Z")
    assert instant("2023-12-31T23:30:00.5-01:00") == instant("2024-01-01t00:30:00.5z")

"""The models agree with the official schemas, on a sample of the derived corpus that meets every message.

What the codec may do otherwise (`corpus/explained.toml`) the models may too, and nothing else. Date-times
they read and write exactly as the codec does.
"""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from pydantic import BaseModel, ValidationError

from corpus.equality import differences
from corpus.explained import explanation
from corpus.instances import Case, cases
from corpus.nodes import tree
from corpus.oracle import oracle, parse
from corpus.runner import Verdict, message_class
from corpus.sources import VERSIONS, Source, sources
from ocppkit.core import InvalidMessage, decode_payload, encode_payload
from ocppkit.v16 import pydantic as p16
from ocppkit.v201 import pydantic as p201

SAMPLE = 60
"""About so many instances of every message are put before its model."""

all_sources = [each for version in VERSIONS for each in sources(version)]


def sample(source: Source) -> Sequence[Case]:
    """Returns instances from all over a message: each message begins elsewhere."""
    every = list(cases(source))
    step = len(every) // SAMPLE + 1
    return every[len(source.class_name) % step :: step]


def as_json(model: type[BaseModel], data: bytes) -> BaseModel:
    return model.model_validate_json(data)


def as_fastapi_does(model: type[BaseModel], data: bytes) -> BaseModel:
    return model.model_validate(json.loads(data.decode()))


DOORS: tuple[Callable[[type[BaseModel], bytes], BaseModel], ...] = (as_json, as_fastapi_does)


def model_of(source: Source) -> type[BaseModel]:
    package = importlib.import_module(f"ocppkit.{source.version}.pydantic")
    found: type[BaseModel] = getattr(package, source.class_name)
    return found


def verdict(case: Case, door: Callable[[type[BaseModel], bytes], BaseModel]) -> Verdict:
    """Returns how a model stands to the oracle."""
    valid = oracle(case.source).accepts(case.data)
    try:
        model = door(model_of(case.source), case.data)
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError):
        return Verdict.REFUSES if valid else Verdict.AGREES
    if not valid:
        return Verdict.ACCEPTS
    written = parse(model.model_dump_json().encode())
    altered = list(differences(tree(case.source), parse(case.data), written))
    return Verdict.ALTERS if altered else Verdict.AGREES


def unexplained(some: Iterable[Case]) -> Iterator[tuple[str, str, Verdict, bytes]]:
    for case in some:
        for door in DOORS:
            found = verdict(case, door)
            if found is not Verdict.AGREES and explanation(case, found) is None:
                yield case.id, door.__name__, found, case.data[:200]


@pytest.mark.parametrize("source", all_sources, ids=str)
def test_models_agree_with_the_official_schemas(source: Source) -> None:
    some = sample(source)
    assert {case.valid for case in some} >= {True, False}
    assert list(unexplained(some)) == []


def codec_reads(case: Case) -> bytes | None:
    try:
        return encode_payload(decode_payload(message_class(case.source), case.data))
    except InvalidMessage:
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_date_times_are_read_and_written_as_the_codec_does(version: str) -> None:
    heartbeat = next(each for each in sources(version) if each.name == "HeartbeatResponse")
    model, seen = model_of(heartbeat), set[str]()
    for case in cases(heartbeat):
        if not case.rule.startswith("date-time/"):
            continue
        due = codec_reads(case)
        for door in DOORS:
            try:
                written: bytes | None = door(model, case.data).model_dump_json().encode()
            except ValidationError:
                written = None
            assert written == due, case.id
        seen.add(case.rule.removeprefix("date-time/") if due else "refused")
    assert {"leap-second", "space-for-t", "offset-no-colon", "refused"} <= seen


def test_milliseconds_are_written_only_where_there_are_some() -> None:
    for text, written in (
        ("2024-05-06T07:08:09.0001Z", "2024-05-06T07:08:09Z"),
        ("2024-05-06T07:08:09.1240977Z", "2024-05-06T07:08:09.124Z"),
        ("2024-05-06T07:08:09+0100", "2024-05-06T06:08:09Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ):
        data = f'{{"currentTime":"{text}"}}'
        for package in (p16, p201):
            model = package.HeartbeatResponse.model_validate_json(data)
            assert json.loads(model.model_dump_json()) == {"currentTime": written}
            assert encode_payload(model.to_msgspec()).decode() == f'{{"currentTime":"{written}"}}'

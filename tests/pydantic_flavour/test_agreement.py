"""The models agree with the official schemas, on a sample of the derived corpus that meets every message.

What the codec may do otherwise (`corpus/explained.toml`) the models may too, and nothing else. They are
closer to the schemas in two places, since they look at the text of each date-time: a space for `T` and
an offset without its colon are refused.
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
from corpus.runner import Verdict
from corpus.sources import VERSIONS, Source, sources

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


def test_date_times_are_read_more_closely_than_by_the_codec() -> None:
    heartbeat = next(each for each in all_sources if str(each) == "v201/HeartbeatResponse")
    strict = [
        case
        for case in cases(heartbeat)
        if case.rule
        in ("date-time/space-for-t", "date-time/offset-no-colon", "date-time/leap-second")
    ]
    assert len(strict) == 3
    assert {verdict(case, door) for case in strict for door in DOORS} == {Verdict.AGREES}

"""Oracle and codec, asked about payloads that Hypothesis draws from the schemas."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.mending import examine
from corpus.nodes import tree
from corpus.runner import Verdict
from corpus.samples import written
from corpus.strategies import broken_payloads, payloads, plain_json, some_source

# Derandomised: a run of the tests is the same everywhere. `python -m corpus` seeks further.
_bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@_bounded
@given(st.data())
def test_what_a_schema_allows_is_accepted_and_comes_back(data: st.DataObject) -> None:
    source = data.draw(some_source)
    text = written(data.draw(payloads(tree(source)))).encode()
    finding, _ = examine(source, text)
    assert (finding.valid, finding.verdict) == (True, Verdict.AGREES), f"{text!r} {finding}"


@_bounded
@given(st.data())
def test_a_payload_with_one_place_changed_gets_the_oracle_s_verdict(data: st.DataObject) -> None:
    source = data.draw(some_source)
    text = written(data.draw(broken_payloads(source))).encode()
    finding, explained = examine(source, text)
    assert finding.verdict is Verdict.AGREES or explained, f"{source} {text!r} {finding}"


@_bounded
@given(st.data())
def test_any_json_at_all_gets_the_oracle_s_verdict(data: st.DataObject) -> None:
    source = data.draw(some_source)
    text = written(data.draw(plain_json)).encode()
    finding, explained = examine(source, text)
    assert finding.verdict is Verdict.AGREES or explained, f"{source} {text!r} {finding}"


@_bounded
@given(st.data())
def test_any_bytes_at_all_get_the_oracle_s_verdict(data: st.DataObject) -> None:
    source = data.draw(some_source)
    text = data.draw(st.binary(max_size=60))
    finding, explained = examine(source, text)
    assert finding.verdict is Verdict.AGREES or explained, f"{source} {text!r} {finding}"

"""Reports from the field: each has its verdict in field_reports.toml, for strict and for lenient mode."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from corpus.nodes import tree
from corpus.runner import message_class
from corpus.samples import minimal
from corpus.sources import sources
from ocppkit.core import (
    LENIENT,
    STRICT,
    CallEnded,
    CallFailed,
    CallReceived,
    FrameRefused,
    ResultReceived,
    Role,
    decode_payload,
)
from support.connection_pair import PROTOCOLS, connect, events_of, frames_of
from support.member_paths import at

HERE = Path(__file__).parent
FILE = tomllib.loads((HERE / "field_reports.toml").read_text("utf-8"))
REPORTS, ELSEWHERE = FILE["report"], FILE["elsewhere"]
CASES = pytest.mark.parametrize("report", REPORTS, ids=[report["id"] for report in REPORTS])


def request_of(protocol, action):
    """Returns the least request of an action."""
    cls = protocol.actions[action].request
    version = protocol.package.rpartition(".")[2]
    (source,) = (each for each in sources(version) if message_class(each) is cls)
    return decode_payload(cls, minimal(tree(source)))


def text_of(report):
    """Returns the frame, with the parts that are repeated in it."""
    text, repeat = report["frame"], report.get("repeat", {})
    for name, part in repeat.items():
        if name != "count":
            text = text.replace(name, ",".join([part] * repeat["count"]))
    return text


def played(report, policy):
    """Returns what the receiver tells of the frame, and what it answers."""
    protocol = PROTOCOLS[report["version"]]
    receiver = connect(
        Role(report["receiver"]), report["version"], inbound=policy, new_id=lambda: "ID"
    )
    if "waits_for" in report:
        receiver.send_call(request_of(protocol, report["waits_for"]), 0.0)
        receiver.data_to_send()
    receiver.receive_data(text_of(report), 0.0)
    return events_of(receiver), frames_of(receiver)


def test_every_report_has_a_verdict():
    ids = [report["id"] for report in REPORTS + ELSEWHERE]
    assert sorted(ids) == [f"H{number:02}" for number in range(1, 25)]
    assert all(report["why"] for report in REPORTS)


@pytest.mark.parametrize("report", ELSEWHERE, ids=[report["id"] for report in ELSEWHERE])
def test_what_is_tested_elsewhere_names_tests_that_exist(report):
    assert report["verdict"]
    assert report["tests"]
    for test in report["tests"]:
        path, _, name = test.partition("::")
        module = ast.parse((HERE.parents[1] / path).read_text("utf-8"))
        defined = {
            each.name
            for each in module.body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in defined


@CASES
def test_strict(report):
    events, replies = played(report, STRICT)
    if report["strict"] == "ended":
        ended = next(event for event in events if isinstance(event, CallEnded))
        assert type(ended.error).__name__ == report["error"]
        assert replies == []
    else:
        (refused,) = events
        assert isinstance(refused, FrameRefused)
        codes = (
            [PROTOCOLS[report["version"]].error_codes[report["code"]]] if "code" in report else []
        )
        assert [reply[:3] for reply in replies] == [[4, "a1", code] for code in codes]
        assert bool(codes) is (report["strict"] == "refused")


@CASES
def test_lenient(report):
    (event,), replies = played(report, LENIENT)
    assert replies == []
    found: Any
    if report["lenient"] == "ended":
        assert isinstance(event, CallEnded)
        assert isinstance(event.error, CallFailed)
        assert report["lenient_error"] == "CallFailed"
        found = event.error
    else:
        assert isinstance(event, CallReceived | ResultReceived)
        found = event.request if isinstance(event, CallReceived) else event.response
    assert event.issues
    assert all(issue.repaired and issue.repair for issue in event.issues)
    if "issues" in report:
        told = [
            {"path": issue.path, "rule": issue.rule, "repair": issue.repair}
            for issue in event.issues
        ]
        assert told == report["issues"]
    assert event.issues.omitted == report.get("omitted", 0)
    built = report.get("built", {})
    assert {path: at(found, path) for path in built} == built
    assert [at(found, path) for path in report.get("absent", ())] == [None] * len(
        report.get("absent", ())
    )


def test_what_was_cut_off_is_not_in_the_frame_that_is_told():
    for report in REPORTS:
        if report["lenient"] == "repaired" and "waits_for" not in report:
            (event,), _ = played(report, LENIENT)
            assert event.raw.startswith(b"{")

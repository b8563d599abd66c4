"""Frames that real chargers sent: what strict and lenient mode make of each stands in verdicts.toml."""

import json
import tomllib
from pathlib import Path

import pytest

from ocppkit import v16, v201
from ocppkit.core import (
    LENIENT,
    STRICT,
    InvalidFrame,
    InvalidMessage,
    decode_message,
    encode_payload,
)
from ocppkit.quirks import Quirks
from support.member_paths import at

HERE = Path(__file__).parent
QUIRKS = [json.loads(line) for line in (HERE / "quirks.jsonl").read_text("utf-8").splitlines()]
VERDICTS = tomllib.loads((HERE / "verdicts.toml").read_text("utf-8"))["quirk"]
PROTOCOLS = {protocol.version: protocol for protocol in (v16.PROTOCOL, v201.PROTOCOL)}
CASES = pytest.mark.parametrize(
    ("quirk", "verdict"),
    list(zip(QUIRKS, VERDICTS, strict=True)),
    ids=[f"line-{verdict['line']}" for verdict in VERDICTS],
)


def reading(quirk, verdict, policy):
    """Returns the verdict, the issues, and what was built or why nothing was."""
    protocol, issues = PROTOCOLS[quirk["version"]], []
    answers = {}
    if "answers" in verdict:
        message_id = quirk["frame"].split('"')[1]
        answers[message_id] = protocol.actions[verdict["answers"]].request
    try:
        frame = decode_message(
            protocol, quirk["frame"], answers=answers, policy=policy, issues=issues
        )
    except InvalidMessage as error:
        return "refused", list(error.issues), error
    except InvalidFrame as error:
        return "no frame", [], error
    return "repaired" if issues else "accepted", issues, getattr(frame, "payload", frame)


def told(issues):
    return [{"path": issue.path, "rule": issue.rule, "code": issue.error_code} for issue in issues]


def test_every_quirk_has_its_verdict():
    assert [verdict["line"] for verdict in VERDICTS] == list(range(1, 23))
    assert all(verdict["why"] for verdict in VERDICTS)


@CASES
def test_strict(quirk, verdict):
    outcome, issues, found = reading(quirk, verdict, STRICT)
    assert outcome == verdict["strict"]
    if outcome == "accepted":
        assert issues == []
        return
    assert found.error_code == verdict["code"]
    if outcome == "refused":
        assert told(issues) == verdict["issues"]
        assert not any(issue.repaired for issue in issues)
    else:
        names = ("failure", "message_type", "message_id", "action")
        read = {name: getattr(found, name) for name in names}
        assert {name: value for name, value in read.items() if value is not None} == verdict[
            "reads"
        ]


@CASES
def test_lenient(quirk, verdict):
    outcome, issues, found = reading(quirk, verdict, LENIENT)
    assert outcome == verdict["lenient"]
    if outcome == "no frame":
        assert found.message_id == verdict["reads"].get("message_id")
        return
    assert told(issues) == verdict.get("issues", [])
    assert all(issue.repaired for issue in issues)
    built = verdict.get("built", {})
    assert {path: at(found, path) for path in built} == built
    assert (outcome == "repaired") is bool(built)


def test_each_shipped_profile_reads_the_frame_that_it_was_made_for():
    profiles = {profile.name: profile for profile in Quirks().profiles}
    read = set()
    for quirk, verdict in zip(QUIRKS, VERDICTS, strict=True):
        if "profile" in verdict:
            profile = profiles[verdict["profile"]]
            policy = profile.policies(PROTOCOLS[quirk["version"]]).inbound
            outcome, issues, _ = reading(quirk, verdict, policy)
            assert outcome == "repaired"
            assert {issue.path for issue in issues} == {each["path"] for each in verdict["issues"]}
            assert quirk["source"].split("#")[0] in profile.source
            read.add(profile.name)
    assert read == set(profiles)


@CASES
def test_what_strict_accepts_survives_a_round_trip(quirk, verdict):
    outcome, _, message = reading(quirk, verdict, STRICT)
    if outcome == "accepted":
        assert json.loads(encode_payload(message)) == json.loads(quirk["frame"])[-1]
    else:
        assert isinstance(message, InvalidFrame | InvalidMessage)

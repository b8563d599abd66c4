"""One frame or payload: all its issues, and what the engine really does with it."""

import json
from typing import Any

import pytest

from ocppkit.core import LocalProtocolError, Role
from ocppkit.tools import PeerVerdict, Validation, json_validation, validate

BOOT = '[2,"1","BootNotification",{"chargePointModel":"A very long model name here","iccid":null}]'


def of_16(text: str, **options: Any) -> Validation:
    return validate(text, versions=["1.6"], **options)


def test_every_issue_is_told_with_code_and_repair() -> None:
    found = of_16(BOOT)
    assert [(issue.path, issue.rule, issue.error_code) for issue in found.issues] == [
        ("$.chargePointModel", "max_length", "PropertyConstraintViolation"),
        ("$.iccid", "null", "TypeConstraintViolation"),
        ("$.chargePointVendor", "required", "OccurenceConstraintViolation"),
    ]
    assert [issue.lenient for issue in found.issues] == [
        "keeps it",
        "leaves it out",
        "refuses it, too",
    ]
    assert (found.action, found.kind, found.sender, found.because) == (
        "BootNotification",
        "call",
        Role.STATION,
        "",
    )
    answer = json.loads(found.strict.answer)
    assert answer[:3] == [4, "1", "OccurenceConstraintViolation"]
    assert found.strict == found.lenient
    assert not found.is_valid


def test_what_lenient_reading_makes_of_it_is_shown() -> None:
    found = of_16('{"idTag":4,"x":1}', action="Authorize")
    assert found.lenient == PeerVerdict(True, "", '{"idTag":"4"}')
    assert not found.strict.reads
    clean = of_16('{"idTag":"4"}', action="Authorize")
    assert clean.is_valid
    assert (clean.strict, clean.lenient) == (PeerVerdict(True, ""), PeerVerdict(True, ""))


def test_an_answer_is_judged_by_what_it_answers() -> None:
    text = '[3,"1",{"status":"Nope"}]'
    assert not of_16(text).is_judged
    assert not of_16(text).is_valid
    found = of_16(text, action="Reset")
    assert found.is_judged
    assert found.sender is Role.STATION
    assert found.strict == PeerVerdict(False, "nothing; the call that it answers fails")
    assert found.lenient == PeerVerdict(True, "", '{"status":"Nope"}')
    newer = validate('{"status":"Nope"}', versions=["2.1"], action="Reset", is_answer=True)
    assert newer.strict.answer.startswith("CALLRESULTERROR with PropertyConstraintViolation")
    assert of_16('{"status":"Accepted"}', action="Reset", is_answer=True).is_valid
    broken = of_16("{}", action="Reset", is_answer=True)
    assert broken.lenient == broken.strict


def test_error_frames_are_judged_by_their_elements() -> None:
    assert of_16('[4,"1","GenericError","",{}]').is_valid
    short = of_16('[4,"1","GenericError"]')
    assert [issue.rule for issue in short.issues] == ["min_items"]
    assert short.lenient == PeerVerdict(True, "")
    assert of_16('[5,"1","GenericError","",{}]').problem == (
        "a message type that this version does not have"
    )
    assert validate('[5,"1","GenericError","",{}]').version == "2.1"


@pytest.mark.parametrize(
    ("text", "problem", "answer"),
    [
        ("PING", "the frame is not JSON", "nothing: such a frame gets no answer"),
        ('[2,"1","Hartbeat",{}]', "this version has no such action", "NotImplemented"),
        ('[2,"1"]', "a wrong number of elements", "FormationViolation"),
    ],
)
def test_what_is_wrong_around_the_payload_is_told(text: str, problem: str, answer: str) -> None:
    found = of_16(text)
    assert problem in found.problem
    assert answer in found.strict.answer
    assert found.issues == ()


def test_who_sends_it_counts_where_it_is_said() -> None:
    text = '[2,"1","Reset",{"type":"Soft"}]'
    assert of_16(text).is_valid
    wrong = of_16(text, sender=Role.STATION)
    assert wrong.problem == "the other side sends this"
    assert json.loads(wrong.strict.answer)[2] == "NotSupported"
    assert of_16('[2,"1","DataTransfer",{"vendorId":"x"}]').sender is None


def test_the_version_that_fits_is_taken() -> None:
    newer = validate('[2,"1","Reset",{"type":"Immediate"}]')
    assert (newer.version, newer.because) == ("2.0.1", "2.1 would read it, too")
    older = validate('[2,"1","Reset",{"type":"Soft"}]')
    assert (older.version, older.because) == ("1.6", "2.0.1 and 2.1 would refuse it")
    assert validate(BOOT).because == "the nearest version"
    send = '{"basetime":"2026-01-05T08:00:00Z","data":[{"t":0,"v":"1"}],"id":1,"pending":0}'
    assert validate(f'[6,"1","NotifyPeriodicEventStream",{send}]').version == "2.1"


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="does not tell its action"):
        of_16("{}")
    with pytest.raises(LocalProtocolError, match=r"OCPP 1\.6 has no action 'Resett'"):
        of_16("{}", action="Resett")


def test_json_has_every_member_and_whether_the_frame_is_valid() -> None:
    for text, valid in ((BOOT, False), ('[2,"1","Heartbeat",{}]', True)):
        found = of_16(text)
        members = json.loads(json_validation(found))
        assert members.keys() == {*Validation.__struct_fields__, "valid"}
        assert members["valid"] is valid

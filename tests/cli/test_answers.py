"""What the reference says of errors is what the engine does."""

import pytest

from ocppkit.cli._answers import ShippedEngine
from ocppkit.codegen import Answer
from ocppkit.core import Failure, Rule

ENGINE = ShippedEngine()


@pytest.mark.parametrize(
    ("version", "payload", "code"),
    [
        ("1.6", "{}", "OccurenceConstraintViolation"),
        ("2.0.1", "{}", "OccurrenceConstraintViolation"),
        ("2.1", '{"type": "Soon"}', "PropertyConstraintViolation"),
        ("2.1", '{"type": 42}', "TypeConstraintViolation"),
        ("1.6", '{"type": "Hard", "colour": 1}', "FormationViolation"),
        ("2.0.1", "[]", "FormatViolation"),
    ],
)
def test_a_bad_call(version: str, payload: str, code: str) -> None:
    answer = ENGINE.answer(version, "Reset", payload)
    assert answer is not None
    assert answer.code == code


def test_the_description_is_the_engines() -> None:
    answer = ENGINE.answer("2.0.1", "Reset", "{}")
    assert answer == Answer("OccurrenceConstraintViolation", "$.type is required")


def test_the_other_side_asks_as_well() -> None:
    answer = ENGINE.answer("2.0.1", "NotifyEvent", "{}")
    assert answer is not None
    assert answer.code == "OccurrenceConstraintViolation"


def test_no_answer() -> None:
    assert ENGINE.answer("2.0.1", "Reset", '{"type": "OnIdle"}') is None
    assert ENGINE.answer("2.1", "NotifyPeriodicEventStream", "{}") is None


def test_repairs() -> None:
    assert ENGINE.repairs("2.0.1", "ResetRequest", '{"type": "OnIdle"}') == []
    (issue,) = ENGINE.repairs("2.0.1", "ResetRequest", '{"type": "Soon"}') or ()
    assert "$.type" in issue
    assert ENGINE.repairs("2.0.1", "ResetRequest", "[]") is None


def test_the_table_is_whole() -> None:
    for version in ("1.6", "2.0.1", "2.1"):
        found = [each.failure for each in ENGINE.reactions(version)]
        assert found == [*Failure, *(rule for rule in Rule if rule is not Rule.JSON)]


def test_versions_differ() -> None:
    def reaction(version: str, failure: str) -> tuple[str, str]:
        (found,) = (each for each in ENGINE.reactions(version) if each.failure == failure)
        return found.call, found.result

    assert reaction("1.6", "not_json") == ("silent", "silent")
    assert reaction("2.0.1", "unknown_type") == ("MessageTypeNotSupported", "silent")
    assert reaction("2.1", "unknown_type") == ("silent", "silent")
    assert reaction("2.1", "enum") == ("PropertyConstraintViolation",) * 2

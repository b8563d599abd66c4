"""The table of verdicts: every cell, and every cell that messages can prove, proved by a JSON Schema validator."""

import re
from typing import Any

import pytest
from jsonschema import Draft6Validator, FormatChecker

from ocppkit.codegen.diff._judge import VERDICTS, Bump, ChangeKind, ChangeVerdict
from support.schema_pairs import PLANTED, Planted

SAFE, RISKY, BREAKING = ChangeVerdict.SAFE, ChangeVerdict.RISKY, ChangeVerdict.BREAKING
PATCH, MINOR, MAJOR = Bump.PATCH, Bump.MINOR, Bump.MAJOR

CELLS = {
    ChangeKind.ACTION_ADDED: (SAFE, RISKY, MINOR),
    ChangeKind.ACTION_REMOVED: (BREAKING, RISKY, MAJOR),
    ChangeKind.ACTION_BECAME_SEND: (BREAKING, BREAKING, MAJOR),
    ChangeKind.ACTION_BECAME_CALL: (BREAKING, BREAKING, MAJOR),
    ChangeKind.MESSAGE_ADDED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.MESSAGE_REMOVED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.OPTIONAL_FIELD_ADDED: (SAFE, RISKY, MINOR),
    ChangeKind.OPTIONAL_FIELD_ADDED_OPEN: (SAFE, SAFE, MINOR),
    ChangeKind.REQUIRED_FIELD_ADDED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.REQUIRED_FIELD_ADDED_OPEN: (BREAKING, SAFE, MAJOR),
    ChangeKind.OPTIONAL_FIELD_REMOVED: (BREAKING, SAFE, MAJOR),
    ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN: (RISKY, SAFE, MAJOR),
    ChangeKind.REQUIRED_FIELD_REMOVED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.REQUIRED_FIELD_REMOVED_OPEN: (RISKY, BREAKING, MAJOR),
    ChangeKind.FIELD_MOVED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.FIELD_BECAME_REQUIRED: (BREAKING, SAFE, MAJOR),
    ChangeKind.FIELD_BECAME_OPTIONAL: (SAFE, RISKY, MAJOR),
    ChangeKind.TYPE_CHANGED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.TYPE_WIDENED: (SAFE, RISKY, MAJOR),
    ChangeKind.TYPE_NARROWED: (BREAKING, SAFE, MAJOR),
    ChangeKind.TYPE_REPLACED: (SAFE, SAFE, MAJOR),
    ChangeKind.VALUE_ADDED: (SAFE, RISKY, MINOR),
    ChangeKind.VALUE_REMOVED: (BREAKING, SAFE, MAJOR),
    ChangeKind.ENUM_OPENED: (SAFE, RISKY, MAJOR),
    ChangeKind.ENUM_CLOSED: (BREAKING, SAFE, MAJOR),
    ChangeKind.BOUND_LOOSENED: (SAFE, RISKY, MINOR),
    ChangeKind.BOUND_TIGHTENED: (BREAKING, SAFE, MAJOR),
    ChangeKind.BOUND_SHIFTED: (BREAKING, RISKY, MAJOR),
    ChangeKind.FORMAT_ADDED: (BREAKING, SAFE, MAJOR),
    ChangeKind.FORMAT_REMOVED: (SAFE, RISKY, MAJOR),
    ChangeKind.FORMAT_CHANGED: (BREAKING, BREAKING, MAJOR),
    ChangeKind.OBJECT_OPENED: (SAFE, RISKY, MINOR),
    ChangeKind.OBJECT_CLOSED: (BREAKING, SAFE, MAJOR),
    ChangeKind.DEFAULT_ADDED: (RISKY, RISKY, MINOR),
    ChangeKind.DEFAULT_REMOVED: (RISKY, RISKY, MINOR),
    ChangeKind.DEFAULT_CHANGED: (RISKY, RISKY, MINOR),
    ChangeKind.DEFINITION_ADDED: (SAFE, SAFE, MINOR),
    ChangeKind.DEFINITION_REMOVED: (SAFE, SAFE, MAJOR),
    ChangeKind.DEFINITION_RENAMED: (SAFE, SAFE, MAJOR),
    ChangeKind.ORDER_CHANGED: (SAFE, SAFE, PATCH),
    ChangeKind.DRAFT_RAISED: (SAFE, RISKY, MINOR),
    ChangeKind.DRAFT_LOWERED: (BREAKING, SAFE, MAJOR),
}


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_each_cell_says_what_was_decided(kind: ChangeKind) -> None:
    row = VERDICTS[kind]
    assert (row.sender.verdict, row.receiver.verdict, row.bump) == CELLS[kind]


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_each_reason_is_one_sentence(kind: ChangeKind) -> None:
    for judgement in (VERDICTS[kind].sender, VERDICTS[kind].receiver):
        assert re.fullmatch(r"[A-Z][^\n]{15,110}\.", judgement.reason)


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_the_bump_is_never_below_what_the_verdicts_ask(kind: ChangeKind) -> None:
    row = VERDICTS[kind]
    least = {SAFE: PATCH, RISKY: MINOR, BREAKING: MAJOR}[row.worst]
    assert row.bump.rank >= least.rank


def test_verdicts_and_bumps_have_an_order() -> None:
    assert SAFE.rank < RISKY.rank < BREAKING.rank
    assert Bump.NONE.rank < PATCH.rank < MINOR.rank < MAJOR.rank


def _accepts(schema: Any, instance: Any) -> bool:
    verdict: bool = Draft6Validator(schema, format_checker=FormatChecker()).is_valid(instance)
    return verdict


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_the_messages_of_a_planted_change_are_legal_in_their_own_edition(planted: Planted) -> None:
    assert _accepts(planted.old, planted.old_message)
    assert _accepts(planted.new, planted.new_message)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_a_sender_breaks_where_a_validator_refuses_what_it_sent(planted: Planted) -> None:
    refused = not _accepts(planted.new, planted.old_message)
    assert (VERDICTS[planted.kind].sender.verdict is BREAKING) == refused


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_a_receiver_is_safe_where_a_validator_accepts_what_it_gets(planted: Planted) -> None:
    accepted = _accepts(planted.old, planted.new_message)
    assert (VERDICTS[planted.kind].receiver.verdict is SAFE) == accepted


def test_the_oracle_checks_formats() -> None:
    assert not _accepts({"type": "string", "format": "date-time"}, "now")
    assert not _accepts({"type": "string", "format": "uri"}, "no uri")

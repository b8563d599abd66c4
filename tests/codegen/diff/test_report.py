"""The three outputs of a comparison."""

import json
from typing import Any

import pytest

from ocppkit.codegen.diff._compare import Diff, compare_schemas
from ocppkit.codegen.diff._report import REPORTS, render_json, render_markdown, render_text
from support.schema_pairs import DRAFT_4, document, schema_set, text

EVSE = {"$ref": "#/definitions/EVSEType"}


def _evse(**members: Any) -> Any:
    return {"EVSEType": {"type": "object", "properties": members, "additionalProperties": False}}


OLD = schema_set(
    "2.0.1",
    ResetRequest=document({"evse": EVSE}, definitions=_evse(id=text(maxLength=5))),
    ResetResponse=document({"a": text(), "b": text()}),
    UnlockRequest=document({"evse": EVSE}, definitions=_evse(id=text(maxLength=5))),
    UnlockResponse=document(),
)
NEW = schema_set(
    "2.1",
    ResetRequest=document(
        {"evse": EVSE, "why|how": text()},
        required=("why|how",),
        definitions=_evse(id=text(maxLength=9)),
    ),
    ResetResponse=document({"b": text(), "a": text()}),
    UnlockRequest=document({"evse": EVSE}, definitions=_evse(id=text(maxLength=9))),
    UnlockResponse=document(),
    Push=document(definitions=_evse(id=text(maxLength=9)) | {"NewType": text(enum=["a"])}),
)
SENDERS = {"Reset": "csms", "Unlock": "csms"}


@pytest.fixture(name="diff")
def _diff() -> Diff:
    return compare_schemas(OLD, NEW, SENDERS)


TEXT = """\
OCPP schemas: 2.0.1 -> 2.1
5 changes: 1 breaking, 2 risky, 2 safe
Advice: raise the major version: code or peers that stay behind can fail

    old       old
    sender    receiver  change  [kind]

Actions
    safe      risky     Push (unknown direction): new action  [action-added]

Reset
  ResetRequest (CSMS -> station)
    breaking  breaking  why|how: new required member, string  [required-field-added]

Shared by several actions
  EVSEType in ResetRequest, UnlockRequest (CSMS -> station)
    safe      risky     id: maxLength 5 -> 9  [bound-loosened]

New definitions:
  NewType

Only the order of members or values differs:
  ResetResponse

First verdict: a sender of the old edition; second: a receiver of it.
  action-added
    old sender, safe: It never sends the new element.
    old receiver, risky: It answers NotImplemented when the new sender uses the action.
  required-field-added
    old sender, breaking: It does not send the member, so the message is rejected.
    old receiver, breaking: It rejects the unknown member, which the new sender always sends.
  bound-loosened
    old sender, safe: All messages that it may send are still allowed.
    old receiver, risky: It rejects values beyond the old bound.
"""


def test_text(diff: Diff) -> None:
    assert render_text(diff) == TEXT


def test_text_is_ascii_and_its_headings_are_wrapped() -> None:
    names = {
        f"Action{number:02}Request": OLD.files["ResetRequest"].document for number in range(20)
    }
    wide = dict.fromkeys(names, NEW.files["UnlockRequest"].document)
    report = render_text(compare_schemas(schema_set("a", **names), schema_set("b", **wide)))
    assert report.isascii()
    assert "Action19Request" in report
    assert max(map(len, report.splitlines())) <= 100


def test_a_change_of_all_messages_comes_first() -> None:
    names = ("ResetRequest", "ResetResponse")
    old = schema_set("a", **dict.fromkeys(names, document(draft=DRAFT_4)))
    diff = compare_schemas(old, schema_set("b", **dict.fromkeys(names, document())))
    line = "JSON Schema draft 4 -> 6 in 2 messages"
    expected = f"\nAll messages\n    safe      risky     {line}  [draft-raised]\n"
    assert expected in render_text(diff)
    assert "## All messages\n\n| old" in render_markdown(diff)
    assert f"| safe | **risky** | {line} |" in render_markdown(diff)


def test_markdown(diff: Diff) -> None:
    report = render_markdown(diff)
    assert report.startswith(
        "# OCPP schemas: 2.0.1 → 2.1\n\n5 changes: 1 breaking, 2 risky, 2 safe\n"
    )
    assert "**Advice:** raise the major version" in report
    assert "\n## Actions\n\n| old sender | old receiver | change | kind |\n| --- |" in report
    assert "### ResetRequest (CSMS -> station)" in report
    assert "| **breaking** | **breaking** | why\\|how: new required member, string |" in report
    assert "New definitions: `NewType`." in report
    assert "| `bound-loosened` | old receiver | **risky** | It rejects values" in report


def test_every_table_of_the_markdown_is_even(diff: Diff) -> None:
    rows = [line for line in render_markdown(diff).splitlines() if line.startswith("|")]
    assert len(rows) > 10
    assert {row.replace(r"\|", "").count("|") for row in rows} == {5}


def test_json(diff: Diff) -> None:
    report = json.loads(render_json(diff))
    assert (report["old"], report["new"]) == ("2.0.1", "2.1")
    assert (report["worst"], report["bump"]) == ("breaking", "major")
    assert report["counts"] == {"safe": 2, "risky": 2, "breaking": 1}
    loosened = next(each for each in report["changes"] if each["kind"] == "bound-loosened")
    assert loosened == {
        "kind": "bound-loosened",
        "owner": "EVSEType",
        "pointer": "/definitions/EVSEType/properties/id/maxLength",
        "path": "id",
        "old": 5,
        "new": 9,
        "text": "id: maxLength 5 -> 9",
        "old_sender": {
            "verdict": "safe",
            "reason": "All messages that it may send are still allowed.",
        },
        "old_receiver": {"verdict": "risky", "reason": "It rejects values beyond the old bound."},
        "bump": "minor",
        "messages": [
            {"name": name, "action": name[:-7], "direction": "CSMS -> station"}
            for name in ("ResetRequest", "UnlockRequest")
        ],
    }


@pytest.mark.parametrize("form", REPORTS)
def test_nothing_to_tell(form: str) -> None:
    report = REPORTS[form](compare_schemas(OLD, OLD))
    assert "nothing changed" in report
    assert report.endswith("\n")


@pytest.mark.parametrize("form", REPORTS)
def test_every_change_is_in_every_report(form: str, diff: Diff) -> None:
    report = REPORTS[form](diff)
    for change in diff.changes:
        assert change.owner in report


def _members(count: int, low: int) -> Any:
    return document({f"m{number}": {"type": "integer", "minimum": low} for number in range(count)})


@pytest.mark.parametrize("render", [REPORTS["text"], REPORTS["markdown"], REPORTS["html"]])
def test_a_change_at_many_places_is_listed_once(render: Any) -> None:
    old, new = (
        schema_set("2.1", ResetRequest=_members(5, low), ResetResponse=document()) for low in (0, 1)
    )
    report = render(compare_schemas(old, new, SENDERS))
    assert report.count("minimum 0 -&gt; 1" if "<html" in report else "minimum 0 -> 1") == 1
    assert "Alike in many places" in report
    assert "5 places: ResetRequest.m0, ResetRequest.m1, ResetRequest.m2" in report
    assert len(json.loads(render_json(compare_schemas(old, new, SENDERS)))["changes"]) == 5


def test_fewer_are_told_one_by_one() -> None:
    old, new = (
        schema_set("2.1", ResetRequest=_members(4, low), ResetResponse=document()) for low in (0, 1)
    )
    report = render_text(compare_schemas(old, new, SENDERS))
    assert report.count("minimum 0 -> 1") == 4
    assert "Alike" not in report

"""Sets of schemas compared: actions, definitions, drafts, the messages that a change affects, and the advice."""

import random
from typing import Any

import pytest

from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.diff._compare import Change, compare_schemas
from ocppkit.codegen.diff._judge import Bump, ChangeKind, ChangeVerdict
from ocppkit.codegen.schemas._schema_set import SchemaSet, load_set
from support.schema_pairs import DRAFT_4, document, message, schema_set, text

EMPTY = document()
RESET = {"ResetRequest": EMPTY, "ResetResponse": EMPTY}
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}


def shipped(version: str) -> SchemaSet:
    return load_set(version, schemas_dir() / FOLDERS[version])


def changes(old: Any, new: Any, senders: dict[str, str] | None = None) -> tuple[Change, ...]:
    return compare_schemas(schema_set("2.0.1", **old), schema_set("2.1", **new), senders).changes


def summary(old: Any, new: Any) -> list[tuple[ChangeKind, str, str]]:
    """What changed, and the messages it affects."""
    return [
        (change.kind, change.owner, " ".join(travel.message for travel in change.messages))
        for change in changes(old, new)
    ]


def test_an_added_and_a_removed_action() -> None:
    clear = {"ClearCacheRequest": EMPTY, "ClearCacheResponse": EMPTY}
    assert summary(RESET, clear) == [
        (ChangeKind.ACTION_ADDED, "ClearCache", "ClearCacheRequest ClearCacheResponse"),
        (ChangeKind.ACTION_REMOVED, "Reset", "ResetRequest ResetResponse"),
    ]


def test_an_action_that_became_a_send_and_back() -> None:
    send = {"Reset": EMPTY}
    everything = "Reset ResetRequest ResetResponse"
    assert summary(RESET, send) == [(ChangeKind.ACTION_BECAME_SEND, "Reset", everything)]
    assert summary(send, RESET) == [(ChangeKind.ACTION_BECAME_CALL, "Reset", everything)]


def test_the_payload_of_an_action_that_became_a_send_is_compared() -> None:
    old = {"ResetRequest": document({"x": text()}), "ResetResponse": EMPTY}
    found = summary(old, {"Reset": document()})
    assert (ChangeKind.OPTIONAL_FIELD_REMOVED, "Reset", "Reset") in found
    found = summary({"Reset": document()}, old)
    assert (ChangeKind.OPTIONAL_FIELD_ADDED, "ResetRequest", "ResetRequest") in found


def test_half_an_action_that_comes_or_goes() -> None:
    half = {"ResetRequest": EMPTY}
    assert summary(half, RESET) == [(ChangeKind.MESSAGE_ADDED, "Reset", "ResetResponse")]
    assert summary(RESET, half) == [(ChangeKind.MESSAGE_REMOVED, "Reset", "ResetResponse")]


def test_a_draft_is_told_once_for_all_messages() -> None:
    old_draft = document(draft=DRAFT_4)
    old = {"ResetRequest": old_draft, "ResetResponse": old_draft}
    assert summary(old, RESET) == [(ChangeKind.DRAFT_RAISED, "", "ResetRequest ResetResponse")]
    assert summary(RESET, old) == [(ChangeKind.DRAFT_LOWERED, "", "ResetRequest ResetResponse")]


def _with_evse(evse: Any, *names: str) -> dict[str, Any]:
    schema = document({"evse": {"$ref": "#/definitions/EVSEType"}}, definitions={"EVSEType": evse})
    return dict.fromkeys(names, schema)


SHORT = {"type": "object", "properties": {"id": text(maxLength=5)}, "additionalProperties": False}
LONG = {"type": "object", "properties": {"id": text(maxLength=9)}, "additionalProperties": False}


def test_a_change_of_a_shared_definition_is_told_once_with_its_messages() -> None:
    names = ("ResetRequest", "ResetResponse")
    (change,) = changes(_with_evse(SHORT, *names), _with_evse(LONG, *names))
    assert (change.kind, change.owner, change.path) == (ChangeKind.BOUND_LOOSENED, "EVSEType", "id")
    assert change.pointer == "/definitions/EVSEType/properties/id/maxLength"
    assert (change.old, change.new) == (5, 9)
    assert [travel.message for travel in change.messages] == list(names)
    assert change.actions == ("Reset",)


def test_a_definition_that_changes_in_one_message_alone_names_that_message() -> None:
    old = _with_evse(SHORT, "ResetRequest", "ResetResponse")
    new = {**old, **_with_evse(LONG, "ResetResponse")}
    assert summary(old, new) == [(ChangeKind.BOUND_LOOSENED, "EVSEType", "ResetResponse")]


def test_definitions_that_come_and_go() -> None:
    definitions = {"EVSEType": SHORT}
    with_it = {**RESET, "ResetRequest": document(definitions=definitions)}
    assert summary(RESET, with_it) == [(ChangeKind.DEFINITION_ADDED, "EVSEType", "ResetRequest")]
    assert summary(with_it, RESET) == [(ChangeKind.DEFINITION_REMOVED, "EVSEType", "ResetRequest")]


def test_a_renamed_definition_neither_comes_nor_goes() -> None:
    old = _with_evse(SHORT, "ResetRequest")
    outlet = document({"evse": {"$ref": "#/definitions/Outlet"}}, definitions={"Outlet": SHORT})
    assert summary(old, {"ResetRequest": outlet}) == [
        (ChangeKind.DEFINITION_RENAMED, "Outlet", "ResetRequest")
    ]


def _nested(inner: Any, outer: Any) -> Any:
    within = {"type": "object", "properties": inner, "additionalProperties": False}
    return {"ResetRequest": document({"inner": within, **outer})}


def test_a_member_that_moved_is_told_once() -> None:
    (change,) = changes(_nested({}, {"x": text()}), _nested({"x": text()}, {}))
    assert change.kind is ChangeKind.FIELD_MOVED
    assert (change.old, change.new) == ("ResetRequest.x", "ResetRequest.inner.x")


def test_a_member_that_is_another_elsewhere_did_not_move() -> None:
    found = summary(_nested({}, {"x": text()}), _nested({"x": text(maxLength=1)}, {}))
    assert {kind for kind, *_ in found} == {
        ChangeKind.OPTIONAL_FIELD_ADDED,
        ChangeKind.OPTIONAL_FIELD_REMOVED,
    }


def test_a_member_with_two_new_places_did_not_move() -> None:
    def within(members: Any) -> Any:
        return {"type": "object", "properties": members, "additionalProperties": False}

    x = {"x": text()}
    old = {"ResetRequest": document({"inner": within({}), "other": within({}), **x})}
    new = {"ResetRequest": document({"inner": within(x), "other": within(x)})}
    assert sorted(kind for kind, *_ in summary(old, new)) == [
        ChangeKind.OPTIONAL_FIELD_ADDED,
        ChangeKind.OPTIONAL_FIELD_ADDED,
        ChangeKind.OPTIONAL_FIELD_REMOVED,
    ]


def test_messages_travel_as_the_senders_say() -> None:
    new = {name: document({"x": text()}) for name in ("ResetRequest", "ResetResponse")}
    found = changes(RESET, new, {"Reset": "csms"})
    ways = [travel.sender for change in found for travel in change.messages]
    assert ways == ["csms", "station"]


@pytest.mark.parametrize("senders", [None, {}, {"Other": "csms"}])
def test_without_facts_a_direction_is_unknown(senders: dict[str, str] | None) -> None:
    (change,) = changes(RESET, {**RESET, "ResetRequest": document({"x": text()})}, senders)
    assert change.messages[0].sender is None


def test_the_advice_is_the_highest_bump_of_all() -> None:
    old = schema_set("a", ResetRequest=document({"x": text(maxLength=1)}))
    new = schema_set("b", ResetRequest=document({"x": text(maxLength=2)}))
    assert compare_schemas(old, old).bump is Bump.NONE
    assert compare_schemas(old, old).worst is None
    assert compare_schemas(old, new).bump is Bump.MINOR
    assert compare_schemas(old, new).worst is ChangeVerdict.RISKY
    assert compare_schemas(new, old).bump is Bump.MAJOR
    assert compare_schemas(new, old).worst is ChangeVerdict.BREAKING
    assert compare_schemas(new, old).count() == {
        ChangeVerdict.SAFE: 0,
        ChangeVerdict.RISKY: 0,
        ChangeVerdict.BREAKING: 1,
    }


@pytest.mark.parametrize("version", FOLDERS)
def test_a_shipped_set_does_not_differ_from_itself(version: str) -> None:
    assert compare_schemas(shipped(version), shipped(version)).changes == ()


def test_the_order_of_files_and_definitions_does_not_count() -> None:
    old, new = shipped("2.0.1"), shipped("2.1")
    names = list(new.files)
    random.Random(7).shuffle(names)
    shuffled = SchemaSet("2.1", {name: new.files[name] for name in names})
    assert compare_schemas(old, shuffled) == compare_schemas(old, new)


def test_what_is_known_about_2_1_is_found() -> None:
    found = {
        (change.kind, change.owner, change.path, str(change.new))
        for change in compare_schemas(shipped("2.0.1"), shipped("2.1")).changes
    }
    assert (ChangeKind.ACTION_ADDED, "NotifyPeriodicEventStream", "", "None") in found
    assert (
        ChangeKind.FIELD_BECAME_OPTIONAL,
        "ChargingSchedulePeriodType",
        "limit",
        "None",
    ) in found
    assert (ChangeKind.BOUND_LOOSENED, "IdTokenType", "idToken", "255") in found
    assert (ChangeKind.VALUE_ADDED, "MessageFormatEnumType", "", "QRCODE") in found
    assert sum(kind is ChangeKind.ACTION_ADDED for kind, *_ in found) == 91 - 64
    assert not any(kind is ChangeKind.ACTION_REMOVED for kind, *_ in found)


def test_a_planted_edit_in_a_real_set_is_the_only_change() -> None:
    old = shipped("2.0.1")
    name = "BootNotificationRequest"
    edited = {**old.files[name].document, "required": ["chargingStation"]}
    new = SchemaSet("2.0.1", {**old.files, name: message(name, edited)})
    (change,) = compare_schemas(old, new).changes
    assert (change.kind, change.owner, change.path) == (
        ChangeKind.FIELD_BECAME_OPTIONAL,
        name,
        "reason",
    )

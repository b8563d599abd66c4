"""What a comparison can be asked about, and twenty edits of real schemas that it must notice."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen._resources import schemas_dir
from ocppkit.codegen.diff._compare import compare_schemas
from ocppkit.codegen.diff._judge import ChangeKind
from ocppkit.codegen.diff._open_set import open_set, senders_of
from support.schema_pairs import document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped schemas of 2.0.1."""
    return shutil.copytree(schemas_dir() / "v201", tmp_path / "mine")


@pytest.mark.parametrize("name", ["1.6", "2.0.1", "2.1"])
def test_a_shipped_version(name: str) -> None:
    schemas = open_set(name)
    assert schemas.version == name
    assert {file.draft for file in schemas.files.values()} <= {4, 6}


def test_a_folder_is_called_by_its_path(folder: Path) -> None:
    schemas = open_set(str(folder))
    assert schemas.version == str(folder)
    assert schemas.files.keys() == open_set("2.0.1").files.keys()
    assert schemas.files["ResetRequest"].path == f"{folder}/ResetRequest.json"
    assert schemas.files["ResetRequest"].draft == 6


def test_a_set_of_unknown_version_may_hold_a_send(tmp_path: Path) -> None:
    (tmp_path / "Push.json").write_text(json.dumps(document()))
    assert list(open_set(str(tmp_path)).files) == ["Push"]
    with pytest.raises(CodegenError, match=r"Push\.json"):
        open_set(str(tmp_path), "2.0.1")


def test_senders_of_one_version() -> None:
    senders = senders_of("2.0.1", "2.0.1")
    assert len(senders) == 64
    assert senders["BootNotification"] == "station"
    assert senders["Reset"] == "csms"
    assert senders["DataTransfer"] == "both"


def test_an_unknown_version_takes_the_facts_of_all() -> None:
    senders = senders_of("2.0.1", None)
    assert senders.keys() > senders_of("2.0.1").keys()
    assert senders["StartTransaction"] == "station"
    assert senders["AFRRSignal"] == "csms"


BOOT, RESET, EVENT = "BootNotificationRequest", "ResetRequest", "TransactionEventRequest"
INTEGER = {"type": "integer"}

EDITS: list[tuple[ChangeKind, str, Callable[[Any], Any]]] = [
    (ChangeKind.BOUND_LOOSENED, BOOT, lambda it: _station(it)["vendorName"].update(maxLength=51)),
    (ChangeKind.BOUND_TIGHTENED, BOOT, lambda it: _station(it)["vendorName"].update(maxLength=49)),
    (ChangeKind.BOUND_TIGHTENED, BOOT, lambda it: _station(it)["vendorName"].update(minLength=1)),
    (ChangeKind.BOUND_LOOSENED, BOOT, lambda it: _station(it)["vendorName"].pop("maxLength")),
    (ChangeKind.BOUND_TIGHTENED, RESET, lambda it: it["properties"]["evseId"].update(minimum=0)),
    (ChangeKind.BOUND_TIGHTENED, RESET, lambda it: it["properties"]["evseId"].update(maximum=9)),
    (ChangeKind.BOUND_TIGHTENED, RESET, lambda it: it["properties"]["evseId"].update(multipleOf=2)),
    (
        ChangeKind.BOUND_TIGHTENED,
        EVENT,
        lambda it: it["properties"]["meterValue"].update(maxItems=9),
    ),
    (ChangeKind.FIELD_BECAME_OPTIONAL, BOOT, lambda it: it["required"].remove("reason")),
    (ChangeKind.FIELD_BECAME_REQUIRED, RESET, lambda it: it["required"].append("evseId")),
    (
        ChangeKind.OPTIONAL_FIELD_ADDED,
        RESET,
        lambda it: it["properties"].update(connectorId=INTEGER),
    ),
    (ChangeKind.OPTIONAL_FIELD_REMOVED, RESET, lambda it: it["properties"].pop("evseId")),
    (ChangeKind.TYPE_CHANGED, RESET, lambda it: it["properties"].update(evseId={"type": "string"})),
    (ChangeKind.TYPE_WIDENED, RESET, lambda it: it["properties"].update(evseId={"type": "number"})),
    (ChangeKind.VALUE_ADDED, RESET, lambda it: _words(it, "ResetEnumType").append("Soon")),
    (ChangeKind.VALUE_REMOVED, RESET, lambda it: _words(it, "ResetEnumType").remove("OnIdle")),
    (ChangeKind.ENUM_OPENED, RESET, lambda it: it["definitions"]["ResetEnumType"].pop("enum")),
    (ChangeKind.OBJECT_OPENED, RESET, lambda it: it.pop("additionalProperties")),
    (ChangeKind.FORMAT_REMOVED, EVENT, lambda it: it["properties"]["timestamp"].pop("format")),
    (
        ChangeKind.DEFAULT_CHANGED,
        EVENT,
        lambda it: it["properties"]["offline"].update(default=True),
    ),
    (ChangeKind.DEFINITION_ADDED, RESET, lambda it: it["definitions"].update(NewType=INTEGER)),
    (
        ChangeKind.DRAFT_LOWERED,
        RESET,
        lambda it: it.update({"$schema": "http://json-schema.org/draft-04/schema#"}),
    ),
]


def _station(document: Any) -> Any:
    return document["definitions"]["ChargingStationType"]["properties"]


def _words(document: Any, name: str) -> Any:
    return document["definitions"][name]["enum"]


@pytest.mark.parametrize(
    ("kind", "name", "edit"), EDITS, ids=[f"{kind}-{name}" for kind, name, _ in EDITS]
)
def test_an_edit_of_a_real_schema_is_noticed(
    kind: ChangeKind, name: str, edit: Callable[[Any], Any], folder: Path
) -> None:
    path = folder / f"{name}.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    (change,) = compare_schemas(open_set("2.0.1"), open_set(str(folder), "2.0.1")).changes
    assert change.kind == kind
    assert [travel.message for travel in change.messages] == [name]


def test_a_lost_and_a_new_message_are_noticed(folder: Path) -> None:
    for part in ("Request", "Response"):
        (folder / f"Reset{part}.json").rename(folder / f"Restart{part}.json")
    changes = compare_schemas(open_set("2.0.1"), open_set(str(folder))).changes
    assert {(ChangeKind.ACTION_REMOVED, "Reset"), (ChangeKind.ACTION_ADDED, "Restart")} <= {
        (change.kind, change.owner) for change in changes
    }

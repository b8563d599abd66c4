"""Edits planted into real schemas: each is noticed by the lock, by generate, by its check and by diff, or refused.

The set is a part of OCPP 2.1's, small enough to be generated anew for every edit.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen import (
    CodegenError,
    Drift,
    PackageTree,
    SchemaSet,
    check_lock,
    compare,
    compare_schemas,
    load_facts,
    load_set,
    package_tree,
    publish,
    schemas_dir,
)
from ocppkit.codegen._pipeline import read_api
from ocppkit.codegen.diff._judge import ChangeKind
from ocppkit.codegen.model._facts import VersionFacts
from ocppkit.codegen.render import _flavours
from ocppkit.codegen.render._flavours import render_flavour
from ocppkit.codegen.render._format import format_python
from ocppkit.codegen.schemas._json_text import write_json
from ocppkit.codegen.schemas._lock import read_lock, write_lock

VERSION = "2.1"
FOLDER = "v21"
ACTIONS = ("BootNotification", "DataTransfer", "MeterValues", "NotifyPeriodicEventStream", "Reset")
PACKAGE = "planted"

Schema = dict[str, Any]
Edit = Callable[[Schema], object]
"""Changes a part of a schema in place."""


@dataclass(frozen=True)
class Schemas:
    """A folder of schemas with its lock, to plant edits in."""

    root: Path

    def file(self, message: str) -> Path:
        return self.root / FOLDER / f"{message}.json"

    def edit(self, message: str, edit: Edit) -> None:
        """Edits one file, and leaves it written as an import writes it."""
        document = json.loads(self.file(message).read_text("utf-8"))
        edit(document)
        self.file(message).write_bytes(write_json(document))

    def edit_everywhere(self, definition: str, edit: Edit) -> None:
        """Edits a definition in each file that has it."""
        for path in sorted((self.root / FOLDER).glob("*.json")):
            if definition in json.loads(path.read_text("utf-8")).get("definitions", {}):
                self.edit(path.stem, lambda document: edit(document["definitions"][definition]))


Plant = Callable[[Schemas], object]
"""Changes files of a set."""


@cache
def facts() -> VersionFacts:
    whole = load_facts(VERSION)
    return replace(whole, actions={name: whole.actions[name] for name in ACTIONS})


def plant(root: Path) -> Schemas:
    """Copies the part of the shipped schemas, and the part of their lock, to a folder of its own."""
    lock = read_lock(schemas_dir())[FOLDER]
    names = {
        name
        for action in ACTIONS
        for name in (action, f"{action}Request", f"{action}Response")
        if name in lock.files
    }
    (root / FOLDER).mkdir(parents=True)
    for name in sorted(names):
        shutil.copy(schemas_dir() / FOLDER / f"{name}.json", root / FOLDER)
    part = replace(lock, files={name: lock.files[name] for name in names})
    (root / "lock.toml").write_bytes(write_lock({FOLDER: part}))
    return Schemas(root)


def load(schemas: Schemas) -> SchemaSet:
    return load_set(VERSION, schemas.root / FOLDER)


def generate(schemas: SchemaSet, output: Path) -> PackageTree:
    files = render_flavour(
        read_api(schemas, facts()), PACKAGE, "msgspec", (), lambda done, total: None
    )
    return package_tree(files, output, PACKAGE)


@cache
def shipped() -> SchemaSet:
    """The part as it is shipped."""
    files = load_set(VERSION, schemas_dir() / FOLDER).files
    own = [
        name for name in files if name.removesuffix("Request").removesuffix("Response") in ACTIONS
    ]
    return SchemaSet(VERSION, {name: files[name] for name in own})


@cache
def shipped_files() -> Mapping[str, str]:
    return generate(shipped(), Path()).files


@pytest.fixture(autouse=True)
def _remember_formatting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit changes few files, and black takes most of the time."""
    monkeypatch.setattr(_flavours, "format_python", remembered)


remembered = cache(format_python)


@pytest.fixture
def schemas(tmp_path: Path) -> Schemas:
    return plant(tmp_path / "schemas")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A folder with what was generated before the edit."""
    output = tmp_path / "generated"
    publish([PackageTree(output / PACKAGE, shipped_files())])
    return output


def test_without_an_edit_nothing_is_noticed(schemas: Schemas, output: Path) -> None:
    assert check_lock(schemas.root) == ()
    assert compare(generate(load(schemas), output)) == Drift()
    assert compare_schemas(shipped(), load(schemas)).changes == ()


@dataclass(frozen=True)
class Noticed:
    """Who notices an edit that can be generated, and how."""

    locked: tuple[str, ...]
    """Messages that the lock complains of."""

    kinds: tuple[ChangeKind, ...]
    """What diff finds, sorted by name."""

    changed: tuple[str, ...]
    """Generated files that the check finds changed."""


def members(message: str, edit: Edit) -> Plant:
    """Edits the members of a message."""
    return lambda schemas: schemas.edit(message, lambda document: edit(document["properties"]))


def member(message: str, wire: str, **keywords: Any) -> Plant:
    """Sets keywords of a member; None removes one."""
    return members(message, lambda properties: set_keywords(properties[wire], keywords))


def definition(name: str, **keywords: Any) -> Plant:
    """Sets keywords of a definition, in all files that have it."""
    return lambda schemas: schemas.edit_everywhere(name, lambda it: set_keywords(it, keywords))


def definition_member(name: str, wire: str, **keywords: Any) -> Plant:
    return lambda schemas: schemas.edit_everywhere(
        name, lambda it: set_keywords(it["properties"][wire], keywords)
    )


def set_keywords(schema: Schema, keywords: Schema) -> None:
    for keyword, value in keywords.items():
        if value is None:
            del schema[keyword]
        else:
            schema[keyword] = value


def rename(old: str, new: str) -> Edit:
    """Renames a key and leaves it in its place."""

    def edit(schema: Schema) -> None:
        items = [(new if key == old else key, value) for key, value in schema.items()]
        schema.clear()
        schema.update(items)

    return edit


def need(message: str, *required: str) -> Plant:
    return lambda schemas: schemas.edit(message, lambda it: it.update(required=list(required)))


def both(*plants: Plant) -> Plant:
    def plant(schemas: Schemas) -> None:
        for each in plants:
            each(schemas)

    return plant


def definition_renamed(schemas: Schemas) -> None:
    def edit(document: Schema) -> None:
        rename("ResetEnumType", "ResetKindEnumType")(document["definitions"])
        document["properties"]["type"]["$ref"] = "#/definitions/ResetKindEnumType"

    schemas.edit("ResetRequest", edit)


def draft_lowered(schemas: Schemas) -> None:
    draft = "http://json-schema.org/draft-04/schema#"
    schemas.edit("ResetRequest", lambda document: document.update({"$schema": draft}))


DELAY: Schema = {"type": "integer"}
WORDS = ["Immediate", "OnIdle", "ImmediateAndResume"]
RESET = ("ResetRequest",)
RESPONSES = ("BootNotificationResponse", "DataTransferResponse", "ResetResponse")
RESET_FILES = ("messages/reset.py", "roles.py")
STREAM = ("NotifyPeriodicEventStream",)
STREAM_FILE = "messages/notify_periodic_event_stream.py"

PLANTED: Mapping[str, tuple[Plant, Noticed]] = {
    "an optional member more": (
        members("ResetRequest", lambda it: it.update(delay=DELAY)),
        Noticed(RESET, (ChangeKind.OPTIONAL_FIELD_ADDED,), RESET_FILES),
    ),
    "a required member more": (
        both(
            members("ResetRequest", lambda it: it.update(delay=DELAY)),
            need("ResetRequest", "type", "delay"),
        ),
        Noticed(RESET, (ChangeKind.REQUIRED_FIELD_ADDED,), RESET_FILES),
    ),
    "a member less": (
        members("ResetRequest", lambda it: it.pop("evseId")),
        Noticed(RESET, (ChangeKind.OPTIONAL_FIELD_REMOVED,), RESET_FILES),
    ),
    "a member of another name": (
        members("ResetRequest", rename("evseId", "outlet")),
        Noticed(
            RESET, (ChangeKind.OPTIONAL_FIELD_ADDED, ChangeKind.OPTIONAL_FIELD_REMOVED), RESET_FILES
        ),
    ),
    # The Python name stays `evse_id`, and so do the roles.
    "a member of another spelling": (
        members("ResetRequest", rename("evseId", "evseID")),
        Noticed(
            RESET,
            (ChangeKind.OPTIONAL_FIELD_ADDED, ChangeKind.OPTIONAL_FIELD_REMOVED),
            ("messages/reset.py",),
        ),
    ),
    "an optional member that is required now": (
        need("ResetRequest", "type", "evseId"),
        Noticed(RESET, (ChangeKind.FIELD_BECAME_REQUIRED,), RESET_FILES),
    ),
    "a required member that is optional now": (
        need("MeterValuesRequest", "meterValue"),
        Noticed(
            ("MeterValuesRequest",),
            (ChangeKind.FIELD_BECAME_OPTIONAL,),
            ("messages/meter_values.py", "roles.py"),
        ),
    ),
    "a word more": (
        definition("ResetEnumType", enum=[*WORDS, "Later"]),
        Noticed(RESET, (ChangeKind.VALUE_ADDED,), ("enums.py",)),
    ),
    "a word less": (
        definition("ResetEnumType", enum=WORDS[:2]),
        Noticed(RESET, (ChangeKind.VALUE_REMOVED,), ("enums.py",)),
    ),
    # The Python name stays `ON_IDLE`.
    "a word of another spelling": (
        definition("ResetEnumType", enum=["Immediate", "On-Idle", "ImmediateAndResume"]),
        Noticed(RESET, (ChangeKind.VALUE_ADDED, ChangeKind.VALUE_REMOVED), ("enums.py",)),
    ),
    "words in another order": (
        definition("ResetEnumType", enum=WORDS[::-1]),
        Noticed((), (ChangeKind.ORDER_CHANGED,), ("enums.py",)),
    ),
    "a higher limit": (
        definition_member("StatusInfoType", "additionalInfo", maxLength=2048),
        Noticed(
            RESPONSES,
            (ChangeKind.BOUND_LOOSENED,),
            ("blocks/status_info.py", "constraints.py", "datatypes.py"),
        ),
    ),
    "a lower limit": (
        definition_member("StatusInfoType", "reasonCode", maxLength=10),
        Noticed(RESPONSES, (ChangeKind.BOUND_TIGHTENED,), ("constraints.py", "datatypes.py")),
    ),
    "no limit": (
        member("ResetRequest", "evseId", minimum=None),
        Noticed(RESET, (ChangeKind.BOUND_LOOSENED,), RESET_FILES),
    ),
    "more items needed": (
        member("MeterValuesRequest", "meterValue", minItems=2),
        Noticed(
            ("MeterValuesRequest",), (ChangeKind.BOUND_TIGHTENED,), ("messages/meter_values.py",)
        ),
    ),
    "fewer items allowed": (
        member("NotifyPeriodicEventStream", "data", maxItems=100),
        Noticed(STREAM, (ChangeKind.BOUND_TIGHTENED,), (STREAM_FILE,)),
    ),
    "another type": (
        members("NotifyPeriodicEventStream", lambda it: it.update(id={"type": "string"})),
        Noticed(STREAM, (ChangeKind.TYPE_CHANGED,), (STREAM_FILE, "roles.py")),
    ),
    "a type where there was none": (
        members("DataTransferRequest", lambda it: it.update(data={"type": "string"})),
        Noticed(
            ("DataTransferRequest",),
            (ChangeKind.TYPE_NARROWED,),
            ("messages/data_transfer.py", "roles.py"),
        ),
    ),
    "no format": (
        member("NotifyPeriodicEventStream", "basetime", format=None),
        Noticed(STREAM, (ChangeKind.FORMAT_REMOVED,), (STREAM_FILE, "roles.py")),
    ),
    "an object that is open now": (
        definition("StatusInfoType", additionalProperties=None),
        Noticed(RESPONSES, (ChangeKind.OBJECT_OPENED,), ("datatypes.py",)),
    ),
    "an object that is closed now": (
        definition("CustomDataType", additionalProperties=False),
        Noticed(tuple(shipped().files), (ChangeKind.OBJECT_CLOSED,), ("datatypes.py",)),
    ),
    # A default fills no member, so no generated file has it.
    "another default": (
        definition("LocationEnumType", default="Body"),
        Noticed(("MeterValuesRequest",), (ChangeKind.DEFAULT_CHANGED,), ()),
    ),
    # The lock compares what is accepted, and order decides nothing there.
    "members in another order": (
        members("ResetRequest", lambda it: it.update(type=it.pop("type"))),
        Noticed((), (ChangeKind.ORDER_CHANGED,), RESET_FILES),
    ),
    "another draft": (
        draft_lowered,
        Noticed(RESET, (ChangeKind.DRAFT_LOWERED,), ("messages/reset.py",)),
    ),
    "a definition of another name": (
        definition_renamed,
        Noticed(
            RESET,
            (ChangeKind.DEFINITION_RENAMED,),
            ("__init__.py", "enums.py", "messages/reset.py", "roles.py"),
        ),
    ),
    "prose": (
        member("ResetRequest", "evseId", description="Which outlet to reset."),
        Noticed(RESET, (), ()),
    ),
}


@pytest.mark.parametrize(("plant", "noticed"), PLANTED.values(), ids=PLANTED)
def test_an_edit_is_noticed(plant: Plant, noticed: Noticed, schemas: Schemas, output: Path) -> None:
    plant(schemas)
    edited = load(schemas)
    changes = compare_schemas(shipped(), edited).changes
    assert complaints(schemas) == noticed.locked
    assert tuple(sorted(change.kind for change in changes)) == noticed.kinds
    assert compare(generate(edited, output)) == Drift(changed=noticed.changed)


def complaints(schemas: Schemas) -> tuple[str, ...]:
    """Returns the messages that the lock complains of."""
    return tuple(Path(str(each.file)).stem for each in check_lock(schemas.root))


@dataclass(frozen=True)
class RefusedEdit:
    """Who notices an edit that cannot be generated, and how."""

    locked: tuple[str, ...]
    problem: str
    file: str
    pointer: str | None = None
    kinds: tuple[ChangeKind, ...] | None = None
    """What diff finds, sorted by name; none if the set cannot even be read."""


def copy(old: str, new: str) -> Plant:
    return lambda schemas: schemas.file(new).write_bytes(schemas.file(old).read_bytes())


def remove(*messages: str) -> Plant:
    def plant(schemas: Schemas) -> None:
        for message in messages:
            schemas.file(message).unlink()

    return plant


def one_definition(schemas: Schemas) -> None:
    schemas.edit(
        "ResetResponse",
        lambda it: it["definitions"]["StatusInfoType"]["properties"]["reasonCode"].update(
            maxLength=21
        ),
    )


def broken_json(schemas: Schemas) -> None:
    file = schemas.file("ResetRequest")
    file.write_text(file.read_text("utf-8").replace('"required": [', '"required" ['))


REFUSED: Mapping[str, tuple[Plant, RefusedEdit]] = {
    "one definition of several": (
        one_definition,
        RefusedEdit(
            ("ResetResponse",),
            "StatusInfoType differs from StatusInfoType at",
            "ResetResponse.json",
            "/definitions/StatusInfoType",
            (ChangeKind.BOUND_LOOSENED,),
        ),
    ),
    "a reference that refers to nothing": (
        member("ResetRequest", "type", **{"$ref": "#/definitions/ResetType"}),
        RefusedEdit(RESET, "refers to nothing", "ResetRequest.json", "/properties/type/$ref"),
    ),
    "an unknown keyword": (
        member("ResetRequest", "evseId", exclusiveMinimum=0),
        RefusedEdit(
            RESET,
            "unknown keyword 'exclusiveMinimum'",
            "ResetRequest.json",
            "/properties/evseId/exclusiveMinimum",
        ),
    ),
    "no type": (
        member("ResetRequest", "evseId", type=None),
        RefusedEdit(RESET, "the schema has no type", "ResetRequest.json", "/properties/evseId"),
    ),
    "no JSON": (broken_json, RefusedEdit(RESET, "not JSON", "ResetRequest.json")),
    "an inline type": (
        members("ResetRequest", lambda it: it.update(mode={"type": "string", "enum": ["A"]})),
        RefusedEdit(
            RESET,
            "inline types have no name: Reset.request.mode",
            "ResetRequest.json",
            "/properties/mode",
            (ChangeKind.OPTIONAL_FIELD_ADDED,),
        ),
    ),
    "two names that are one in Python": (
        members("ResetRequest", lambda it: it.update(evseID=DELAY)),
        RefusedEdit(
            RESET,
            "'evseId' and 'evseID' would both be named 'evse_id' in Python",
            "ResetRequest.json",
            "/properties/evseID",
            (ChangeKind.OPTIONAL_FIELD_ADDED,),
        ),
    ),
    "a message that is open": (
        lambda schemas: schemas.edit("ResetRequest", lambda it: it.pop("additionalProperties")),
        RefusedEdit(
            RESET,
            "the schema of a message must be an object and must forbid unknown members",
            "ResetRequest.json",
            "",
            (ChangeKind.OBJECT_OPENED,),
        ),
    ),
    "a request less": (
        remove("ResetRequest"),
        RefusedEdit(RESET, "the response has no request", "ResetResponse.json"),
    ),
    "a response less": (
        remove("ResetResponse"),
        RefusedEdit(("ResetResponse",), "the request has no response", "ResetRequest.json"),
    ),
    "an action less": (
        remove("ResetRequest", "ResetResponse"),
        RefusedEdit(
            ("ResetRequest", "ResetResponse"),
            "there are facts of an action that the schemas of OCPP 2.1 do not have: Reset",
            "v21.toml",
            "/actions/Reset",
            (
                ChangeKind.ACTION_REMOVED,
                ChangeKind.DEFINITION_REMOVED,
                ChangeKind.DEFINITION_REMOVED,
            ),
        ),
    ),
    "an action more": (
        both(copy("ResetRequest", "RestRequest"), copy("ResetResponse", "RestResponse")),
        RefusedEdit(
            ("RestRequest", "RestResponse"),
            "the schemas of OCPP 2.1 have an action Rest, but no facts say who sends it",
            "RestRequest.json",
            "",
            (ChangeKind.ACTION_ADDED,),
        ),
    ),
    "a CALL that was a SEND": (
        copy("ResetResponse", "NotifyPeriodicEventStreamResponse"),
        RefusedEdit(
            ("NotifyPeriodicEventStreamResponse",),
            "the facts say that NotifyPeriodicEventStream is a send, but",
            "v21.toml",
            "/actions/NotifyPeriodicEventStream/kind",
            (ChangeKind.ACTION_BECAME_CALL,),
        ),
    ),
    "a SEND that was a CALL": (
        both(copy("ResetRequest", "Reset"), remove("ResetRequest", "ResetResponse")),
        RefusedEdit(
            ("Reset", "ResetRequest", "ResetResponse"),
            "the facts say that Reset is a call, but it has no response",
            "v21.toml",
            "/actions/Reset/kind",
            (ChangeKind.ACTION_BECAME_SEND, ChangeKind.DEFINITION_REMOVED),
        ),
    ),
}


@pytest.mark.parametrize(("plant", "expected"), REFUSED.values(), ids=REFUSED)
def test_an_edit_is_refused(
    plant: Plant, expected: RefusedEdit, schemas: Schemas, output: Path
) -> None:
    before = (output / PACKAGE / "registry.py").read_text("utf-8")
    plant(schemas)
    assert complaints(schemas) == expected.locked
    with pytest.raises(CodegenError) as caught:
        generate(load(schemas), output)
    error = caught.value
    assert expected.problem in error.problem
    assert Path(str(error.file)).name == expected.file
    assert error.pointer == expected.pointer
    assert error.cure
    assert (output / PACKAGE / "registry.py").read_text("utf-8") == before
    if expected.kinds is not None:
        changes = compare_schemas(shipped(), load(schemas)).changes
        assert tuple(sorted(change.kind for change in changes)) == expected.kinds


def test_there_are_more_than_twenty() -> None:
    assert len(PLANTED) + len(REFUSED) >= 40

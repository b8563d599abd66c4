"""The facts: complete, cited, true to the schemas, and strict about what a facts file may say."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.model._facts import ActionFacts, VersionFacts
from ocppkit.codegen.model._facts_files import (
    facts_files_of,
    has_sends,
    known_versions,
    load_facts,
)
from ocppkit.codegen.model._missing_facts import check_schemas_exist, write_skeleton
from ocppkit.core import ErrorCode, Role

SCHEMAS = Path(__file__).parents[3] / "schemas"
VERSIONS = ("1.6", "2.0.1", "2.1")
FAMILY_2 = ("2.0.1", "2.1")

DOCUMENTS = {
    "1.6": r"OCPP 1\.6 edition 2 §[45]\.\d+(, §[45]\.\d+)*"
    r"|Improved security for OCPP 1\.6-J edition 3 §5\.\d+, use cases? [A-Z]\d\d(, [A-Z]\d\d)*",
    "2.0.1": r"OCPP 2\.0\.1 Part 2 edition 3, use cases? [A-Z]\d\d((, |-)[A-Z]\d\d)*",
    "2.1": r"OCPP 2\.1 Part 2 edition 1, use cases? [A-Z]\d\d((, |-)[A-Z]\d\d)*"
    r"(; OCPP 2\.1 Part 4 edition 1 §4\.2\.4)?",
}
"""What a citation of each version looks like."""

VENDOR = """
[protocol]
version = "2.0.1"
blocks = { ACME = "Acme's own" }

[actions.AcmeBlink]
purpose = "Asks the Charging Station to blink."
direction = "csms"
block = "ACME"
citation = "Acme manual, edition 7, page 3"
"""


@cache
def facts_of(version: str) -> VersionFacts:
    return load_facts(version)


@cache
def schemas_of(version: str) -> dict[str, dict[str, Any]]:
    folder = SCHEMAS / facts_of(version).protocol.package
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


EACH_ACTION = [
    pytest.param(version, action, id=f"{version}-{name}")
    for version in VERSIONS
    for name, action in facts_of(version).actions.items()
]


def request_of(action: ActionFacts) -> str:
    return action.name if action.kind == "send" else f"{action.name}Request"


def resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return resolve(document["definitions"][schema["$ref"].rsplit("/", 1)[1]], document)
    return schema


def has_member(document: dict[str, Any], path: str) -> bool:
    schema = document
    for wire in path.split("."):
        schema = resolve(schema, document)
        if wire not in schema.get("properties", {}):
            return False
        schema = schema["properties"][wire]
    return True


def named_places(
    schema: dict[str, Any], document: dict[str, Any], path: str
) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """Yields each enum and object: its place, itself, its name in `definitions` if it has one."""
    reference = schema.get("$ref", "").rsplit("/", 1)[-1] or None
    schema = resolve(schema, document)
    if "enum" in schema or schema.get("type") == "object":
        yield path, schema, reference
    for wire, member in schema.get("properties", {}).items():
        yield from named_places(member, document, f"{path}.{wire}")
    if schema.get("type") == "array":
        yield from named_places(schema["items"], document, f"{path}[]")


def canonical(schema: Any, document: dict[str, Any]) -> Any:
    """Returns a schema without references and without the order of members, words and keys."""
    if isinstance(schema, dict):
        resolved = resolve(cast("dict[str, Any]", schema), document)
        return {key: canonical(resolved[key], document) for key in sorted(resolved)}
    return sorted(cast("list[str]", schema)) if isinstance(schema, list) else schema


def places_v16() -> dict[str, tuple[dict[str, Any], str | None]]:
    places: dict[str, tuple[dict[str, Any], str | None]] = {}
    for name, document in schemas_of("1.6").items():
        part = "request" if name.endswith("Request") else "response"
        action = name.removesuffix(part.capitalize())
        for wire, member in document.get("properties", {}).items():
            for path, schema, reference in named_places(
                member, document, f"{action}.{part}.{wire}"
            ):
                places[path] = (canonical(schema, document), reference)
    return places


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- Our own facts ---------------------------------------------------------------------------


def test_every_version_has_its_facts() -> None:
    assert list(known_versions().items()) == [("1.6", "v16"), ("2.0.1", "v201"), ("2.1", "v21")]


@pytest.mark.parametrize(
    ("version", "station", "csms"), [("1.6", 13, 25), ("2.0.1", 24, 39), ("2.1", 36, 54)]
)
def test_directions_are_counted(version: str, station: int, csms: int) -> None:
    directions = [action.direction for action in facts_of(version).actions.values()]
    assert (directions.count("station"), directions.count("csms")) == (station, csms)
    both = {name for name, a in facts_of(version).actions.items() if a.direction == "both"}
    assert both == {"DataTransfer"}


def test_directions_are_the_roles_of_core() -> None:
    directions = {a.direction for v in VERSIONS for a in facts_of(v).actions.values()}
    assert directions == {role.value for role in Role} | {"both"}


@pytest.mark.parametrize(("version", "count"), [("1.6", 39), ("2.0.1", 64), ("2.1", 91)])
def test_facts_and_schemas_know_the_same_actions(version: str, count: int) -> None:
    facts = facts_of(version)
    assert len(facts.actions) == count
    assert list(facts.actions) == sorted(facts.actions)
    names = schemas_of(version)
    check_schemas_exist(facts, {re.sub(r"(Request|Response)$", "", name) for name in names})


@pytest.mark.parametrize(("version", "action"), EACH_ACTION)
def test_an_action_is_cited_and_described(version: str, action: ActionFacts) -> None:
    assert re.fullmatch(DOCUMENTS[version], action.citation)
    assert action.block in facts_of(version).protocol.blocks
    # Third person, because the sentence is a docstring; a method's has 86 columns of a line of 100.
    assert re.match(r"[A-Z][a-z]+s ", action.purpose)
    assert len(action.purpose) <= 86


@pytest.mark.parametrize(("version", "action"), EACH_ACTION)
def test_an_action_fits_its_schemas(version: str, action: ActionFacts) -> None:
    schemas = schemas_of(version)
    request = schemas[request_of(action)]
    assert (f"{action.name}Response" in schemas) == (action.kind == "call")
    if action.correlation is not None:
        part, _, path = action.correlation.partition(".")
        document = request if part == "request" else schemas[f"{action.name}Response"]
        assert has_member(document, path)
    for member in action.parts:
        assert has_member(request, member)
    # The other way round: a request with these members must have the facts that go with them.
    assert ("tbc" in request.get("properties", {})) == ("tbc" in action.parts)
    if "requestId" in request.get("properties", {}):
        assert action.correlation == "request.requestId"


@pytest.mark.parametrize(("version", "action"), EACH_ACTION)
def test_an_action_that_orders_a_result_shares_its_correlation(
    version: str, action: ActionFacts
) -> None:
    for name in action.followed_by:
        follower = facts_of(version).actions[name]
        assert follower.direction != action.direction or follower.kind == "send"
        if action.correlation == "request.requestId":
            assert follower.correlation == "request.requestId"


@pytest.mark.parametrize("version", VERSIONS)
def test_offline_queues_are_few(version: str) -> None:
    queued = {n: a.offline for n, a in facts_of(version).actions.items() if a.offline != "drop"}
    assert (
        queued
        == {
            "1.6": {
                "MeterValues": "queue_if_transaction",
                "SecurityEventNotification": "queue_if_critical",
                "StartTransaction": "queue",
                "StopTransaction": "queue",
            },
            "2.0.1": {
                "NotifyEvent": "queue_by_severity",
                "SecurityEventNotification": "queue_if_critical",
                "TransactionEvent": "queue",
            },
            "2.1": {
                "NotifyEvent": "queue_by_severity",
                "NotifyPriorityCharging": "queue",
                "SecurityEventNotification": "queue_if_critical",
                "TransactionEvent": "queue",
            },
        }[version]
    )


@pytest.mark.parametrize(
    ("version", "related"),
    [
        ("1.6", {"MeterValues", "StartTransaction", "StopTransaction"}),
        ("2.0.1", {"TransactionEvent"}),
        ("2.1", {"TransactionEvent"}),
    ],
)
def test_transaction_messages(version: str, related: set[str]) -> None:
    actions = facts_of(version).actions
    assert {name for name, action in actions.items() if action.transaction_related} == related


def test_only_2_1_has_a_send() -> None:
    sends = [(v, n) for v in VERSIONS for n, a in facts_of(v).actions.items() if a.kind == "send"]
    assert sends == [("2.1", "NotifyPeriodicEventStream")]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_trigger_word_asks_for_one_action(version: str) -> None:
    document = schemas_of(version)["TriggerMessageRequest"]
    words = set(resolve(document["properties"]["requestedMessage"], document)["enum"])
    triggers = [word for a in facts_of(version).actions.values() for word in a.triggers]
    assert len(triggers) == len(set(triggers))
    # CustomTrigger asks for whatever the vendor says.
    assert set(triggers) == words - {"CustomTrigger"}


def test_each_extended_trigger_word_asks_for_one_action() -> None:
    document = schemas_of("1.6")["ExtendedTriggerMessageRequest"]
    words = resolve(document["properties"]["requestedMessage"], document)["enum"]
    actions = facts_of("1.6").actions.values()
    assert sorted(word for a in actions for word in a.extended_triggers) == sorted(words)
    assert not any(a.extended_triggers for v in FAMILY_2 for a in facts_of(v).actions.values())


def test_equivalents_are_actions_of_1_6() -> None:
    v16 = facts_of("1.6").actions
    for version in FAMILY_2:
        for action in facts_of(version).actions.values():
            assert set(action.v16_equivalent) <= v16.keys()
            if action.name in v16:
                assert action.name in action.v16_equivalent


def test_since_marks_what_2_0_1_lacks() -> None:
    old = facts_of("2.0.1").actions
    for name, action in facts_of("2.1").actions.items():
        assert action.since == (None if name in old else "2.1")


@pytest.mark.parametrize("version", FAMILY_2)
def test_2x_use_cases_belong_to_blocks(version: str) -> None:
    for action in facts_of(version).actions.values():
        assert action.use_cases
        assert {case[0] for case in action.use_cases} <= facts_of(version).protocol.blocks.keys()
        assert action.block in {case[0] for case in action.use_cases}
        for case in re.findall(r"[A-Z]\d\d", action.citation):
            assert case in action.use_cases


def test_what_2_1_kept_it_kept_in_direction_and_block() -> None:
    for name, old in facts_of("2.0.1").actions.items():
        new = facts_of("2.1").actions[name]
        assert (old.direction, old.block, old.kind) == (new.direction, new.block, new.kind)
        assert set(old.use_cases) <= set(new.use_cases)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_protocol(version: str) -> None:
    protocol = facts_of(version).protocol
    assert protocol.version == version
    assert protocol.subprotocol == f"ocpp{version}"
    assert protocol.package == "v" + version.replace(".", "")


def test_error_codes_as_each_version_spells_them() -> None:
    v16, v201, v21 = (facts_of(version).protocol.error_codes for version in VERSIONS)
    assert v201 == v21 == {code.value: code.value for code in ErrorCode}
    assert {code: spelling for code, spelling in v16.items() if code != spelling} == {
        "FormatViolation": "FormationViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    }
    assert v201.keys() - v16.keys() == {"MessageTypeNotSupported", "RpcFrameworkError"}


# --- Names of 1.6 ----------------------------------------------------------------------------


def test_every_place_of_1_6_has_a_name_and_every_name_a_place() -> None:
    names = facts_of("1.6").names
    assert len(names) == 90
    assert len(set(names.values())) == 60
    assert names.keys() == places_v16().keys()


def test_places_of_one_name_are_equal() -> None:
    names = facts_of("1.6").names
    seen: dict[str, Any] = {}
    for path, (schema, _) in places_v16().items():
        assert seen.setdefault(names[path], schema) == schema, path


def test_names_of_the_security_extension_are_its_schemas_own() -> None:
    names = facts_of("1.6").names
    differing = {
        (reference, names[path])
        for path, (_, reference) in places_v16().items()
        if reference not in (None, names[path])
    }
    assert differing == {("InstallCertificateStatusEnumType", "CertificateStatusEnumType")}


# --- Users' facts ----------------------------------------------------------------------------


def test_a_vendor_adds_an_action_and_a_block(tmp_path: Path) -> None:
    path = write(tmp_path, VENDOR)
    facts = load_facts("2.0.1", path)
    action = facts.actions["AcmeBlink"]
    assert (action.direction, action.block, action.file) == ("csms", "ACME", str(path))
    assert facts.protocol.blocks["ACME"] == "Acme's own"
    assert facts.protocol.blocks["A"] == "Security"
    assert facts.actions.keys() - facts_of("2.0.1").actions.keys() == {"AcmeBlink"}
    assert facts.files[-1] == str(path)
    assert facts.own_files == (str(path),)
    assert facts_of("2.0.1").own_files == ()


def test_a_user_overrules_one_key(tmp_path: Path) -> None:
    path = write(tmp_path, '[protocol]\nversion = "1.6"\n[actions.Heartbeat]\noffline = "queue"\n')
    old, new = facts_of("1.6").actions["Heartbeat"], load_facts("1.6", path).actions["Heartbeat"]
    assert (old.offline, new.offline) == ("drop", "queue")
    assert new.citation == old.citation


def test_a_vendor_names_inline_types(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[protocol]\nversion = "1.6"\n[names]\n"AcmeBlink.request.colours[]" = "Colour"\n',
    )
    assert load_facts("1.6", path).names["AcmeBlink.request.colours[]"] == "Colour"


def test_a_skeleton_can_be_read_as_it_stands(tmp_path: Path) -> None:
    names = {"AcmeBlink.request.colour": "Colour"}
    entry = write(tmp_path, write_skeleton(facts_of("2.1"), ["AcmeBlink", "AcmeBeep"], names))
    facts = load_facts("2.1", entry)
    check_schemas_exist(facts, [*facts_of("2.1").actions, "AcmeBlink", "AcmeBeep"])
    assert facts.names["AcmeBlink.request.colour"] == "Colour"
    assert facts.actions["AcmeBeep"].direction == "station"


def test_facts_without_a_schema_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, VENDOR)
    with pytest.raises(CodegenError, match="AcmeBlink") as caught:
        check_schemas_exist(load_facts("2.0.1", path), facts_of("2.0.1").actions)
    assert (caught.value.file, caught.value.pointer) == (str(path), "/actions/AcmeBlink")


@pytest.mark.parametrize(
    ("old", "new", "pointer", "text"),
    [
        ("direction =", "directoin =", "/actions/AcmeBlink/directoin", "did you mean 'direction'"),
        ('block = "ACME"', 'block = "Z"', "/actions/AcmeBlink/block", "add the block under"),
        ('block = "ACME"', "", "/actions/AcmeBlink", "'block' is missing"),
        ("citation = ", "# ", "/actions/AcmeBlink", "'citation' is missing"),
        ('"2.0.1"', '"2.1"', "/protocol/version", "facts of OCPP 2.1, not of OCPP 2.0.1"),
        ('version = "2.0.1"', "", "/protocol/version", "does not name its OCPP version"),
        (
            "block =",
            'followed_by = ["Blinked"]\nblock =',
            "/actions/AcmeBlink/followed_by",
            "Blinked",
        ),
    ],
)
def test_wrong_facts_name_file_place_and_cure(
    tmp_path: Path, old: str, new: str, pointer: str, text: str
) -> None:
    assert old in VENDOR
    path = write(tmp_path, VENDOR.replace(old, new))
    with pytest.raises(CodegenError) as caught:
        load_facts("2.0.1", path)
    assert (caught.value.file, caught.value.pointer) == (str(path), pointer)
    assert text in str(caught.value)
    assert caught.value.cure


def test_a_version_of_its_own_must_be_whole(tmp_path: Path) -> None:
    path = write(tmp_path, '[protocol]\nversion = "3.0"\nsubprotocol = "ocpp3.0"\n')
    with pytest.raises(CodegenError, match="do not name a version that it extends") as caught:
        load_facts("3.0", path)
    assert caught.value.pointer == "/protocol"


def test_roles_must_be_whole(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[protocol]\nversion = "3.0"\nsubprotocol = "ocpp3.0"\npackage = "v30"\n'
        'blocks = {}\nerror_codes = {}\nroles = { station = "Charger" }\n',
    )
    with pytest.raises(CodegenError, match="'csms' is missing") as caught:
        load_facts("3.0", path)
    assert caught.value.pointer == "/protocol/roles"


def test_an_unknown_version() -> None:
    with pytest.raises(CodegenError, match=r"choose one of 1\.6, 2\.0\.1, 2\.1"):
        load_facts("2.0")


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"[protocol\n", "not valid TOML"), (b'[protocol]\nversion = "\xff"\n', "not valid TOML")],
)
def test_no_toml(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "acme.toml"
    path.write_bytes(data)
    with pytest.raises(CodegenError, match=text) as caught:
        load_facts("2.0.1", path)
    assert caught.value.file == str(path)


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(VENDOR, encoding="utf-8-sig")
    assert "AcmeBlink" in load_facts("2.0.1", path).actions


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="cannot be read: No such file"):
        load_facts("2.0.1", tmp_path / "acme.toml")


def test_a_version_knows_whether_it_has_messages_without_a_response() -> None:
    assert [has_sends(version) for version in VERSIONS] == [False, False, True]
    assert has_sends("9.9"), "an unknown version may have them"


def test_the_facts_files_of_a_version_are_those_of_the_versions_that_it_extends(
    tmp_path: Path,
) -> None:
    newer = '[protocol]\nversion = "2.2"\nextends = "2.1"\n'
    files = {"a.toml": '[protocol]\nversion = "2.0.1"\n', "b.toml": newer}
    a, b = (tmp_path / name for name in files)
    for path, text in zip((a, b), files.values(), strict=True):
        path.write_text(text, "utf-8")
    assert facts_files_of("2.2", [a, b]) == (b,)
    assert facts_files_of("2.0.1", [a, b]) == (a,)


def test_versions_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "3.toml", tmp_path / "4.toml"
    one.write_text('[protocol]\nversion = "3.0"\nextends = "4.0"\n', "utf-8")
    other.write_text('[protocol]\nversion = "4.0"\nextends = "3.0"\n', "utf-8")
    with pytest.raises(CodegenError, match=r"OCPP 3\.0 extends itself"):
        load_facts("3.0", one, other)


def test_an_edition_that_lacks_many_actions_is_taken_for_an_incomplete_folder() -> None:
    actions = sorted(facts_of("2.1").actions)
    with pytest.raises(CodegenError, match=r"lack 9 actions that the facts have: .* and 6 more"):
        check_schemas_exist(facts_of("2.1"), actions[9:])

"""The regeneration's walk as a whole: what a job may ask for, what it gets, and that it always gets the same."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ocppkit.codegen import (
    FLAVOURS,
    VERSIONS,
    Api,
    CodegenError,
    Job,
    Kind,
    Scalar,
    generate,
    load_api,
    schemas_dir,
)
from support.schema_files import refused

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated"
EACH = pytest.mark.parametrize("version", VERSIONS)


def job(version: str, package: str | None = None, **options: object) -> Job:
    return Job(version, package or f"ocppkit.{VERSIONS[version]}", **options)  # type: ignore[arg-type]


@cache
def api_of(version: str) -> Api:
    return load_api(job(version))


def write(file: Path, content: str) -> Path:
    file.write_text(content)
    return file


def test_versions_are_oldest_first_with_their_packages() -> None:
    assert list(VERSIONS.items()) == [("1.6", "v16"), ("2.0.1", "v201"), ("2.1", "v21")]


class TestShippedVersions:
    @pytest.mark.parametrize(
        ("version", "actions", "enums", "datatypes"),
        [("1.6", 39, 49, 11), ("2.0.1", 64, 88, 55), ("2.1", 91, 110, 122)],
    )
    def test_counts(self, version: str, actions: int, enums: int, datatypes: int) -> None:
        api = api_of(version)
        assert (len(api.actions), len(api.enums), len(api.datatypes)) == (actions, enums, datatypes)

    def test_1_6_is_the_core_and_the_security_extension(self) -> None:
        actions = api_of("1.6").actions
        security = [action for action in actions if action.facts.block == "Security"]
        assert len(security) == 11
        assert {action.request.draft for action in security} == {6}
        assert {action.request.draft for action in actions if action not in security} == {4}

    def test_2_1_has_one_send(self) -> None:
        for version, sends in (("1.6", []), ("2.0.1", []), ("2.1", ["NotifyPeriodicEventStream"])):
            found = [action.name for action in api_of(version).actions if action.response is None]
            assert found == sends

    @EACH
    def test_every_type_is_used(self, version: str) -> None:
        api = api_of(version)
        assert all(enum.used_by for enum in api.enums)
        assert all(datatype.used_by for datatype in api.datatypes)

    @EACH
    def test_untyped_places_are_those_of_data_transfer(self, version: str) -> None:
        untyped = {
            f"{name}.{field.wire}"
            for name, fields in api_of(version).fields_of().items()
            for field in fields
            if field.type == Scalar(Kind.ANY)
        }
        expected = {"DataTransferRequest.data", "DataTransferResponse.data"}
        assert untyped == (set() if version == "1.6" else expected)

    @EACH
    def test_open_objects_are_custom_data_alone(self, version: str) -> None:
        opened = [each.name for each in api_of(version).datatypes if not each.closed]
        assert opened == ([] if version == "1.6" else ["CustomDataType"])

    @EACH
    def test_no_message_refers_to_what_is_not_there(self, version: str) -> None:
        api = api_of(version)
        known = {each.name for each in api.enums} | {each.name for each in api.datatypes}
        used = {name for enum in api.enums for name in enum.used_by}
        used |= {name for datatype in api.datatypes for name in datatype.used_by}
        assert used <= set(api.fields_of())
        assert not known & {message.name for action in api.actions for message in action.messages}

    @EACH
    def test_what_is_in_the_repository_is_what_is_generated(self, version: str) -> None:
        steps: list[tuple[str, int, int]] = []
        files = generate(job(version), lambda *step: steps.append(step))
        package = GENERATED / "ocppkit" / VERSIONS[version]
        there = {
            path.relative_to(GENERATED).as_posix(): path.read_text("utf-8")
            for path in package.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert sorted(there) == sorted(files)
        assert [path for path in files if there[path] != files[path]] == []
        self.check_progress(version, steps)

    def check_progress(self, version: str, steps: list[tuple[str, int, int]]) -> None:
        assert steps[0] == (f"OCPP {version}: schemas", 0, 1)
        for flavour in FLAVOURS:
            counts = [step[1:] for step in steps if step[0] == f"OCPP {version}: {flavour}"]
            assert counts == [(done, len(counts)) for done in range(1, len(counts) + 1)]
            assert len(counts) > len(VERSIONS)


RAISED_LIMIT = """
version = "2.0.1"

[[change]]
path = "DataTransferRequest.json#/properties/messageId/maxLength"
old = 50
new = 100
reason = "Our message ids are longer."
citation = "ACME handbook"
"""

VENDOR_FACTS = """
[protocol]
version = "2.0.1"

[actions.AcmeBlink]
purpose = "Asks the Charging Station to blink."
direction = "csms"
block = "P"
citation = "ACME handbook"
"""

EMPTY_MESSAGE = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "type": "object",
    "additionalProperties": False,
}


def vendor_schemas(folder: Path) -> Path:
    folder.mkdir()
    for part in ("Request", "Response"):
        (folder / f"AcmeBlink{part}.json").write_text(json.dumps(EMPTY_MESSAGE))
    return folder


class TestOptions:
    def test_a_selection_in_a_package_of_ones_own(self) -> None:
        files = generate(
            job("2.0.1", "acme.ocpp201", only=("Reset", "Heartbeat"), flavours=("msgspec",))
        )
        assert sorted(files) == [
            f"acme/ocpp201/{path}"
            for path in (
                "__init__.py",
                "bases.py",
                "constraints.py",
                "datatypes.py",
                "enums.py",
                "messages/__init__.py",
                "messages/heartbeat.py",
                "messages/reset.py",
                "py.typed",
                "registry.py",
                "values.py",
                "variables.py",
            )
        ]
        assert not any("ocppkit.v" in text for text in files.values())

    def test_flavours_add_up_without_meeting(self) -> None:
        both = generate(job("1.6", only=("Heartbeat",)))
        alone = [generate(job("1.6", only=("Heartbeat",), flavours=(each,))) for each in FLAVOURS]
        assert both == {**alone[0], **alone[1]}
        assert not alone[0].keys() & alone[1].keys()

    def test_an_action_of_a_vendor(self, tmp_path: Path) -> None:
        api = load_api(
            job(
                "2.0.1",
                schema_dirs=(vendor_schemas(tmp_path / "schemas"),),
                facts_files=(write(tmp_path / "facts.toml", VENDOR_FACTS),),
            )
        )
        assert len(api.actions) == 65
        assert api.actions[0].name == "AcmeBlink"

    def test_an_erratum_of_an_operator(self, tmp_path: Path) -> None:
        errata = write(tmp_path / "limits.toml", RAISED_LIMIT)
        api = load_api(job("2.0.1", only=("DataTransfer",), errata_files=(errata,)))
        (transfer,) = api.actions
        limits = {field.wire: field.type for field in transfer.request.fields}
        assert limits["messageId"] == Scalar(Kind.STRING, max_length=100)

    def test_a_template_of_the_user(self, tmp_path: Path) -> None:
        (tmp_path / "msgspec").mkdir()
        write(tmp_path / "msgspec" / "more.py.jinja", "# {{ package }}\n")
        files = generate(
            job(
                "1.6", "acme", only=("Heartbeat",), template_dirs=(tmp_path,), flavours=("msgspec",)
            )
        )
        assert files["acme/more.py"] == "# acme\n"


class TestRefusals:
    def test_an_unknown_version(self) -> None:
        with refused("there are no facts of OCPP '3.0'"):
            load_api(Job("3.0", "acme"))

    def test_an_unknown_action_in_a_selection(self) -> None:
        with refused("OCPP 2.0.1 has no action 'reset'"):
            generate(job("2.0.1", only=("reset",)))

    def test_an_action_without_facts(self, tmp_path: Path) -> None:
        with refused(
            "the schemas of OCPP 2.0.1 have an action AcmeBlink, but no facts say who sends it",
            file="schemas/AcmeBlinkRequest.json",
            pointer="",
        ):
            load_api(job("2.0.1", schema_dirs=(vendor_schemas(tmp_path / "schemas"),)))

    def test_facts_without_an_action(self, tmp_path: Path) -> None:
        facts = write(tmp_path / "facts.toml", VENDOR_FACTS)
        with refused(
            "there are facts of an action that the schemas of OCPP 2.0.1 do not have: AcmeBlink",
            file=str(facts),
            pointer="/actions/AcmeBlink",
        ):
            load_api(job("2.0.1", facts_files=(facts,)))

    def test_a_name_in_the_user_s_facts_that_fits_nothing(self, tmp_path: Path) -> None:
        facts = write(
            tmp_path / "facts.toml",
            '[protocol]\nversion = "1.6"\n[names]\n"Reset.request.kind" = "Kind"\n',
        )
        with refused(
            "the facts of OCPP 1.6 name the type at Reset.request.kind, but there is no enum or object",
            file=str(facts),
            pointer="/names/Reset.request.kind",
        ):
            load_api(job("1.6", facts_files=(facts,)))

    def test_a_type_that_has_the_name_of_what_generated_code_needs(self, tmp_path: Path) -> None:
        folder = vendor_schemas(tmp_path / "schemas")
        word = {"type": "string", "enum": ["A"]}
        schema = {
            **EMPTY_MESSAGE,
            "properties": {"at": {"$ref": "#/definitions/DateTime"}},
            "definitions": {"DateTime": word},
        }
        (folder / "AcmeBlinkRequest.json").write_text(json.dumps(schema))
        facts = write(tmp_path / "facts.toml", VENDOR_FACTS)
        only = ("AcmeBlink", "BootNotification", "StatusNotification")
        options = {"only": only, "schema_dirs": (folder,), "facts_files": (facts,)}
        problem = (
            "acme/roles.py:[0-9]+: DateTime would stand for two things: an import and an import"
        )
        with pytest.raises(CodegenError, match=problem):
            generate(job("2.0.1", "acme", **options))


RUN = """
import hashlib, json, sys
from pathlib import Path
from ocppkit.codegen import Job, generate
files = generate(Job("2.0.1", "ocppkit.v201", schema_dirs=tuple(map(Path, sys.argv[1:]))))
print(json.dumps([[path, hashlib.sha256(text.encode()).hexdigest()] for path, text in files.items()]))
"""


def shuffled(folder: Path) -> Path:
    """Writes the schemas of 2.0.1 in another order, and the keywords in each of them as well."""
    folder.mkdir()
    for path in sorted((schemas_dir() / "v201").glob("*.json"), reverse=True):
        document = json.loads(path.read_text("utf-8"))
        definitions = document.get("definitions", {})
        turned = {key: document[key] for key in reversed(document)}
        if definitions:
            turned["definitions"] = {
                name: {key: definitions[name][key] for key in reversed(definitions[name])}
                for name in reversed(definitions)
            }
        (folder / path.name).write_text(json.dumps(turned, indent=1))
    return folder


def test_the_output_is_the_same_for_every_hash_seed_and_every_order_of_files(
    tmp_path: Path,
) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, *folders],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, folders in ((1, []), (20_260_101, [str(shuffled(tmp_path / "schemas"))]))
    ]
    outputs = [json.loads(run.communicate()[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert outputs[0] == outputs[1]
    in_repository = [
        [path, hashlib.sha256((GENERATED / path).read_bytes()).hexdigest()]
        for path, _ in outputs[0]
    ]
    assert outputs[0] == in_repository


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(schemas_dir() / "v16", tmp_path / "in")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    monkeypatch.chdir(tmp_path)
    generate(job("1.6", only=("Heartbeat",), schema_dirs=(tmp_path / "in",)))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before

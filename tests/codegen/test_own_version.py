"""A version that ocppkit does not ship: facts and schemas of the user's, on top of a shipped version."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from ocppkit.codegen import (
    CodegenError,
    Job,
    LoadedJob,
    generate,
    known_versions,
    load_api,
    load_facts,
    package_tree,
    publish,
)
from ocppkit.csms import Csms
from ocppkit.testing import connected
from support.cli_outcomes import Cli
from support.schema_files import DRAFT_6, refused, write

FACTS = """
[protocol]
version = "2.2"
subprotocol = "ocpp2.2"
package = "v22"
extends = "2.1"

[names]
"PlayMelody.response.status" = "MelodyStatusEnumType"

[actions.PlayMelody]
purpose = "Asks the Charging Station to play a melody."
citation = "A document, section 1"
block = "P"
direction = "csms"

[actions.PublishFirmware]
removed = true
"""


def body(**properties: object) -> bytes:
    """Makes the bytes of a message whose members are all required."""
    schema = {
        "$schema": DRAFT_6,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return json.dumps(schema).encode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with facts and schemas of OCPP 2.2."""
    monkeypatch.chdir(tmp_path)
    status = {"type": "string", "enum": ["Accepted", "Rejected"]}
    return write(
        tmp_path,
        {
            "v22.toml": FACTS.encode(),
            "v22/PlayMelodyRequest.json": body(melody={"type": "string", "maxLength": 20}),
            "v22/PlayMelodyResponse.json": body(status=status),
        },
    )


@pytest.fixture
def job(folder: Path) -> Job:
    return Job(
        "2.2", "acme_ocpp22", schema_dirs=(folder / "v22",), facts_files=(folder / "v22.toml",)
    )


@pytest.fixture
def package(job: Job, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package of OCPP 2.2, generated and imported."""
    publish([package_tree(generate(job), folder / "src", job.package)])
    monkeypatch.syspath_prepend(str(folder / "src"))
    yield import_module(job.package)
    for name in [name for name in sys.modules if name.partition(".")[0] == job.package]:
        del sys.modules[name]


def test_it_starts_from_the_facts_of_the_version_that_it_extends(folder: Path) -> None:
    facts = load_facts("2.2", folder / "v22.toml")
    assert facts.protocol.ancestors == ("2.0.1", "2.1")
    assert facts.protocol.roles == load_facts("2.1").protocol.roles
    assert facts.actions.keys() ^ load_facts("2.1").actions.keys() == {
        "PlayMelody",
        "PublishFirmware",
    }
    assert list(known_versions(folder / "v22.toml")) == ["1.6", "2.0.1", "2.1", "2.2"]


def test_texts_are_inherited_over_any_number_of_steps(job: Job, folder: Path) -> None:
    prose = folder / "prose.toml"
    prose.write_text(
        'version = "2.2"\n[PlayMelodyRequest]\nabout = "Finds the station."\nsource = "A1"\n'
    )
    api = load_api(replace(job, prose_files=(prose,)))
    texts = {m.name: m.doc and m.doc.text for a in api.actions for m in a.messages}
    assert texts["PlayMelodyRequest"] == "Finds the station."
    parent = {m.name: m.doc for a in load_api(Job("2.1", "a")).actions for m in a.messages}
    # The first stands in the texts of 2.0.1, the second in those of 2.1.
    for name in ("BootNotificationRequest", "AFRRSignalRequest"):
        inherited = parent[name]
        assert inherited is not None
        assert texts[name] == inherited.text


def test_a_version_may_extend_another_of_the_user_s(job: Job, folder: Path) -> None:
    newer = folder / "v23.toml"
    newer.write_text(
        '[protocol]\nversion = "2.3"\nsubprotocol = "ocpp2.3"\npackage = "v23"\nextends = "2.2"\n'
        "[actions.GetLog]\nremoved = true\n"
    )
    api = load_api(
        Job("2.3", "a", schema_dirs=job.schema_dirs, facts_files=(*job.facts_files, newer))
    )
    assert api.protocol.ancestors == ("2.0.1", "2.1", "2.2")
    names = {action.name for action in api.actions}
    assert "PlayMelody" in names
    assert not names & {"GetLog", "PublishFirmware"}


def test_a_version_that_extends_itself_is_refused(folder: Path) -> None:
    loop = folder / "loop.toml"
    loop.write_text(FACTS.replace('extends = "2.1"', 'extends = "2.2"'))
    with refused("OCPP 2.2 extends itself", file="loop.toml", pointer="/protocol/extends"):
        load_facts("2.2", loop)


def test_facts_of_another_version_are_refused(folder: Path) -> None:
    with refused("these are facts of OCPP 2.2, not of OCPP 2.1", pointer="/protocol/version"):
        load_facts("2.1", folder / "v22.toml")


def test_both_sides_speak_it(package: ModuleType) -> None:
    roles = import_module(f"{package.__name__}.roles")
    assert package.PROTOCOL.version == "2.2"
    station = roles.ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
    csms = Csms(package.PROTOCOL, insecure=True)

    def play(request: object) -> object:
        return package.PlayMelodyResponse(status=package.MelodyStatusEnumType.ACCEPTED)

    station.on(package.PlayMelodyRequest)(play)

    async def session() -> object:
        async with connected(station, csms):
            handle = await csms.stations.wait_connected("CP001", roles.ConnectedStation)
            return await handle.play_melody(melody="Reveille")

    answer = asyncio.run(session())
    assert answer == package.PlayMelodyResponse(status=package.MelodyStatusEnumType.ACCEPTED)


def test_its_pydantic_flavour_converts(package: ModuleType) -> None:
    models = import_module(f"{package.__name__}.pydantic")
    model = models.PlayMelodyRequest.model_validate({"melody": "Reveille"})
    assert model.to_msgspec() == package.PlayMelodyRequest(melody="Reveille")


def test_the_commands_know_it(cli: Cli, folder: Path) -> None:
    own = ("--version", "2.2", "--facts", "v22.toml", "--schemas", "v22")
    output = ("--output", "src", "--package", "acme.v22", "--flavour", "msgspec")
    only = ("--only", "PlayMelody,BootNotification")
    done = cli("generate", *own, *output, *only)
    assert done.status == 0, done.err
    assert done.out.startswith("OCPP 2.2: the facts remove PublishFirmware\nOCPP 2.2: ")
    assert cli("generate", *own, *output, *only, "--check").status == 0
    assert "play a melody" in cli("explain", "PlayMelody", *own).out
    assert "removed" not in cli("explain", "PublishFirmware", *own).out
    difference = cli("diff", "2.1", "v22", "--version", "2.2", "--facts", "v22.toml").out
    assert "PlayMelody (CSMS -> station): new action" in difference
    taken = cli("schemas", "import", "v22", "--version", "2.2", "--output", "imported")
    assert (taken.status, taken.out.splitlines()[-1]) == (
        0,
        "OCPP 2.2: 2 schemas in imported/v22",
    )


def test_the_reference_has_it(cli: Cli, folder: Path) -> None:
    own = ("--version", "2.2", "--facts", "v22.toml", "--schemas", "v22")
    done = cli("reference", "--output", "pages", *own)
    assert done.status == 0, done.err
    assert "play a melody" in Path("pages/v22/PlayMelody.md").read_text("utf-8")
    assert not Path("pages/v22/PublishFirmware.md").exists()
    compared = Path("pages/versions.md").read_text("utf-8")
    assert "title: OCPP 1.6, 2.0.1, 2.1 and 2.2 side by side" in compared
    assert "Transaction id" in compared


def test_a_version_without_any_facts_names_the_cure(cli: Cli) -> None:
    with pytest.raises(CodegenError, match="or give facts of your own"):
        load_facts("2.2")
    assert cli("generate", "--version", "2.2").status == 2


def test_nothing_is_removed_unasked() -> None:
    assert LoadedJob(Job("2.1", "a")).removed_actions == ()

"""Editions that remove actions: said in facts, and gone from everything that is generated."""

import shutil
from pathlib import Path

import pytest

from ocppkit.codegen import Job, LoadedJob, generate, load_api, load_facts, schemas_dir
from support.cli_outcomes import Cli
from support.schema_files import pair, refused, write

REMOVED = """
[protocol]
version = "2.0.1"

[actions.PublishFirmware]
removed = true

[actions.PublishFirmwareStatusNotification]
removed = true
"""


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return write(tmp_path, {"edition.toml": REMOVED.encode()}) / "edition.toml"


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A folder of schemas as an import of the new edition leaves it."""
    folder = tmp_path / "v201"
    shutil.copytree(schemas_dir() / "v201", folder)
    for path in folder.glob("PublishFirmware*"):
        path.unlink()
    return folder


def test_a_removed_action_is_gone_everywhere(facts: Path) -> None:
    job = Job("2.0.1", "acme.v201", facts_files=(facts,))
    assert LoadedJob(job).removed_actions == (
        "PublishFirmware",
        "PublishFirmwareStatusNotification",
    )
    api = load_api(job)
    followers = {name for action in api.actions for name in action.facts.followed_by}
    names = {action.name for action in api.actions}
    assert not (names | followers) & set(LoadedJob(job).removed_actions)
    # Types that nothing else uses go with it.
    assert "PublishFirmwareStatusEnumType" not in {enum.name for enum in api.enums}
    files = generate(Job("2.0.1", "a", flavours=("msgspec",), facts_files=(facts,)))
    assert "a/messages/publish_firmware.py" not in files
    for path in ("a/__init__.py", "a/registry.py", "a/messages/__init__.py"):
        assert "PublishFirmware" not in files[path].replace("UnpublishFirmware", "")
    assert "def publish_firmware" not in files["a/roles.py"]


def test_an_edition_replaces_the_base_once_all_that_it_lacks_is_marked(
    edition: Path, facts: Path
) -> None:
    marked = load_api(Job("2.0.1", "a", base=edition, facts_files=(facts,)))
    assert len(marked.actions) == 62


def test_an_edition_that_lacks_an_action_by_accident_is_refused(edition: Path) -> None:
    problem = (
        "there are facts of 2 actions that the schemas of OCPP 2.0.1 do not have: "
        "PublishFirmware, PublishFirmwareStatusNotification"
    )
    with refused(problem, file="v201.toml", pointer="/actions/PublishFirmware"):
        load_api(Job("2.0.1", "a", base=edition))


def test_the_entries_to_paste_are_valid_facts(edition: Path, tmp_path: Path, cli: Cli) -> None:
    own = ("--version", "2.0.1", "--output", tmp_path / "src", "--package", "acme.v201")
    shown = cli("generate", *own, "--base", edition)
    assert shown.status == 2
    entries = shown.err[shown.err.index("    [protocol]") :]
    pasted = "\n".join(line.strip() for line in entries.splitlines())
    facts = write(tmp_path, {"pasted.toml": pasted.encode()}) / "pasted.toml"
    done = cli("generate", *own, "--base", edition, "--facts", facts, "--flavour", "msgspec")
    assert done.status == 0, done.err
    assert done.out.startswith(
        "OCPP 2.0.1: the facts remove PublishFirmware, PublishFirmwareStatusNotification\n"
    )


def test_schemas_are_always_laid_over(edition: Path) -> None:
    assert len(load_api(Job("2.0.1", "a", schema_dirs=(edition,))).actions) == 64


def test_schemas_of_a_removed_action_are_refused(facts: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "own", pair("PublishFirmware"))
    with refused(
        "the facts file removes the action PublishFirmware", file="PublishFirmwareRequest.json"
    ):
        load_api(Job("2.0.1", "a", schema_dirs=(folder,), facts_files=(facts,)))


def test_a_misspelt_name_is_refused(tmp_path: Path) -> None:
    text = REMOVED.replace("PublishFirmware]", "PublishFirmwre]")
    file = write(tmp_path, {"edition.toml": text.encode()}) / "edition.toml"
    with refused(
        "there is no action 'PublishFirmwre' to remove",
        file="edition.toml",
        pointer="/actions/PublishFirmwre",
    ):
        load_facts("2.0.1", file)


def test_names_of_inline_types_go_with_their_action(tmp_path: Path) -> None:
    text = '[protocol]\nversion = "1.6"\n[actions.ReserveNow]\nremoved = true\n'
    file = write(tmp_path, {"edition.toml": text.encode()}) / "edition.toml"
    api = load_api(Job("1.6", "a", facts_files=(file,)))
    assert len(api.actions) == 38
    assert "ReservationStatus" not in {enum.name for enum in api.enums}

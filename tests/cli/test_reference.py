"""`ocppkit reference`: the pages as files."""

from pathlib import Path

from ocppkit.cli._reference import generate_protocol
from ocppkit.cli._terminal import write_output
from ocppkit.codegen import Job
from support.cli_outcomes import Cli
from support.schema_files import refused


def test_the_pages(cli: Cli, tmp_path: Path) -> None:
    outcome = cli("reference", "--output", tmp_path / "new")
    assert (outcome.status, outcome.err) == (0, "")
    pages = list((tmp_path / "new").rglob("*.md"))
    assert outcome.out == f"{len(pages)} pages in {tmp_path / 'new'}\n"
    assert len(pages) > 600
    text = (tmp_path / "new" / "v16" / "Reset.md").read_text("utf-8")
    assert "# Reset <small>OCPP 1.6</small>" in text


def test_own_templates(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "house" / "docs" / "[version]" / "enums"
    folder.mkdir(parents=True)
    (folder / "[enum].md.jinja").write_text("# {{ enum.name }}, house style\n", "utf-8")
    done = cli("reference", "--output", tmp_path / "new", "--templates", tmp_path / "house")
    assert done.status == 0
    page = tmp_path / "new" / "v16" / "enums" / "ResetType.md"
    assert page.read_text("utf-8") == "# ResetType, house style\n"


def test_a_folder_with_something_in_it_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "precious.md").write_text("mine", "utf-8")
    outcome = cli("reference", "--output", tmp_path)
    assert outcome.status == 2
    assert "the folder is not empty" in outcome.problem
    assert [each.name for each in tmp_path.iterdir()] == ["precious.md"]


def test_a_file_is_no_folder_for_pages(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("mine", "utf-8")
    assert f"{file}: this is not a folder" in cli("reference", "--output", file).problem
    with refused("the output file cannot be written: Not a directory"):
        write_output("", file / "pages" / "Reset.md", new_folders=True)


def test_two_jobs_of_one_package_have_protocols_of_their_own() -> None:
    first, second = (
        generate_protocol(Job("1.6", "v16", only=(action,))) for action in ("Reset", "Heartbeat")
    )
    assert (set(first.actions), set(second.actions)) == ({"Reset"}, {"Heartbeat"})

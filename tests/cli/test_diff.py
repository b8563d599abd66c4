"""`ocppkit diff`: what can be compared, where the report goes, and the exit status."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ocppkit.codegen import schemas_dir
from support.cli_outcomes import Cli
from support.schema_pairs import document, text


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(folder: str, **messages: Mapping[str, Any]) -> str:
    Path(folder).mkdir()
    for name, schema in messages.items():
        Path(folder, f"{name}.json").write_text(json.dumps(schema))
    return folder


def pair(**requests: Mapping[str, Any]) -> tuple[str, ...]:
    """Two folders that differ in one request."""
    return tuple(
        write(name, ResetRequest=schema, ResetResponse=document())
        for name, schema in requests.items()
    )


LONG, SHORT = document({"x": text(maxLength=9)}), document({"x": text(maxLength=5)})


def test_shipped_versions(cli: Cli) -> None:
    outcome = cli("diff", "2.0.1", "2.1")
    assert outcome.status == 0
    assert outcome.out.startswith("OCPP schemas: 2.0.1 -> 2.1\n")
    assert "AFRRSignal (CSMS -> station): new action" in outcome.out


def test_folders_know_the_directions_of_what_has_facts(cli: Cli) -> None:
    outcome = cli("diff", *pair(old=SHORT, new=LONG))
    assert "ResetRequest (CSMS -> station)" in outcome.out
    assert "x: maxLength 5 -> 9" in outcome.out


def test_a_new_action_has_no_direction_before_it_has_facts(cli: Cli) -> None:
    old = write("old", ResetRequest=SHORT, ResetResponse=document())
    new = write("new", BrandNewRequest=SHORT, BrandNewResponse=document())
    outcome = cli("diff", old, new, "--version", "2.1")
    assert outcome.status == 0
    assert "BrandNew (unknown direction): new action" in outcome.out


def test_the_version_decides_where_the_versions_disagree(cli: Cli) -> None:
    # 1.6 has no action of that name, so its facts say nothing about it.
    messages = {"NotifyReportRequest": SHORT, "NotifyReportResponse": document()}
    folders = (write("old", **messages), write("new", **{**messages, "NotifyReportRequest": LONG}))
    assert "station -> CSMS" in cli("diff", *folders, "--version", "2.0.1").out
    assert "unknown direction" in cli("diff", *folders, "--version", "1.6").out


def test_a_zip_with_prose_and_the_file_names_of_1_6(cli: Cli) -> None:
    spoken = {**LONG, "title": "Reset", "description": "prose"}
    with zipfile.ZipFile("new.zip", "w") as archive:
        archive.writestr("schemas/Reset.json", "\ufeff" + json.dumps(spoken))
        archive.writestr("schemas/ResetResponse.json", json.dumps(document()))
    old = write("old", ResetRequest=SHORT, ResetResponse=document())
    outcome = cli("diff", old, "new.zip")
    assert "1 change: 0 breaking, 1 risky, 0 safe" in outcome.out


def test_a_shipped_set_and_its_folder_are_equal(cli: Cli) -> None:
    outcome = cli("diff", "2.0.1", schemas_dir() / "v201", "--fail-on", "any")
    assert outcome.status == 0
    assert "nothing changed" in outcome.out


def test_a_path_may_look_like_a_version(cli: Cli) -> None:
    write("2.1", ResetRequest=SHORT, ResetResponse=document())
    assert "1 change" in cli("diff", "./2.1", *pair(new=LONG)).out


STATUSES = {
    "equal": (SHORT, SHORT, {"never": 0, "breaking": 0, "risky": 0, "any": 0}),
    "safe": (
        document({"x": text(), "y": text()}),
        document({"y": text(), "x": text()}),
        {"never": 0, "breaking": 0, "risky": 0, "any": 1},
    ),
    "risky": (SHORT, LONG, {"never": 0, "breaking": 0, "risky": 1, "any": 1}),
    "breaking": (LONG, SHORT, {"never": 0, "breaking": 1, "risky": 1, "any": 1}),
}


@pytest.mark.parametrize("fail_on", ["never", "breaking", "risky", "any"])
@pytest.mark.parametrize("name", STATUSES)
def test_exit_status(name: str, fail_on: str, cli: Cli) -> None:
    old, new, statuses = STATUSES[name]
    outcome = cli("diff", *pair(old=old, new=new), "--fail-on", fail_on)
    assert outcome.status == statuses[fail_on]
    assert outcome.out.startswith("OCPP schemas: old -> new\n")


def test_json(cli: Cli) -> None:
    report = json.loads(cli("diff", *pair(old=SHORT, new=LONG), "--format", "json").out)
    assert report["bump"] == "minor"
    assert [change["kind"] for change in report["changes"]] == ["bound-loosened"]


@pytest.mark.parametrize(
    ("form", "start"), [("text", "OCPP schemas"), ("json", "{"), ("markdown", "# OCPP")]
)
def test_the_report_goes_to_a_file(form: str, start: str, cli: Cli) -> None:
    folders = pair(old=SHORT, new=LONG)
    outcome = cli("diff", *folders, "--format", form, "--output", "report", "--fail-on", "risky")
    assert (outcome.status, outcome.out) == (1, "")
    assert Path("report").read_text(encoding="utf-8").startswith(start)


def test_two_runs_say_the_same(cli: Cli) -> None:
    assert cli("diff", "1.6", "2.1", "--format", "json") == cli(
        "diff", "1.6", "2.1", "--format", "json"
    )


@pytest.mark.parametrize("position", [0, 1])
def test_a_path_that_leads_nowhere_is_named(position: int, cli: Cli) -> None:
    names = ["2.0.1", "2.0.1"]
    names[position] = "nowhere.zip"
    assert "nowhere.zip" in cli("diff", *names).problem


def test_a_bad_schema_is_named_with_its_place(cli: Cli) -> None:
    old, new = pair(old=SHORT, new=document({"x": {"type": "text"}}))
    assert "new/ResetRequest.json#/properties/x/type" in cli("diff", old, new).problem


def test_a_folder_without_schemas_is_refused(cli: Cli) -> None:
    Path("empty").mkdir()
    assert "empty" in cli("diff", "2.1", "empty").problem


def test_a_file_that_is_no_zip_is_refused(cli: Cli) -> None:
    Path("notes.zip").write_text("mine")
    assert "notes.zip" in cli("diff", "2.1", "notes.zip").problem


def test_an_output_that_cannot_be_written_is_named(cli: Cli) -> None:
    folders = pair(old=SHORT, new=LONG)
    assert "none/report" in cli("diff", *folders, "--output", "none/report").problem


class TestReviews:
    def test_accepted_changes_do_not_fail_the_command(self, cli: Cli) -> None:
        old, new = pair(old=LONG, new=SHORT)
        Path("reviewed.toml").write_text(
            '[[accepted]]\nkind = "bound-tightened"\nowner = "ResetRequest"\n'
            'edition = "5"\nreason = "Nobody sends more."\n'
        )
        arguments = (
            *("diff", old, new, "--fail-on", "breaking", "--accepted", "reviewed.toml"),
            "--edition",
        )
        assert cli("diff", old, new, "--fail-on", "breaking").status == 1
        accepted = cli(*arguments, "5")
        assert accepted.status == 0
        assert "x: maxLength 9 -> 5: Nobody sends more." in accepted.out
        expired = cli(*arguments, "6")
        assert expired.status == 1
        assert "has expired" in expired.out

    def test_a_side_and_a_part(self, cli: Cli) -> None:
        old, new = pair(old=LONG, new=SHORT)
        # The CSMS sends the request whose bound is tighter.
        assert cli("diff", old, new, "--stays", "csms", "--fail-on", "breaking").status == 1
        assert cli("diff", old, new, "--stays", "station", "--fail-on", "risky").status == 0
        shown = cli("diff", old, new, "--action", "Heartbeat,Authorize").out
        assert "0 changes" in shown
        assert "1 change" in cli("diff", old, new, "--kind", "bound-tightened,value-added").out

    def test_as_a_page(self, cli: Cli) -> None:
        old, new = pair(old=LONG, new=SHORT)
        page = cli("diff", old, new, "--format", "html").out
        assert page.startswith("<!doctype html>")
        assert '<tr class="breaking"><td>breaking</td><td>safe</td>' in page


class TestSeveralVersions:
    def folder(self) -> str:
        Path("all").mkdir()
        for version in ("v201", "v21"):
            write(f"all/{version}", ResetRequest=SHORT, ResetResponse=document())
        return "all"

    def test_the_other_side_names_the_version(self, cli: Cli) -> None:
        folder = self.folder()
        outcome = cli("diff", "2.0.1", folder, "--action", "Reset")
        assert outcome.status == 0
        assert "OCPP schemas: 2.0.1 -> all" in outcome.out

    def test_the_option_names_it(self, cli: Cli) -> None:
        assert "0 changes" in cli("diff", self.folder(), "all/v21", "--version", "2.0.1").out

    def test_without_either_it_is_refused(self, cli: Cli) -> None:
        outcome = cli("diff", self.folder(), "all/v21")
        assert outcome.status == 2
        assert "has schemas of several versions: v201, v21" in outcome.err
        assert "--version" in outcome.err


LIMITS = """
version = "2.0.1"
[[change]]
path = "DataTransferRequest.json#/properties/messageId/maxLength"
old = 50
new = 60
reason = "Ours are longer."
citation = "ACME"
"""
BLINK = """
[protocol]
version = "2.0.1"
[actions.Blink]
purpose = "Blinks."
direction = "csms"
block = "P"
citation = "ACME"
[actions.GetLog]
removed = true
"""


class TestEffective:
    """A side as `generate` reads it: with errata, the user's schemas, and without removed actions."""

    @pytest.fixture(autouse=True)
    def _own(self) -> None:
        Path("limits.toml").write_text(LIMITS)
        Path("blink.toml").write_text(BLINK)
        write("acme", BlinkRequest=SHORT, BlinkResponse=document())

    def test_what_one_s_own_errata_and_actions_change(self, cli: Cli) -> None:
        own = ("--errata", "limits.toml", "--schemas", "acme", "--facts", "blink.toml")
        outcome = cli("diff", "2.0.1", "2.0.1", *own, "--effective", "new")
        assert "OCPP schemas: 2.0.1 -> 2.0.1, effective\n6 changes" in outcome.out
        assert "messageId: maxLength 50 -> 60" in outcome.out
        assert "Blink (CSMS -> station): new action" in outcome.out
        assert "GetLog (CSMS -> station): action removed" in outcome.out

    def test_both_sides_by_default(self, cli: Cli) -> None:
        outcome = cli("diff", "2.0.1", "2.0.1", "--errata", "limits.toml")
        assert "OCPP schemas: 2.0.1, effective -> 2.0.1, effective\n0 changes" in outcome.out

    def test_errata_and_facts_hold_for_the_side_of_their_version(self, cli: Cli) -> None:
        own = ("--errata", "limits.toml", "--schemas", "acme", "--facts", "blink.toml")
        outcome = cli("diff", "2.0.1", "2.1", *own, "--action", "DataTransfer,Blink,GetLog")
        assert "messageId: maxLength 60 -> 50" in outcome.out
        assert "GetLog (CSMS -> station): new action" in outcome.out
        assert "Blink" not in outcome.out.partition("DataTransfer")[2]

    def test_the_project_s(self, cli: Cli) -> None:
        Path("ocppkit.toml").write_text(
            '[versions."2.0.1"]\npackage = "acme.x"\nerrata = ["limits.toml"]\n'
        )
        assert "\n0 changes" in cli("diff", "2.0.1", "2.0.1").out
        assert "\n1 change:" in cli("diff", "2.0.1", "2.0.1", "--effective", "old").out

    def test_a_folder_is_the_base(self, cli: Cli) -> None:
        new = write("new", ResetRequest=LONG, ResetResponse=document())
        outcome = cli("diff", "acme", new, "--version", "2.0.1", "--schemas", "acme")
        assert "Reset (CSMS -> station): new action" in outcome.out
        assert "1 change" in outcome.out

    def test_a_version_of_one_s_own_is_effective(self, cli: Cli) -> None:
        facts = '[protocol]\nversion = "2.2"\nsubprotocol = "ocpp2.2"\npackage = "v22"\nextends = "2.1"\n'
        Path("v22.toml").write_text(facts + "[actions.GetLog]\nremoved = true\n")
        outcome = cli("diff", "2.1", "2.2", "--facts", "v22.toml")
        assert outcome.out.startswith("OCPP schemas: 2.1 -> 2.2, effective\n4 changes")

    def test_what_cannot_be(self, cli: Cli) -> None:
        with zipfile.ZipFile("new.zip", "w") as archive:
            archive.writestr("ResetRequest.json", json.dumps(SHORT))
            archive.writestr("ResetResponse.json", json.dumps(document()))
        outcome = cli("diff", "2.0.1", "new.zip", "--effective", "new")
        assert outcome.status == 2
        assert (
            "import the ZIP (ocppkit schemas import), then give the folder instead" in outcome.err
        )
        outcome = cli("diff", "acme", "acme", "--effective", "new")
        assert "name the version with --version" in outcome.err


@pytest.mark.parametrize(
    ("options", "problem", "cure"),
    [
        (("--action", "Reste"), "there is no action 'Reste'", "did you mean 'Reset'"),
        (("--action", "Xyz"), "there is no action 'Xyz'", "use one of AFRRSignal, "),
        (
            ("--kind", "bound-tigthened"),
            "no kind of change 'bound-t",
            "did you mean 'bound-tightened'",
        ),
        (("--kind", "xyz"), "no kind of change 'xyz'", "use one of action-added, "),
    ],
)
def test_a_misspelt_selection(cli: Cli, options: tuple[str, str], problem: str, cure: str) -> None:
    outcome = cli("diff", "2.0.1", "2.1", *options)
    assert outcome.status == 2
    assert problem in outcome.err
    assert cure in " ".join(outcome.err.split())

"""Reviewers look at a part of a comparison, judge it for one side, and accept changes with a reason."""

import json
from pathlib import Path

import pytest

from ocppkit.codegen import (
    REPORTS,
    ChangeVerdict,
    Diff,
    Selection,
    accept,
    compare_schemas,
    edition_of,
    load_accepted,
    select,
)
from support.schema_files import refused
from support.schema_pairs import document, schema_set, text

OLD = schema_set(
    "2.0.1",
    PingRequest=document({"a": text(maxLength=9), "b": text(maxLength=5)}),
    PingResponse=document({"c": text(maxLength=9)}),
    PushRequest=document(),
    PushResponse=document(),
)
NEW = schema_set(
    "2.1",
    PingRequest=document({"a": text(maxLength=5), "b": text(maxLength=9)}),
    PingResponse=document({"c": text(maxLength=5)}),
    PushRequest=document({"d": text()}),
    PushResponse=document(),
)
SENDERS = {"Ping": "station", "Push": "csms"}
ENTRY = """
[[accepted]]
kind = "bound-tightened"
owner = "Ping*"
edition = "edition 5"
reason = "Nobody <sends> more."
"""


@pytest.fixture(name="diff")
def _diff() -> Diff:
    return compare_schemas(OLD, NEW, SENDERS)


def paths(diff: Diff) -> list[str]:
    return sorted(change.path for change in diff.changes)


def entries(folder: Path, content: str) -> Path:
    path = folder / "reviewed.toml"
    path.write_text(content, "utf-8")
    return path


class TestSelection:
    def test_all_by_default(self, diff: Diff) -> None:
        assert select(diff, Selection()) == diff

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            (Selection(actions=["Push"]), ["d"]),
            (Selection(actions=["Push", "Ping"]), ["a", "b", "c", "d"]),
            (Selection(kinds=["bound-loosened"]), ["b"]),
            (Selection(least=ChangeVerdict.BREAKING), ["a", "c"]),
            (
                Selection(actions=["Ping"], least=ChangeVerdict.RISKY, kinds=["bound-loosened"]),
                ["b"],
            ),
        ],
    )
    def test_a_part(self, diff: Diff, selection: Selection, expected: list[str]) -> None:
        assert paths(select(diff, selection)) == expected

    @pytest.mark.parametrize(
        ("stays", "breaking", "risky"), [("station", ["a"], ["d"]), ("csms", ["c"], ["b"])]
    )
    def test_a_side_that_stays(
        self, diff: Diff, stays: str, breaking: list[str], risky: list[str]
    ) -> None:
        """The station sends `a` and `b` and is sent `c` and `d`; the CSMS the reverse."""
        seen = select(diff, Selection(stays=stays))
        verdicts = {change.path: seen.verdict_of(change) for change in seen.changes}
        assert [path for path in sorted(verdicts) if verdicts[path] == "breaking"] == breaking
        assert [path for path in sorted(verdicts) if verdicts[path] == "risky"] == risky
        assert seen.worst == "breaking"
        assert seen.count() == {"safe": 2, "risky": 1, "breaking": 1}
        assert paths(select(diff, Selection(stays=stays, least=ChangeVerdict.BREAKING))) == breaking

    def test_an_unknown_direction_counts_for_both_sides(self) -> None:
        seen = select(
            compare_schemas(OLD, NEW), Selection(stays="csms", least=ChangeVerdict.BREAKING)
        )
        assert paths(seen) == ["a", "c"]

    def test_what_is_not_shown_counts_for_the_advice_alone(self, diff: Diff) -> None:
        seen = select(diff, Selection(kinds=["bound-loosened"]))
        assert (len(seen.hidden), seen.worst, seen.bump) == (3, "risky", diff.bump)
        assert "; 3 not shown" in REPORTS["text"](seen)

    def test_an_unknown_kind_is_refused(self, diff: Diff) -> None:
        with refused("there is no kind of change 'bound'"):
            select(diff, Selection(kinds=["bound"]))


class TestAccepted:
    def test_they_count_no_more_and_stay_in_the_report(self, diff: Diff, tmp_path: Path) -> None:
        reviewed = accept(diff, load_accepted(entries(tmp_path, ENTRY)), "edition 5")
        assert paths(reviewed) == ["b", "d"]
        assert [each.change.path for each in reviewed.accepted] == ["a", "c"]
        assert (reviewed.worst, reviewed.notes) == ("risky", ())
        assert reviewed.bump == diff.bump
        for name, render in REPORTS.items():
            shown = "&lt;sends&gt;" if name == "html" else "<sends>"
            assert shown in render(reviewed)
        assert len(json.loads(REPORTS["json"](reviewed))["accepted"]) == 2

    def test_an_entry_for_one_place(self, diff: Diff, tmp_path: Path) -> None:
        only = load_accepted(entries(tmp_path, f'{ENTRY}path = "c"\n'))
        assert paths(accept(diff, only, "edition 5")) == ["a", "b", "d"]

    def test_another_edition_is_not_accepted_by_it(self, diff: Diff, tmp_path: Path) -> None:
        path = entries(tmp_path, ENTRY)
        reviewed = accept(diff, load_accepted(path), "edition 6")
        assert reviewed.changes == diff.changes
        assert reviewed.notes == (
            f"{path}:2: bound-tightened of Ping* has expired: it was reviewed for "
            "'edition 5', this is 'edition 6'",
        )
        for render in REPORTS.values():
            assert "has expired" in render(reviewed)

    def test_an_entry_that_fits_nothing_is_named(self, diff: Diff, tmp_path: Path) -> None:
        stale = ENTRY.replace("Ping*", "Pong*")
        (note,) = accept(diff, load_accepted(entries(tmp_path, stale)), "edition 5").notes
        assert note.endswith("reviewed.toml:2: bound-tightened of Pong* matches no change")

    def test_an_entry_for_a_change_that_is_not_shown_fits(self, diff: Diff, tmp_path: Path) -> None:
        seen = select(diff, Selection(kinds=["bound-loosened"]))
        assert accept(seen, load_accepted(entries(tmp_path, ENTRY)), "edition 5").notes == ()

    def test_two_entries_for_one_change_both_fit(self, diff: Diff, tmp_path: Path) -> None:
        both = load_accepted(entries(tmp_path, f'{ENTRY}{ENTRY}path = "c"\n'))
        assert accept(diff, both, "edition 5").notes == ()

    @pytest.mark.parametrize(
        ("content", "pointer", "problem"),
        [
            ("[[acepted]]", "/acepted", "unknown key 'acepted'"),
            (ENTRY.replace("kind", "rule"), "/accepted/0/rule", "unknown key 'rule'"),
            (ENTRY.replace("bound-", "bounds-"), "/accepted/0/kind", "no kind of change"),
            (ENTRY.replace("Nobody <sends> more.", " "), "/accepted/0/reason", "must be a text"),
            (ENTRY.replace('edition = "edition 5"', ""), "/accepted/0/edition", "must be a text"),
        ],
    )
    def test_a_wrong_entry_is_refused(
        self, tmp_path: Path, content: str, pointer: str, problem: str
    ) -> None:
        path = entries(tmp_path, content)
        line = 2 if "/0/" in pointer else None
        with refused(problem, file=str(path), pointer=pointer, line=line):
            load_accepted(path)


class TestEdition:
    def test_it_is_what_the_lock_says(self, tmp_path: Path) -> None:
        (tmp_path / "new/v201").mkdir(parents=True)
        (tmp_path / "new/lock.toml").write_text(
            '[v201]\nversion = "2.0.1"\nsource = "a.zip"\nsource_version = "edition 5"\n\n'
            '[v21]\nversion = "2.1"\nsource = "b.zip"\nsource_version = "edition 2"\n\n'
            "[v201.files]\n[v21.files]\n"
        )
        assert edition_of(str(tmp_path / "new"), "2.0.1") == "edition 5"
        assert edition_of(str(tmp_path / "new/v201"), "2.1") == "edition 2"
        assert edition_of(str(tmp_path / "new"), None) == str(tmp_path / "new")

    def test_without_a_lock_it_is_the_name(self) -> None:
        assert edition_of("2.1", None) == "2.1"

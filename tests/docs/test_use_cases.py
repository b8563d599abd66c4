"""The table of use cases is what the tests of functional blocks are tagged with."""

from use_cases.table import PAGE, page


def test_the_table_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m use_cases` in tests/"


def test_the_use_cases_of_the_first_steps_run() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| E0")]
    assert rows
    assert [row for row in rows if "not yet" in row] == []


def test_a_use_case_of_which_blocks_do_a_part_does_not_count_as_running() -> None:
    (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| H03")]
    assert row.split("|")[2:5] == [" partly "] * 3

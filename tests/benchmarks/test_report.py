"""Targets beside results, in every form that they are shown in."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from speed.chart import chart
from speed.findings import Book, Measurement
from speed.report import Line, as_json, inserted, lines_of, markdown, number, status, text
from speed.targets import TARGETS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def found(target: str, *values: float, what: str = "what") -> Measurement:
    return Measurement(TARGETS[target].group, what, "ocppkit", "mobilityhouse", "x", values, target)


def line(book: Book, key: str) -> Line:
    return next(one for one in lines_of(book, ["codec"]) if one.key == key)


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("decode-boot", 130.0, "goal"),
        ("decode-boot", 100.0, "must"),
        ("decode-boot", 99.0, "missed"),
        ("decode-floor-large", 1.0, "goal"),
        ("decode-floor-large", 1.2, "must"),
        ("decode-floor-large", 1.21, "missed"),
    ],
)
def test_the_median_decides(key: str, value: float, verdict: str) -> None:
    book = Book(findings=[found(key, value, value * 0.1, value * 10)])

    assert line(book, key).verdict == verdict


def test_of_several_figures_the_worst_decides() -> None:
    more = Book(findings=[found("decode-boot", 150.0), found("decode-boot", 90.0)])
    less = Book(findings=[found("decode-floor-large", 0.9), found("decode-floor-large", 1.5)])

    assert line(more, "decode-boot").finding in more.findings[1:]
    assert line(less, "decode-floor-large").finding in less.findings[1:]


def test_only_chosen_groups_count() -> None:
    assert {one.target.group for one in lines_of(Book(), ["turn", "growth"])} == {"turn", "growth"}


def book_that_reaches(share: float) -> Book:
    """Returns a book with all targets of a group, reached or not."""
    return Book(
        findings=[
            found(key, target.must * (share if target.more_is_better else 1 / share))
            for key, target in TARGETS.items()
            if target.group == "endtoend"
        ]
    )


def test_the_status_tells_whether_a_must_is_missed() -> None:
    assert status(lines_of(book_that_reaches(1.0), ["endtoend"]), without_node=False) == 0
    assert status(lines_of(book_that_reaches(0.9), ["endtoend"]), without_node=False) == 1


def test_what_is_not_measured_is_excused_only_where_node_is_missing() -> None:
    book = book_that_reaches(1.0)
    book.findings = [one for one in book.findings if not (one.target or "").endswith("-node")]

    assert status(lines_of(book, ["endtoend"]), without_node=True) == 0
    assert status(lines_of(book, ["endtoend"]), without_node=False) == 1
    assert status(lines_of(Book(), ["endtoend"]), without_node=True) == 1


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (float("inf"), "-")],
)
def test_figures_have_the_digits_that_mean_something(value: float, written: str) -> None:
    assert number(value) == written


def a_book() -> Book:
    book = Book(findings=[found("decode-boot", 90.0, 95.0, 99.0), found("decode-heartbeat", 31.0)])
    for who in ("ocppkit", "mobilityhouse"):
        book.cost("codec", "decode a|b", who, "µs", [1.5, 2.5, 3.5])
    book.note("something was left out")
    return book


def test_the_tables_show_target_result_and_costs() -> None:
    book = a_book()
    lines = lines_of(book, ["codec"])

    for shown in (text(book, lines, ["codec"]), markdown(book, lines, ["codec"])):
        row = next(line for line in shown.splitlines() if "decode BootNotification" in line)
        assert all(part in row for part in ("100", "130", "95.0", "90.0 to 99.0", "missed"))
        assert "not measured" in shown
        assert "2.50" in shown
        assert "something was left out" in shown
    assert "a\\|b" in markdown(book, lines, ["codec"])


def test_the_json_holds_every_round() -> None:
    book = a_book()

    data = json.loads(json.dumps(as_json(book, lines_of(book, ["codec", "idle"]), "quick")))

    assert data["costs"][0]["values"] == [1.5, 2.5, 3.5]
    assert data["machine"]["packages"]["msgspec"]
    assert {line["verdict"] for line in data["targets"]} == {"goal", "missed", "not measured"}


def test_the_page_takes_new_figures_in_place_of_the_old() -> None:
    page = PAGE.read_text()

    once = inserted(page, "first\n")
    twice = inserted(once, "second\n")

    assert "\nfirst\n" in once
    assert "first" not in twice
    assert twice == inserted(page, "second\n")
    assert page.splitlines()[0] == twice.splitlines()[0]
    assert page.splitlines()[-1] == twice.splitlines()[-1]


def test_a_page_without_a_place_for_figures_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no place"):
        inserted("# Performance\n", "figures\n")


def test_the_chart_has_a_bar_for_each_main_figure_that_was_measured() -> None:
    book = a_book()

    root = ElementTree.fromstring(chart(lines_of(book, ["codec"])))

    bars = root.findall("{*}rect")
    assert [bar.get("class") for bar in bars] == ["bar", "bar missed"]
    assert all(float(bar.get("width", 0)) > 0 for bar in bars)

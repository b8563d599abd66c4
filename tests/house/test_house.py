"""Names, docstrings and words keep to the glossary; see `house`."""

import re

import pytest

from house.docstrings import imperative
from house.known import ALLOWED, common, dump, findings, listed, without
from house.names import repeated_classes, repeated_modules
from house.old_terms import old_terms
from house.sources import ROOT, Source, python_sources

WORDS = ROOT / "docs" / "design" / "words.md"
HOUSE = ROOT / "docs" / "design" / "house.md"


def test_nothing_is_found_that_is_not_listed() -> None:
    assert without(findings(), listed()) == {}


def test_nothing_is_listed_that_is_no_longer_found() -> None:
    assert without(listed(), findings()) == {}, "run: cd tests && python -m house"


def test_every_allowed_name_is_still_repeated() -> None:
    allowed = {"modules": repeated_modules, "classes": repeated_classes}
    text = ALLOWED.read_text("utf-8")
    found = {
        finding.split()[1]
        for check in allowed.values()
        for _, finding in check(python_sources(), {})
    }
    names = re.findall(r"^(\w+) = ", text, re.MULTILINE)
    assert names
    assert set(names) - found == set()


def test_a_requirement_id_stands_once_and_beside_its_mark() -> None:
    # One search for "# B02.FR.04" is to find rule, code and test.
    split_or_doubled = re.compile(r"\S #$|# (\w+[-.][\w.]+) # \1\b", re.MULTILINE)
    found = {
        source.path: match[0]
        for source in python_sources()
        if (match := split_or_doubled.search(source.text)) is not None
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "Return the text.",
        "Check the text.",
        "Make one.",
        "List the files of a folder.",
        "Send it, and wait.",
        "Set all of them.",
    ],
)
def test_an_order_is_found(text: str) -> None:
    assert imperative(text)


@pytest.mark.parametrize(
    "text",
    [
        "Returns the text.",
        "The text.",
        "List of files.",
        "Call context.",
        "Read: what was read.",
        "Report: the station has started.",
        "A check.",
        "Frames are read here.",
        "Import contract: what may be imported.",
        "Whether it is open.",
    ],
)
def test_what_is_no_order_is_not_found(text: str) -> None:
    assert not imperative(text)


def test_a_class_of_the_library_may_not_be_named_again() -> None:
    sources = [
        Source("sdk/a.py", "class Wire: ..."),
        Source("tests/b.py", "class Wire: ...\nclass Slow: ..."),
        Source("tests/c.py", "class Slow: ..."),
    ]
    found = [("sdk/a.py", "class Wire"), ("tests/b.py", "class Wire")]
    assert list(repeated_classes(sources, {})) == found
    assert list(repeated_classes(sources, {"Wire": "reason"})) == []


def test_a_module_may_not_be_named_again() -> None:
    sources = [
        Source("sdk/a/_io.py", ""),
        Source("sdk/b/_io.py", ""),
        Source("tests/a/test_io.py", ""),
        Source("tests/b/test_io.py", ""),
        Source("sdk/a/__init__.py", ""),
        Source("sdk/b/__init__.py", ""),
    ]
    found = [("sdk/a/_io.py", "module _io"), ("sdk/b/_io.py", "module _io")]
    assert list(repeated_modules(sources, {})) == found


def test_old_terms_are_found_in_names_and_sentences() -> None:
    source = Source("a.py", "class FastDoors: ...\n# on the straight\n# way\nundressable = _sweeps")
    assert list(old_terms(source)) == ["door", "straight way", "sweep", "undressable"]
    assert list(old_terms(Source("a.py", "indoors, addresses, outlets"))) == []


def test_a_list_that_is_written_is_read_again() -> None:
    some = {"names": {"a.py": ["x", "y"]}, "old_terms": {"b.py": ["z"]}}
    less = {"names": {"a.py": ["x"]}}
    assert without(some, less) == {"names": {"a.py": ["y"]}, "old_terms": {"b.py": ["z"]}}
    assert common(some, less) == less
    assert '"a.py" = ["x", "y"]' in dump(some)


def test_the_classes_that_the_glossary_names_exist() -> None:
    classes = set(
        re.findall(r"`([A-Z]\w+)`", WORDS.read_text("utf-8").partition("Words of the network")[2])
    )
    text = "\n".join(source.text for source in python_sources())
    assert len(classes) > 40
    assert {name for name in classes if not re.search(rf"\b(class )?{name}\b", text)} == set()


def test_a_glossary_has_each_term_once() -> None:
    terms = re.findall(r"^\| ([^|]+) \|", WORDS.read_text("utf-8"), re.MULTILINE)
    terms = [each for each in terms if each not in ("term",)]
    assert len(terms) == len(set(terms))


def test_the_files_that_the_house_names_exist() -> None:
    trees = [ROOT / "sdk/ocppkit", ROOT / "codegen/ocppkit", ROOT / "tests", ROOT]
    paths = re.findall(r"`([\w./]+/[\w.]*)`", HOUSE.read_text("utf-8"))
    missing = [path for path in paths if not any((tree / path).exists() for tree in trees)]
    assert paths
    assert missing == []

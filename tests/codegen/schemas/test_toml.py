"""Reading tables that a person edits, and writing tables that a program wrote."""

import tomllib

import pytest

from ocppkit.codegen.schemas._structure import ABSENT
from ocppkit.codegen.schemas._toml import read_toml, write_table
from support.schema_files import BOM, refused


def test_reads_tables() -> None:
    table = read_toml(
        BOM + b'name = "x"\n[a.b]\nold = [1, 2.5, true]\n[[row]]\nn = 1\n[[row]]\nn = 2', "f.toml"
    )
    assert list(table) == ["name", "a", "row"]
    assert table.text("name") == "x"
    assert table.table("a").table("b").value("old") == [1, 2.5, True]
    assert table.table("a").table("b").value("new") is ABSENT
    assert [row.value("n") for row in table.array("row")] == [1, 2]
    assert list(table.array("none")) == []


@pytest.mark.parametrize(
    ("data", "problem", "pointer", "line"),
    [
        (b'a = 1\nb = "x', "not valid TOML", None, 2),
        (b"a = 1\na = 2", "not valid TOML: Cannot overwrite a value", None, 2),
        (b"a = " + b"9" * 5000, "not valid TOML", None, None),
        (b"a = " + b"[" * 5000, "nested levels", None, None),
        (b'a = "\xff"', "not in UTF-8", None, None),
        (b"[a]\nb = [1, 2024-01-01]", "not allowed: 2024-01-01", "/a/b/1", None),
        (b"a = inf", "not allowed: inf", "/a", None),
    ],
)
def test_refuses_what_is_no_toml_or_no_json(
    data: bytes, problem: str, pointer: str | None, line: int | None
) -> None:
    with refused(problem, file="f.toml", pointer=pointer, line=line):
        read_toml(data, "f.toml")


@pytest.mark.parametrize(
    ("data", "problem", "pointer"),
    [
        (b"", "'name' must be a text", "/a/name"),
        (b"name = 1", "'name' must be a text", "/a/name"),
        (b'name = " "', "'name' must be a text", "/a/name"),
        (b'name = "x"\nnmae = "y"', "unknown key 'nmae'", "/a/nmae"),
    ],
)
def test_refuses_a_table_that_is_not_as_it_must_be(data: bytes, problem: str, pointer: str) -> None:
    table = read_toml(b"[a]\n" + data, "f.toml").table("a")
    with refused(problem, file="f.toml", pointer=pointer):
        table.text("name")
        table.only("name")


def test_a_text_may_be_blank_where_nothing_is_a_meaning() -> None:
    assert read_toml(b'name = ""', "f.toml").text("name", blank=True) == ""
    with refused("'name' must be a text", pointer="/name"):
        read_toml(b"", "f.toml").text("name", blank=True)


def test_refuses_what_is_no_table() -> None:
    table = read_toml(b"a = 1\nb = [2]", "f.toml")
    with refused("expected an object, found a number", pointer="/a"):
        table.table("a")
    with refused("expected an object, found null", pointer="/c"):
        table.table("c")
    with refused("expected an object, found a number", pointer="/b/0"):
        list(table.array("b"))
    with refused("expected an array, found a number", pointer="/a"):
        table.array("a")


@pytest.mark.parametrize(
    "text",
    ["plain", "", 'quo"te', "back\\slash", "new\nline", "\x00\x1f\x7f\x80", "é", "\U0001f50c"],
)
def test_what_is_written_is_read_again(text: str) -> None:
    written = write_table(["v201", "a b", text or "x"], {"path": text, "a.b": text})
    assert tomllib.loads(written) == {"v201": {"a b": {text or "x": {"path": text, "a.b": text}}}}


def test_writes_plainly_what_is_plain() -> None:
    assert (
        write_table(["v201", "files"], {"path": "a/b.json"}) == '[v201.files]\npath = "a/b.json"\n'
    )

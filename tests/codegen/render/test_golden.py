"""Every feature of the generator: its output is compared to the letter, and the stored files are run."""

import ast
import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from golden import CASES, Case, render, rewrite
from ocppkit import core

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
RUN = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.made or case.refused or case.holds],
    ids=lambda case: case.name,
)


@pytest.fixture
def namespace(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The names of a case's package, as imported; what stands in `expected/` takes the place of what was rendered."""
    for path, text in {**render(case), **case.expected()}.items():
        file = tmp_path / case.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    try:
        yield names_of(importlib.import_module(case.package), case)
    finally:
        for name in sys.modules.keys() - before:
            if name.partition(".")[0] == case.package.partition(".")[0]:
                del sys.modules[name]


def names_of(package: ModuleType, case: Case) -> dict[str, Any]:
    names = {"UTC": UTC, "core": core, "datetime": datetime, **vars(package)}
    if "roles.py" in render(case):
        names["roles"] = importlib.import_module(f"{case.package}.roles")
    return names


def test_cases_are_whole() -> None:
    assert len(CASES) >= 25
    assert all(case.made or case.holds for case in CASES)
    assert len({case.feature for case in CASES}) == len(CASES)


@EACH
def test_output_is_as_stored(case: Case) -> None:
    rendered = render(case)
    assert sorted(case.expected()) == sorted(case.show)
    for path, text in case.expected().items():
        assert rendered[path] == text, "`make golden` writes it anew"


@EACH
def test_set_of_files_is_as_stored(case: Case) -> None:
    rendered = render(case)
    assert not case.files or sorted(rendered) == sorted(case.files)
    for text in rendered.values():
        ast.parse(text)


@RUN
def test_messages_go_over_the_wire(case: Case, namespace: dict[str, Any]) -> None:
    for made in case.made:
        message = eval(made.python, namespace)
        assert json.loads(core.encode_payload(message)) == json.loads(made.wire)
        decoded = core.decode_payload(type(message), made.wire)
        assert decoded == message
        assert type(decoded) is type(message)


@RUN
def test_what_breaks_the_schema_is_refused(case: Case, namespace: dict[str, Any]) -> None:
    for refused in case.refused:
        with pytest.raises(core.InvalidMessage):
            core.decode_payload(namespace[refused.message], refused.wire)


@RUN
def test_what_the_case_says_holds(case: Case, namespace: dict[str, Any]) -> None:
    for expression in case.holds:
        assert eval(expression, namespace) is True, expression


def test_rewriting_replaces_what_stood_there(tmp_path: Path) -> None:
    model = next(case for case in CASES if case.name == "uri")
    case = replace(model, folder=shutil.copytree(model.folder, tmp_path / model.name))
    stale = case.folder / "expected" / "old" / "module.py"
    stale.parent.mkdir()
    stale.write_text("")
    (case.folder / "expected" / "constraints.py").write_text("edited = True")
    rewrite(case)
    assert case.expected() == model.expected()
    assert not stale.parent.exists()

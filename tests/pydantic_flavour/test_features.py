"""Every feature of the generator, in the pydantic flavour: what the tiny versions of `golden/` hold, it holds."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from golden import CASES, Case, render
from ocppkit import core

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def write(case: Case, folder: Path) -> None:
    for path, text in {**render(case), **render(case, "pydantic")}.items():
        file = folder / case.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


@pytest.fixture
def package(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    write(case, tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    try:
        importlib.import_module(f"{case.package}.pydantic")
        yield importlib.import_module(case.package)
    finally:
        for name in sys.modules.keys() - before:
            if name.partition(".")[0] == case.package.partition(".")[0]:
                del sys.modules[name]


@EACH
def test_models_take_and_give_what_messages_do(case: Case, package: ModuleType) -> None:
    names: dict[str, Any] = {"UTC": UTC, "core": core, "datetime": datetime, **vars(package)}
    for made in case.made:
        message = eval(made.python, names)
        model = getattr(package.pydantic, type(message).__name__)
        read = model.model_validate_json(made.wire)
        assert json.loads(read.model_dump_json()) == json.loads(made.wire)
        assert read.to_msgspec() == message
        assert model.from_msgspec(message) == read == model.model_validate(json.loads(made.wire))


@EACH
def test_models_refuse_what_messages_do(case: Case, package: ModuleType) -> None:
    assert set(package.pydantic.__all__) - {"VendorData"} <= set(vars(package))
    for refused in case.refused:
        model = getattr(package.pydantic, refused.message)
        with pytest.raises(ValidationError):
            model.model_validate_json(refused.wire)
        with pytest.raises(ValidationError):
            model.model_validate(json.loads(refused.wire))


def test_output_of_every_shape_passes_the_linter(tmp_path: Path) -> None:
    for case in CASES:
        write(case, tmp_path / case.name)
    folders = [str(tmp_path / case.name / case.root / "pydantic") for case in CASES]
    config = ["--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", *config, *folders],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout

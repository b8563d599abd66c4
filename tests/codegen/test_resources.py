"""Schemas and templates are found in a checkout, and in a wheel that carries them inside the package."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocppkit.codegen import VERSIONS, _resources, schemas_dir, templates_dir

BOTH = pytest.mark.parametrize(
    ("find", "name"), [(schemas_dir, "schemas"), (templates_dir, "templates")]
)


def test_they_hold_what_the_generator_needs() -> None:
    assert (schemas_dir() / "lock.toml").is_file()
    for package in VERSIONS.values():
        assert (schemas_dir() / package / "BootNotificationRequest.json").is_file()
    for flavour in ("msgspec", "pydantic"):
        assert list((templates_dir() / flavour).rglob("*.jinja"))


@BOTH
def test_in_a_checkout_they_lie_at_its_top(
    find: Callable[[], Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_resources, "_HERE", tmp_path / "codegen" / "ocppkit" / "codegen")
    monkeypatch.setattr(_resources, "_CHECKOUT", tmp_path)
    assert find() == tmp_path / name


@BOTH
def test_in_a_wheel_they_lie_in_the_package(
    find: Callable[[], Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundled" / name).mkdir(parents=True)
    monkeypatch.setattr(_resources, "_HERE", tmp_path)
    assert find() == tmp_path / "bundled" / name

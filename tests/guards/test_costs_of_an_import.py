"""What importing a version brings along: the base classes of its messages, and no engine."""

import subprocess
import sys

import pytest

from ocppkit import core

BASES = {
    "model",
    "model._enums",
    "model._failures",
    "model._fast_path",
    "model._generated",
    "model._messages",
    "model._objects",
    "model._opt",
    "model._protocol",
}
"""The modules of the core that generated code stands on."""


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.split())


@pytest.mark.parametrize("version", ["v16", "v201", "v21"])
def test_a_version_loads_the_bases_alone(version: str) -> None:
    loaded = loaded_by(f"from ocppkit import {version}; {version}.PROTOCOL")
    ours = {name for name in loaded if name.startswith("ocppkit.")}
    running_beside = {name for name in ours if not name.startswith(f"ocppkit.{version}")}
    assert running_beside == {"ocppkit.core", *(f"ocppkit.core.{name}" for name in BASES)}
    assert ours.isdisjoint({f"ocppkit.{version}.roles", f"ocppkit.{version}.pydantic"})
    assert loaded.isdisjoint({"asyncio", "logging", "pydantic", "ssl"})


def test_reading_a_message_loads_no_engine() -> None:
    loaded = loaded_by("from ocppkit.core import decode_payload")
    assert "ocppkit.core.payloads._codec" in loaded
    assert "ocppkit.core.engine._connection" not in loaded


def test_every_name_of_the_core_can_be_had() -> None:
    for name in core.__all__:
        assert getattr(core, name) is not None
        assert name in dir(core)


def test_a_name_that_the_core_lacks_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        core.Nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_what_comes_later_is_had_from_where_type_checkers_see_it() -> None:
    for module, names in core._LATER.items():
        for name in names:
            assert getattr(core, name) is getattr(sys.modules[f"ocppkit.core.{module}"], name)
    assert len(core._MODULES) == sum(map(len, core._LATER.values()))

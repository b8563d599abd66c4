"""The names of `ocppkit.core`: some are loaded when they are first asked for."""

import subprocess
import sys

import pytest

from ocppkit import core


def test_every_name_is_there() -> None:
    assert [name for name in core.__all__ if not hasattr(core, name)] == []
    assert set(core.__all__) <= set(dir(core))


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match=r"'ocppkit\.core' has no attribute 'Polices'"):
        core.Polices  # type: ignore[attr-defined]  # noqa: B018


def test_a_name_is_loaded_with_its_module_when_it_is_first_asked_for() -> None:
    code = (
        "import sys; from ocppkit import core\n"
        "module = 'ocppkit.core.engine._state'; before = module in sys.modules\n"
        "core.OnInvalid; print(before, module in sys.modules, 'OnInvalid' in vars(core))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True True\n"

"""The flavour makes its models when they are first asked for: making all of them takes a second."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

PACKAGES = ("v16", "v201", "v21")
EACH = pytest.mark.parametrize("package", PACKAGES)

LOADED = """
import json, sys
exec(sys.argv[1])
print(json.dumps([name for name in sys.modules if name.startswith("ocppkit.")]))
"""


def loaded_after(statement: str) -> set[str]:
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, statement], capture_output=True, text=True, check=True
    )
    return set(json.loads(answer.stdout))


@EACH
def test_the_face_makes_no_models(package: str) -> None:
    face = f"ocppkit.{package}.pydantic"
    assert {name for name in loaded_after(f"import {face}") if name.startswith(face)} == {
        face,
        f"{face}.bases",
        f"{face}.messages",
    }


@EACH
def test_a_message_brings_its_own_module_and_the_datatypes(package: str) -> None:
    face = f"ocppkit.{package}.pydantic"
    loaded = loaded_after(f"from {face} import BootNotificationRequest")
    assert f"{face}.messages.boot_notification" in loaded
    assert f"{face}.messages.reset" not in loaded


@EACH
def test_the_face_offers_what_it_names(package: str) -> None:
    face = import_module(f"ocppkit.{package}.pydantic")
    messages = import_module(f"ocppkit.{package}.pydantic.messages")
    assert set(face.__all__) <= set(dir(face))
    assert set(messages.__all__) == set(messages.__all__) & set(dir(messages)) & set(face.__all__)
    for name in face.__all__:
        assert getattr(face, name).__name__ == name


@EACH
@pytest.mark.parametrize("below", ["", ".messages"])
def test_an_unknown_name_is_an_error_that_names_the_module(package: str, below: str) -> None:
    module = import_module(f"ocppkit.{package}.pydantic{below}")
    with pytest.raises(AttributeError) as caught:
        _ = module.NoSuchRequest
    assert (
        str(caught.value)
        == f"module 'ocppkit.{package}.pydantic{below}' has no attribute 'NoSuchRequest'"
    )

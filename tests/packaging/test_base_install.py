"""`pip install ocppkit`, from the wheel, in an empty environment."""

import json

import pytest

from support.distributions import Environment

WALK = """
import json
from ocppkit import {version}
from ocppkit.core import decode_message, decode_payload, encode_message, encode_payload

text = json.dumps([2, "7f3a", "{action}", {payload}])
frame = decode_message({version}.PROTOCOL, text)
message = frame.payload
assert type(message) is {version}.{action}Request
assert json.loads(encode_message(frame.message_id, message)) == json.loads(text)
assert decode_payload(type(message), encode_payload(message)) == message
print(frame.action)
"""


def test_two_packages_come_along(base: Environment) -> None:
    code = (
        "from importlib.metadata import distributions\n" "print(*(d.name for d in distributions()))"
    )
    names = {name.replace("_", "-") for name in base.python(code).split()}
    assert names == {"msgspec", "ocppkit", "typing-extensions"}


def test_nothing_of_the_checkout_is_seen(base: Environment) -> None:
    found = base.python("import ocppkit\nprint(*ocppkit.__path__)").split()
    assert len(found) == 1
    assert found[0].startswith(str(base.bin.parent))


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("v16", "Reset", '{"type": "Hard"}'),
        ("v201", "Reset", '{"type": "OnIdle", "customData": {"vendorId": "x", "y": 1}}'),
        ("v21", "Reset", '{"type": "ImmediateAndResume", "evseId": 1}'),
    ],
)
def test_frames_and_payloads_walk(
    version: str, action: str, payload: str, base: Environment
) -> None:
    code = WALK.format(version=version, action=action, payload=payload)
    assert base.python(code) == f"{action}\n"


@pytest.mark.parametrize("room", ["aio", "csms", "journals", "station", "testing", "v16.roles"])
def test_the_sdk_needs_nothing_else(room: str, base: Environment) -> None:
    assert base.python(f"import ocppkit.{room}") == ""


def test_the_version_is_the_wheels(base: Environment) -> None:
    done = base("ocppkit", "--version")
    installed = base.python("from importlib.metadata import version\nprint(version('ocppkit'))")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"ocppkit {installed}"


@pytest.mark.parametrize(
    "command",
    ["generate", "schemas check", "diff 1.6 2.0.1", "explain Reset", "reference --output pages"],
)
def test_a_command_that_needs_an_extra_says_which(command: str, base: Environment) -> None:
    done = base("ocppkit", *command.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert "pip install 'ocppkit[codegen]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("transport", "extra"),
    [
        ("aiohttp", "aiohttp"),
        ("starlette", "starlette"),
        ("websockets", "ws"),
    ],
)
def test_a_transport_that_needs_an_extra_says_which(
    transport: str, extra: str, base: Environment
) -> None:
    done = base("python", "-c", f"import ocppkit.transports.{transport}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: the {transport} package is not installed; "
        f"run: pip install 'ocppkit[{extra}]'"
    )
    extras = base.python(
        "from importlib.metadata import metadata\n"
        "print(*metadata('ocppkit').get_all('Provides-Extra'))"
    )
    assert extra in extras.split()


def test_the_record_is_whole(base: Environment) -> None:
    """What `pip check` would find is not there, and each file stands where the record says."""
    code = (
        "import json\nfrom importlib.metadata import files\n"
        "print(json.dumps([str(f) for f in files('ocppkit') if not f.locate().exists()]))"
    )
    assert json.loads(base.python(code)) == []

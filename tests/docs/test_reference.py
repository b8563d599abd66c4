"""Every example of the reference is true: JSON and Python are the same message, and the programs talk to each other."""

import asyncio
import json
import re
import textwrap
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit.cli._reference import reference_pages
from ocppkit.codegen import VERSIONS, load_facts
from ocppkit.core import Call, MessageKind, Protocol, SendFrame, decode_message, decode_payload
from ocppkit.testing import connected, settle
from support.guide_code import LIMIT

IDENTITY = "CP001"
ACTIONS = [(version, name) for version in VERSIONS for name in load_facts(version).actions]


@pytest.fixture(scope="session")
def reference() -> Mapping[str, str]:
    return reference_pages()


def page_of(reference: Mapping[str, str], version: str, name: str) -> str:
    return reference[f"{VERSIONS[version]}/{name}.md"]


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(each) for each in found]


def programs(page: str) -> tuple[list[str], str, str]:
    """Returns the programs that make messages, the one that sends, and the one that answers."""
    *made, one, other = blocks(page, "python")
    return (made, other, one) if ".on(" in one else (made, one, other)


def executed(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "reference"}
    exec(compile(program, "reference", "exec"), names)
    return names


def generate_protocol(version: str) -> Protocol:
    protocol: Protocol = import_module(f"ocppkit.{VERSIONS[version]}").PROTOCOL
    return protocol


@pytest.mark.parametrize(("version", "name"), ACTIONS)
def test_json_and_python_are_the_same(
    version: str, name: str, reference: Mapping[str, str]
) -> None:
    page, protocol = page_of(reference, version, name), generate_protocol(version)
    response = protocol.actions[name].response
    made, _, _ = programs(page)
    frames = blocks(page, "json")
    assert len(frames) == len(made) * (1 if response is None else 2)
    for program in made:
        message = executed(program)
        frame = decode_message(protocol, frames.pop(0))
        assert isinstance(frame, Call | SendFrame)
        assert (frame.action, frame.payload) == (name, message["request"])
        if response is not None:
            kind, message_id, payload = json.loads(frames.pop(0))
            assert (kind, message_id) == (MessageKind.CALL_RESULT, frame.message_id)
            assert message["response"] == decode_payload(response, json.dumps(payload))


def untimed(response: Any) -> Any:
    """The programs answer with the time of day, the example with its own."""
    return replace(response, current_time=None) if hasattr(response, "current_time") else response


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "name"), ACTIONS)
async def test_the_programs_talk_to_each_other(
    version: str, name: str, reference: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    protocol = generate_protocol(version)
    _, boots, admits = programs(page_of(reference, version, "BootNotification"))
    made, send, answer = programs(page_of(reference, version, name))
    expected = executed(made[0])
    names = executed(admits) | executed(boots) | executed(answer)
    station, csms = names["station"], names["csms"]
    if "@csms.on" in answer and name != "BootNotification":
        csms.on(protocol.actions["BootNotification"].request)(names["boot_notification"])
    async with asyncio.timeout(LIMIT), connected(station, csms):
        handle = await csms.stations.wait(IDENTITY)
        await station.wait_accepted()
        if name == "BootNotification":
            # The station has sent it by itself, or it would not be here.
            answered = await names["boot_notification"](handle, expected["request"])
            assert untimed(answered) == untimed(expected["response"])
            return
        sender = handle if "@station.on" in answer else station
        response = await executed(send)["send"](sender)
        await settle()
    if "response" in expected:
        assert untimed(response) == untimed(expected["response"])
    else:
        assert capsys.readouterr().out == f"{expected['request']}\n"

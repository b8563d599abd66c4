"""All examples of valid and invalid frames over live connections, which survive every one of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from ocppkit.core import CallFailed, ErrorCode, RemoteProtocolError, Response, Role
from support.live_pair import Line, line

Example = dict[str, Any]

LINES = (Path(__file__).parents[1] / "core/examples.jsonl").read_text("utf-8").splitlines()
EXAMPLES: list[Example] = [json.loads(text) for text in LINES]
ENDS = {"cs": Role.STATION, "csms": Role.CSMS}

# Good frames that are refused for what the receiver has not, what state it is in, or what its handler says.
OF_THE_RECEIVER: dict[str, dict[str, Any]] = {
    "I097": {"missing": "SetChargingProfile"},
    "I098": {"refusing": ("SetChargingProfile", ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)},
    "I099": {"missing": "UpdateFirmware"},
    "I122": {"missing": "SetChargingProfile"},
    "I123": {"boot": "Pending"},
    "I124": {"boot": "Rejected"},
    "I125": {"refusing": ("GetVariables", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)},
}


def sender_of(example: Example) -> Role:
    return ENDS[example["sender"]] if example["valid"] else ENDS[example["receiver"]].peer


def text_of(example: Example) -> str:
    return str(example["raw"]) if "raw" in example else json.dumps(example["frame"])


async def play(live: Line, example: Example) -> None:
    """Sends one example, and looks at what happens."""
    sender, text = sender_of(example), text_of(example)
    kind = example.get("kind") if example["valid"] else None
    if kind == "CALL":
        ((number, message_id, _),) = await live.says(sender, text)
        assert (number, message_id) == (3, example["frame"][1])
    elif example["id"] == "I139" or (kind in ("CALLRESULT", "CALLERROR") and example["action"]):
        await play_an_answer(live, example, sender, text)
    elif kind is not None:
        # A SEND, an error that names no call, or one about a result of ours.
        assert await live.says(sender, text) == []
    else:
        assert_reaction(example, await live.says(sender, text))


async def play_an_answer(live: Line, example: Example, sender: Role, text: str) -> None:
    action = live.roles.protocol.actions[example["action"]]
    async with live.waiting(sender.peer, action, example["frame"][1]) as task:
        replies = await live.says(sender, text)
        if '"SecurityError"' in text and sender is Role.CSMS:
            replies = await refused_again(live, example, replies, text)
        assert task.done()
        if not example["valid"]:
            assert_reaction(example, replies)
            assert isinstance(task.exception(), RemoteProtocolError)
        elif example["kind"] == "CALLRESULT":
            assert replies == []
            assert isinstance(task.result(), Response)
        else:
            assert replies == []
            problem = task.exception()
            assert isinstance(problem, CallFailed)
            assert live.roles.protocol.error_codes[ErrorCode(problem.code)] == example["frame"][2]


async def refused_again(live: Line, example: Example, boot: list[Any], text: str) -> list[Any]:
    """Answers the boot of a station that may be forgotten, and refuses its call once more. # ERR-19"""
    ((_, boot_id, action, _),) = boot
    assert action == "BootNotification"
    live.ids[Role.STATION].next = example["frame"][1]
    accepted = {"status": "Accepted", "interval": 300, "currentTime": "2026-01-01T00:00:00Z"}
    ((_, message_id, again, _),) = await live.says(Role.CSMS, json.dumps([3, boot_id, accepted]))
    assert (message_id, again) == (example["frame"][1], example["action"])
    return await live.says(Role.CSMS, text)


def assert_reaction(example: Example, replies: list[Any]) -> None:
    expected = example["expect"].split()
    if expected[0] in ("ignore", "drop"):
        assert replies == []
        return
    ((number, message_id, code, _, details),) = replies
    assert (number, code) == ({"CALLERROR": 4, "CALLRESULTERROR": 5}[expected[0]], expected[1])
    assert message_id == ("-1" if expected[-1] == "-1" else example["frame"][1])
    assert details == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("receiver", Role)
async def test_one_connection_survives_all_of_them(version: str, receiver: Role) -> None:
    examples = [
        example
        for example in EXAMPLES
        if example["version"] == version
        and sender_of(example).peer is receiver
        and example["id"] not in OF_THE_RECEIVER
    ]
    assert len(examples) >= 8
    async with line(version) as live:
        for example in examples:
            try:
                await play(live, example)
            except (AssertionError, ValueError) as problem:
                problem.add_note(f"{example['id']}: {text_of(example)}")
                raise
            if live.station.status != "Accepted":
                # The example was the answer to a boot.
                await live.station.call(live.station.boot)
            assert await live.still_lives(), example["id"]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", OF_THE_RECEIVER)
async def test_what_the_receiver_cannot_do(name: str) -> None:
    (example,) = (each for each in EXAMPLES if each["id"] == name)
    async with line(example["version"], **OF_THE_RECEIVER[name]) as live:
        assert_reaction(example, await live.says(sender_of(example), text_of(example)))
        assert live.station.connected
        assert len(live.network.wires) == 1


def test_none_is_left_out() -> None:
    assert len(EXAMPLES) == 141
    assert len({example["id"] for example in EXAMPLES}) == 141
    assert set(OF_THE_RECEIVER) < {example["id"] for example in EXAMPLES}

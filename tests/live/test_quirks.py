"""What real chargers sent, over live connections: each gets what its verdict says, and the connection lives."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ocppkit.core import LENIENT, STRICT, Mode, OcppError, Policy, Response, Role
from support.live_pair import Line, line

Table = dict[str, Any]

HERE = Path(__file__).parents[1] / "quirks"
QUIRKS: list[Table] = [
    json.loads(text) for text in (HERE / "quirks.jsonl").read_text("utf-8").splitlines()
]
VERDICTS: list[Table] = tomllib.loads((HERE / "verdicts.toml").read_text("utf-8"))["quirk"]


async def play(live: Line, quirk: Table, verdict: Table, mode: Mode) -> None:
    text: str = quirk["frame"]
    kind = text.lstrip("[ ")[0]
    if kind == "2":
        assert_reply(live, text.split('"')[1], verdict, mode, await live.says(Role.STATION, text))
    elif kind in "34":
        await play_an_answer(live, text, verdict, mode)
    else:
        assert verdict[mode] == "no frame"
        assert await live.says(Role.STATION, text) == []


def assert_reply(
    live: Line, message_id: str, verdict: Table, mode: Mode, replies: list[Any]
) -> None:
    if verdict[mode] in ("accepted", "repaired"):
        assert [frame[:2] for frame in replies] == [[3, message_id]]
    elif verdict[mode] == "refused":
        spelt = live.roles.protocol.error_codes[verdict["code"]]
        assert [frame[:3] for frame in replies] == [[4, message_id, spelt]]
    elif mode is Mode.STRICT:
        # Text that is no JSON names nobody, and 1.6 has no answer then.
        assert replies == []
    else:
        assert [frame[:3] for frame in replies] == [[4, message_id, "FormationViolation"]]


async def play_an_answer(live: Line, text: str, verdict: Table, mode: Mode) -> None:
    action = live.roles.protocol.actions[verdict.get("answers", "ClearCache")]
    async with live.waiting(Role.CSMS, action, text.split('"')[1]) as task:
        assert await live.says(Role.STATION, text) == []
        if verdict[mode] == "no frame" and mode is Mode.STRICT and "reads" not in verdict:
            assert not task.done()
        elif verdict[mode] in ("accepted", "repaired") and text[1] == "3":
            assert isinstance(task.result(), Response)
        else:
            assert isinstance(task.exception(), OcppError)


@pytest.mark.asyncio
@pytest.mark.parametrize("policy", [STRICT, LENIENT], ids=lambda policy: policy.mode)
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_one_connection_survives_all_of_them(version: str, policy: Policy) -> None:
    cases = [
        (quirk, verdict)
        for quirk, verdict in zip(QUIRKS, VERDICTS, strict=True)
        if quirk["version"] == version
    ]
    assert cases
    async with line(version, inbound=policy) as live:
        for quirk, verdict in cases:
            try:
                await play(live, quirk, verdict, policy.mode)
            except (AssertionError, ValueError) as problem:
                problem.add_note(f"line {verdict['line']}: {quirk['frame']}")
                raise
            assert await live.still_lives(), verdict["line"]

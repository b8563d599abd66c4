"""Each action in the direction that its version does not allow: refused by the sender, and by the receiver."""

import json
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from ocppkit.core import LocalProtocolError, Role, encode_payload
from ocppkit.testing import settle
from roles.bench import Bench, bench
from roles.cases import ALLOWED, FORBIDDEN, Case, extremes

CALL, CALL_ERROR, SEND = 2, 4, 6


def test_every_forbidden_direction_is_here() -> None:
    counted = Counter(case.roles.protocol.version for case in FORBIDDEN)

    assert counted == {"1.6": 38, "2.0.1": 63, "2.1": 90}


def _write(pair: Bench, sender: Role, frame: list[object]) -> None:
    """Puts a frame on the wire that no role of ours would send."""
    pair.wires[sender].write(msgspec.json.encode(frame).decode())


def _payload(case: Case) -> object:
    return json.loads(encode_payload(extremes(case.action.request)[0]))


@pytest.mark.asyncio
@pytest.mark.parametrize("case", FORBIDDEN, ids=str)
async def test_refused_by_the_sender(case: Case) -> None:
    async with bench(case) as pair:
        end, frames = pair.end(case.sender), pair.frames.log
        before = len(frames["in"]), len(frames["out"])
        say = end._call if case.action.answered else end._send
        for request in extremes(case.action.request):
            with pytest.raises(LocalProtocolError):
                await say(request)
        await settle()

        assert not hasattr(end, replace(case, sender=case.sender.peer).method)
        assert (len(frames["in"]), len(frames["out"])) == before
        assert pair.handle.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("case", FORBIDDEN, ids=str)
async def test_refused_by_the_receiver(case: Case) -> None:
    async with bench(case) as pair:
        answers = pair.frames.log["out" if case.sender is Role.STATION else "in"]
        before = len(answers)
        if case.action.answered:
            _write(pair, case.sender, [CALL, "wrong-way", case.action.name, _payload(case)])
            await settle()

            (answer,) = answers[before:]
            assert answer[:3] == [CALL_ERROR, "wrong-way", "NotSupported"]
        else:
            _write(pair, case.sender, [SEND, "wrong-way", case.action.name, _payload(case)])
            await settle()

            assert answers[before:] == []
        assert pair.handle.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("case", [case for case in ALLOWED if not case.action.answered], ids=str)
async def test_a_send_must_not_come_as_a_call(case: Case) -> None:
    async with bench(case) as pair:
        answers = pair.frames.log["out"]
        before = len(answers)
        _write(pair, case.sender, [CALL, "wrong-kind", case.action.name, _payload(case)])
        await settle()

        (answer,) = answers[before:]
        assert answer[:3] == [CALL_ERROR, "wrong-kind", "NotSupported"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "case",
    [case for case in ALLOWED if case.roles.protocol.version == "2.1" and case.action.answered],
    ids=str,
)
async def test_a_call_must_not_come_as_a_send(case: Case) -> None:
    async with bench(case) as pair:
        answers = pair.frames.log["out" if case.sender is Role.STATION else "in"]
        before = len(answers)
        _write(pair, case.sender, [SEND, "wrong-kind", case.action.name, _payload(case)])
        await settle()

        assert answers[before:] == []
        assert pair.handle.connected

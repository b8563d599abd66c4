"""Group 2: one turn of an endpoint without a network: wire in, engine, handler, wire out.

A frame is handed to the receiver of a wire, and the answer is caught where it would be written. What
takes turns of an event loop, as mobilityhouse's executor and coroutine handlers do, is run on one, and
pays for it as it does in life.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Hashable, Mapping
from time import process_time
from typing import Any, Final, TypeVar

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Accept, Receiver, StationRecord
from ocppkit.core import CallReceived, Connection, Role, utcnow
from ocppkit.csms import Csms

from .findings import Book
from .messages import MESSAGE_ID, Sample, sample
from .mobilityhouse import central_system
from .mobilityhouse import messages as their_messages
from .ours import csms_of, members
from .scale import Scale

__all__ = ["MIX", "Turn", "costs_of", "endpoint", "engine", "mobilityhouse", "run"]

_GROUP: Final = "turn"
OURS: Final = "ocppkit"
THEIRS: Final = "mobilityhouse"
MIX: Final = ("BootNotification", "Heartbeat", "MeterValues")
_NAMES: Final = (*MIX, "MeterValues 4 x 20")
_AT_ONCE: Final = 8
"""Calls that are in work together where handlers are coroutines."""

K = TypeVar("K", bound=Hashable)

Turn = Callable[[int], Coroutine[Any, Any, None]]


def run(scale: Scale, book: Book) -> None:
    """Measures turns of a CSMS."""
    by_name = {name: asyncio.run(_costs(sample("2.0.1", name), scale)) for name in _NAMES}
    for name, costs in by_name.items():
        _enter(f"turn, 2.0.1 {name}", costs, book, None)
    mixed = [by_name[name] for name in MIX]
    mean = {
        who: [sum(turns) / len(mixed) for turns in zip(*(one[who] for one in mixed), strict=True)]
        for who in mixed[0]
    }
    _enter("turn, mix", mean, book, "turn")


def _enter(what: str, costs: dict[str, list[float]], book: Book, target: str | None) -> None:
    book.microseconds(_GROUP, what, costs)
    book.faster(_GROUP, what, costs, OURS, THEIRS, target)
    for ours, peer in (
        ("ocppkit, coroutine handler", THEIRS),
        ("ocppkit, engine alone", THEIRS),
        (OURS, "mobilityhouse, no executor"),
    ):
        book.faster(_GROUP, what, costs, ours, peer)


async def _costs(one: Sample, scale: Scale) -> dict[str, list[float]]:
    turns = {
        "ocppkit, engine alone": engine(one),
        OURS: endpoint(one),
        "ocppkit, coroutine handler": _coroutines(one),
        THEIRS: mobilityhouse(one, executor=True),
        "mobilityhouse, no executor": mobilityhouse(one, executor=False),
    }
    return await costs_of(turns, scale.short_rounds, scale)


async def costs_of(turns: Mapping[K, Turn], rounds: int, scale: Scale) -> dict[K, list[float]]:
    """Returns the seconds of CPU of a turn, one value a round."""
    calls = {name: await _enough_turns(turn, scale.turn) for name, turn in turns.items()}
    costs: dict[K, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            costs[name].append(await _seconds(turn, calls[name]) / calls[name])
    return costs


async def _seconds(turn: Turn, calls: int) -> float:
    start = process_time()
    await turn(calls)
    return process_time() - start


async def _enough_turns(turn: Turn, seconds: float) -> int:
    calls = _AT_ONCE
    while (took := await _seconds(turn, calls)) < seconds / 2:
        calls *= max(2, min(16, int(seconds / max(took, 1e-6))))
    return calls


# ocppkit.


def engine(one: Sample) -> Turn:
    """Returns turns of the connection without anything around it."""
    connection = Connection(Role.CSMS, one.protocol, new_id=lambda: MESSAGE_ID)
    text, members_of = one.text, members(one.version)[one.action]
    response_class: Any = one.protocol.actions[one.action].response

    async def turn(calls: int) -> None:
        for _ in range(calls):
            connection.receive_data(text, 0.0)
            event = connection.next_event()
            assert isinstance(event, CallReceived)
            connection.send_result(event.message_id, response_class(**members_of), 0.0)
            assert connection.data_to_send()

    return turn


class _Wire:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.receiver: Receiver
        self.written: list[str] = []

    def start(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def write(self, text: str) -> None:
        self.written.append(text)

    def pause_reading(self) -> None:
        raise AssertionError("too many calls at once")

    def resume_reading(self) -> None:
        """Has never paused."""

    def close(self, code: int = 1000, reason: str = "") -> None:
        raise AssertionError(f"closed: {code} {reason}")


def _attached(one: Sample, csms: Csms) -> _Wire:
    wire = _Wire()
    csms.attach(
        Accept(
            identity="CP1",
            subprotocol=one.protocol.subprotocol,
            record=StationRecord(
                identity="CP1", status=RegistrationStatus.ACCEPTED, version="2.0.1", time=utcnow()
            ),
        ),
        wire,
    )
    return wire


def endpoint(one: Sample, *, more: int = 0) -> Turn:
    """Returns turns of a CSMS, with plain handlers.

    Args:
        one: what it is asked.
        more: how many other handlers it has.
    """
    wire = _attached(one, csms_of(one.protocol, more=more))
    text = one.text

    async def turn(calls: int) -> None:
        receive, written = wire.receiver.data_received, wire.written
        for _ in range(calls):
            receive(text)
        _check(written, calls)

    return turn


def _coroutines(one: Sample) -> Turn:
    wire = _attached(one, csms_of(one.protocol, coroutines=True))
    texts = [one.text.replace(MESSAGE_ID, f"{MESSAGE_ID[:-2]}{at:02}") for at in range(_AT_ONCE)]

    async def turn(calls: int) -> None:
        receive, written = wire.receiver.data_received, wire.written
        for batch in range(1, calls // _AT_ONCE + 1):
            for text in texts:
                receive(text)
            while len(written) < batch * _AT_ONCE:
                await asyncio.sleep(0)
        _check(written, calls)

    return turn


def _check(written: list[str], calls: int) -> None:
    assert len(written) == calls, (len(written), calls)
    assert json.loads(written[-1])[0] == 3, written[-1]
    written.clear()


# mobilityhouse.


def mobilityhouse(one: Sample, *, executor: bool, more: int = 0) -> Turn:
    """Returns turns of mobilityhouse's end of a connection.

    Args:
        one: what it is asked.
        executor: whether it validates in an executor, which it does by default.
        more: how many other handlers it has.
    """
    written: list[str] = []

    class Socket:
        async def send(self, text: str) -> None:
            written.append(text)

    station = central_system(one.version, "CP1", Socket(), more=more)
    text = one.text

    async def turn(calls: int) -> None:
        their_messages.ASYNC_VALIDATION = executor
        for _ in range(calls):
            await station.route_message(text)
        _check(written, calls)

    return turn

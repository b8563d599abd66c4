"""SIGTERM and SIGINT stop a program in order, and a second one at once."""

import asyncio
import logging
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from ocppkit.aio import stop_requested
from ocppkit.aio.lowlevel import drain_before_stop
from ocppkit.core import LocalProtocolError
from ocppkit.testing import settle

STOPS = [signal.SIGTERM, signal.SIGINT]


@contextmanager
def handled_before(number: signal.Signals) -> Generator[list[int]]:
    """Handles a signal as a server does that was started before."""
    came: list[int] = []
    before = signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield came
    finally:
        signal.signal(number, before)


@pytest.mark.asyncio
@pytest.mark.parametrize("number", STOPS)
async def test_the_signal_is_returned_and_the_handlers_of_before_are_back(
    number: signal.Signals,
) -> None:
    with handled_before(number) as came:
        waiting = asyncio.create_task(stop_requested())
        await settle()
        assert not waiting.done()
        signal.raise_signal(number)
        assert await waiting is number
        assert came == []
        signal.raise_signal(number)
        assert came == [number]


@pytest.mark.asyncio
async def test_of_two_signals_the_second_is_for_the_handler_of_before() -> None:
    with handled_before(signal.SIGINT) as came:
        waiting = asyncio.create_task(stop_requested())
        await settle()
        signal.raise_signal(signal.SIGTERM)
        # It comes before the event loop has looked at the first.
        signal.raise_signal(signal.SIGINT)
        assert await waiting is signal.SIGTERM
        assert came == [signal.SIGINT]


@pytest.mark.asyncio
async def test_who_is_cancelled_handles_no_signal_any_more() -> None:
    with handled_before(signal.SIGTERM) as came:
        waiting = asyncio.create_task(stop_requested())
        await settle()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        signal.raise_signal(signal.SIGTERM)
        assert came == [signal.SIGTERM]


def in_another_thread(main: Any) -> None:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as problem:  # noqa: BLE001 - it is raised again below
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for problem in problems:
        raise problem


def test_signals_reach_the_main_thread_only() -> None:
    with pytest.raises(LocalProtocolError, match="main thread"):
        in_another_thread(stop_requested)


class Drain:
    """Drains until it is told that it is done."""

    def __init__(self) -> None:
        self.begun = False
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.begun = True
        await self.done.wait()


@pytest.mark.asyncio
@pytest.mark.parametrize("number", STOPS)
async def test_the_server_learns_of_the_signal_when_all_is_drained(number: signal.Signals) -> None:
    drain = Drain()
    with handled_before(number) as came, drain_before_stop(drain):
        signal.raise_signal(number)
        await settle()
        assert drain.begun
        assert came == []
        drain.done.set()
        await settle()
        assert came == [number]


@pytest.mark.asyncio
async def test_a_second_signal_reaches_the_server_at_once() -> None:
    drain = Drain()
    with handled_before(signal.SIGTERM) as came:
        with drain_before_stop(drain):
            signal.raise_signal(signal.SIGTERM)
            await settle()
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM]
        # The server has ended meanwhile, and is told nothing more.
        await settle()
        assert came == [signal.SIGTERM]


@pytest.mark.asyncio
async def test_a_server_that_failed_while_it_drained_stops_nothing_later() -> None:
    drain = Drain()

    async def serve() -> None:
        with drain_before_stop(drain):
            signal.raise_signal(signal.SIGTERM)
            await settle()
            raise OSError("no socket")

    with handled_before(signal.SIGTERM) as came:
        with pytest.raises(OSError, match="no socket"):
            await serve()
        assert drain.begun
        drain.done.set()
        await settle()
        assert came == []


@pytest.mark.asyncio
async def test_a_drain_that_fails_does_not_keep_the_program_alive(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise OSError("no disk")

    with handled_before(signal.SIGTERM) as came, drain_before_stop(fail):
        signal.raise_signal(signal.SIGTERM)
        await settle()
        assert came == [signal.SIGTERM]
    (record,) = (each for each in caplog.records if each.levelno == logging.ERROR)
    assert record.getMessage() == (
        "signal SIGTERM: shutting down connections failed [the program stops all the same]"
    )


def test_nothing_is_done_in_another_thread() -> None:
    async def main() -> None:
        with drain_before_stop(Drain()):
            pass

    before = signal.getsignal(signal.SIGTERM)
    in_another_thread(main)
    assert signal.getsignal(signal.SIGTERM) is before

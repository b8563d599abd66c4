"""Streams of events: several listeners, several readers of one stream, and listeners that are too slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ocppkit.aio.lowlevel import EventStream, EventStreams
from ocppkit.testing import settle


class TooSlow(int):
    """How many events were dropped."""


async def held(events: AsyncIterator[int]) -> list[int]:
    """Returns what waits in a stream."""
    found: list[int] = []
    while True:
        following = asyncio.ensure_future(anext(events))
        await settle()
        if not following.done():
            following.cancel()
            await settle()
            return found
        found.append(following.result())


@pytest.mark.asyncio
async def test_a_listener_that_is_too_slow_learns_how_many_events_it_missed() -> None:
    streams = EventStreams[int](TooSlow)
    slow, quick = streams.open(), streams.open()
    seen: list[int] = []
    for number in range(EventStream.LIMIT + 500):
        streams.publish(number)
        seen.append(await anext(quick))
    assert seen == list(range(EventStream.LIMIT + 500))
    missed = await anext(slow)
    assert (type(missed), missed) == (TooSlow, EventStream.LIMIT + 500)
    streams.publish(7)
    assert await held(slow) == [7]


@pytest.mark.asyncio
async def test_what_was_missed_is_told_later_if_telling_fails() -> None:
    """The event may hold what a directory of the program's returns, which may fail."""
    problems = [OSError("no connection to the directory")]

    def missed(count: int) -> int:
        for problem in problems:
            raise problem
        return TooSlow(count)

    stream = EventStream[int](missed)
    for number in range(EventStream.LIMIT + 1):
        stream.push(number)
    with pytest.raises(OSError, match="directory"):
        await anext(stream)
    problems.clear()
    stream.push(7)
    assert await anext(stream) == EventStream.LIMIT + 2


@pytest.mark.asyncio
async def test_as_many_events_as_a_stream_holds_are_not_too_many() -> None:
    stream = EventStream[int](TooSlow)
    for number in range(EventStream.LIMIT):
        stream.push(number)
    assert await held(stream) == list(range(EventStream.LIMIT))


@pytest.mark.asyncio
async def test_each_event_goes_to_one_of_the_tasks_that_read_a_stream() -> None:
    stream = EventStream[int](TooSlow)
    tasks = [asyncio.ensure_future(anext(stream)) for _ in range(3)]
    await settle()
    for number in range(3):
        stream.push(number)
        await settle()
    assert sorted([await task for task in tasks]) == [0, 1, 2]


@pytest.mark.asyncio
async def test_a_reader_that_gives_up_takes_no_event_and_no_other_reader_with_it() -> None:
    stream = EventStream[int](TooSlow)
    one, other = (asyncio.ensure_future(anext(stream)) for _ in range(2))
    await settle()
    # It is cancelled in the moment in which it would have got the event.
    stream.push(1)
    one.cancel()
    assert await other == 1
    with pytest.raises(asyncio.CancelledError):
        await one
    stream.push(2)
    assert await held(stream) == [2]


@pytest.mark.asyncio
async def test_readers_that_gave_up_are_forgotten() -> None:
    stream = EventStream[int](TooSlow)
    for _ in range(10):
        reader = asyncio.ensure_future(anext(stream))
        await settle()
        reader.cancel()
        await settle()
    assert not vars(stream)["_waiters"]


@pytest.mark.asyncio
async def test_listeners_that_are_no_longer_referred_to_are_forgotten() -> None:
    streams = EventStreams[int](TooSlow)
    assert not streams.streams
    first = streams.open()
    streams.open()
    assert len(streams.streams) == 1
    streams.publish(1)
    assert await held(first) == [1]

"""A coroutine beside a block: neither outlives the other."""

import asyncio

import pytest

from ocppkit.aio.lowlevel import running_beside


class OneError(Exception):
    pass


async def for_ever(seen: list[str]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        seen.append("ended")


async def fail() -> None:
    raise OneError


@pytest.mark.asyncio
async def test_it_ends_with_the_block() -> None:
    seen: list[str] = []
    async with running_beside(for_ever(seen)):
        await asyncio.sleep(0)
        assert seen == []
    assert seen == ["ended"]


@pytest.mark.asyncio
async def test_its_error_ends_the_block() -> None:
    with pytest.raises(OneError):
        async with running_beside(fail()):
            await asyncio.get_running_loop().create_future()


@pytest.mark.asyncio
async def test_an_error_of_the_block_is_raised_as_it_is() -> None:
    seen: list[str] = []
    cause = ValueError("why")

    async def block() -> None:
        async with running_beside(for_ever(seen)):
            await asyncio.sleep(0)
            raise OneError from cause

    with pytest.raises(OneError) as caught:
        await block()
    assert caught.value.__cause__ is cause
    assert seen == ["ended"]


@pytest.mark.asyncio
async def test_of_two_errors_neither_is_lost() -> None:
    async def fail_on_being_ended() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise ValueError("at the end")

    async def block() -> None:
        async with running_beside(fail_on_being_ended()):
            await asyncio.sleep(0)
            raise OneError

    with pytest.raises(OneError) as caught:
        await block()
    assert caught.value.__notes__ == [
        "The task that ran beside it failed, too: ValueError('at the end')"
    ]


@pytest.mark.asyncio
async def test_the_block_may_outlive_it() -> None:
    async with running_beside(asyncio.sleep(0)):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1

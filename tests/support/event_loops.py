"""Runs a test on asyncio's event loop and, where it is installed, on uvloop's."""

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import pytest

__all__ = ["LOOPS", "Run"]

Run: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


def on_asyncio(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)


def on_uvloop(main: Coroutine[Any, Any, None]) -> None:
    import_module("uvloop").run(main)


# A mark, since a test that skips itself when it runs leaves its coroutine behind.
_NO_UVLOOP = pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not installed")

LOOPS = pytest.mark.parametrize(
    "run", [on_asyncio, pytest.param(on_uvloop, id="on_uvloop", marks=_NO_UVLOOP)]
)
"""Gives a test the argument `run`, which runs a coroutine."""

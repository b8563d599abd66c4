"""Counts the function calls of a piece of code, so that tests notice slowness without a clock."""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["calls_of", "python_calls"]


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """Returns the number of calls of each function during a piece of work; C functions by type and name."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls[f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"] += 1
        elif event == "c_call":
            calls[f"C {type(argument.__self__).__qualname__}.{argument.__name__}"] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    # What ends the watch is no part of the work.
    calls.subtract({"C module.setprofile": 1})
    return +calls


def python_calls(calls: Counter[str]) -> int:
    """Returns the number of calls of Python functions among these calls."""
    return sum(number for name, number in calls.items() if not name.startswith("C "))

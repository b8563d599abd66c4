"""How a program that is measured says that it is ready, and learns that it is to end."""

import asyncio
import json
import os
import sys
from typing import Any

__all__ = ["end_of_input", "tell"]


def tell(**what: Any) -> None:
    """Tells the suite something."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def end_of_input() -> None:
    """Waits until the suite has enough."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            ended.set()

    loop.add_reader(sys.stdin.fileno(), look)
    await ended.wait()

"""The signals that stop a program: SIGTERM, as systemd and Docker send it, and SIGINT, which is Ctrl-C."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from ocppkit.core import LocalProtocolError

__all__ = ["draining_first", "stop_requested"]

logger = logging.getLogger("ocppkit.aio")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def stop_requested() -> signal.Signals:
    """Waits until the program is asked to stop, and returns by which signal.

    ```python
    async with websockets.serve(csms, "127.0.0.1", 9000):
        await stop_requested()  # the block ends in order: see `serve`
    ```

    The signals are SIGTERM and SIGINT. A second one has its usual effect: it ends the program at once.

    Raises:
        LocalProtocolError: this is not the main thread, the only one that Python tells of signals.
    """
    if not _is_main_thread():
        raise LocalProtocolError(
            "signals reach the main thread only: leave the block of `serve` in another way"
        )
    came: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    def note(number: signal.Signals) -> None:
        if not came.done():
            came.set_result(number)

    with _handled(note):
        number = await came
    logger.info("stopping on %s [a second signal ends the program at once]", number.name)
    return number


@contextmanager
def draining_first(drain: Callable[[], Coroutine[Any, Any, None]]) -> Generator[None]:
    """Runs a coroutine before a stop signal reaches whoever handles it, until the block is left.

    It is for servers that handle the signals themselves, and end all connections at once when one
    comes. A second signal reaches them immediately. Outside of the main thread, where no signals
    arrive, nothing is done.

    Args:
        drain: makes the coroutine.
    """
    draining: set[asyncio.Task[None]] = set()

    def begin(number: signal.Signals) -> None:
        logger.info("draining on %s [a second signal ends that]", number.name)
        draining.add(asyncio.get_running_loop().create_task(_drain_and_raise_signal(drain, number)))

    if not _is_main_thread():
        yield
        return
    try:
        with _handled(begin):
            yield
    finally:
        # The server may have stopped or failed meanwhile.
        for task in draining:
            task.cancel()


async def _drain_and_raise_signal(
    drain: Callable[[], Coroutine[Any, Any, None]], number: signal.Signals
) -> None:
    try:
        await drain()
    except Exception:
        logger.exception("draining on %s failed [the program stops all the same]", number.name)
    # Whoever handled it before does so again.
    signal.raise_signal(number)


@contextmanager
def _handled(react: Callable[[signal.Signals], object]) -> Generator[None]:
    """Reacts in the event loop to the first stop signal; then those before handle them again."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            # A handler that was not set by Python cannot be set again.
            if handler is not None and signal.getsignal(number) is stop:
                signal.signal(number, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(react, signal.Signals(number))

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()

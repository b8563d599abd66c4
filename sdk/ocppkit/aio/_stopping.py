"""Handles the signals that stop a program: SIGTERM, which systemd and Docker send, and SIGINT,
which is Ctrl-C.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from ocppkit.core import LocalProtocolError

__all__ = ["drain_before_stop", "stop_requested"]

logger = logging.getLogger("ocppkit.aio")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


async def stop_requested() -> signal.Signals:
    """Waits until a signal asks the program to stop, and returns the signal.

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
            "stop_requested() works in the main thread only, as others get no signals [end the "
            "block of `serve` in another way]"
        )
    came: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    def note(number: signal.Signals) -> None:
        if not came.done():
            came.set_result(number)

    with _handle_first_signal(note):
        number = await came
    logger.info(
        "signal %s received: the program stops [a second signal ends it at once]", number.name
    )
    return number


@contextmanager
def drain_before_stop(drain: Callable[[], Coroutine[Any, Any, None]]) -> Generator[None]:
    """Runs a coroutine when a stop signal comes, before the signal reaches the server's own
    handler.

    It is for servers that handle the signals themselves, and end all connections at once when one
    comes. A second signal reaches them immediately. Outside of the main thread, where no signals
    arrive, nothing is done.

    Args:
        drain: makes the coroutine.
    """
    draining: set[asyncio.Task[None]] = set()

    def begin(number: signal.Signals) -> None:
        logger.info(
            "signal %s received: shutting down connections before the program stops [a second "
            "signal skips that]",
            number.name,
        )
        draining.add(asyncio.get_running_loop().create_task(_drain_and_raise_signal(drain, number)))

    if not _is_main_thread():
        yield
        return
    try:
        with _handle_first_signal(begin):
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
        logger.exception(
            "signal %s: shutting down connections failed [the program stops all the same]",
            number.name,
        )
    # Whoever handled it before does so again.
    signal.raise_signal(number)


@contextmanager
def _handle_first_signal(react: Callable[[signal.Signals], object]) -> Generator[None]:
    """Calls a function in the event loop at the first stop signal; the earlier handlers get all
    further ones.
    """
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

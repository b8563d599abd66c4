"""Calls a program's functions with events, by the type of the event."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

from ._handlers import MaybeAwaitable, name_of

__all__ = ["EventListeners", "Listener"]

E = TypeVar("E")

_FAILED: Final = "%s: listener %s failed"

Listener = Callable[[E], MaybeAwaitable[None]]
"""Takes one type of event; plain or async."""


class EventListeners:
    """Functions that are called with events; an exception of one does not affect the others."""

    def __init__(self, logger: logging.Logger, name: str) -> None:
        """Starts without listeners.

        Args:
            logger: takes the failures of listeners.
            name: whose events these are, as it may stand in a log.
        """
        self._logger = logger
        self._name = name
        self._listeners: dict[type[Any], list[Listener[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def on(self, event: type[E]) -> Callable[[Listener[E]], Listener[E]]:
        """Returns a decorator that registers a function for all events of one type, plain or async.

        Events of its subclasses are told too.

        A plain function runs inside the event loop and must not block.
        """

        def register(listener: Listener[E]) -> Listener[E]:
            self._listeners.setdefault(event, []).append(listener)
            return listener

        return register

    def publish(self, event: object) -> None:
        """Calls the listeners of an event; async ones run as tasks."""
        for listener in self._listeners_of(type(event)):
            try:
                outcome = listener(event)
            except Exception:
                self._logger.exception(_FAILED, self._name, name_of(listener))
                continue
            if inspect.iscoroutine(outcome):
                task = asyncio.create_task(self._finish(listener, outcome))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _listeners_of(self, event: type[object]) -> Iterator[Listener[Any]]:
        for kind in event.__mro__:
            yield from self._listeners.get(kind, ())

    async def cancel(self) -> None:
        """Cancels the tasks of async listeners."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _finish(self, listener: Listener[Any], outcome: Coroutine[Any, Any, None]) -> None:
        try:
            await outcome
        except Exception:
            self._logger.exception(_FAILED, self._name, name_of(listener))

"""Answers heartbeats with the time, where the program has no handler of its own."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec.structs import fields

from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import Message, Protocol, Response

__all__ = ["heartbeat_handlers"]

_HEARTBEAT: Final = "Heartbeat"
"""The action that shows life and asks for the time; the same word in every version."""


def heartbeat_handlers(
    protocols: Iterable[Protocol], wall_clock: Callable[[], datetime]
) -> Mapping[type[Message], AnyHandler]:
    """Returns a mapping from Heartbeat request class to a handler that answers with the current time.

    A version whose answer needs more than that gets none.

    Args:
        protocols: the versions.
        wall_clock: tells the time.
    """
    actions = (protocol.actions.get(_HEARTBEAT) for protocol in protocols)
    return {
        action.request: _time_handler(action.response, wall_clock)
        for action in actions
        if action is not None and action.response is not None and _needs_only_time(action.response)
    }


def _needs_only_time(response: type[Response]) -> bool:
    return [field.name for field in fields(response) if field.required] == ["current_time"]


def _time_handler(response: type[Any], wall_clock: Callable[[], datetime]) -> AnyHandler:
    def answer(station: object, request: object) -> Any:
        return response(current_time=wall_clock())

    return answer

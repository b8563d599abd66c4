"""A CSMS of ocppkit that sends the responses of `answers`."""

from typing import Any, Final

from ocppkit import v16, v201
from ocppkit.core import Protocol, Role
from ocppkit.csms import Csms

from .answers import INTERVAL, answers

__all__ = ["csms_of", "members"]

_STATUS: Final = {
    "1.6": v16.RegistrationStatus.ACCEPTED,
    "2.0.1": v201.RegistrationStatusEnumType.ACCEPTED,
}


def members(version: str, interval: int = INTERVAL) -> dict[str, dict[str, Any]]:
    """Returns the members of each response, as ocppkit takes them."""
    ours = answers(interval)
    ours["BootNotification"]["status"] = _STATUS[version]
    return ours


def _others(protocol: Protocol, count: int) -> list[str]:
    """Returns so many more actions that stations call, or as many as there are."""
    known = answers()
    return [
        action.name
        for action in protocol.actions.values()
        if Role.STATION in action.senders and action.name not in known
    ][:count]


def csms_of(
    protocol: Protocol, *, coroutines: bool = False, more: int = 0, interval: int = INTERVAL
) -> Csms:
    """Returns a CSMS of ocppkit.

    Args:
        protocol: the version that it speaks.
        coroutines: whether its handlers are coroutines, each of which runs as a task.
        more: how many other handlers it has, which are never called.
        interval: how often stations shall send a heartbeat, in seconds.
    """
    csms = Csms(protocol, insecure=True)
    make = _coroutine if coroutines else _plain
    for name in _others(protocol, more):
        other: Any = protocol.actions[name]
        csms.on(other.request)(make(other.response, {}))
    for name, answer in members(protocol.version, interval).items():
        action = protocol.actions[name]
        request: Any = action.request
        csms.on(request)(make(action.response, answer))
    return csms


def _plain(response: Any, answer: dict[str, Any]) -> Any:
    def handle(station: Any, request: Any) -> Any:
        return response(**answer)

    return handle


def _coroutine(response: Any, answer: dict[str, Any]) -> Any:
    async def handle(station: Any, request: Any) -> Any:
        return response(**answer)

    return handle

"""All that can be said in OCPP: version, action and who says it, with the least and the most it can hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from corpus.nodes import tree
from corpus.samples import maximal, minimal
from corpus.sources import sources
from ocppkit import v16, v21, v201
from ocppkit.core import Action, Message, Protocol, Response, Role, decode_payload
from ocppkit.v16 import roles as roles16
from ocppkit.v21 import roles as roles21
from ocppkit.v201 import roles as roles201

__all__ = ["ALLOWED", "FORBIDDEN", "ROLES", "Case", "RoleClasses", "exchanges", "extremes"]


@dataclass(frozen=True)
class RoleClasses:
    """What a version's `roles` has."""

    protocol: Protocol
    station: type[Any]
    handle: type[Any]
    handlers: dict[Role, type[Any]]
    """Handler classes by who answers with them."""


ROLES = (
    RoleClasses(
        v16.PROTOCOL,
        roles16.ChargePoint,
        roles16.ConnectedChargePoint,
        {Role.STATION: roles16.ChargePointHandlers, Role.CSMS: roles16.CsmsHandlers},
    ),
    RoleClasses(
        v201.PROTOCOL,
        roles201.ChargingStation,
        roles201.ConnectedStation,
        {Role.STATION: roles201.ChargingStationHandlers, Role.CSMS: roles201.CsmsHandlers},
    ),
    RoleClasses(
        v21.PROTOCOL,
        roles21.ChargingStation,
        roles21.ConnectedStation,
        {Role.STATION: roles21.ChargingStationHandlers, Role.CSMS: roles21.CsmsHandlers},
    ),
)


@dataclass(frozen=True)
class Case:
    """An action in one direction."""

    roles: RoleClasses
    action: Action
    sender: Role

    def __str__(self) -> str:
        return f"{self.roles.protocol.version}-{self.action.name}-from-{self.sender}"

    @property
    def method(self) -> str:
        """The name of the keyword method that sends it, and of the handler class's method."""
        methods = self.roles.handlers[self.sender.peer].__ocpp_handlers__
        (name,) = (name for name, message in methods.items() if message is self.action.request)
        return str(name)


def _all() -> Iterator[Case]:
    for roles in ROLES:
        for action in roles.protocol.actions.values():
            for sender in Role:
                yield Case(roles, action, sender)


ALLOWED = tuple(case for case in _all() if case.sender in case.action.senders)
FORBIDDEN = tuple(case for case in _all() if case.sender not in case.action.senders)


@cache
def extremes(message: type[Message]) -> tuple[Any, Any]:
    """Returns the message with what it must hold, and with every member at every level.

    Both come from the original schema, not from the class.
    """
    version = message.__module__.split(".")[1]
    (source,) = (each for each in sources(version) if each.class_name == message.__name__)
    node = tree(source)
    return decode_payload(message, minimal(node)), decode_payload(message, maximal(node))


def exchanges(action: Action) -> list[tuple[Message, Response | None]]:
    """Returns a minimal and a maximal request, each with a response of its own size."""
    requests = extremes(action.request)
    responses = (None, None) if action.response is None else extremes(action.response)
    return list(zip(requests, responses, strict=True))

"""The package `ocpp` of The Mobility House: what it does with a message, as its charge point class does it.

It has no types, so this is the one place that knows it.
"""

from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Final

from .answers import INTERVAL, answers

__all__ = [
    "PACKAGES",
    "Refused",
    "central_system",
    "messages",
    "read",
    "request_of",
    "write",
]

messages: Final[Any] = import_module("ocpp.messages")
_on: Final[Any] = import_module("ocpp.routing").on
Refused: Final[type[Exception]] = import_module("ocpp.exceptions").OCPPError

PACKAGES: Final[dict[str, Any]] = {
    "1.6": import_module("ocpp.v16"),
    "2.0.1": import_module("ocpp.v201"),
}

_charge_point: Final[Any] = import_module("ocpp.charge_point")


def read(text: str, version: str) -> object:
    """Unpacks a frame, validates it, and builds the dataclass of its action."""
    message = messages.unpack(text)
    messages._validate_payload(message, version)
    return request_of(version, message.action, message.payload)


def write(request: Any, message_id: str, version: str) -> str:
    """Turns a dataclass into a frame, validated."""
    camel_case = _charge_point.snake_to_camel_case(_charge_point.serialize_as_dict(request))
    payload = _charge_point.remove_nones(camel_case)
    call = messages.Call(unique_id=message_id, action=type(request).__name__, payload=payload)
    messages._validate_payload(call, version)
    return str(call.to_json())


def request_of(version: str, action: str, payload: dict[str, Any]) -> object:
    """Returns the dataclass of a request."""
    members: dict[str, Any] = _charge_point.camel_to_snake_case(payload)
    return getattr(PACKAGES[version].call, action)(**members)


def central_system(
    version: str,
    identity: str,
    connection: Any,
    *,
    more: int = 0,
    interval: int = INTERVAL,
) -> Any:
    """Returns mobilityhouse's end of one connection.

    Args:
        version: of OCPP.
        identity: the station's.
        connection: the WebSocket.
        more: how many other handlers it has, which are never called.
        interval: how often stations shall send a heartbeat, in seconds.
    """
    return _class_of(version, more, interval)(identity, connection)


@cache
def _class_of(version: str, more: int, interval: int) -> type[Any]:
    package = PACKAGES[version]
    known = answers(interval)
    others = [name for name in dir(package.call_result) if name[0].isupper() and name not in known]
    said: dict[str, dict[str, Any]] = known | {name: {} for name in others[:more]}
    handlers = {
        f"on_{name}": _on(name)(_method(name, getattr(package.call_result, name), answer))
        for name, answer in said.items()
    }
    return type("CentralSystem", (package.ChargePoint,), handlers)


def _method(name: str, result: Any, answer: dict[str, Any]) -> Any:
    as_text = {
        member: value.isoformat() if isinstance(value, datetime) else value
        for member, value in answer.items()
    }

    def handle(self: Any, **request: Any) -> Any:
        return result(**as_text)

    handle.__name__ = f"on_{name}"  # it finds handlers by that
    return handle

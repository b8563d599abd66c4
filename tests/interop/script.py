"""The sessions that are played: who says what, and what it is answered with, as JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from ocppkit import v16, v21, v201
from ocppkit.core import Protocol, Role

__all__ = ["PROTOCOLS", "Json", "Step", "steps"]

Json: TypeAlias = dict[str, Any]

PROTOCOLS: Final = {
    protocol.version: protocol for protocol in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
}


@dataclass(frozen=True)
class Step:
    """One exchange."""

    sender: Role
    action: str
    request: Json
    response: Json


def steps(protocol: Protocol) -> tuple[Step, ...]:
    """Returns a session from boot to reset; the first step is the boot."""
    name = protocol.package.rpartition(".")[2]
    path = Path(__file__).with_name("sessions") / f"{name}.json"
    return tuple(
        Step(Role(each["from"]), each["action"], each["request"], each["response"])
        for each in json.loads(path.read_text(encoding="utf-8"))
    )

"""Access to parts of uvicorn that its documentation does not promise.

Where one has changed, the log says so once, and connections are served without it.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

__all__ = ["connections_of", "find_refusal"]

logger = logging.getLogger("ocppkit.transports")


def connections_of(options: Mapping[str, Any]) -> set[Any]:
    """Returns uvicorn's set of connections, on which it calls `shutdown` when it stops.

    Args:
        options: the arguments that uvicorn passes to its HTTP for a new connection.
    """
    state = options.get("server_state")
    connections: set[Any] | None = getattr(state, "connections", None)
    if connections is not None:
        return connections
    _report_changed()
    return set()


@cache
def _report_changed() -> None:
    logger.warning(
        "the connections of this uvicorn cannot be found: those on which no request comes may "
        "delay "
        "its end [install another version of uvicorn, or a newer one of ocppkit]"
    )


def find_refusal(protocol: asyncio.BaseProtocol) -> tuple[str, int | None]:
    """Returns the reason and the HTTP status with which uvicorn has refused a request without
    asking the application.

    Args:
        protocol: the one that has refused; for a WebSocket, what `websockets-sansio` stands for.
    """
    problem: object = getattr(getattr(protocol, "conn", None), "handshake_exc", None)
    status: object = getattr(getattr(protocol, "response", None), "status_code", None)
    if isinstance(problem, Exception) and isinstance(status, int):
        return f"no opening handshake: {problem}", status
    return "no valid request", None

"""Access to parts of uvicorn that its documentation does not promise.

uvicorn's `receive` is a method of the asyncio protocol that holds the connection, its HTTP is told of all
connections, and a protocol keeps why it has refused a request. They are looked at for each connection;
where one has changed, the log says so once, and connections are served without it.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from starlette.types import Receive

__all__ = ["NetworkConnections", "connections_of", "find_refusal"]

logger = logging.getLogger("ocppkit.transports")

_USED = ("abort", "get_protocol", "set_protocol")


class NetworkConnections:
    """Finds the network connections of one endpoint."""

    def __init__(self) -> None:
        self._warned = False

    def find(self, receive: Receive) -> asyncio.Transport | None:
        """Returns the asyncio transport of a connection; `None` if the server does not show it.

        Args:
            receive: the ASGI server's own.
        """
        protocol: object = getattr(receive, "__self__", None)
        transport: Any = getattr(protocol, "transport", None)
        if all(hasattr(transport, name) for name in _USED) and transport.get_protocol() is protocol:
            return cast(asyncio.Transport, transport)
        if not self._warned:
            self._warned = True
            logger.warning(
                "the network connections of %s cannot be accessed: compressed messages of one "
                "station can delay all others, and stations that read nothing are not "
                "disconnected at once [use uvicorn with no middleware that replaces `receive`; if "
                "that is so, install another version of uvicorn, or a newer one of ocppkit]",
                _server_name(receive),
            )
        return None


def _server_name(receive: Receive) -> str:
    """Returns the name of a server, with its version if its module has one."""
    name = getattr(receive, "__module__", "").partition(".")[0] or "this ASGI server"
    number: str = getattr(sys.modules.get(name), "__version__", "")
    return f"{name} {number}".rstrip()


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
        "the connections of this uvicorn cannot be found: those on which no request comes "
        "may delay its end [install another version of uvicorn, or a newer one of ocppkit]"
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

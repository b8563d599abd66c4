"""Finds the network connection of an ASGI WebSocket, which ASGI does not give to applications.

uvicorn's `receive` is a method of the asyncio protocol that holds the connection. That is no documented
part of uvicorn, so it is looked at for each connection, and the log says if it has changed.
"""

import asyncio
import logging
import sys
from typing import Any, cast

from starlette.types import Receive

__all__ = ["NetworkConnections"]

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
                "station "
                "can delay all others, and stations that read nothing are not disconnected at once "
                "[use uvicorn with no middleware that replaces `receive`; if that is so, install "
                "another version of uvicorn, or a newer one of ocppkit]",
                _server_name(receive),
            )
        return None


def _server_name(receive: Receive) -> str:
    """Returns the name of a server, with its version if its module has one."""
    name = getattr(receive, "__module__", "").partition(".")[0] or "this ASGI server"
    number: str = getattr(sys.modules.get(name), "__version__", "")
    return f"{name} {number}".rstrip()

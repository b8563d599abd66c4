"""Counts the connections of a listener from the moment when they are accepted."""

import asyncio

__all__ = ["OpenConnections"]


class OpenConnections:
    """The open connections of one listener, before the server of another library handles them.

    That server takes each connection over, in several steps, and tells nobody when it ends. So
    connections that have ended are looked for when there seem to be too many.
    """

    def __init__(self, most: int | None) -> None:
        """Starts without connections.

        Args:
            most: how many there may be; any number if it is `None`.
        """
        self._most = most
        self._transports: set[asyncio.BaseTransport] = set()

    def add(self, transport: asyncio.BaseTransport) -> bool:
        """Adds a new connection; returns whether it is within the limit."""
        if self._most is None:
            return True
        if len(self._transports) >= self._most:
            self._transports = {each for each in self._transports if not each.is_closing()}
        if len(self._transports) >= self._most:
            return False
        self._transports.add(transport)
        return True

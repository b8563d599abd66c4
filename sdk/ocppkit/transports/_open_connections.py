"""How many connections a listener has, counted from the moment they are there."""

import asyncio

__all__ = ["OpenConnections"]


class OpenConnections:
    """The open connections of one listener, in front of the server of another library.

    That server takes each connection over, in several steps, and tells nobody when it ends. So
    connections that have ended are looked for when there seem to be too many.
    """

    def __init__(self, most: int | None) -> None:
        """Begins without connections.

        Args:
            most: how many there may be; any number if it is `None`.
        """
        self._most = most
        self._transports: set[asyncio.BaseTransport] = set()

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Notes a new connection, and returns whether there is room for it."""
        if self._most is None:
            return True
        if len(self._transports) >= self._most:
            self._transports = {each for each in self._transports if not each.is_closing()}
        if len(self._transports) >= self._most:
            return False
        self._transports.add(transport)
        return True

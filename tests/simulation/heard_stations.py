"""The stations that are connected, as one listener learns of them by events."""

import asyncio

from ocppkit.csms import StationConnected, StationDisconnected, StationHandle, StationsView

__all__ = ["HeardStations"]


class HeardStations:
    """Follows the events of a registry."""

    def __init__(self, stations: StationsView) -> None:
        """Begins with the stations that are connected now."""
        self.connected: dict[str, StationHandle] = {each.identity: each for each in stations}
        """The handles by identity."""

        self._events = stations.events()
        self._listening = asyncio.create_task(self._listen())

    def stop(self) -> None:
        """Listens no longer."""
        self._listening.cancel()

    async def _listen(self) -> None:
        async for event in self._events:
            match event:
                case StationConnected():
                    self.connected[event.station.identity] = event.station
                case StationDisconnected():
                    if self.connected.get(event.station.identity) is event.station:
                        del self.connected[event.station.identity]
                case _:
                    pass

"""`StationsView`: the registry of stations as a program uses it, whether of one process or of several."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, TypeVar, overload

from ._handle import StationHandle
from ._station_events import StationEvent

__all__ = ["StationsView"]

H = TypeVar("H", bound=StationHandle)


class StationsView(Protocol):
    """What a program asks of the registry of connected stations; use it in type hints.

    ```python
    async def reboot(stations: StationsView, identity: str) -> None:
        station = await stations.wait(identity, ConnectedStation)
        await station.reset(type=v201.ResetEnumType.ON_IDLE)
    ```

    `Csms.stations` is one, for the stations of one process. The registry of a fleet is another one,
    whose handles reach stations of other processes, so the same function runs on both.
    """

    @overload
    def get(self, identity: str) -> StationHandle | None: ...
    @overload
    def get(self, identity: str, handle: type[H]) -> H | None: ...
    def get(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`.

        Args:
            identity: the station.
            handle: the class that the handle must have, for a typed result.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        ...

    @overload
    async def find(self, identity: str) -> StationHandle | None: ...
    @overload
    async def find(self, identity: str, handle: type[H]) -> H | None: ...
    async def find(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`, after asking whoever knows for sure.

        `get` tells what is known in this process, which of stations of other processes may be a
        moment old.

        Args:
            identity: the station.
            handle: the class that the handle must have, for a typed result.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        ...

    @overload
    async def wait(self, identity: str) -> StationHandle: ...
    @overload
    async def wait(self, identity: str, handle: type[H]) -> H: ...
    async def wait(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected and served, and returns its handle; see `Stations.wait`.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        ...

    @overload
    async def wait_connected(self, identity: str) -> StationHandle: ...
    @overload
    async def wait_connected(self, identity: str, handle: type[H]) -> H: ...
    async def wait_connected(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected, registered or not, and returns its handle.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        ...

    def events(self) -> AsyncIterator[StationEvent]:
        """Returns the coming and going of stations from now on, for `async for`."""
        ...

    def __iter__(self) -> Iterator[StationHandle]:
        """Iterates over the handles of the stations that are connected now."""
        ...

    def __len__(self) -> int:
        """Returns how many stations are connected now."""
        ...

    def __contains__(self, identity: object) -> bool:
        """Returns whether the station with this identity is connected now."""
        ...

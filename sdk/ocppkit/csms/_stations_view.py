"""The interface of the registry of stations, for one process or several."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, TypeVar, overload

from ._handle import StationHandle
from ._station_events import StationEvent

__all__ = ["StationsView"]

H = TypeVar("H", bound=StationHandle)


class StationsView(Protocol):
    """The interface of the registry of connected stations, for type hints of programs.

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
        """Returns the handle of a connected station, or `None`. Asks the process that the station
        is connected to.

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
        """Waits until a station is connected, whether or not its boot was accepted; returns its
        handle.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        ...

    def events(self) -> AsyncIterator[StationEvent]:
        """Returns an iterator for `async for` over stations that connect, boot and disconnect from
        now on.
        """
        ...

    def __iter__(self) -> Iterator[StationHandle]:
        """Iterates over the handles of the stations that are connected now."""
        ...

    def __len__(self) -> int:
        """Returns the number of stations that are connected now."""
        ...

    def __contains__(self, identity: object) -> bool:
        """Returns whether the station with this identity is connected now."""
        ...

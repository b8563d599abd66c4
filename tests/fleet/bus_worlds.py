"""A bus of several processes with what it stands on, of each kind: the contract is the same for all."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ocppkit.fleet import Bus, MemoryBroker, MemoryBus
from ocppkit.fleet.nats import NatsBus
from support.nats_servers import NatsServer, nats_program

__all__ = ["KINDS", "BusWorld", "bus_world"]

KINDS = ("memory", "nats-pip", "nats-debian")


class BusWorld(ABC):
    """Buses of several processes, and what a test can do to what they stand on."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._count = 0

    async def bus(self) -> Bus:
        """Returns the bus of one more process."""
        self._count += 1
        return await self._stack.enter_async_context(self.make(f"process-{self._count}"))

    @abstractmethod
    def make(self, name: str) -> Bus: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def start(self, *, store_lost: bool = False) -> None: ...

    @property
    @abstractmethod
    def message_bytes(self) -> int: ...


class MemoryWorld(BusWorld):
    def __init__(self, stack: AsyncExitStack) -> None:
        super().__init__(stack)
        self.broker = MemoryBroker()

    def make(self, name: str) -> Bus:
        return MemoryBus(self.broker, name)

    def stop(self) -> None:
        self.broker.stop()

    def start(self, *, store_lost: bool = False) -> None:
        self.broker.start({} if store_lost else None)

    @property
    def message_bytes(self) -> int:
        return self.broker.message_bytes


class NatsWorld(BusWorld):
    def __init__(self, stack: AsyncExitStack, server: NatsServer) -> None:
        super().__init__(stack)
        self.server = server

    def make(self, name: str) -> Bus:
        return NatsBus(self.server.url, name=name)

    def stop(self) -> None:
        self.server.stop()

    def start(self, *, store_lost: bool = False) -> None:
        if store_lost:
            self.server.lose_store()
        self.server.start()

    @property
    def message_bytes(self) -> int:
        return 1 << 20


@asynccontextmanager
async def bus_world(kind: str, folder: Path) -> AsyncIterator[BusWorld]:
    """Runs what a bus of this kind stands on, until the block is left."""
    async with AsyncExitStack() as stack:
        if kind == "memory":
            yield MemoryWorld(stack)
        else:
            server = stack.enter_context(NatsServer(nats_program(kind), folder))
            yield NatsWorld(stack, server)

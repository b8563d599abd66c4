"""A test bench for functional blocks: a station and a CSMS in memory, in any version of OCPP,
without waiting.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ocppkit.blocks import Block, Command, CommandAnswer, Event, Moment
from ocppkit.blocks.transactions import TransactionClosed, TransactionLedger, TransactionRecord
from ocppkit.core import Message, Protocol, Request, decode_payload
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import Authorize, CsmsBlocks, LimitTransaction, Provisioning
from ocppkit.station import Journal, MemoryJournal, Station, Store
from ocppkit.station.blocks import FullStation, StationBlocks

from ._fake_clock import FakeClock, settle
from ._memory_network import MemoryNetwork, connected

__all__ = ["BlockBench"]

T = TypeVar("T")
A = TypeVar("A", bound=CommandAnswer)
M = TypeVar("M", bound=Message)

_START: Final = datetime(2025, 1, 1, 12, tzinfo=UTC)
_CALL: Final = 2
_DAY: Final = 86_400
_BOOT: Final = "BootNotification"

_BOOTS: Final = (
    {"chargePointVendor": "ACME", "chargePointModel": "Wall-11"},
    {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "Wall-11"}},
)
"""What a station says of itself when it boots: in 1.6, and from 2.0.1 on."""


def _accept_all(question: object) -> str:
    return "Accepted"


class BlockBench:
    """A station with functional blocks, connected in memory to a CSMS with functional blocks.

    ```python
    transactions = TransactionsBlock(...)
    async with BlockBench(v201.PROTOCOL, transactions) as bench:
        bench.do(lambda now: transactions.plugged_in(1, now))
        await bench.advance(60)
        assert bench.actions == ["BootNotification", "TransactionEvent"]
    ```
    """

    def __init__(
        self,
        protocol: Protocol,
        *blocks: Block,
        full: Callable[[Station], FullStation] | None = None,
        authorize: Authorize = _accept_all,
        journal: Store | Journal | None = None,
        clock: FakeClock | None = None,
        ledger: TransactionLedger | None = None,
        provisioning: Provisioning | None = None,
        limit_transaction: LimitTransaction | None = None,
        start: datetime = _START,
        online: bool = True,
    ) -> None:
        """Creates the station and the CSMS; neither is running yet.

        Args:
            protocol: the version that they speak.
            blocks: those of the station.
            full: makes a station with all blocks of the bare one, in place of `blocks`.
            authorize: what the CSMS says of tokens; it accepts all by default.
            journal: where the station keeps messages and states; in memory by default. A bench with
                `copy.deepcopy` of the journal of an earlier one, and its `ledger`, goes on after a power
                cut. `SqliteJournal` works in threads, for which `advance` does not wait.
            clock: the clock of both.
            ledger: the transactions that the CSMS knows.
            provisioning: how the CSMS answers boots; by default it accepts all, with a heartbeat a day.
            limit_transaction: what the CSMS limits transactions to.
            start: date and time when the clock is at 0.
            online: whether the station can connect at first; see `go_online`.
        """
        self.clock: FakeClock = FakeClock() if clock is None else clock
        """Moves both ends; see `advance`."""

        self._start = start
        self._online = online
        self.csms: Csms = Csms(protocol, insecure=True, clock=self.clock, wall_clock=self.now)
        self.csms_blocks: CsmsBlocks = CsmsBlocks(
            self.csms,
            authorize=authorize,
            ledger=ledger,
            provisioning=provisioning or Provisioning(interval=_DAY),
            limit_transaction=limit_transaction,
        )
        self.station: Station = Station(
            "CP001",
            protocol,
            _boot(protocol),
            insecure=True,
            clock=self.clock,
            wall_clock=self.now,
            journal=MemoryJournal() if journal is None else journal,
            raise_security_events=False,
            random=lambda: 0.0,
        )
        self._full = None if full is None else full(self.station)
        self.blocks: StationBlocks = self._full or StationBlocks(self.station, *blocks)
        self.events: list[Event] = []
        """What the station's blocks have told, in order."""

        self.closed: list[TransactionRecord] = []
        """The transactions that the CSMS knows as complete, in the order in which they became so."""

        self._protocol = protocol
        self._stack = AsyncExitStack()
        self._network: MemoryNetwork | None = None
        self.blocks.on(Event)(self.events.append)
        self.csms_blocks.on(TransactionClosed)(lambda event: self.closed.append(event.record))

    def now(self) -> datetime:
        """Returns the date and time of the test."""
        return self._start + timedelta(seconds=self.clock.time())

    async def __aenter__(self) -> Self:
        """Starts the blocks and the station, and waits until its boot is accepted, if it can
        connect.
        """
        await self._stack.enter_async_context(self.blocks)
        self._network = await self._stack.enter_async_context(connected(self.station, self.csms))
        self._network.up = self._online
        await settle()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops the station, as at the end of a program."""
        await self._stack.aclose()

    @property
    def full(self) -> FullStation:
        """The `FullStation`, if the bench was created with `full`."""
        assert self._full is not None, "make the bench with `full`"
        return self._full

    @property
    def network(self) -> MemoryNetwork:
        """The network between the station and the CSMS."""
        assert self._network is not None, "enter the bench first"
        return self._network

    @property
    def handle(self) -> StationHandle:
        """The CSMS's handle of the station.

        Raises:
            LookupError: the station is not connected.
        """
        handle = self.csms.stations.get("CP001")
        if handle is None:
            raise LookupError("the station is not connected")
        return handle

    def do(self, action: Callable[[Moment], T]) -> T:
        """Calls a function that tells a block what has happened; see `StationBlocks.do`."""
        return self.blocks.do(action)

    async def call(self, command: Command[A], *, checked: bool = True) -> A:
        """Sends a command of the CSMS, and runs everything that follows without time passing.

        Args:
            command: the command.
            checked: whether the CSMS checks it first; `False` to see the station refuse it.
        """
        answer = await self.csms_blocks.call(self.handle, command, checked=checked)
        await settle()
        return answer

    async def advance(self, seconds: float) -> None:
        """Moves time on from timer to timer."""
        await self.clock.advance(seconds)

    async def go_offline(self) -> None:
        """Breaks the connection; the station cannot connect until `go_online`."""
        self.network.up = False
        self.network.cut()
        await settle()

    async def go_online(self, within: float = 600.0) -> None:
        """Lets the station connect again, and moves time on past its next attempt."""
        self.network.up = True
        await self.advance(within)

    @property
    def frames(self) -> Sequence[list[Any]]:
        """The frames that the station has sent on all connections, as JSON."""
        return [
            json.loads(frame.data)
            for wire in self.network.wires
            for frame in wire.frames
            if frame.direction == "out"
        ]

    @property
    def actions(self) -> Sequence[str]:
        """The actions of the station's calls, in order, also of those that were not answered."""
        return [frame[2] for frame in self.frames if frame[0] == _CALL]

    def sent(self, request: type[M]) -> Sequence[M]:
        """Returns the requests of one type that the station has sent, in order."""
        action = request.__ocpp_action__
        return [
            decode_payload(request, json.dumps(frame[3]).encode())
            for frame in self.frames
            if frame[0] == _CALL and frame[2] == action
        ]


def _boot(protocol: Protocol) -> Request[Any]:
    request: Any = protocol.actions[_BOOT].request
    fields = request.__struct_encode_fields__
    said = next(boot for boot in _BOOTS if set(boot) <= set(fields))
    boot: Request[Any] = decode_payload(request, json.dumps(said).encode())
    return boot

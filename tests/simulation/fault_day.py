"""A day of stations with all functional blocks at one CSMS, while the network, the power and the CSMS fail.

`python -m simulation --blocks --seeds 1000` runs many: `make simulate-blocks`.
"""

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import running_beside
from ocppkit.blocks.transactions import (
    TransactionClosed,
    TransactionLedger,
    TransactionRecord,
    TransactionUnmatched,
)
from ocppkit.blocks.variables import SAMPLED_DATA_TX_UPDATED_INTERVAL
from ocppkit.core import Protocol, Request, decode_payload
from ocppkit.csms import Csms, MemoryRegistrations
from ocppkit.csms.blocks import AuthorizationQuestion, CsmsBlocks, Provisioning, ReportReceived
from ocppkit.testing import Conditions, SimulatedNetwork, Simulation, violations
from support.day_plans import CARDS

from .random_commands import RandomCommands
from .station_life import StationLife
from .unexpected_log import UnexpectedLog

__all__ = ["FaultDay", "run_day"]

PROTOCOLS: Final = (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
CALM: Final = Conditions()
WEATHERS: Final = (
    CALM,
    # Round trips take up to as long as a caller waits.
    Conditions(latency=(0.01, 14.0)),
    Conditions(latency=(0.01, 1.0), loss=0.03, half_open=0.5, refused=0.2, duplicated=0.3),
    Conditions(loss=0.15, half_open=1.0, refused=0.5, notice=120.0),
)
RESTARTS: Final = 2
METER_VALUES: Final = 900
QUIET: Final = 2 * 3600.0
"""Seconds at the end of the day in which nothing fails and nobody comes."""

_BOOTS: Final[Sequence[Any]] = (
    {"chargePointVendor": "ACME", "chargePointModel": "Wall-22"},
    {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "Wall-22"}},
)
_REPLIES: Final = (3, 4)

_EXPECTED: Final = re.compile(
    "|".join(
        (
            # The network fails.
            r"cannot connect: ",
            r"no answer (from the CSMS|within 30 seconds)",
            r"closed the connection while .* was unanswered",
            r"its call (has timed out|was cancelled)",
            r"handler returned too late",
            r"a variable could not be set: .*closed by",
            # It was asked for when the CSMS did not know yet that the station boots.
            r"refused with SecurityError: its boot was answered with Pending",
            # The power fails.
            r"JournalError\('the power is cut'\)",
            # The CSMS has forgotten who has booted.
            r"refused with SecurityError(: nothing is known of a boot|, so the CSMS may have lost)",
        )
    )
)
"""What the log says when the network, the power and the CSMS fail."""


class FaultDay:
    """Stations of all versions in turn, their CSMS, and what each of them knows."""

    def __init__(self, seed: int, stations: int = 3) -> None:
        self.simulation = Simulation(seed)
        self.closed: list[TransactionRecord] = []
        self.log = UnexpectedLog(_EXPECTED)
        self.ledger = TransactionLedger(first_number=100)
        self.restarts = 0
        self._random = self.simulation.random
        self._unmatched: list[TransactionUnmatched] = []
        self._registrations = MemoryRegistrations()
        self._csms: Csms | None = None
        self._new_id = self.simulation.ids("csms")
        self._faults_at_the_end: list[str] = []
        self._network: SimulatedNetwork = self.simulation.network(None, CALM)
        self.commands = RandomCommands(self.simulation)
        self.lives = [
            StationLife(
                self.simulation,
                self._network,
                f"CP{number:03}",
                PROTOCOLS[number % 3],
                _boot(PROTOCOLS[number % 3]),
            )
            for number in range(stations)
        ]

    def play(self) -> None:
        """Lives the day in virtual time."""
        logger = logging.getLogger()
        logger.addHandler(self.log)
        try:
            self.simulation.run(self._play())
        finally:
            logger.removeHandler(self.log)

    async def _play(self) -> None:
        self._start_csms()
        async with AsyncExitStack() as running:
            for life in self.lives:
                await running.enter_async_context(running_beside(life.run()))
            async with AsyncExitStack() as failing:
                for life in self.lives:
                    await failing.enter_async_context(running_beside(self._command(life)))
                await failing.enter_async_context(running_beside(self._change_weather()))
                await failing.enter_async_context(running_beside(self._restart_csms()))
                async with asyncio.TaskGroup() as group:
                    for life in self.lives:
                        group.create_task(life.visits())
            for life in self.lives:
                life.calm_down()
            self._network.conditions = CALM
            if self._csms is None:
                self._start_csms()
            await asyncio.sleep(QUIET)
            self._faults_at_the_end = [
                fault
                for life in self.lives
                for fault in (
                    *life.faults(),
                    *self.commands.faults(life.identity, life.station),
                )
            ]

    # What fails.

    async def _change_weather(self) -> None:
        while True:
            self._network.conditions = self._random.choice(WEATHERS)
            self.simulation.trace.note("weather", str(self._network.conditions))
            await asyncio.sleep(self._random.uniform(300, 3600))

    async def _restart_csms(self) -> None:
        for _ in range(RESTARTS):
            await asyncio.sleep(self._random.uniform(600, 7200))
            self._network.stop_server()
            self._csms = None
            if self._random.random() < 0.5:
                self._registrations = MemoryRegistrations()  # It forgets who has booted.
            await asyncio.sleep(self._random.uniform(1, 600))
            self._start_csms()
            self.restarts += 1
        await asyncio.Event().wait()

    async def _command(self, life: StationLife) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(10, 600))
            if self._csms is not None:
                await self.commands.send(self._csms, self._blocks, life.identity)

    # The CSMS.

    def _start_csms(self) -> None:
        simulation = self.simulation
        csms = self._csms = Csms(
            *PROTOCOLS,
            insecure=True,
            clock=simulation.clock,
            new_id=self._new_id,
            wall_clock=simulation.wall_clock,
            registrations=self._registrations,
        )
        ledger = TransactionLedger(first_number=100)
        ledger.restore(self.ledger.state())
        self.ledger = ledger
        provisioning = Provisioning(interval=900)
        provisioning.want(SAMPLED_DATA_TX_UPDATED_INTERVAL, METER_VALUES)
        blocks = self._blocks = CsmsBlocks(
            csms, authorize=self._authorize, ledger=ledger, provisioning=provisioning
        )

        # One that was stopped tells nothing: its process has ended.
        @blocks.on(TransactionClosed)
        def closed(event: TransactionClosed) -> None:
            if csms is self._csms:
                self.closed.append(event.record)

        @blocks.on(TransactionUnmatched)
        def unmatched(event: TransactionUnmatched) -> None:
            if csms is self._csms:
                self._unmatched.append(event)

        @blocks.on(ReportReceived)
        def received(event: ReportReceived) -> None:
            if csms is self._csms:
                (life,) = (each for each in self.lives if each.identity == event.station.identity)
                life.kept.note_received(event.report, ledger)

        self._network.start_server(csms)

    async def _authorize(self, question: AuthorizationQuestion) -> str:
        await asyncio.sleep(self._random.uniform(0, 5))
        is_bad = question.token == CARDS[0] and self._random.random() < 0.5
        return "Blocked" if is_bad else "Accepted"

    # What is wrong.

    def faults(self) -> Iterator[str]:
        """Says what is wrong at the end of the day."""
        yield from violations(self.simulation.trace)
        yield from self._second_answers()
        yield from self._faults_at_the_end
        yield from self.log.lines
        for record in self.ledger:
            yield f"not complete: {record}"
        for unmatched in self._unmatched:
            yield f"of no transaction: {unmatched}"
        for life in self.lives:
            closed = [each for each in self.closed if each.station == life.identity]
            for fault in life.kept.faults(closed, life.begun):
                yield f"{life.identity}: {fault}"

    def _second_answers(self) -> Iterator[str]:
        """Says which commands were answered more than once, on whatever connections."""
        answers = Counter(
            frame[1]
            for line in self.simulation.trace.lines
            if line.what == "station" and (frame := json.loads(line.text))[0] in _REPLIES
        )
        for message_id, times in answers.items():
            if times > 1:
                yield f"command {message_id} was answered {times} times"


def _boot(protocol: Protocol) -> Request[Any]:
    request: Any = protocol.actions["BootNotification"].request
    fields = set(request.__struct_encode_fields__)
    said = next(boot for boot in _BOOTS if set(boot) <= fields)
    boot: Request[Any] = decode_payload(request, json.dumps(said).encode())
    return boot


def run_day(seed: int, stations: int = 3) -> FaultDay:
    """Returns a day that is over."""
    day = FaultDay(seed, stations)
    day.play()
    return day

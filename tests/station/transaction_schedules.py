"""Seeded days of a 1.6 station: transactions that begin offline, lost connections and power cuts.

`python -m station.transaction_schedules --seed 1 --count 1000` runs many: `make fuzz-numbers`.
"""

import argparse
import asyncio
import random
import sys
from typing import Any

from ocppkit import v16
from ocppkit.core import utcnow
from ocppkit.station import BackOff, Retries
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from station.conftest import FakeCsms
from support.memory_store import MemoryStore

__all__ = ["ACCEPTED", "Schedule", "meter", "start", "stop"]

ACCEPTED = {"status": "Accepted"}


def start(meter_start: int) -> v16.StartTransactionRequest:
    return v16.StartTransactionRequest(
        connector_id=1, id_tag="T", meter_start=meter_start, timestamp=utcnow()
    )


def meter(transaction: int = 0) -> v16.MeterValuesRequest:
    value = v16.SampledValue(value=str(transaction))
    values = [v16.MeterValue(timestamp=utcnow(), sampled_value=[value])]
    return v16.MeterValuesRequest(connector_id=1, transaction_id=-1, meter_value=values)


def stop(meter_stop: int = 0) -> v16.StopTransactionRequest:
    return v16.StopTransactionRequest(transaction_id=-1, meter_stop=meter_stop, timestamp=utcnow())


class NumberingCsms(FakeCsms):
    """A CSMS that numbers transactions, and answers a repeated message as it did before."""

    def __init__(self, clock: FakeClock, refused: set[int]) -> None:
        super().__init__(clock, subprotocol="ocpp1.6", up=False)
        self.refused = refused
        self.numbers: dict[int, int] = {}
        self.foreign: list[Any] = []
        self.stopped: dict[int, int] = {}
        self.unnumbered: set[int] = set()

    def answer(self, frame: list[Any]) -> None:
        _, message_id, action, payload = frame
        if action == "StartTransaction":
            own = payload["meterStart"]
            if own in self.refused:
                self.says([4, message_id, "GenericError", "", {}])
                return
            number = self.numbers.setdefault(own, 1000 + 7 * own)
            self.says([3, message_id, {"transactionId": number, "idTagInfo": ACCEPTED}])
        elif action in {"MeterValues", "StopTransaction"}:
            is_stop = action == "StopTransaction"
            own = (
                payload["meterStop"]
                if is_stop
                else int(payload["meterValue"][0]["sampledValue"][0]["value"])
            )
            self.check(own, payload["transactionId"])
            if is_stop:
                self.stopped[own] = payload["transactionId"]
            self.says([3, message_id, {}])
        else:
            super().answer(frame)

    def check(self, own: int, number: int) -> None:
        if number == -1 and own in self.refused:
            self.unnumbered.add(own)
        elif number != self.numbers.get(own):
            self.foreign.append((own, number, self.numbers.get(own)))


class Schedule:
    """A day of a station: transactions offline and online, power cuts at any durable operation."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = FakeClock()
        transactions = self.random.randint(2, 6)
        refused = {own for own in range(transactions) if self.random.random() < 0.15}
        self.csms = NumberingCsms(self.clock, refused)
        self.store = MemoryStore()
        self.left = self.messages(transactions)
        self.promised: set[int] = set()

    def messages(self, transactions: int) -> list[tuple[str, Any]]:
        """Returns the messages of all transactions, each in its order, mixed."""
        rows = [
            [(f"S{own}", start(own))]
            + [(f"S{own}", meter(own)) for _ in range(self.random.randint(0, 3))]
            + [(f"S{own}", stop(own))]
            for own in range(transactions)
        ]
        mixed: list[tuple[str, Any]] = []
        while any(rows):
            row = self.random.choice([each for each in rows if each])
            mixed.append(row.pop(0))
        return mixed

    async def play(self) -> None:
        runs = 0
        while self.left or len(self.store):
            runs += 1
            cut_at = self.random.randint(1, 12) if runs < 8 else None
            await self.run_once(cut_at)
            self.store = self.store.copy()
        assert not self.csms.foreign, self.csms.foreign
        assert set(self.csms.stopped) == self.promised
        assert self.csms.unnumbered <= self.csms.refused

    async def run_once(self, cut_at: int | None) -> None:
        """Runs the program until it is done, or until the power is cut at this durable operation."""
        cut = asyncio.Event()
        operations = 0
        before_it = self.random.random() < 0.5

        def count(operation: str) -> Any:
            nonlocal operations
            operations += 1
            if operations == cut_at:
                cut.set()
            return asyncio.get_running_loop().create_future() if cut.is_set() else None

        if before_it:
            self.store.before = lambda operation: count(operation) if operation != "load" else None
        else:
            self.store.after = count
        station = ChargePoint(
            "CP001",
            charge_point_model="M",
            charge_point_vendor="V",
            clock=self.clock,
            insecure=True,
            journal=self.store,
            retries=Retries(attempts=2, interval=1),
            back_off=BackOff(wait_minimum=1, random_range=0, repeat_times=0),
        )
        work = asyncio.create_task(self.work(station))
        running = asyncio.create_task(station.run("ws://csms", self.csms.connect))
        for _ in range(400):
            await settle()
            if cut.is_set() or (work.done() and not len(self.store)):
                break
            self.csms.up = self.random.random() < 0.7
            if self.csms.wire is not None and self.random.random() < 0.2:
                self.csms.wire.cut()
            await self.clock.advance(self.random.choice([0.5, 1, 3]))
        for task in (work, running):
            task.cancel()
        await asyncio.gather(work, running, return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def work(self, station: ChargePoint) -> None:
        """Makes the messages; one is made again unless the journal has said that it has it."""
        while self.left:
            note, message = self.left[0]
            await station.keep(message, note=note)
            self.left.pop(0)
            if isinstance(message, v16.StopTransactionRequest):
                self.promised.add(message.meter_stop)
            for _ in range(self.random.randint(0, 2)):
                await asyncio.sleep(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.count):
        try:
            asyncio.run(Schedule(seed).play())
        except BaseException:
            sys.stderr.write(f"seed {seed} failed\n")
            raise
    found = "no foreign number, no lost stop"
    sys.stdout.write(f"{options.count} schedules from seed {options.seed}: {found}\n")


if __name__ == "__main__":
    main()

"""Stations of the package `ocpp` in one process, as its documentation has them: they call when they are told to."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from speed.messages import sample
from speed.mobilityhouse import PACKAGES, request_of
from speed.peers.ending import tell
from speed.peers.ordered import call_all, obey

_MIX: Final = ("BootNotification", "Heartbeat", "MeterValues")


async def _main(port: int, count: int) -> None:
    requests = [request_of("2.0.1", name, sample("2.0.1", name).payload) for name in _MIX]
    charge_point: Any = PACKAGES["2.0.1"].ChargePoint
    async with AsyncExitStack() as stack:
        calls: list[Any] = []
        tasks: list[Any] = []
        for at in range(count):
            connection = await stack.enter_async_context(
                connect(
                    f"ws://127.0.0.1:{port}/ocpp/CP{at:06}",
                    subprotocols=[Subprotocol("ocpp2.0.1")],
                )
            )
            station = charge_point(f"CP{at:06}", connection)
            tasks.append(asyncio.create_task(station.start()))
            calls.append([partial(station.call, one, suppress=False) for one in requests])
        tell(ready=count)
        await obey(partial(call_all, calls))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description=__doc__)
    _parser.add_argument("--port", type=int, required=True)
    _parser.add_argument("--count", type=int, default=100)
    _parsed = _parser.parse_args()
    asyncio.run(_main(_parsed.port, _parsed.count))

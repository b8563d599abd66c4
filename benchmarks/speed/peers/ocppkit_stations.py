"""Stations of ocppkit in one process: they call when they are told to, or only send their heartbeats."""

import argparse
import asyncio
import gc
import json
import resource
from contextlib import AsyncExitStack
from functools import partial
from importlib import import_module
from time import perf_counter
from typing import Any, Final

from ocppkit import v201
from ocppkit.core import CallEnded, Event, decode_payload
from ocppkit.transports import websockets
from ocppkit.v201.roles import ChargingStation
from speed.messages import sample
from speed.peers.ending import tell
from speed.peers.ordered import call_all, obey

_MIX: Final = ("BootNotification", "Heartbeat", "MeterValues")
_AT_ONCE: Final = 50
"""Stations that connect at a time."""


class _Watch:
    """Times the heartbeats of all stations, frame to frame."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.errors = 0
        self._sent: dict[str, float] = {}

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        if direction == "out":
            if '"Heartbeat"' in str(data[:60]):
                self._sent[identity] = perf_counter()
        elif (sent := self._sent.pop(identity, None)) is not None:
            self.delays.append(perf_counter() - sent)

    def event(self, identity: str, event: Event) -> None:
        self.errors += isinstance(event, CallEnded)


def _requests() -> list[Any]:
    return [
        decode_payload(
            v201.PROTOCOL.actions[name].request, json.dumps(sample("2.0.1", name).payload)
        )
        for name in _MIX
    ]


async def _main(arguments: argparse.Namespace) -> None:
    watch = _Watch()
    url = f"ws://127.0.0.1:{arguments.port}/ocpp"
    async with AsyncExitStack() as stack:
        stations: list[Any] = []
        for first in range(0, arguments.count, _AT_ONCE):
            batch = [
                ChargingStation(
                    f"CP{at:06}",
                    model="Wall-11",
                    vendor_name="ACME",
                    insecure=True,
                    grace=0.1,
                    observer=watch if arguments.watch else None,
                )
                for at in range(first, min(first + _AT_ONCE, arguments.count))
            ]
            for station in batch:
                await stack.enter_async_context(websockets.connect(station, url))
            await asyncio.gather(*(station.wait_accepted() for station in batch))
            stations += batch
        # What has come to stay is looked through once, before anything is timed.
        gc.collect()
        gc.freeze()
        tell(ready=len(stations))
        if arguments.watch:
            await obey(partial(_look, watch, stations))
        else:
            requests = _requests()
            calls = [[partial(one.call, request) for request in requests] for one in stations]
            await obey(partial(call_all, calls))


async def _look(watch: _Watch, stations: list[Any], seconds: float) -> dict[str, Any]:
    watch.delays.clear()
    await asyncio.sleep(seconds)
    lost = sum(not station.connected for station in stations)
    return {"delays": list(watch.delays), "errors": watch.errors + lost}


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description=__doc__)
    _parser.add_argument("--port", type=int, required=True)
    _parser.add_argument("--count", type=int, default=100)
    _parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    _parser.add_argument("--watch", action="store_true", help="time the heartbeats")
    _parsed = _parser.parse_args()
    _, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))
    _loop: Any = import_module("uvloop").new_event_loop if _parsed.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=_loop) as _runner:
        _runner.run(_main(_parsed))

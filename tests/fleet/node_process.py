"""One node of a fleet as a process: `python -m fleet.node_process NATS_URL`; it prints its port."""

import asyncio
import sys

from fleet.small_fleet import served_csms
from ocppkit.fleet import FleetNode
from ocppkit.fleet.nats import NatsBus
from ocppkit.transports import websockets


async def main(url: str) -> None:
    csms = served_csms([])
    async with FleetNode(csms, NatsBus(url)), websockets.serve(csms, "127.0.0.1") as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""The floor: a WebSocket server, in Cython, that sends back what it gets."""

import asyncio
from importlib import import_module
from typing import Any, Final

from picows import WSFrame, WSListener, WSTransport, WSUpgradeRequest

from speed.peers.ending import end_of_input, tell

_create_server: Final[Any] = import_module("picows").ws_create_server


class _Echo(WSListener):
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        transport.send(frame.msg_type, frame.get_payload_as_bytes())


async def _main() -> None:
    def listener(request: WSUpgradeRequest) -> Any:
        return _Echo()

    server = await _create_server(listener, "127.0.0.1", 0)
    tell(port=server.sockets[0].getsockname()[1])
    await end_of_input()


if __name__ == "__main__":
    asyncio.run(_main())

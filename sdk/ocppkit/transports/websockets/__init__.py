"""WebSockets with the package `websockets` for both roles: `serve` a CSMS, `run` a station.

It is a plain asyncio protocol: frames are handed over by callbacks, without a task and a queue per
connection. Ordinary frames it reads and writes by itself, all others by that package's sans-IO core.
"""

try:
    import websockets as _websockets
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the websockets package is not installed; run: pip install 'ocppkit[ws]'",
        name=_missing.name,
    ) from _missing

from ._client import connect, dial, run
from ._run_server import ServeOptions, run_server
from ._server import Server, serve

__all__ = ["ServeOptions", "Server", "connect", "dial", "run", "run_server", "serve"]

del _websockets

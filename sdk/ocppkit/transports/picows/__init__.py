"""WebSockets for both roles by the `picows` package: `serve` a CSMS, `run` a station.

The same promises as `ocppkit.transports.websockets`, with which it shares its handshakes, its
compression, and the reading of what is most ordinary: one whole text in one read. All other frames
picows reads in compiled code, and it writes all frames, without TLS straight to the socket. What is
otherwise:

* Its read buffer grows with the longest message of a connection that does not come in one read of
  16 KiB, to twice that size, and stays so until the connection ends. Lower `Limits.frame_bytes`
  where memory is dear.
* The masking keys of a station's frames come from C's `rand`, not from a source of secrets. They
  protect proxies from what a page in a browser may send; a station is no browser.
* A CSMS must answer a station's handshake with `Connection: Upgrade` and nothing more in that header.
"""

try:
    import picows as _picows
    import websockets as _websockets
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        f"the {_missing.name} package is not installed; run: pip install 'ocppkit[picows]'",
        name=_missing.name,
    ) from _missing

from .._serving import Server
from ._client import connect, run
from ._server import serve

__all__ = ["Server", "connect", "run", "serve"]

del _picows, _websockets

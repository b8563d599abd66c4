"""WebSockets in a Starlette or FastAPI application, or on any ASGI server: `endpoint` serves a
CSMS.

The ASGI server speaks the protocol, so it bounds messages, sends pings and ends TLS as it is told to;
with uvicorn, `--ws websockets-sansio --ws-max-size 1048576` comes close to our own server. What a
server does not pass on, nothing here can know: the client certificate with all but uvicorn, who closed
first, and with some the path as it was sent. Where it cannot refuse by an HTTP answer of ours, each
refusal is its 403. When it stops, it ends connections before handlers of ours have had their time.
"""

try:
    import starlette as _starlette
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the starlette package is not installed; run: pip install 'ocppkit[starlette]'",
        name=_missing.name,
    ) from _missing

from ._csms_endpoint import CsmsEndpoint, PeerCertificate, endpoint
from ._first_request_within import first_request_within

__all__ = ["CsmsEndpoint", "PeerCertificate", "endpoint", "first_request_within"]

del _starlette

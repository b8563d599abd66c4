"""WebSockets with aiohttp for both roles: `mount` a CSMS in an application, `run` a station."""

try:
    import aiohttp as _aiohttp
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the aiohttp package is not installed; run: pip install 'ocppkit[aiohttp]'",
        name=_missing.name,
    ) from _missing

from ._application_server import run_server
from ._client import connect, dial, run
from ._server import CsmsHandler, mount
from ._site import BoundedSite

__all__ = ["BoundedSite", "CsmsHandler", "connect", "dial", "mount", "run", "run_server"]

del _aiohttp

"""A fleet's bus on NATS: `NatsBus`, for nats-server 2.9 or newer with JetStream."""

try:
    import nats as _nats
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the nats-py package is not installed; run: pip install 'ocppkit[nats]'",
        name=_missing.name,
    ) from _missing

from ._nats_bus import NatsBus

__all__ = ["NatsBus"]

del _nats

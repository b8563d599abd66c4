"""Traces and metrics by OpenTelemetry: one span per call, and the usual counters, of both roles."""

try:
    import opentelemetry.metrics as _metrics
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "the opentelemetry-api package is not installed; run: pip install 'ocppkit[otel]'",
        name=_missing.name,
    ) from _missing

from ._opentelemetry import OpenTelemetryObserver

__all__ = ["OpenTelemetryObserver"]

del _metrics

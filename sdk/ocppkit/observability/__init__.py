"""Traces and metrics with OpenTelemetry, for both roles: one span per call, and the usual metrics."""

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

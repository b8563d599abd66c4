"""An observer that creates spans and metrics from calls and connections."""

from typing import Final

from opentelemetry.context import Context, attach
from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
    get_tracer,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from ocppkit.aio import CallObserver, ObservedCall, ObservedConnection
from ocppkit.core import ErrorCode

__all__ = ["OpenTelemetryObserver"]

_SCOPE: Final = "ocppkit"

_FAILED: Final = frozenset({"refused", "timed out", "lost"})


class OpenTelemetryObserver(CallObserver):
    """An observer that creates a span for each call, and metrics of calls and connections.

    ```python
    csms = Csms(v201.PROTOCOL, authenticator=..., observer=OpenTelemetryObserver())
    ```

    Spans are named by the action. A call of ours is a CLIENT span below the current one; a call of the
    peer is a SERVER span of its own, which is the current one in its handler. Identities stand in spans,
    never in metrics; payloads stand in neither.

    Metrics, with `rpc.method` (the action), `ocpp.version`, `ocpp.role`, `ocpp.direction`,
    `ocpp.outcome` and `error.type`: `ocpp.call.duration`, `ocpp.call.request.size`,
    `ocpp.call.response.size`, `ocpp.connections`, `ocpp.connection.duration`, `ocpp.connection.io`.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        """Sets the providers; the global ones by default."""
        self._tracer = get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = get_meter(_SCOPE, meter_provider=meter_provider)
        self._durations = meter.create_histogram(
            "ocpp.call.duration", "s", "From a call to its answer, or its handler's time"
        )
        self._request_sizes = meter.create_histogram(
            "ocpp.call.request.size", "By", "Sizes of the frames of calls"
        )
        self._response_sizes = meter.create_histogram(
            "ocpp.call.response.size", "By", "Sizes of the frames of answers"
        )
        self._connections = meter.create_up_down_counter(
            "ocpp.connections", "{connection}", "Connections that are open"
        )
        self._connection_durations = meter.create_histogram(
            "ocpp.connection.duration", "s", "How long connections were open"
        )
        self._io = meter.create_counter(
            "ocpp.connection.io", "By", "Bytes of frames on connections that have ended"
        )

    def connection_started(self, connection: ObservedConnection) -> None:
        """Counts an open connection."""
        self._connections.add(1, _about(connection))

    def connection_ended(self, connection: ObservedConnection) -> None:
        """Counts a connection that has ended."""
        about = _about(connection)
        self._connections.add(-1, about)
        code = connection.end.code if connection.end is not None else None
        closed = {**about, "ocpp.close.code": -1 if code is None else code}
        self._connection_durations.record(connection.duration, closed)
        self._io.add(connection.bytes_in, {**about, "ocpp.direction": "in"})
        self._io.add(connection.bytes_out, {**about, "ocpp.direction": "out"})

    def call_started(self, call: ObservedCall) -> None:
        """Starts a span."""
        # A connection lives for days: its calls are no children of whatever has opened it.
        parent = None if call.outgoing else Context()
        span = self._tracer.start_span(
            call.action,
            context=parent,
            kind=SpanKind.CLIENT if call.outgoing else SpanKind.SERVER,
            attributes={
                **_about(call),
                "rpc.system": "ocpp",
                "rpc.method": call.action,
                "ocpp.direction": _direction(call),
                "ocpp.station.id": call.identity,
                "ocpp.message.id": call.message_id,
            },
        )
        call.context = span
        if not call.outgoing:
            # This is the context of the call's handler, which ends with it.
            attach(set_span_in_context(span))

    def call_ended(self, call: ObservedCall) -> None:
        """Ends the span, and records metrics of the call."""
        assert call.outcome is not None
        about: dict[str, AttributeValue] = {
            **_about(call),
            "rpc.method": call.action,
            "ocpp.direction": _direction(call),
            "ocpp.outcome": call.outcome,
        }
        if call.outcome in _FAILED:
            about["error.type"] = _error_type(call)
        self._durations.record(call.duration, about)
        if call.request_bytes:
            self._request_sizes.record(call.request_bytes, about)
        if call.response_bytes:
            self._response_sizes.record(call.response_bytes, about)
        if isinstance(call.context, Span):
            self._end(call.context, call, about)

    def _end(self, span: Span, call: ObservedCall, about: dict[str, AttributeValue]) -> None:
        span.set_attributes(about)
        span.set_attribute("ocpp.request.size", call.request_bytes)
        span.set_attribute("ocpp.response.size", call.response_bytes)
        if call.sent_at is not None:
            span.set_attribute("ocpp.queued", call.sent_at - call.started_at)
        if call.outcome in _FAILED:
            span.set_status(Status(StatusCode.ERROR, _error_type(call)))
        span.end()


def _about(observed: ObservedCall | ObservedConnection) -> dict[str, AttributeValue]:
    return {"ocpp.version": observed.protocol.version, "ocpp.role": str(observed.role)}


def _direction(call: ObservedCall) -> str:
    return "out" if call.outgoing else "in"


def _error_type(call: ObservedCall) -> str:
    """Returns the error type for a metric, one of few values, as a peer may send any error code."""
    code = call.error_code
    if code is None:
        return str(call.outcome)
    known = {*map(str, ErrorCode), *call.protocol.error_codes.values()}
    return code if code in known else "other"

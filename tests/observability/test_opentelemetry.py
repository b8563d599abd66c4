"""Spans and metrics of a live session in memory, as real exporters see them."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import generate_latest

from ocppkit import v16, v201
from ocppkit.aio import CallRefused, ObservedCall
from ocppkit.core import CallFailed, ErrorCode, Role, utcnow
from ocppkit.csms import Csms
from ocppkit.observability import OpenTelemetryObserver
from ocppkit.testing import FakeClock, connected
from ocppkit.v201.roles import ChargingStation, ConnectedStation


class Telemetry:
    """An observer with exporters in memory."""

    def __init__(self, *readers: Any) -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.traces = TracerProvider()
        self.traces.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider(metric_readers=[self.reader, *readers], shutdown_on_exit=False)
        self.observer = OpenTelemetryObserver(
            tracer_provider=self.traces, meter_provider=self.meters
        )

    def span(self, name: str, kind: SpanKind) -> ReadableSpan:
        (found,) = [
            span
            for span in self.spans.get_finished_spans()
            if span.name == name and span.kind is kind
        ]
        return found

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """Returns attributes and value of each point of a metric."""
        data = self.reader.get_metrics_data()
        assert data is not None
        return [
            (
                dict(point.attributes or {}),
                getattr(point, "value", None) or getattr(point, "sum", 0),
            )
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def prometheus() -> Iterator[PrometheusMetricReader]:
    reader = PrometheusMetricReader()
    yield reader
    reader.shutdown()


async def session(telemetry: Telemetry) -> list[Any]:
    """Boots a station, resets it twice, and returns the spans that its handler saw."""
    clock = FakeClock()
    seen: list[Any] = []
    csms = Csms(v201.PROTOCOL, insecure=True, clock=clock, observer=telemetry.observer)
    station = ChargingStation(
        "CP001", model="M", vendor_name="V", insecure=True, clock=clock, observer=telemetry.observer
    )

    @csms.on(v201.BootNotificationRequest)
    async def boot(
        station: ConnectedStation, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        await clock.advance(0)
        with telemetry.traces.get_tracer("test").start_as_current_span("database"):
            return v201.BootNotificationResponse(
                current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
            )

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        seen.append(trace.get_current_span())
        if request.evse_id is not None:
            raise CallRefused(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION)
        return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

    async with connected(station, csms):
        handle = await csms.stations.wait("CP001", ConnectedStation)
        with telemetry.traces.get_tracer("test").start_as_current_span("operator"):
            await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
        with pytest.raises(CallFailed):
            await handle.reset(type=v201.ResetEnumType.IMMEDIATE, evse_id=1)
        open_now = telemetry.points("ocpp.connections")
        assert [value for _, value in open_now] == [1, 1]
    return seen


@pytest.mark.asyncio
async def test_one_span_for_each_call_at_each_end() -> None:
    telemetry = Telemetry()
    seen = await session(telemetry)
    sent = telemetry.span("BootNotification", SpanKind.CLIENT)
    handled = telemetry.span("BootNotification", SpanKind.SERVER)
    attributes = sent.attributes
    assert attributes is not None
    assert attributes["ocpp.station.id"] == "CP001"
    assert attributes["ocpp.version"] == "2.0.1"
    assert (attributes["ocpp.role"], attributes["ocpp.direction"]) == ("station", "out")
    assert attributes["ocpp.outcome"] == "answered"
    assert handled.attributes is not None
    assert handled.attributes["ocpp.message.id"] == attributes["ocpp.message.id"]
    assert handled.attributes["ocpp.role"] == "csms"
    # What a handler does stands below its call; a call stands below what made it.
    database = telemetry.span("database", SpanKind.INTERNAL)
    assert database.parent is not None
    assert handled.context is not None
    assert database.parent.span_id == handled.context.span_id
    operator = telemetry.span("operator", SpanKind.INTERNAL)
    resets = [
        span
        for span in telemetry.spans.get_finished_spans()
        if span.name == "Reset" and span.kind is SpanKind.CLIENT
    ]
    assert operator.context is not None
    parents = [span.parent and span.parent.span_id for span in resets]
    assert parents == [operator.context.span_id, None]
    assert [span.status.status_code for span in resets] == [StatusCode.UNSET, StatusCode.ERROR]
    assert resets[1].status.description == "OccurrenceConstraintViolation"
    assert len({span.get_span_context().span_id for span in seen}) == 2
    # Nothing stays open or current.
    assert len(telemetry.spans.get_finished_spans()) == 2 + 4 + 2
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.asyncio
async def test_metrics_of_calls_and_connections() -> None:
    telemetry = Telemetry()
    await session(telemetry)
    calls = {
        (
            about["rpc.method"],
            about["ocpp.direction"],
            about["ocpp.outcome"],
            about.get("error.type"),
        )
        for about, _ in telemetry.points("ocpp.call.duration")
    }
    code = "OccurrenceConstraintViolation"
    assert calls == {
        ("BootNotification", "out", "answered", None),
        ("BootNotification", "in", "answered", None),
        ("Reset", "out", "answered", None),
        ("Reset", "in", "answered", None),
        ("Reset", "out", "refused", code),
        ("Reset", "in", "refused", code),
    }
    for name in ("ocpp.call.request.size", "ocpp.call.response.size", "ocpp.connection.io"):
        assert all(value > 10 for _, value in telemetry.points(name)), name
    assert [value for _, value in telemetry.points("ocpp.connections")] == [0, 0]
    assert not any("CP001" in str(point) for point in telemetry.points("ocpp.call.duration"))


@pytest.mark.asyncio
async def test_the_prometheus_exporter(prometheus: PrometheusMetricReader) -> None:
    await session(Telemetry(prometheus))
    page = generate_latest().decode()
    lines = [line for line in page.splitlines() if line.startswith("ocpp_call_duration_seconds_c")]
    assert len(lines) == 6
    assert 'rpc_method="BootNotification"' in page
    assert "ocpp_connections{" in page


@pytest.mark.parametrize(
    ("protocol", "code", "expected"),
    [
        (v16.PROTOCOL, "FormationViolation", "FormationViolation"),
        (v201.PROTOCOL, "SecurityError", "SecurityError"),
        (v201.PROTOCOL, "Invented7f3a", "other"),
        (v201.PROTOCOL, None, "refused"),
    ],
)
def test_a_peer_makes_up_no_metrics(protocol: Any, code: str | None, expected: str) -> None:
    telemetry = Telemetry()
    call = ObservedCall(
        identity="CP001",
        protocol=protocol,
        role=Role.CSMS,
        outgoing=True,
        action="Reset",
        message_id="1",
        started_at=0,
    )
    telemetry.observer.call_started(call)
    call.outcome, call.error_code = "refused", code
    telemetry.observer.call_ended(call)
    ((about, _),) = telemetry.points("ocpp.call.duration")
    assert about["error.type"] == expected

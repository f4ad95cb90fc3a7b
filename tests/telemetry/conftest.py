"""An application that has set up OpenTelemetry, and what it collected."""

from __future__ import annotations

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Collected:
    """What an application's exporters were given."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self._reader = InMemoryMetricReader()
        meters = MeterProvider([self._reader])
        # a process may set its providers once: this is how each test has its own
        monkeypatch.setattr(metrics, "get_meter_provider", lambda: meters)
        self.sample()

    def sample(self, sampler=None):
        """Begin anew, with that sampler."""
        self._spans = InMemorySpanExporter()
        self.tracers = TracerProvider(sampler)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self._monkeypatch.setattr(trace, "get_tracer_provider", lambda: self.tracers)

    @property
    def spans(self):
        return self._spans.get_finished_spans()

    def named(self, begin):
        return [span for span in self.spans if span.name.startswith(begin)]

    def below(self, parent):
        return [span for span in self.spans if span.parent and span.parent.span_id == parent.context.span_id]

    def metric(self, name):
        """The sums of one metric, by the values of their attributes."""
        data = self._reader.get_metrics_data()
        found = [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == f"socialconnect.{name}"
        ]
        return {tuple(point.attributes.values()): point.value for metric in found for point in metric.data.data_points}


@pytest.fixture
def collected(monkeypatch):
    return Collected(monkeypatch)

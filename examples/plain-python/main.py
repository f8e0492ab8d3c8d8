"""The contract's two events with OpenTelemetry alone, from Python.

pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_SERVICE_NAME=plain-python python examples/plain-python/main.py
"""

import json
import os

os.environ.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
os.environ.setdefault("OTEL_SERVICE_NAME", "plain-python")

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("plain-python")

request = {
    "ops.request.id": "req-plain-python-1",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-opus-4-6",
}
body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}

with tracer.start_as_current_span("POST /v1/messages", kind=SpanKind.SERVER) as server:
    with tracer.start_as_current_span("upstream attempt", kind=SpanKind.CLIENT) as client:
        client.add_event(
            "ops.upstream_error",
            {
                **request,
                "http.response.status_code": 529,
                "http.request.resend_count": 0,
                "ops.account.id": "201",
                "server.address": "api.anthropic.com",
                "http.response.header.request-id": ["req_1"],
                "http.response.body.content": json.dumps(body),
            },
        )
        client.set_status(Status(StatusCode.ERROR))
    server.add_event(
        "ops.request_error",
        {
            **request,
            "http.response.status_code": 529,
            "ops.error.phase": "upstream",
            "ops.error.type": "upstream_error",
            "ops.error.severity": "P1",
            "ops.error.message": "Overloaded",
            "ops.request.path": "/v1/messages",
        },
    )
    server.set_status(Status(StatusCode.ERROR))

provider.shutdown()

// The contract's two events with OpenTelemetry alone, from Go.
//
//	cd examples/plain-go
//	OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_SERVICE_NAME=plain-go go run .
package main

import (
	"context"
	"log"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const body = `{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}`

func main() {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
		os.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
	}
	if os.Getenv("OTEL_SERVICE_NAME") == "" {
		os.Setenv("OTEL_SERVICE_NAME", "plain-go")
	}
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	tracer := provider.Tracer("plain-go")

	request := []attribute.KeyValue{
		attribute.String("ops.request.id", "req-plain-go-1"),
		attribute.String("gen_ai.provider.name", "gemini"),
		attribute.String("gen_ai.request.model", "gemini-3-pro"),
	}
	ctx, server := tracer.Start(ctx, "POST /v1beta/models", trace.WithSpanKind(trace.SpanKindServer))
	_, client := tracer.Start(ctx, "upstream attempt", trace.WithSpanKind(trace.SpanKindClient))
	client.AddEvent("ops.upstream_error", trace.WithAttributes(append(request[:len(request):len(request)],
		attribute.Int("http.response.status_code", 503),
		attribute.Int("http.request.resend_count", 0),
		attribute.String("ops.account.id", "301"),
		attribute.String("server.address", "generativelanguage.googleapis.com"),
		attribute.StringSlice("http.response.header.content-type", []string{"application/json"}),
		attribute.String("http.response.body.content", body),
	)...))
	client.SetStatus(codes.Error, "")
	client.End()
	server.AddEvent("ops.request_error", trace.WithAttributes(append(request[:len(request):len(request)],
		attribute.Int("http.response.status_code", 503),
		attribute.String("ops.error.phase", "upstream"),
		attribute.String("ops.error.type", "upstream_error"),
		attribute.String("ops.error.severity", "P1"),
		attribute.String("ops.error.message", "The model is overloaded."),
		attribute.String("ops.request.path", "/v1beta/models/gemini-3-pro:generateContent"),
	)...))
	server.SetStatus(codes.Error, "")
	server.End()
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

// The contract's two events with OpenTelemetry alone, without ops-sidecar/gateway.
//   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_SERVICE_NAME=plain-node node examples/plain-node/main.mjs
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'

process.env.OTEL_EXPORTER_OTLP_ENDPOINT ??= 'http://127.0.0.1:4318'
process.env.OTEL_LOGS_EXPORTER ??= 'none'
process.env.OTEL_METRICS_EXPORTER ??= 'none'
const sdk = new NodeSDK({ serviceName: process.env.OTEL_SERVICE_NAME ?? 'plain-node' })
sdk.start()

const request = {
  'ops.request.id': 'req-plain-node-1',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-5.2',
}
const tracer = trace.getTracer('plain-node')
tracer.startActiveSpan('POST /v1/chat/completions', { kind: SpanKind.SERVER }, (server) => {
  tracer.startActiveSpan('upstream attempt', { kind: SpanKind.CLIENT }, (client) => {
    client.addEvent('ops.upstream_error', {
      ...request,
      'http.response.status_code': 429,
      'http.request.resend_count': 0,
      'ops.account.id': '101',
      'server.address': 'api.openai.com',
      'http.response.header.retry-after': ['20'],
      'http.response.body.content':
        '{"error":{"message":"Rate limit reached for gpt-5.2","type":"tokens","param":null,"code":"rate_limit_exceeded"}}',
    })
    client.setStatus({ code: SpanStatusCode.ERROR })
    client.end()
  })
  server.addEvent('ops.request_error', {
    ...request,
    'http.response.status_code': 429,
    'ops.error.phase': 'upstream',
    'ops.error.type': 'rate_limit_error',
    'ops.error.severity': 'P2',
    'ops.error.message': 'Rate limit reached for gpt-5.2',
    'ops.request.path': '/v1/chat/completions',
  })
  server.setStatus({ code: SpanStatusCode.ERROR })
  server.end()
})
await sdk.shutdown()

import { once } from 'node:events'
import { createServer } from 'node:net'
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
beforeAll(async () => {
  directory = await temporaryDirectory()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  sidecar = await startTestSidecar(directory.path, { otlpGrpcPort: port })
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const resource = resourceFromAttributes({ 'service.name': 'exporters' })
const attributesOf = (requestId: string) => ({
  'ops.request.id': requestId,
  'gen_ai.provider.name': 'anthropic',
  'http.response.status_code': 529,
  'http.response.body.content':
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}',
})
type Compression = 'none' | 'gzip'
const transports = {
  'http/json': [JsonTraces, JsonLogs],
  'http/protobuf': [ProtobufTraces, ProtobufLogs],
  grpc: [GrpcTraces, GrpcLogs],
} as const
type Transport = keyof typeof transports

function exporterOptions(transport: Transport, signal: 'traces' | 'logs', compression: Compression): object {
  const url =
    transport === 'grpc' ? `http://127.0.0.1:${sidecar.otlpGrpcPort}` : `${sidecar.otlpUrl}/v1/${signal}`
  return { url, compression }
}

async function emitSpanEvent(
  requestId: string,
  transport: Transport,
  compression: Compression,
): Promise<void> {
  const Exporter = transports[transport][0]
  const exporter = new Exporter(exporterOptions(transport, 'traces', compression))
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const span = provider.getTracer('test').startSpan('POST')
  span.addEvent('ops.upstream_error', attributesOf(requestId))
  span.end()
  await provider.shutdown()
}

async function emitLogEvent(
  requestId: string,
  transport: Transport,
  compression: Compression,
): Promise<void> {
  const Exporter = transports[transport][1]
  const exporter = new Exporter(exporterOptions(transport, 'logs', compression))
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] })
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  })
  provider
    .getLogger('test')
    .emit({ eventName: 'ops.upstream_error', attributes: attributesOf(requestId), context })
  await provider.shutdown()
}

const cases = (['http/json', 'http/protobuf', 'grpc'] as const).flatMap((transport) =>
  (['none', 'gzip'] as const).flatMap((compression) =>
    (['traces', 'logs'] as const).map((signal) => [signal, transport, compression] as const),
  ),
)

describe('a stock OpenTelemetry exporter', () => {
  it.each(cases)('brings an upstream error in: %s over %s, %s', async (signal, transport, compression) => {
    const requestId = `${signal}-${transport}-${compression}`
    await (signal === 'traces' ? emitSpanEvent : emitLogEvent)(requestId, transport, compression)
    await eventually(async () => {
      const list = await json<{ events: unknown[] }>(
        fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?request_id=${encodeURIComponent(requestId)}`),
      )
      expect(list.events).toMatchObject([
        {
          service_name: 'exporters',
          platform: 'anthropic',
          status_code: 529,
          category: 'overloaded',
          error_type: 'overloaded_error',
          upstream_request_id: 'req_1',
        },
      ])
    })
  })
})

import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import { createSelector } from './create-selector.ts'

const resource = resourceFromAttributes({ 'service.name': 'gateway', 'host.ip': ['10.0.0.1', '::1'] })
const select = createSelector({ exceptionEvents: true })
const attributes = {
  'gen_ai.provider.name': 'openai',
  'http.response.status_code': 429,
  'gen_ai.request.temperature': 0.25,
  'gen_ai.request.stream': true,
  tags: ['a', 'b'],
  'http.response.body.content': '{"error":{"message":"Überlastet \\ud83d\\ude00","type":"tokens"}}',
}

it('spans of the JavaScript SDK give the same events through both serializers', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const tracer = provider.getTracer('gateway', '1.2.3')
  for (let i = 0; i < 100; i++) {
    const span = tracer.startSpan(`chat ${i}`, { kind: SpanKind.CLIENT, attributes })
    if (i % 10 === 0) span.addEvent('ops.upstream_error', { ...attributes, attempt: i })
    if (i % 25 === 0) span.recordException(new Error('boom'))
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'failed' })
    span.end()
  }
  await provider.forceFlush()
  const spans = exporter.getFinishedSpans()

  const fromProtobuf = select('traces', 'protobuf', bytes(ProtobufTraceSerializer.serializeRequest(spans)))
  const fromJson = select('traces', 'json', bytes(JsonTraceSerializer.serializeRequest(spans)))

  expect(fromJson).toEqual(fromProtobuf)
  expect(fromProtobuf).toMatchObject({ itemCount: 100, eventCount: 14 })
  expect(fromProtobuf.selected.map(({ name, itemIndex }) => `${name} ${itemIndex}`)).toEqual([
    ...[0, 10, 20].map((i) => `ops.upstream_error ${i}`),
    'exception 25',
    ...[30, 40, 50, 60, 70].map((i) => `ops.upstream_error ${i}`),
    'exception 75',
    ...[80, 90].map((i) => `ops.upstream_error ${i}`),
  ])
  const [span] = spans
  expect(fromProtobuf.selected[0]).toMatchObject({
    signal: 'traces',
    traceId: span?.spanContext().traceId,
    spanId: span?.spanContext().spanId,
    span: { name: 'chat 0', kind: 3, statusCode: 2, statusMessage: 'failed' },
    scope: { name: 'gateway', version: '1.2.3' },
  })
  expect(fromProtobuf.selected[0]?.attributes).toEqual(new Map(Object.entries({ ...attributes, attempt: 0 })))
  expect(fromProtobuf.selected[0]?.resource.get('host.ip')).toEqual(['10.0.0.1', '::1'])
})

it('log records of the JavaScript SDK give the same events through both serializers', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] })
  const logger = provider.getLogger('gateway', '1.2.3')
  for (let i = 0; i < 20; i++) {
    logger.emit({ body: `line ${i}`, attributes })
    logger.emit({
      eventName: 'ops.request_error',
      timestamp: 1_795_000_000_000 + i,
      body: { code: 1 },
      attributes,
    })
    logger.emit({ attributes: { ...attributes, 'event.name': 'gen_ai.client.operation.exception' } })
  }
  await provider.forceFlush()
  const records = exporter.getFinishedLogRecords()

  const fromProtobuf = select('logs', 'protobuf', bytes(ProtobufLogsSerializer.serializeRequest(records)))
  const fromJson = select('logs', 'json', bytes(JsonLogsSerializer.serializeRequest(records)))

  expect(fromJson).toEqual(fromProtobuf)
  expect(fromProtobuf).toMatchObject({ itemCount: 60, eventCount: 60 })
  expect(fromProtobuf.selected).toHaveLength(40)
  expect(fromProtobuf.selected[0]).toMatchObject({
    name: 'ops.request_error',
    timeUnixNano: 1_795_000_000_000_000_000n,
    body: new Map([['code', 1]]),
    span: undefined,
  })
})

function bytes(body: Uint8Array | undefined): Uint8Array {
  if (body === undefined) throw new Error('nothing was serialized')
  return body
}

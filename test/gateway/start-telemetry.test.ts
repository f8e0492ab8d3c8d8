import { type Context, context, SpanKind, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  configureRecording,
  endRequest,
  openUpstreamContext,
  recordUpstreamError,
  runInUpstreamContext,
  startTelemetry,
  telemetryStats,
} from '../../src/gateway/index.ts'
import { telemetrySettings } from '../../src/gateway/telemetry-settings.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import { closedPort, serveAnswers } from './loopback-server.ts'
import { startOtlpReceiver } from './otlp-receiver.ts'

const failure = Object.assign(new Error('429'), { status: 429, headers: {}, error: { message: 'slow down' } })

function newFailure(): Error {
  return Object.assign(new Error('boom'), { ...failure, headers: {} })
}

afterEach(() => {
  vi.unstubAllEnvs()
  configureRecording({})
})

describe('settings', () => {
  it('are loopback, JSON, gzip and small batches by default', () => {
    expect(telemetrySettings({}, {})).toMatchObject({
      traces: {
        isExported: true,
        protocol: 'http/json',
        url: 'http://127.0.0.1:4318/v1/traces',
        maxQueueSize: 2_048,
        maxExportBatchSize: 256,
        scheduledDelayMs: 1_000,
      },
      logs: { isExported: true, url: 'http://127.0.0.1:4318/v1/logs', maxExportBatchSize: 256 },
      compression: 'gzip',
    })
  })

  it('take the environment, and options over it', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      OTEL_BLRP_SCHEDULE_DELAY: '250',
      OTEL_LOGS_EXPORTER: 'none',
    }
    expect(telemetrySettings({}, env)).toMatchObject({
      // The endpoint is left to the exporter, which reads the environment itself.
      traces: { protocol: 'http/protobuf', url: undefined, maxQueueSize: 100, maxExportBatchSize: 100 },
      logs: { isExported: false, protocol: 'http/json', scheduledDelayMs: 250, maxQueueSize: 2_048 },
      compression: undefined,
    })
    expect(
      telemetrySettings({ endpoint: 'http://sidecar:4318/', protocol: 'http/json', token: 't' }, env),
    ).toMatchObject({
      traces: { protocol: 'http/json', url: 'http://sidecar:4318/v1/traces' },
      headers: { authorization: 'Bearer t' },
    })
  })

  it.each([
    [{ endpoint: 'sidecar' }, {}, "endpoint 'sidecar'"],
    [{}, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, "'grpc'"],
    [{}, { OTEL_BSP_SCHEDULE_DELAY: 'soon' }, 'OTEL_BSP_SCHEDULE_DELAY=soon'],
    [{ maxQueueSize: 0 }, {}, 'maxQueueSize: 0'],
  ])('of no use are refused by name and value: %o %o', (options, env, message) => {
    expect(() => telemetrySettings(options, env)).toThrow(message)
  })
})

describe('what is exported', () => {
  it('goes to the endpoint as gzipped JSON with the token, under the service name', async () => {
    const capture = await captureTelemetry({
      serviceName: 'gateway-a',
      token: 'token-1',
      resourceAttributes: { 'deployment.environment.name': 'test' },
    })
    recordUpstreamError(newFailure())
    const [event] = await capture.upstreamErrors()
    expect(event?.resource).toMatchObject({
      'service.name': 'gateway-a',
      'deployment.environment.name': 'test',
      'service.instance.id': expect.any(String),
    })
    expect(Object.keys(event?.resource ?? {}).filter((key) => key.startsWith('process.'))).toEqual([])
    expect(capture.otlp.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: {
        authorization: 'Bearer token-1',
        'content-encoding': 'gzip',
        'content-type': 'application/json',
      },
    })
  })

  it('is protobuf where the environment says so, at the endpoint of the environment', async () => {
    const otlp = await startOtlpReceiver()
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', otlp.url)
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf')
    vi.stubEnv('OTEL_SERVICE_NAME', 'gateway-b')
    const telemetry = startTelemetry()
    recordUpstreamError(newFailure())
    await telemetry.shutdown()
    await otlp.close()
    expect(otlp.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf' },
    })
    expect(otlp.bodies[0]).toContain('gateway-b')
    expect(otlp.bodies[0]).toContain('ops.upstream_error')
  })

  it('is flushed by a shutdown, also what waits for its body; a second shutdown does nothing', async () => {
    const otlp = await startOtlpReceiver()
    const telemetry = startTelemetry({ endpoint: otlp.url, scheduledDelayMs: 60_000 })
    const url = await serveAnswers((response) => {
      response.writeHead(500)
      response.write('begun ')
      setTimeout(() => response.end('and done'), 50)
    })
    recordUpstreamError(await fetch(url))
    await Promise.all([telemetry.shutdown(), telemetry.shutdown()])
    await otlp.close()
    expect(otlp.events.map((event) => event.attributes['http.response.body.content'])).toEqual([
      'begun and done',
    ])
  })

  it('has arrived when a flush is done, also what was under way', async () => {
    const capture = await captureTelemetry({ maxExportBatchSize: 10 })
    for (let count = 0; count < 10; count++) recordUpstreamError(newFailure())
    await new Promise(setImmediate)
    expect(await capture.upstreamErrors()).toHaveLength(10)
  })

  it('is a log event on request, for the attempt and the request alike', async () => {
    const capture = await captureTelemetry({ recording: { emit: 'log' } })
    const request = openUpstreamContext({ requestId: 'r-1' })
    request.requestHeaders = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    runInUpstreamContext(request, () => recordUpstreamError(newFailure()))
    endRequest(request, 502)
    const events = [...(await capture.upstreamErrors()), ...(await capture.requestErrors())]
    expect(capture.otlp.requests.map(({ path }) => path)).toEqual(['/v1/logs'])
    expect(events.map((event) => event.name)).toEqual(['ops.upstream_error', 'ops.request_error'])
    for (const event of events) {
      expect(event.traceId).toBe('0af7651916cd43dd8448eb211c80319c')
      expect(event.attributes['ops.request.id']).toBe('r-1')
      expect(Math.abs(Number(event.timeUnixNano / 1_000_000n) - Date.now())).toBeLessThan(5_000)
    }
  })

  it('is a log event on a CLIENT span of its own where the request is traced', async () => {
    const capture = await captureTelemetry({ recording: { emit: 'log' } })
    const server = trace.getTracer('http-instrumentation').startSpan('POST /', { kind: SpanKind.SERVER })
    const request = context.with(trace.setSpan(context.active(), server), () => openUpstreamContext({}))
    runInUpstreamContext(request, () => recordUpstreamError(newFailure()))
    endRequest(request, 502)
    server.end()
    const [attempt] = await capture.upstreamErrors()
    const [record] = await capture.requestErrors()
    const client = capture.otlp.spans.find(({ kind }) => kind === 3)
    expect(client).toMatchObject({ parentSpanId: server.spanContext().spanId, status: { code: 2 } })
    expect(attempt).toMatchObject({ span: undefined, spanId: client?.spanId, traceId: client?.traceId })
    expect(record).toMatchObject({ span: undefined, spanId: server.spanContext().spanId })
  })

  it('goes out by the other signal where one has no exporter', async () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'none')
    const capture = await captureTelemetry()
    recordUpstreamError(newFailure())
    expect(await capture.upstreamErrors()).toHaveLength(1)
    expect(capture.otlp.requests.map(({ path }) => path)).toEqual(['/v1/logs'])
  })

  it('becomes a log event where the caller decided not to sample the trace', async () => {
    const capture = await captureTelemetry()
    const request = openUpstreamContext({ requestId: 'r-1' })
    request.requestHeaders = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' }
    runInUpstreamContext(request, () => recordUpstreamError(newFailure()))
    endRequest(request, 502)
    expect((await capture.upstreamErrors()).map((event) => event.span)).toEqual([undefined])
    expect(await capture.requestErrors()).toHaveLength(1)
    expect(capture.otlp.spans).toEqual([])
  })
})

describe('beside an SDK of its own', () => {
  function startOwnSdk(options: ConstructorParameters<typeof NodeSDK>[0] = {}): InMemorySpanExporter {
    const exporter = new InMemorySpanExporter()
    vi.stubEnv('OTEL_LOGS_EXPORTER', 'none')
    const sdk = new NodeSDK({
      autoDetectResources: false,
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      metricReaders: [],
      ...options,
    })
    sdk.start()
    onTestFinished(async () => {
      await sdk.shutdown()
      trace.disable()
      context.disable()
    })
    return exporter
  }

  it('events go there, and startTelemetry leaves it alone', async () => {
    const exporter = startOwnSdk()
    const telemetry = startTelemetry()
    expect(telemetry.started).toBe(false)
    recordUpstreamError(newFailure())
    await telemetry.shutdown()
    const spans = exporter.getFinishedSpans()
    expect(spans.map((span) => span.events[0]?.name)).toEqual(['ops.upstream_error'])
  })

  it('the request record goes on the SERVER span of its instrumentation, or beside it once that has ended', async () => {
    const exporter = startOwnSdk()
    const tracer = trace.getTracer('http-instrumentation')
    for (const endsFirst of [false, true]) {
      const server = tracer.startSpan('POST /v1/chat', { kind: SpanKind.SERVER })
      const active: Context = trace.setSpan(context.active(), server)
      const request = context.with(active, () => openUpstreamContext({ requestId: 'r-1' }))
      if (endsFirst) server.end()
      endRequest(request, 500)
      if (!endsFirst) server.end()
      const recorded = exporter.getFinishedSpans().find((span) => span.events.length > 0)
      expect(recorded?.events[0]?.name).toBe('ops.request_error')
      expect(recorded?.spanContext().traceId).toBe(server.spanContext().traceId)
      expect(recorded?.name === 'POST /v1/chat').toBe(!endsFirst)
      exporter.reset()
    }
  })

  it('an attempt goes on the span that the gateway gives, which stays open', async () => {
    const exporter = startOwnSdk()
    const attempt = trace.getTracer('gateway').startSpan('upstream', { kind: SpanKind.CLIENT })
    recordUpstreamError(newFailure(), { span: attempt })
    expect(attempt.isRecording()).toBe(true)
    attempt.end()
    expect(exporter.getFinishedSpans().map((span) => span.events.length)).toEqual([1])
  })

  it('what neither a tracer nor a logger takes is counted', async () => {
    startOwnSdk({ sampler: new AlwaysOffSampler() })
    const before = telemetryStats()
    recordUpstreamError(newFailure())
    expect(telemetryStats().droppedUnrecorded).toBe(before.droppedUnrecorded + 1)
    expect(telemetryStats().upstreamErrors).toBe(before.upstreamErrors)
  })
})

describe('a collector in trouble', () => {
  it('that is dead neither delays nor breaks the gateway, and the loss is counted', async () => {
    const before = telemetryStats()
    const telemetry = startTelemetry({
      endpoint: await closedPort(),
      exportTimeoutMs: 200,
      shutdownTimeoutMs: 500,
      scheduledDelayMs: 10,
    })
    for (let count = 0; count < 100; count++) recordUpstreamError(newFailure())
    expect(telemetryStats()).toMatchObject({
      upstreamErrors: before.upstreamErrors + 100,
      droppedExport: before.droppedExport,
    })
    await telemetry.forceFlush()
    await telemetry.shutdown()
    expect(telemetryStats().droppedExport).toBe(before.droppedExport + 100)
  })

  it('that never answers does not hold the shutdown beyond its limit', async () => {
    const url = await serveAnswers(() => {})
    const telemetry = startTelemetry({ endpoint: url, shutdownTimeoutMs: 100 })
    recordUpstreamError(newFailure())
    const startedAt = performance.now()
    await telemetry.shutdown()
    // An export's own limit is 10 s.
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })

  it('makes the queue overflow within its bound, and what is dropped is counted', async () => {
    const url = await serveAnswers(() => {})
    const before = telemetryStats()
    const telemetry = startTelemetry({
      endpoint: url,
      maxQueueSize: 10,
      maxExportBatchSize: 10,
      shutdownTimeoutMs: 50,
    })
    for (let count = 0; count < 50; count++) recordUpstreamError(newFailure())
    expect(telemetryStats().droppedQueueFull - before.droppedQueueFull).toBeGreaterThanOrEqual(30)
    await telemetry.shutdown()
  })
})

describe('an error that cannot be read', () => {
  it('is counted and does not reach the gateway', async () => {
    const capture = await captureTelemetry()
    const before = telemetryStats().internalErrors
    const hostile = {
      get status(): number {
        throw new Error('getter')
      },
    }
    expect(() => recordUpstreamError(hostile)).not.toThrow()
    expect(telemetryStats().internalErrors).toBe(before + 1)
    expect(await capture.upstreamErrors()).toEqual([])
  })
})

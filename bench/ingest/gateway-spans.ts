import {
  type Attributes,
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { upstreamErrorName } from '../../src/event/selected-event.ts'
import { createRandom, type Random } from './random.ts'
import { upstreamErrorAttributes } from './upstream-error-attributes.ts'

/** 16 characters that stand in every trace id and request id; a request is made unique by replacing them. */
export const marker = '7e57ab1e0ddba115'
/** The second that all times lie in; replaced by a fresh one in every request. */
export const baseSeconds = 1_700_000_000

const spansPerTrace = 4
const spanNames = ['POST /v1/chat/completions', 'authenticate', 'select account', 'upstream attempt']
const spanKinds = [SpanKind.SERVER, SpanKind.INTERNAL, SpanKind.INTERNAL, SpanKind.CLIENT]

/**
 * What a gateway's SDK would export: traces of four spans. `errorCount` of the spans, evenly spread, carry an
 * `ops.upstream_error`. The same seed gives the same spans.
 */
export async function createGatewaySpans(
  spanCount: number,
  errorCount: number,
  seed: number,
): Promise<ReadableSpan[]> {
  const random = createRandom(seed)
  const exporter = new InMemorySpanExporter()
  let traceId = ''
  const provider = new TracerProvider({
    resource: gatewayResource,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    idGenerator: {
      generateTraceId: () => traceId,
      generateSpanId: () => random.hex(16),
    },
  })
  const tracer = provider.getTracer('ops-sidecar/gateway', '1.0.0')
  const errorAt = new Set(Array.from({ length: errorCount }, (_, i) => errorIndex(i, spanCount, errorCount)))
  for (let first = 0; first < spanCount; first += spansPerTrace) {
    traceId = marker + random.hex(16)
    const requestId = `req_${marker}${random.hex(16)}`
    let parent = ROOT_CONTEXT
    for (let place = 0; place < spansPerTrace; place++) {
      const isError = errorAt.has(first + place)
      const context = recordSpan(tracer, { place, requestId, parent, isError, random })
      if (place === 0) parent = context
    }
  }
  await provider.forceFlush()
  return exporter.getFinishedSpans()
}

/** Errors fall on CLIENT spans as far as there are enough of them. */
function errorIndex(error: number, spanCount: number, errorCount: number): number {
  const index = Math.floor((error * spanCount) / errorCount)
  return errorCount * spansPerTrace > spanCount ? index : index - (index % spansPerTrace) + 3
}

const gatewayResource = resourceFromAttributes({
  'service.name': 'llm-gateway',
  'service.namespace': 'production',
  'service.instance.id': 'llm-gateway-7d9c5b6f4-x2x8z',
  'service.version': '4.18.2',
  'deployment.environment.name': 'production',
  'host.name': 'ip-10-0-3-7.eu-central-1.compute.internal',
  'process.pid': 4711,
  'process.runtime.name': 'nodejs',
  'process.runtime.version': '24.21.0',
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '3.1.0',
})

interface SpanToRecord {
  /** Position in its trace. */
  readonly place: number
  readonly requestId: string
  readonly parent: Context
  readonly isError: boolean
  readonly random: Random
}

/** Returns the context for the span's children. */
function recordSpan(tracer: Tracer, { place, requestId, parent, isError, random }: SpanToRecord): Context {
  const startNanos = random.below(400_000_000)
  const endNanos = startNanos + random.below(500_000_000)
  const options = {
    kind: spanKinds[place] ?? SpanKind.INTERNAL,
    startTime: at(startNanos),
    attributes: spanAttributes(place, requestId, isError, random),
  }
  const span = tracer.startSpan(spanNames[place] ?? '', options, parent)
  if (place === 3 && !isError) span.addEvent('first_token', { 'ops.tokens': 1 }, at(endNanos))
  if (isError) {
    span.addEvent(upstreamErrorName, upstreamErrorAttributes(requestId, random), at(endNanos))
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'upstream error' })
  }
  span.end(at(endNanos))
  return trace.setSpan(parent, span)
}

function at(nanos: number): HrTime {
  return [baseSeconds, nanos]
}

function spanAttributes(place: number, requestId: string, isError: boolean, random: Random): Attributes {
  const model = random.pick(['gpt-5.2', 'claude-sonnet-4-5', 'gemini-3-pro', 'llama-4'])
  const http = {
    'http.request.method': 'POST',
    'http.response.status_code': isError ? 429 : 200,
    'network.protocol.version': '1.1',
    'url.scheme': 'https',
  }
  if (place === 0)
    return {
      ...http,
      'url.path': '/v1/chat/completions',
      'http.route': '/v1/chat/completions',
      'client.address': `203.0.113.${random.below(255)}`,
      'user_agent.original': 'OpenAI/JS 7.57.0',
      'server.address': 'gateway.example.com',
      'server.port': 443,
      'ops.request.id': requestId,
      'http.request.body.size': random.below(20_000),
      'http.response.body.size': random.below(20_000),
    }
  if (place === 3)
    return {
      ...http,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': model,
      'gen_ai.response.model': model,
      'gen_ai.usage.input_tokens': random.below(8000),
      'gen_ai.usage.output_tokens': random.below(2000),
      'gen_ai.request.temperature': 0.7,
      'url.full': 'https://api.openai.com/v1/chat/completions',
      'server.address': 'api.openai.com',
      'server.port': 443,
      'ops.request.id': requestId,
    }
  return {
    'ops.request.id': requestId,
    'code.function.name': place === 1 ? 'authenticateRequest' : 'selectAccount',
    'code.file.path': '/app/src/routing/select-account.ts',
    'code.line.number': random.below(400),
    'ops.account.candidates': random.below(20),
    'ops.account.id': String(random.below(400)),
    'ops.group.id': String(random.below(12)),
    'db.system.name': 'redis',
    'db.operation.name': 'EVALSHA',
    'server.address': 'redis-primary.internal',
    'server.port': 6379,
    'thread.id': 1,
  }
}

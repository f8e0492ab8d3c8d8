/**
 * What does the gateway SDK cost, against the bare OpenTelemetry API?
 *
 * Spans end in a processor that only counts them: the export is OpenTelemetry's own cost and the same for both.
 * The upstream is a function that returns a ready answer, so that what is added to it shows.
 */
import { cpus } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import {
  endRequest,
  instrumentFetch,
  openUpstreamContext,
  recordUpstreamError,
  runInUpstreamContext,
  serveRequest,
  type UpstreamContext,
} from '../src/gateway/index.ts'

/** Short rounds, of which the fastest counts: on a shared machine most long ones are interrupted. */
const rounds = 60
const errorCount = 2_000
const requestCount = 10_000
const inFlightCount = 20_000

const errorBody = {
  message:
    'Rate limit reached for gpt-5.2 in organization org-demo on tokens per min: Limit 30000, Used 29640.',
  type: 'tokens',
  param: null,
  code: 'rate_limit_exceeded',
}
const responseHeaders = {
  'content-type': 'application/json',
  'x-request-id': 'req_0123456789abcdef',
  'retry-after': '20',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-limit-tokens': '30000',
  'x-ratelimit-remaining-tokens': '0',
  'x-ratelimit-reset-tokens': '6m0s',
  date: 'Mon, 23 Nov 2026 09:00:00 GMT',
}

export async function run(): Promise<void> {
  const counted = countingProcessor()
  const sdk = new NodeSDK({
    autoDetectResources: false,
    spanProcessors: [counted.processor],
    logRecordProcessors: [],
    metricReaders: [],
  })
  sdk.start()
  try {
    const recorded = await fastest(rounds, () => perItemMicros(errorCount, recordOne))
    const bare = await fastest(rounds, () => perItemMicros(errorCount, recordOneBare))
    expectCount('spans of recorded errors', counted.ended(), 2 * rounds * errorCount)

    const plain = await fastest(rounds, () => perRequestMicros(requestCount, serveBare))
    const observed = await fastest(rounds, () => perRequestMicros(requestCount, serveObserved))
    const adapted = await fastest(rounds, () => perRequestMicros(requestCount, serveAdapted))
    expectCount('spans after successes', counted.ended(), 2 * rounds * errorCount)

    const inFlightBytes = await bytesPerInFlight()
    const rows: Row[] = [
      ['recorded error, SDK', recorded, 'µs', 20],
      ['recorded error, bare OpenTelemetry API (same attributes)', bare, 'µs', undefined],
      ['recorded error, SDK to bare', recorded / bare, '×', undefined],
      ['added per successful request (context + fetch)', observed - plain, 'µs', 1],
      ['added per successful request with an adapter (+ fetch)', adapted - plain, 'µs', undefined],
      ['the same request without the SDK', plain, 'µs', undefined],
      ['memory per request in flight', inFlightBytes, 'B', undefined],
    ]
    print(rows)
  } finally {
    await sdk.shutdown()
    trace.disable()
    context.disable()
  }
}

/** A gateway request with one failed attempt in it: what is timed is the attempt's recording. */
function newContext(): UpstreamContext {
  return openUpstreamContext({
    requestId: '4e7a7a43-6f7a-4f55-8a63-3ac2d9c1f6b0',
    clientRequestId: 'client-1',
    platform: 'openai',
    model: 'gpt-5.2',
    accountId: 101,
    accountName: 'openai-primary',
    groupId: 1,
    userId: 7,
    apiKeyId: 31,
    method: 'POST',
    path: '/v1/chat/completions',
    clientIp: '127.0.0.1',
    userAgent: 'bench/1.0',
    stream: false,
  })
}

const requestSpan = () => trace.getTracer('bench').startSpan('request')

function recordOne(parent: UpstreamContext): void {
  const error = {
    status: 429,
    headers: { ...responseHeaders },
    error: errorBody,
    message: '429 Rate limit reached',
  }
  recordUpstreamError(error, {
    context: parent,
    url: 'https://api.openai.com/v1/chat/completions',
    latencyMs: 12,
  })
}

function recordOneBare(parent: UpstreamContext): void {
  const span = trace
    .getTracer('bench')
    .startSpan('upstream attempt', { kind: SpanKind.CLIENT }, parent.parent)
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorBody.message })
  span.addEvent('ops.upstream_error', {
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5.2',
    'gen_ai.request.stream': false,
    'ops.request.id': String(parent.requestId),
    'ops.client_request.id': 'client-1',
    'ops.account.id': '101',
    'ops.account.name': 'openai-primary',
    'ops.group.id': '1',
    'user.id': '7',
    'ops.api_key.id': '31',
    'client.address': '127.0.0.1',
    'ops.request.path': '/v1/chat/completions',
    'user_agent.original': 'bench/1.0',
    'ops.upstream.error.kind': 'http_error',
    'http.response.status_code': 429,
    'http.request.resend_count': 0,
    'ops.upstream.request.id': responseHeaders['x-request-id'],
    'ops.latency.upstream_ms': 12,
    'server.address': 'api.openai.com',
    'url.full': 'https://api.openai.com/v1/chat/completions',
    'exception.message': '429 Rate limit reached',
    'http.response.body.content': JSON.stringify({ error: errorBody }),
    'http.response.body.size': 200,
    ...Object.fromEntries(
      Object.entries(responseHeaders).map(([name, value]) => [`http.response.header.${name}`, [value]]),
    ),
  })
  span.end()
}

/** Every error in a request of its own, whose SERVER span is there already, as with an HTTP instrumentation. */
async function perItemMicros(count: number, record: (parent: UpstreamContext) => void): Promise<number> {
  const active = trace.setSpan(context.active(), requestSpan())
  const requests = Array.from({ length: count }, () => context.with(active, newContext))
  const startedAt = performance.now()
  for (const request of requests) record(request)
  return ((performance.now() - startedAt) * 1_000) / count
}

const success = new Response('{}', { headers: { 'content-type': 'application/json' } })
const upstream: typeof fetch = async () => success
const instrumented = instrumentFetch(upstream)
const url = 'https://api.openai.com/v1/chat/completions'
const init = { method: 'POST', body: '{}' }

async function serveBare(): Promise<void> {
  await upstream(url, init)
}

async function serveObserved(): Promise<void> {
  const request = newContext()
  await runInUpstreamContext(request, () => instrumented(url, init))
  endRequest(request, 200)
}

/** As much of node:http's response as an adapter touches. */
class Answer {
  readonly statusCode = 200
  readonly #closing: (() => void)[] = []
  once(_event: 'close', listener: () => void): void {
    this.#closing.push(listener)
  }
  getHeader(): undefined {}
  end(_body?: string): void {
    for (const listener of this.#closing) listener()
  }
}
const incoming = { headers: { 'user-agent': 'bench/1.0' }, method: 'POST', url: '/v1/chat/completions' }

async function serveAdapted(): Promise<void> {
  const answer = new Answer()
  await serveRequest(incoming, answer, {}, () => instrumented(url, init))
  answer.end('{}')
}

async function perRequestMicros(count: number, serve: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  for (let number = 0; number < count; number++) await serve()
  return ((performance.now() - startedAt) * 1_000) / count
}

/** What a request holds beyond its own pending fetch while the upstream has not answered. */
async function bytesPerInFlight(): Promise<number> {
  const held = async (serve: (pending: typeof fetch) => Promise<unknown>) => {
    const release = Promise.withResolvers<Response>()
    const pending: typeof fetch = () => release.promise
    const before = heapBytes()
    const requests = Array.from({ length: inFlightCount }, () => serve(pending))
    const after = heapBytes()
    release.resolve(success)
    await Promise.all(requests)
    return (after - before) / inFlightCount
  }
  const bare = await held(async (pending) => {
    await pending(url, init)
  })
  let fetching: typeof fetch | undefined
  const observed = await held(async (pending) => {
    fetching ??= instrumentFetch(pending)
    const observedFetch = fetching
    const request = newContext()
    await runInUpstreamContext(request, () => observedFetch(url, init))
    endRequest(request, 200)
  })
  return observed - bare
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function countingProcessor() {
  let ended = 0
  const processor: SpanProcessor = {
    onStart() {},
    onEnd(_span: ReadableSpan) {
      ended += 1
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  return { processor, ended: () => ended }
}

async function fastest(times: number, measure: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < times; round++) best = Math.min(best, await measure())
  return best
}

function expectCount(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, not ${expected}`)
}

type Row = readonly [what: string, value: number, unit: string, goal: number | undefined]

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(([what]) => what.length))
  const lines = rows.map(([what, value, unit, goal]) => {
    const shown = value.toFixed(unit === 'B' ? 0 : 2).padStart(8)
    return `${what.padEnd(width)} ${shown} ${unit}${goal === undefined ? '' : `  (goal < ${goal} ${unit})`}`
  })
  process.stdout.write(`node ${process.version}, ${cpus()[0]?.model.trim()}, best of ${rounds} rounds\n`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

if (import.meta.main) await run()

import fc from 'fast-check'
import type { Signal } from '../../src/event/selected-event.ts'
import { scanRules } from '../../src/redaction/rules.ts'
import { anyKey, positions } from '../redaction/corpus.ts'
import type { OtlpRequest } from '../selection/otlp-arbitrary.ts'

/** Four bytes of UTF-8 that a test replaces by as many that are none. */
export const placeholder = '\u{10ffff}'

/** A text with a secret in it, and the secret. */
export interface Planted {
  readonly text: string
  readonly secret: string
}

// In a list of key-values, in a header, three levels become five, and redaction looks into four.
const { 'in JSON three levels deep': _, ...shallow } = positions

const planted: fc.Arbitrary<Planted> = fc
  .tuple(anyKey, fc.constantFrom(...Object.values(shallow)))
  .map(([secret, place]) => ({ secret, text: place(secret) }))

const usual = [
  'req_01JD9X8Z7Q4W2V6T5S3R1P0N9M',
  'gpt-5-mini',
  'openai',
  'anthropic',
  '203.0.113.7',
  'https://api.openai.com/v1/chat/completions?alt=sse',
  '//user:pw',
  'user:pw@host/path',
  '429',
  'true',
  'Mon, 23 Nov 2026 09:00:00 GMT',
  'max-age=31536000; includeSubDomains',
  '[REDACTED:jwt]',
  '{"retry-after":"7","set-cookie":["a","b"],"x-request-id":"r\\u00e9q"}',
  '{"error":{"message":"Rate limit reached, try again in 12s.","type":"tokens","code":"rate_limit_exceeded"}}',
  '[{"error":{"code":503,"message":"overloaded \\"now\\"","status":"UNAVAILABLE"}}]',
  'é',
  '错误：配额不足',
  'tab\there',
  'quote " and \\',
  '\u007f\u0080\u2028',
  '😀'.repeat(20),
]
const examples = scanRules.flatMap((rule) => [...rule.catches, ...rule.leaves])
const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...usual) },
  { weight: 3, arbitrary: fc.constantFrom(...examples) },
  { weight: 2, arbitrary: planted.map(({ text }) => text) },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed()) },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }).map((text) => `${text}${placeholder}${text}`) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 240, max: 270 }).map((length) => 'long text '.repeat(27).slice(0, length)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 8150, max: 8200 }),
        fc.constantFrom('', 'é', ' sk-ant-api03-abcdefghijklmnopqrst'),
      )
      .map(([length, end]) => `${'words and '.repeat(830).slice(0, length)}${end}`),
  },
)

const names = [
  'ops.request.id',
  'ops.client_request.id',
  'service.name',
  'service.namespace',
  'deployment.environment',
  'url.full',
  'url.path',
  'server.address',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  'gen_ai.operation.name',
  'gen_ai.request.stream',
  'http.response.status_code',
  'http.request.headers',
  'http.response.headers',
  'http.request.body.content',
  'http.response.body.content',
  'http.response.body.size',
  'http.request.body.size',
  'error.type',
  'exception.message',
  'ops.upstream.error.kind',
  'ops.upstream.error.code',
  'ops.upstream.request.id',
  'ops.upstream.stream_phase',
  'ops.error.phase',
  'ops.error.type',
  'ops.error.body',
  'ops.error.message',
  'ops.error.upstream.detail',
  'ops.account.id',
  'ops.account.name',
  'ops.api_key.id',
  'ops.request.path',
  'user.id',
  'client.address',
  'user_agent.original',
  'http.request.header.authorization',
  'http.request.header.user-agent',
  'http.request.header.X-Stainless-OS',
  'http.response.header.x-request-id',
  'http.response.header.retry-after',
  'http.response.header.date',
  'http.response.header.set-cookie',
  'http.response.header.x-ratelimit-reset-tokens',
  'http.response.header.x-ratelimit-remaining-tokens',
  'http.response.header.x-ö"\\',
  'host.name',
  'app.password',
  'app.max_tokens',
  'rpc.grpc.request.metadata.authorization',
  'nested',
]
const value: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 8, arbitrary: texts.map((stringValue) => ({ stringValue })) },
  { weight: 3, arbitrary: fc.array(texts, { maxLength: 2 }).map((list) => arrayOf(list)) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 429n, 503n, 2n ** 60n).map((intValue) => ({ intValue })) },
  { weight: 1, arbitrary: fc.boolean().map((boolValue) => ({ boolValue })) },
  { weight: 1, arbitrary: fc.constantFrom(0.5, 12, Number.NaN).map((doubleValue) => ({ doubleValue })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(texts, texts)
      .map(([key, text]) => ({ kvlistValue: { values: [{ key, value: { stringValue: text } }] } })),
  },
)
const arrayOf = (list: readonly string[]): Record<string, unknown> => ({
  arrayValue: { values: list.map((stringValue) => ({ stringValue })) },
})

const attributes = (maxLength: number) =>
  fc.array(fc.record({ key: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...names) }, texts), value }), {
    maxLength,
  })
const eventNames = fc.constantFrom(
  'ops.upstream_error',
  'ops.upstream_error',
  'ops.upstream_error',
  'ops.request_error',
  'exception',
)
const id = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })

const spanOf = (timeUnixNano: bigint) =>
  fc.record({
    traceId: id(16),
    spanId: id(8),
    kind: fc.integer({ min: 0, max: 3 }),
    startTimeUnixNano: fc.constantFrom(timeUnixNano - 1_500_000_000n, 0n),
    endTimeUnixNano: fc.constant(timeUnixNano),
    attributes: attributes(4),
    status: texts.map((message) => ({ code: 2, message })),
    events: fc.array(
      fc.record({ timeUnixNano: fc.constant(timeUnixNano), name: eventNames, attributes: attributes(24) }),
      { minLength: 1, maxLength: 2 },
    ),
  })
const recordOf = (timeUnixNano: bigint) =>
  fc.record({
    timeUnixNano: fc.constant(timeUnixNano),
    eventName: eventNames,
    traceId: fc.oneof(id(16), fc.constant(new Uint8Array())),
    spanId: id(8),
    attributes: attributes(24),
    body: value,
  })

/** Exports of gateways with failures at this time, odd and with secrets. */
export function gatewayExport(signal: Signal, nowMs: number): fc.Arbitrary<OtlpRequest> {
  const timeUnixNano = BigInt(nowMs) * 1_000_000n
  const resource = attributes(6).map((list) => ({ attributes: list }))
  if (signal === 'traces') {
    return fc
      .tuple(resource, fc.array(spanOf(timeUnixNano), { minLength: 1, maxLength: 2 }))
      .map(([of, spans]) => ({ resourceSpans: [{ resource: of, scopeSpans: [{ spans }] }] }))
  }
  return fc
    .tuple(resource, fc.array(recordOf(timeUnixNano), { minLength: 1, maxLength: 2 }))
    .map(([of, logRecords]) => ({ resourceLogs: [{ resource: of, scopeLogs: [{ logRecords }] }] }))
}

/** One export of what many gateways sent. */
export function joinedExport(signal: Signal, nowMs: number): fc.Arbitrary<OtlpRequest> {
  const resources = signal === 'traces' ? 'resourceSpans' : 'resourceLogs'
  return fc
    .array(gatewayExport(signal, nowMs), { minLength: 30, maxLength: 40 })
    .map((requests) => ({ [resources]: requests.flatMap((request) => request[resources] ?? []) }))
}

/** An export whose attributes of every name, and whose other texts, all hold a text with one secret. */
export function exportWithSecret(
  signal: Signal,
  nowMs: number,
): fc.Arbitrary<{ request: OtlpRequest; secret: string }> {
  return fc.tuple(gatewayExport(signal, nowMs), planted).map(([request, { text, secret }]) => ({
    secret,
    request: withTexts(request, text) as OtlpRequest,
  }))
}

/** The same with `text` in place of every other text value. */
function withTexts(value: unknown, text: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withTexts(item, text))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'stringValue' ? text : withTexts(item, text)]),
  )
}

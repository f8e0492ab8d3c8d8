import { describe, expect, it } from 'vitest'
import { type AttributeValue, noAttributes } from '../../src/event/attribute.ts'
import type { Headers } from '../../src/event/headers.ts'
import type { SelectedEvent, SpanOfEvent } from '../../src/event/selected-event.ts'
import type { UpstreamErrorEvent } from '../../src/event/upstream-error-event.ts'
import { createNormalizer } from '../../src/normalization/normalize-event.ts'
import { attributesOf } from '../support/attributes.ts'

const nowMs = Date.UTC(2026, 10, 23, 8)
const normalize = createNormalizer({ maxAgeMs: 30 * 86_400_000 })
type Values = Readonly<Record<string, AttributeValue>>
const attributes = (values: Values = {}) => attributesOf(values)

function span(kind: number, values: Values = {}, changes: Partial<SpanOfEvent> = {}): SpanOfEvent {
  return {
    name: 'POST',
    kind,
    parentSpanId: '',
    startTimeUnixNano: BigInt(nowMs - 1500) * 1_000_000n,
    endTimeUnixNano: BigInt(nowMs) * 1_000_000n,
    statusCode: 2,
    statusMessage: '',
    attributes: attributes(values),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    ...changes,
  }
}

function selected(values: Values, changes: Partial<SelectedEvent> = {}): SelectedEvent {
  return {
    signal: 'traces',
    name: 'ops.upstream_error',
    timeUnixNano: BigInt(nowMs) * 1_000_000n,
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    ordinal: 0,
    itemIndex: 0,
    attributes: attributes(values),
    droppedAttributesCount: 0,
    span: undefined,
    body: undefined,
    scope: { name: '', version: '', attributes: noAttributes },
    resource: noAttributes,
    ...changes,
  }
}

function row(event: SelectedEvent): UpstreamErrorEvent {
  const normalized = normalize(event, nowMs)
  if (normalized.status !== 'upstream_error') throw new Error(normalized.status)
  return normalized.event
}

describe('normalization of an upstream error', () => {
  it("takes the event's attribute over its span's over the resource's, and skips empty ones", () => {
    const event = selected(
      { 'gen_ai.request.model': 'from-event', 'ops.account.id': '' },
      {
        span: span(3, { 'gen_ai.request.model': 'from-span', 'ops.account.id': 'from-span' }),
        resource: attributes({ 'ops.account.id': 'from-resource', 'ops.group.id': 'from-resource' }),
      },
    )
    expect(row(event)).toMatchObject({
      model: 'from-event',
      account_id: 'from-span',
      group_id: 'from-resource',
    })
  })

  it('reads the older names of attributes', () => {
    expect(
      row(selected({ 'gen_ai.system': 'OpenAI', 'http.status_code': 503, 'error.message': 'No' })),
    ).toMatchObject({
      platform: 'openai',
      status_code: 503,
      error_message: 'No',
    })
  })

  it('tells the platform by the host when nobody says it', () => {
    const event = selected(
      {},
      { span: span(3, { 'url.full': 'https://user:pw@api.anthropic.com/v1/messages?key=1#x' }) },
    )
    expect(row(event)).toMatchObject({
      platform: 'anthropic',
      upstream_host: 'api.anthropic.com',
      upstream_path: '/v1/messages',
    })
  })

  it("keeps the paths of the gateway's request and of the upstream apart", () => {
    expect(row(selected({}, { span: span(2, { 'url.path': '/v1/chat' }) }))).toMatchObject({
      request_path: '/v1/chat',
      upstream_path: '',
    })
    expect(row(selected({}, { span: span(3, { 'url.path': '/v1/messages' }) }))).toMatchObject({
      request_path: '',
      upstream_path: '/v1/messages',
    })
  })

  it('measures the attempt by its CLIENT span, unless the gateway did', () => {
    expect(row(selected({}, { span: span(3) })).latency_ms).toBe(1500)
    expect(row(selected({}, { span: span(2) })).latency_ms).toBe(0)
    expect(row(selected({ 'ops.latency.upstream_ms': 12.6 }, { span: span(3) })).latency_ms).toBe(13)
    expect(row(selected({ 'gen_ai.response.time_to_first_chunk': 0.25 })).time_to_first_token_ms).toBe(250)
  })

  it.each([
    [{}, 'request_error'],
    [{ 'http.response.status_code': 429 }, 'http_error'],
    [{ 'http.response.status_code': 200, 'ops.upstream.stream_phase': 'mid_stream' }, 'stream_error'],
    [{ 'http.response.status_code': 503, 'ops.upstream.error.kind': 'failover' }, 'failover'],
    [{ 'http.response.status_code': 503, 'ops.upstream.error.kind': 'odd' }, 'http_error'],
  ] as const)('derives the kind of %j', (values, kind) => {
    expect(row(selected(values)).kind).toBe(kind)
  })

  it('does not take the status code that error.type repeats for a type', () => {
    expect(
      row(selected({ 'error.type': '503', 'exception.type': 'APIError', 'http.response.status_code': 503 }))
        .error_type,
    ).toBe('APIError')
  })

  it('prefers the wait that the gateway says, unless it is nonsense', () => {
    const values = { 'http.response.status_code': 429, 'http.response.header.retry-after': ['20'] }
    expect(row(selected({ ...values, 'ops.upstream.retry_after_ms': 1500 })).retry_after_ms).toBe(1500)
    for (const odd of [-1, 0, 1e15, 'soon']) {
      expect(row(selected({ ...values, 'ops.upstream.retry_after_ms': odd })).retry_after_ms).toBe(20_000)
    }
  })

  it('joins headers that occur several times, and reads them from one JSON attribute too', () => {
    const single = selected({ 'http.response.header.x-request-id': ['a', 'b'] })
    expect(new Map(row(single).response_headers as Headers)).toEqual(new Map([['x-request-id', 'a, b']]))
    const json = selected({ 'http.response.headers': '{"Retry-After":"7","x":["a","b"]}' })
    expect(row(json)).toMatchObject({
      response_headers: new Map([
        ['retry-after', '7'],
        ['x', 'a, b'],
      ]),
      retry_after_ms: 7000,
    })
    const cut = row(selected({ 'http.response.headers': '{"cut":' }))
    expect(new Map(cut.response_headers as Headers)).toEqual(new Map())
  })

  it('keeps what is left of event, span and resource, and what the SDK dropped', () => {
    const event = selected(
      { 'app.zone': 'eu', nested: new Map([['a', 1n]]) },
      {
        span: span(3, { 'app.zone': 'us', 'app.pool': 2 }),
        resource: attributes({ 'k8s.pod.name': 'p1' }),
        droppedAttributesCount: 3,
      },
    )
    expect(Object.fromEntries(row(event).attributes)).toEqual({
      'app.zone': 'eu',
      nested: '{"a":"1"}',
      'app.pool': '2',
      'k8s.pod.name': 'p1',
      'otel.dropped_attributes_count': '3',
    })
  })

  it('gives the same event the same id, and others of the span, the time or the name another', () => {
    const one = row(selected({})).event_id
    expect(row(selected({ 'ops.request.id': 'other attributes' })).event_id).toBe(one)
    const others = [
      selected({}, { ordinal: 1 }),
      selected({}, { spanId: 'c'.repeat(16) }),
      selected({}, { timeUnixNano: BigInt(nowMs) * 1_000_000n + 1n }),
      selected({}, { name: 'exception' }),
      selected({}, { traceId: '' }),
      selected({ a: 1 }, { traceId: '' }),
    ]
    expect(new Set([one, ...others.map((event) => row(event).event_id)]).size).toBe(7)
  })

  it.each([
    [0n, 'no_timestamp'],
    [BigInt(nowMs - 31 * 86_400_000) * 1_000_000n, 'too_old'],
    [BigInt(nowMs + 2 * 86_400_000) * 1_000_000n, 'in_future'],
  ])('rejects an event of time %s as %s', (timeUnixNano, reason) => {
    expect(normalize(selected({}, { timeUnixNano }), nowMs)).toEqual({ status: 'rejected', reason })
  })
})

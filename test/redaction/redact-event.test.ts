import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { upstreamErrorColumns } from '../../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../../src/event/upstream-error-event.ts'
import { stringOf } from '../../src/event/utf8-text.ts'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { createEventRedaction } from '../../src/redaction/redact-event.ts'
import { anyKey, encodings, remains } from './corpus.ts'

const limits = { maxBodyBytes: 4096, maxTextBytes: 1024, maxAttributes: 4, maxHeaderBytes: 2048 }
const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map([['dropped', 'drop']]) } })
const redact = createEventRedaction(redactor, limits)

const clean: UpstreamErrorEvent = {
  event_id: '0198a5b0-7c3e-5f6a-9b1d-2c3e4f5a6b7c',
  created_at: 1,
  ingested_at: 2,
  request_id: 'req_01JD9X8Z7Q4W2V6T5S3R1P0N9M',
  client_request_id: '',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  span_id: '00f067aa0ba902b7',
  service_name: 'gateway',
  service_namespace: '',
  service_instance_id: 'gateway-7d9c5b6f4-x2x8z',
  environment: 'production',
  platform: 'openai',
  model: 'gpt-5-mini',
  upstream_model: '',
  operation: 'chat',
  stream: true,
  kind: 'http_error',
  category: 'auth',
  status_code: 401,
  error_type: 'invalid_request_error',
  error_code: 'invalid_api_key',
  error_message: 'Incorrect API key provided',
  fingerprint: 1n,
  retryable: false,
  retry_after_ms: 0,
  upstream_request_id: 'req_a1',
  upstream_host: 'api.openai.com',
  upstream_path: '/v1/chat/completions',
  attempt: 0,
  account_id: '7',
  account_name: 'xai-main',
  group_id: '',
  user_id: '',
  api_key_id: 'key_1',
  client_ip: '203.0.113.7',
  request_path: '/v1/chat/completions',
  user_agent: 'OpenAI/JS 7.57.0',
  latency_ms: 3,
  time_to_first_token_ms: 0,
  request_headers: '',
  response_headers: '{"server":"cloudflare"}',
  request_body: '',
  request_body_bytes: 0,
  response_body: '{"error":{"message":"Incorrect API key provided"}}',
  response_body_bytes: 50,
  attributes: new Map([['server.port', '443']]),
}
const generated: ReadonlySet<string> = new Set(['event_id', 'kind', 'category'])
const textColumns = upstreamErrorColumns.filter(
  ({ name }) => typeof clean[name] === 'string' && !generated.has(name),
)

const allText = (event: UpstreamErrorEvent) =>
  JSON.stringify([...Object.values(event).filter((value) => typeof value === 'string'), ...event.attributes])

describe('redaction of an event', () => {
  it('returns an event without secrets as it is', () => {
    expect(redact(clean)).toBe(clean)
  })

  for (const { name } of textColumns) {
    it(`takes keys out of ${name}`, () => {
      fc.assert(
        fc.property(anyKey, fc.constantFrom(...Object.values(encodings)), (key, encode) => {
          const value = name.endsWith('_headers')
            ? JSON.stringify({ server: key, 'x-other': key })
            : encode(key)
          const event = { ...clean, [name]: value }
          const redacted = redact(event)
          expect(event[name]).toBe(value)
          expect(remains(key, decodeURIComponent(allText(redacted)))).toBe(false)
        }),
        { seed: 20261123, numRuns: 20 },
      )
    })
  }

  it('takes keys out of attributes, their names included', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const redacted = redact({
          ...clean,
          attributes: new Map([
            [`a ${key}`, 'b'],
            ['c', key],
            ['d', 'e'],
          ]),
        })
        expect(remains(key, allText(redacted))).toBe(false)
        expect(redacted.attributes.get('d')).toBe('e')
        expect(redacted.attributes.size).toBe(3)
      }),
      { seed: 20261123, numRuns: 50 },
    )
  })

  it('takes out secrets before it cuts, so that none is cut into pieces', () => {
    fc.assert(
      fc.property(
        anyKey,
        fc.integer({ min: limits.maxBodyBytes - 140, max: limits.maxBodyBytes + 5 }),
        (key, at) => {
          const body = `${'a '.repeat(at).slice(0, at)} ${key} ${'b '.repeat(20_000)}`
          const redacted = redact({ ...clean, response_body: body, response_body_bytes: 0 })
          expect(redacted.response_body).not.toContain(key.slice(0, 20))
          expect(Buffer.byteLength(stringOf(redacted.response_body))).toBeLessThanOrEqual(limits.maxBodyBytes)
          expect(redacted.response_body_bytes).toBe(Buffer.byteLength(body))
        },
      ),
      { seed: 20261123, numRuns: 100 },
    )
  })

  it('keeps the size that a body had before it came here', () => {
    const redacted = redact({ ...clean, response_body: 'x'.repeat(9000), response_body_bytes: 123_456 })
    expect(redacted.response_body_bytes).toBe(123_456)
    expect(stringOf(redacted.response_body).length).toBe(limits.maxBodyBytes)
  })

  it('drops half a token at the end of a body that was cut before it came here', () => {
    const redacted = redact({ ...clean, response_body: '{"email":"bob@exam', response_body_bytes: 500 })
    expect(redacted.response_body).toBe('{"email":"[REDACTED:cut]')
  })

  it('drops bodies of platforms for which it is told to, and keeps their size', () => {
    const redacted = redact({ ...clean, platform: 'dropped', response_body_bytes: 0 })
    expect(redacted.response_body).toBe('')
    expect(redacted.response_body_bytes).toBe(50)
  })

  it('counts the attributes that it drops', () => {
    const attributes = new Map(Array.from({ length: 10 }, (_, index) => [`a${index}`, 'b']))
    const redacted = redact({ ...clean, attributes })
    expect([...redacted.attributes]).toEqual([
      ...[...attributes].slice(0, 4),
      ['ops.dropped_attributes', '6'],
    ])
    expect(attributes.size).toBe(10)
  })

  it('keeps header objects whole when they are too large', () => {
    const headers = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`x-ratelimit-${index}`, 'é'.repeat(20)]),
    )
    const redacted = redact({ ...clean, response_headers: JSON.stringify(headers) })
    const text = String(redacted.response_headers)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.maxHeaderBytes)
    const kept = Object.entries(JSON.parse(text))
    expect(kept.length).toBeGreaterThan(20)
    expect(kept).toEqual(Object.entries(headers).slice(0, kept.length))
  })

  it('cuts long texts on a character boundary', () => {
    const redacted = redact({
      ...clean,
      error_message: '错'.repeat(5000),
      attributes: new Map([['a', '😀'.repeat(5000)]]),
    })
    expect(redacted.error_message).toBe('错'.repeat(341))
    expect(redacted.attributes.get('a')).toBe('😀'.repeat(256))
  })
})

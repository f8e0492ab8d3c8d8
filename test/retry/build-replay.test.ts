import { describe, expect, it } from 'vitest'
import { buildReplay } from '../../src/retry/build-replay.ts'
import { readNetworks } from '../../src/retry/gateway-address.ts'
import type { RetrySettings } from '../../src/retry/retry-settings.ts'

const settings: RetrySettings = {
  gateway: new URL('https://gateway.example.com:8443/edge/'),
  networks: readNetworks([]),
  credentialsFile: '',
  accountHeader: 'x-account',
  paths: ['/v1/', '/v1internal:'],
  maxPerHour: 1,
  timeoutMs: 1000,
  maxResponseBytes: 1000,
}
const request = {
  attemptId: '11111111-2222-4333-8444-555555555555',
  pinnedAccountId: '',
  credentials: new Map([['authorization', 'Bearer retry-secret']]),
}

function replay(fields: Record<string, unknown>, changes: Partial<typeof request> = {}) {
  const record = {
    event_id: '',
    created_at: '',
    request_path: '/v1/messages',
    request_body: '{"model":"m"}',
    request_body_truncated: false,
    request_body_bytes: null,
    request_headers: '',
    attributes: {},
    ...fields,
  }
  return buildReplay(record, settings, { ...request, ...changes })
}

describe('the request that is sent again', () => {
  it('goes to the configured gateway with the stored path, body and the headers that matter', () => {
    const sent = replay({
      request_headers: JSON.stringify({
        'Content-Type': 'application/json; charset=utf-8',
        'anthropic-version': '2023-06-01',
        authorization: 'Bearer [REDACTED:header]',
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'content-length': '1',
        'user-agent': 'client/1',
      }),
      request_body: '{"text":"ä"}',
    })
    expect(sent.url.href).toBe('https://gateway.example.com:8443/edge/v1/messages')
    expect(sent.method).toBe('POST')
    expect(sent.body.toString()).toBe('{"text":"ä"}')
    expect(sent.headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'anthropic-version': '2023-06-01',
      'user-agent': 'client/1',
      authorization: 'Bearer retry-secret',
      'accept-encoding': 'identity',
      'content-length': '13',
      'x-client-request-id': 'ops-retry-11111111-2222-4333-8444-555555555555',
      traceparent: expect.stringMatching(/^00-11111111222243338444555555555555-[0-9a-f]{16}-01$/),
    })
  })

  it('is pinned to an account by the configured header', () => {
    expect(replay({}, { pinnedAccountId: '17' }).headers['x-account']).toBe('17')
    expect(replay({})).not.toHaveProperty('headers.x-account')
  })

  it('keeps a query and a method that has a body', () => {
    const sent = replay({ request_path: '/v1/x?alt=sse', attributes: { 'http.request.method': 'PUT' } })
    expect([sent.method, sent.url.search]).toEqual(['PUT', '?alt=sse'])
    expect(replay({ attributes: { 'http.request.method': 'DELETE' } }).method).toBe('POST')
  })

  it('leaves out headers with markers, and those that would begin another header', () => {
    const headers = { accept: 'a\r\nx-admin: 1', 'anthropic-beta': '[REDACTED:jwt]' }
    const sent = replay({ request_headers: JSON.stringify(headers) })
    expect(sent.headers).not.toHaveProperty('accept')
    expect(sent.headers).not.toHaveProperty('anthropic-beta')
  })

  it.each(['', 'null', '[]', '"text"', '{', '7'])('has no stored headers when those are %j', (json) => {
    expect(replay({ request_headers: json }).headers['content-type']).toBe('application/json')
  })

  it.each([
    '//evil.example/v1/',
    'http://evil.example/v1/',
    '/\\evil.example/v1/',
    '\\\\evil.example',
    '@evil.example/v1/',
    '',
    'v1/messages',
    '/v1/a b',
    '/v1/a\r\nHost: evil.example',
    '/v1/a\nx: y',
    '/v1/ä',
    '/v1/#fragment',
    '/v1/../admin',
    '/v1/./x',
    '/v1/..',
    '/v1/%2e%2e/admin',
    '/v1/%2E./admin',
    '/v1/..%2fadmin',
    '/v1/%252e%252e/admin',
    '/v1//admin',
    '/v1/..;/admin',
    '/v1/%5cadmin',
    '/v1/a%00b',
    '/admin/accounts',
    '/v10/messages',
    '/v1/messages?key=[REDACTED:url-query]',
  ])('is refused for the path %j', (path) => {
    expect(() => replay({ request_path: path })).toThrow(
      expect.objectContaining({ code: 'retry_path_refused' }),
    )
  })

  it.each([
    ['retry_body_missing', { request_body: '' }],
    ['retry_body_truncated', { request_body_truncated: true }],
    ['retry_body_truncated', { request_body_bytes: 14 }],
    ['retry_body_truncated', { request_body: 'a[REDACTED:cut]' }],
    ['retry_body_redacted', { request_body: '{"key":"[REDACTED:openai-key]"}', request_body_bytes: 100 }],
    ['retry_body_redacted', { request_body: '[REDACTED:body:0123456789ab]' }],
  ])('is refused with %s for %j', (code, fields) => {
    expect(() => replay(fields)).toThrow(expect.objectContaining({ code }))
  })
})

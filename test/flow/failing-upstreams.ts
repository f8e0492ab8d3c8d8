import { expect } from 'vitest'
import {
  answer,
  anthropicOverload,
  breakOff,
  closedPort,
  eventStream,
  htmlUnavailable,
  openAiRateLimit,
  serveAnswers,
} from '../gateway/loopback-server.ts'

/** One account of a gateway, with an upstream behind it that fails in a way of its own. */
export interface FailingAccount {
  readonly id: number
  readonly baseUrl: string
  /** How long the gateway waits for it: only for the one that never answers less than a busy machine may need. */
  readonly timeoutMs: number
  /** What the sidecar has to say of the failure, in the API's words. */
  readonly expected: Readonly<Record<string, unknown>>
}

const chunk = 'data: {"choices":[]}\n\n'
const overloadedEvent =
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'

/** Longer than a host name's label may be: refused by the resolver without asking anybody. */
const unresolvable = `http://${'a'.repeat(64)}.invalid`

/** Every failure that a provider or the way to it has, each behind an account. */
export async function startFailingUpstreams(): Promise<FailingAccount[]> {
  const failures: readonly (readonly [
    baseUrl: string | Promise<string>,
    expected: FailingAccount['expected'],
  ])[] = [
    [
      serveAnswers(openAiRateLimit),
      {
        status_code: 429,
        category: 'rate_limited',
        error_code: 'rate_limit_exceeded',
        retry_after_ms: 20_000,
        upstream_request_id: 'req_openai_1',
        kind: 'http_error',
      },
    ],
    [
      serveAnswers(anthropicOverload),
      {
        status_code: 529,
        category: 'overloaded',
        error_type: 'overloaded_error',
        upstream_request_id: 'req_anthropic_1',
      },
    ],
    [
      serveAnswers(htmlUnavailable),
      { status_code: 503, category: 'overloaded', error_message: '503 Service Temporarily Unavailable' },
    ],
    [
      serveAnswers(answer(429, { 'retry-after-ms': '1500' }, { error: { code: 'insufficient_quota' } })),
      { status_code: 429, category: 'quota_exhausted', retryable: false, retry_after_ms: 1_500 },
    ],
    [
      serveAnswers((response) => response.socket?.resetAndDestroy()),
      { status_code: 0, category: 'network', kind: 'request_error' },
    ],
    [
      serveAnswers(breakOff(500, { 'content-type': 'application/json' }, '{"error":{"message":"half of it')),
      { status_code: 500, category: 'server_error', error_message: 'half of it' },
    ],
    [
      serveAnswers(eventStream([chunk, overloadedEvent])),
      {
        status_code: 200,
        category: 'overloaded',
        kind: 'stream_error',
        error_message: 'Overloaded',
        upstream_request_id: 'req_stream',
      },
    ],
    [
      serveAnswers(breakOff(200, { 'content-type': 'text/event-stream' }, chunk)),
      { status_code: 200, category: 'stream_interrupted', kind: 'stream_error' },
    ],
    [serveAnswers(() => {}), { status_code: 0, category: 'timeout', kind: 'request_error' }],
    [closedPort(), { status_code: 0, category: 'network', error_code: 'ECONNREFUSED' }],
    [
      unresolvable,
      { status_code: 0, category: 'network', error_code: expect.stringMatching(/^(?:ENOTFOUND|EAI_)/) },
    ],
  ]
  return Promise.all(
    failures.map(async ([baseUrl, expected], index) => ({
      id: 101 + index,
      baseUrl: await baseUrl,
      timeoutMs: expected.category === 'timeout' ? 300 : 30_000,
      expected,
    })),
  )
}

import { errorCategories, errorKinds } from '../../src/event/upstream-error-event.ts'
import type { StringEvent } from '../support/rows.ts'
import { event } from '../support/rows.ts'

/** A small generator of numbers from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const messages = [
  'Rate limit reached for gpt-5 in organization org-abc on tokens per min',
  'Overloaded',
  'The server is overloaded, limit your rate',
  'upstream connect error or disconnect/reset before headers',
  'Grüße: Anfrage zu groß',
  'quota exceeded (RATE-LIMIT) for project_7',
  '',
]

/** Events with values from small sets, so that every filter finds some of them. */
export function generateEvents(
  count: number,
  fromMs: number,
  toMs: number,
  random: () => number,
  prefix = 'e',
): StringEvent[] {
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(random() * values.length)] as Value
  const maybe = (value: string) => pick(['', value, value])
  return Array.from({ length: count }, (_, index) => {
    const fingerprint = pick([1n, 0xfedcba9876543210n, 0x00000000000000ffn, 42n])
    return event(`${prefix}${index}`, fromMs + Math.floor(((toMs - fromMs) * index) / count), {
      request_id: maybe(`req-${index >> 2}`),
      client_request_id: maybe(`client-${index % 7}`),
      trace_id: maybe(`0123456789abcdef0123456789abcde${index % 5}`),
      span_id: maybe(`0123456789abcde${index % 5}`),
      service_name: maybe(`gateway-${index % 3}`),
      service_namespace: maybe(pick(['edge', 'core'])),
      service_instance_id: maybe(`pod-${index % 4}`),
      environment: maybe(pick(['prod', 'staging'])),
      platform: pick(['openai', 'anthropic', 'gemini', 'azure_openai']),
      model: maybe(pick(['gpt-5', 'claude-opus-4-6', 'gemini-3'])),
      upstream_model: maybe(pick(['gpt-5-2026', 'opus'])),
      operation: maybe('chat'),
      stream: random() < 0.5,
      kind: pick(errorKinds),
      category: pick(errorCategories),
      status_code: pick([0, 429, 429, 500, 503, 529, 400]),
      error_type: maybe(pick(['rate_limit_error', 'server_error'])),
      error_code: maybe(pick(['rate_limit_exceeded', '!important', '\\slash'])),
      error_message: pick(messages),
      fingerprint,
      retryable: random() < 0.7,
      retry_after_ms: pick([0, 0, 500, 1000, 30_000]),
      upstream_request_id: maybe(`up-${index % 50}`),
      upstream_host: maybe(pick(['api.openai.com', 'api.anthropic.com'])),
      upstream_path: maybe('/v1/messages'),
      attempt: index % 4,
      account_id: maybe(String(index % 6)),
      account_name: maybe(`account ${index % 6}`),
      group_id: maybe(pick(['small', 'large'])),
      user_id: maybe(`user-${index % 9}`),
      api_key_id: maybe(`key-${index % 8}`),
      client_ip: maybe(pick(['10.0.0.1', '::1'])),
      request_path: maybe('/v1/chat/completions'),
      user_agent: maybe('curl/8.5'),
      latency_ms: pick([0, 20, 100, 1000, 5000]),
      time_to_first_token_ms: pick([0, 50, 700]),
      request_body: maybe('{"messages":[]}'),
      request_body_bytes: pick([0, 15, 4000]),
      response_body: maybe('{"error":{}}'),
      response_body_bytes: pick([0, 12]),
      response_headers: maybe('{"retry-after":"1"}'),
    })
  })
}

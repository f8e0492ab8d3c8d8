import { cpus } from 'node:os'
import type { UpstreamErrorEvent } from '../src/event/upstream-error-event.ts'
import { stringOf } from '../src/event/utf8-text.ts'
import { createRedactor, type Redactor } from '../src/redaction/create-redactor.ts'
import { createEventRedaction } from '../src/redaction/redact-event.ts'

const limits = { maxBodyBytes: 16_384, maxTextBytes: 8192, maxAttributes: 64, maxHeaderBytes: 16_384 }
const openAiKey = `sk-proj-${'aB3dE5fG7h'.repeat(5)}`

const cleanRow: UpstreamErrorEvent = {
  event_id: '0198a5b0-7c3e-5f6a-9b1d-2c3e4f5a6b7c',
  created_at: 1_764_000_000_000,
  ingested_at: 1_764_000_000_100,
  request_id: 'req_01JD9X8Z7Q4W2V6T5S3R1P0N9M',
  client_request_id: '5f0c6d1e-9a4b-4c8d-8e7f-1a2b3c4d5e6f',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  span_id: '00f067aa0ba902b7',
  service_name: 'llm-gateway',
  service_namespace: 'production',
  service_instance_id: 'llm-gateway-7d9c5b6f4-x2x8z',
  environment: 'production',
  platform: 'openai',
  model: 'gpt-5-mini-2026-08-07',
  upstream_model: 'gpt-5-mini',
  operation: 'chat',
  stream: true,
  kind: 'http_error',
  category: 'rate_limited',
  status_code: 429,
  error_type: 'tokens',
  error_code: 'rate_limit_exceeded',
  error_message:
    'Rate limit reached for gpt-5-mini in organization org-AbC123dEf456 on tokens per min (TPM): Limit 200000, Used 199534, Requested 1862. Please try again in 418ms. Visit https://platform.openai.com/account/rate-limits to learn more.',
  fingerprint: 1234567890123456789n,
  retryable: true,
  retry_after_ms: 418,
  upstream_request_id: 'req_0123456789abcdef0123456789abcdef',
  upstream_host: 'api.openai.com',
  upstream_path: '/v1/chat/completions',
  attempt: 1,
  account_id: 'acct_7Qm2Vx9',
  account_name: 'openai-pool-3',
  group_id: 'grp_42',
  user_id: 'usr_88213',
  api_key_id: 'key_1093',
  client_ip: '203.0.113.7',
  request_path: '/v1/chat/completions',
  user_agent: 'OpenAI/JS 7.57.0',
  latency_ms: 312,
  time_to_first_token_ms: 0,
  request_headers: '',
  response_headers: JSON.stringify({
    'content-type': 'application/json',
    date: 'Mon, 23 Nov 2026 09:00:00 GMT',
    'retry-after': '1',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '200000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-tokens': '558ms',
    'x-request-id': 'req_0123456789abcdef0123456789abcdef',
    'cf-ray': '8e1f2a3b4c5d6e7f-FRA',
    server: 'cloudflare',
  }),
  request_body: '',
  request_body_bytes: 0,
  response_body: `{
  "error": {
    "message": "Rate limit reached for gpt-5-mini in organization org-AbC123dEf456 on tokens per min (TPM): Limit 200000, Used 199534, Requested 1862. Please try again in 418ms. Visit https://platform.openai.com/account/rate-limits to learn more. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.",
    "type": "tokens",
    "param": null,
    "code": "rate_limit_exceeded",
    "details": {"limit": 200000, "used": 199534, "requested": 1862, "window": "1m", "scope": "organization"}
  }
}
`,
  response_body_bytes: 600,
  attributes: new Map([
    ['gen_ai.request.max_tokens', '4096'],
    ['gen_ai.request.temperature', '0.7'],
    ['ops.upstream.stream_phase', 'before_first_byte'],
    ['ops.routing.strategy', 'least_latency'],
    ['ops.latency.auth_ms', '3'],
    ['server.port', '443'],
    ['network.protocol.version', '2'],
    ['telemetry.sdk.language', 'nodejs'],
    ['telemetry.sdk.version', '3.1.0'],
    ['host.name', 'ip-10-0-3-7.eu-central-1.compute.internal'],
  ]),
}

const rowWithSecrets: UpstreamErrorEvent = {
  ...cleanRow,
  error_message: `Incorrect API key provided: ${openAiKey}. You can find your API key at https://platform.openai.com.`,
  response_body: stringOf(cleanRow.response_body).replace(
    '"param": null',
    `"param": null, "api_key": "${openAiKey}"`,
  ),
}

/** Texts as they stand in an export, for whoever asks before making strings of them. */
const columnBytes = Object.values(cleanRow)
  .filter((value) => typeof value === 'string' && value.length < 64)
  .map((value) => Buffer.from(value as string))

const longText = stringOf(cleanRow.response_body).repeat(1700)
const escapedText = JSON.stringify({ raw: cleanRow.response_body }).repeat(1600)

/** What one row costs, with and without secrets in it, and what long texts cost. */
export async function run(): Promise<void> {
  const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() } })
  const redact = createEventRedaction(redactor, limits)
  if (redact(cleanRow) !== cleanRow) throw new Error('the clean row was changed')
  const changed = redact(rowWithSecrets)
  if (`${changed.error_message}${changed.response_body}`.split('[REDACTED:').length !== 3) {
    throw new Error('the secrets were not found')
  }
  const lines = [
    ['clean row', `${microseconds(() => redact(cleanRow), 20_000).toFixed(1)} µs`],
    [
      `may ${columnBytes.length} columns hold secrets`,
      `${microseconds(() => askAll(redactor), 20_000).toFixed(1)} µs`,
    ],
    ['row with two secrets', `${microseconds(() => redact(rowWithSecrets), 20_000).toFixed(1)} µs`],
    ['long clean text', `${throughput(redactor.text, longText).toFixed(0)} MB/s`],
    ['long text of JSON in JSON', `${throughput(redactor.text, escapedText).toFixed(0)} MB/s`],
  ]
  process.stdout.write(`redaction, node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}\n`)
  for (const [name, result] of lines) process.stdout.write(`  ${name?.padEnd(28)}${result?.padStart(12)}\n`)
}

function askAll(redactor: Redactor): number {
  let count = 0
  for (const bytes of columnBytes) if (redactor.mayContainSecret(bytes, 0, bytes.length)) count++
  return count
}

/** CPU time, and the best of five rounds: others use the machine, too. */
function microseconds(task: () => unknown, times: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = process.cpuUsage()
    for (let count = 0; count < times; count++) task()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / times)
  }
  return best
}

function throughput(redact: (text: string) => string, text: string): number {
  return Buffer.byteLength(text) / microseconds(() => redact(text), 5)
}

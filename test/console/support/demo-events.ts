import { createHash } from 'node:crypto'
import { seeded } from '../../api/generate-events.ts'
import { span, traceExport } from '../../support/otlp.ts'

type Attributes = Record<string, string | number | boolean>

interface Failure {
  readonly platform: string
  readonly model: string
  readonly accounts: readonly (readonly [id: string, name: string])[]
  readonly status: number
  readonly host: string
  readonly path: string
  /** The answer's body, as the platform writes it. */
  readonly body: (random: () => number) => unknown
  readonly retryAfterSeconds?: (random: () => number) => number
  /** Events an hour at a time `ago` hours before now. */
  readonly perHour: (hoursAgo: number) => number
}

const anthropicAccounts = [
  ['201', 'anthropic-primary'],
  ['202', 'anthropic-spare'],
  ['203', 'anthropic-batch'],
] as const
const openaiAccounts = [
  ['101', 'openai-primary'],
  ['102', 'openai-spare'],
] as const
const geminiAccounts = [['301', 'gemini-primary']] as const

const openaiLimit = (model: string) => (random: () => number) => ({
  error: {
    message: `Rate limit reached for ${model} in organization org-7d1 on tokens per min (TPM): Limit 30000, Used ${26000 + Math.floor(random() * 4000)}, Requested 2048. Please try again in ${(random() * 20).toFixed(1)}s.`,
    type: 'tokens',
    param: null,
    code: 'rate_limit_exceeded',
  },
})

/** An incident that began 25 minutes ago beside what always fails a little. */
const failures: readonly Failure[] = [
  {
    platform: 'anthropic',
    model: 'claude-opus-4-6',
    accounts: anthropicAccounts,
    status: 529,
    host: 'api.anthropic.com',
    path: '/v1/messages',
    body: () => ({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    perHour: (hours) => (hours < 0.42 ? 420 * Math.min(1, (0.45 - hours) * 4) : 14),
  },
  {
    platform: 'anthropic',
    model: 'claude-opus-4-6',
    accounts: anthropicAccounts.slice(0, 2),
    status: 429,
    host: 'api.anthropic.com',
    path: '/v1/messages',
    body: () => ({
      type: 'error',
      error: {
        type: 'rate_limit_error',
        message:
          "This request would exceed your organization's rate limit of 50,000 input tokens per minute.",
      },
    }),
    retryAfterSeconds: (random) => 20 + Math.floor(random() * 220),
    perHour: (hours) => (hours < 0.4 ? 210 : 40),
  },
  {
    platform: 'openai',
    model: 'gpt-5.2',
    accounts: openaiAccounts,
    status: 429,
    host: 'api.openai.com',
    path: '/v1/chat/completions',
    body: openaiLimit('gpt-5.2'),
    retryAfterSeconds: (random) => 1 + Math.floor(random() * 40),
    perHour: () => 95,
  },
  {
    platform: 'openai',
    model: 'gpt-5-mini',
    accounts: openaiAccounts,
    status: 500,
    host: 'api.openai.com',
    path: '/v1/chat/completions',
    body: () => ({
      error: {
        message: 'The server had an error while processing your request. Sorry about that!',
        type: 'server_error',
        code: null,
      },
    }),
    perHour: () => 22,
  },
  {
    platform: 'gemini',
    model: 'gemini-3-pro',
    accounts: geminiAccounts,
    status: 503,
    host: 'generativelanguage.googleapis.com',
    path: '/v1beta/models/gemini-3-pro:generateContent',
    body: () => ({
      error: {
        code: 503,
        message: 'The model is overloaded. Please try again later.',
        status: 'UNAVAILABLE',
      },
    }),
    perHour: (hours) => (hours < 1 ? 24 : 60),
  },
  {
    platform: 'gemini',
    model: 'gemini-3-flash',
    accounts: geminiAccounts,
    status: 429,
    host: 'generativelanguage.googleapis.com',
    path: '/v1beta/models/gemini-3-flash:generateContent',
    body: () => ({
      error: {
        code: 429,
        message: 'You exceeded your current quota, please check your plan and billing details.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '38s' }],
      },
    }),
    perHour: () => 31,
  },
  {
    platform: 'openai',
    model: 'gpt-5.2',
    accounts: openaiAccounts,
    status: 0,
    host: 'api.openai.com',
    path: '/v1/chat/completions',
    body: () => undefined,
    perHour: (hours) => (hours < 0.2 ? 50 : 16),
  },
]

const hex = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length)

function attributesOf(failure: Failure, account: number, request: string, random: () => number): Attributes {
  const [id, name] = failure.accounts[account % failure.accounts.length] ?? ['', '']
  const body = failure.body(random)
  const wait = failure.retryAfterSeconds?.(random)
  return {
    'gen_ai.provider.name': failure.platform,
    'gen_ai.request.model': failure.model,
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.stream': random() < 0.4,
    'server.address': failure.host,
    'url.path': failure.path,
    'http.response.status_code': failure.status,
    'http.request.resend_count': account,
    'ops.request.id': request,
    'ops.client_request.id': `client-${request.slice(4)}`,
    'ops.account.id': id,
    'ops.account.name': name,
    'ops.group.id': 'production',
    'ops.api_key.id': String(31 + Math.floor(random() * 4)),
    'user.id': `user-${Math.floor(random() * 40)}`,
    'client.address': `10.0.3.${Math.floor(random() * 30)}`,
    'ops.request.path': '/v1/chat/completions',
    'user_agent.original': 'OpenAI/Python 2.8.0',
    ...(body === undefined
      ? { 'exception.message': 'Headers Timeout Error', 'error.type': 'UND_ERR_HEADERS_TIMEOUT' }
      : {
          'http.response.body.content': JSON.stringify(body),
          'http.response.header.content-type': 'application/json',
          'http.response.header.request-id': `req_${hex(`${request}${account}`, 16)}`,
        }),
    ...(wait === undefined ? {} : { 'http.response.header.retry-after': String(wait) }),
  }
}

/** Export requests with what three hours of a gateway's failures look like, the same for the same seed. */
export function demoExports(nowMs: number, seed = 7): unknown[] {
  const random = seeded(seed)
  const spans: unknown[] = []
  const stepMs = 60_000
  for (let atMs = nowMs - 3 * 3_600_000; atMs < nowMs; atMs += stepMs) {
    for (const failure of failures) {
      const expected = (failure.perHour((nowMs - atMs) / 3_600_000) * stepMs) / 3_600_000
      const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0)
      for (let index = 0; index < count; index++) {
        const request = `req_${hex(`${failure.model}${failure.status}${atMs}${index}`, 12)}`
        const failedMs = atMs + Math.floor(random() * stepMs)
        if (failedMs < nowMs) spans.push(...attemptsOf(failure, request, failedMs, random))
      }
    }
  }
  const exports: unknown[] = []
  for (let first = 0; first < spans.length; first += 400)
    exports.push(
      traceExport(spans.slice(first, first + 400), {
        'service.name': 'gateway',
        'deployment.environment.name': 'production',
      }),
    )
  return exports
}

/** One or two failed attempts of a request, and sometimes the gateway's own error after them. */
function attemptsOf(failure: Failure, request: string, failedMs: number, random: () => number): unknown[] {
  const traceId = hex(request, 32)
  const attempts = random() < 0.35 ? 2 : 1
  const latencyMs = failure.status === 0 ? 30_000 : 180 + Math.floor(random() * 1400)
  const spans = Array.from({ length: attempts }, (_, account) => {
    const timeMs = failedMs + account * (latencyMs + 120)
    return span({
      traceId,
      startMs: timeMs - latencyMs,
      endMs: timeMs,
      events: [{ timeMs, attributes: attributesOf(failure, account, request, random) }],
    })
  })
  if (attempts === 2 && random() < 0.5) {
    const endMs = failedMs + latencyMs + 140
    spans.push(
      span({
        traceId,
        kind: 2,
        startMs: failedMs - latencyMs,
        endMs,
        events: [
          {
            name: 'ops.request_error',
            timeMs: endMs,
            attributes: {
              'ops.request.id': request,
              'gen_ai.provider.name': failure.platform,
              'gen_ai.request.model': failure.model,
              'http.response.status_code': failure.status || 502,
              'ops.error.message': 'no account could serve this request',
              'ops.error.phase': 'upstream',
            },
          },
        ],
      }),
    )
  }
  return spans
}

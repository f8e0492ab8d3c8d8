import type { Attributes } from '@opentelemetry/api'
import type { Random } from './random.ts'

interface Answer {
  readonly platform: string
  readonly host: string
  readonly path: string
  readonly models: readonly [string, ...string[]]
  readonly status: number
  headers(requestId: string, random: Random): Record<string, string>
  body(requestId: string, random: Random): unknown
}

const openAi: Answer = {
  platform: 'openai',
  host: 'api.openai.com',
  path: '/v1/chat/completions',
  models: ['gpt-5.2', 'gpt-5-mini', 'gpt-5.2-codex'],
  status: 429,
  headers: (requestId, random) => ({
    'x-request-id': requestId,
    'retry-after-ms': String(random.below(60_000)),
    'retry-after': String(1 + random.below(60)),
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-requests': String(random.below(10_000)),
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-requests': `${random.below(900)}ms`,
    'x-ratelimit-reset-tokens': `${random.below(60)}s`,
    'openai-organization': 'org-example',
    'openai-processing-ms': String(random.below(4000)),
    'openai-version': '2020-10-01',
  }),
  body: (requestId, random) => ({
    error: {
      message: `Rate limit reached for gpt-5.2 in organization org-example on tokens per min (TPM): Limit 2000000, Used ${random.below(2e6)}, Requested ${random.below(9000)}. Please try again in ${random.below(60)}s. Visit https://platform.openai.com/account/rate-limits to learn more. Include the request ID ${requestId} in your message.`,
      type: 'tokens',
      param: null,
      code: 'rate_limit_exceeded',
    },
  }),
}

const anthropic: Answer = {
  platform: 'anthropic',
  host: 'api.anthropic.com',
  path: '/v1/messages',
  models: ['claude-sonnet-4-5', 'claude-opus-4-5'],
  status: 529,
  headers: (requestId, random) => ({
    'request-id': requestId,
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': String(random.below(4000)),
    'anthropic-ratelimit-requests-reset': '2026-11-23T09:00:00Z',
    'anthropic-ratelimit-input-tokens-limit': '2000000',
    'anthropic-ratelimit-input-tokens-remaining': String(random.below(2e6)),
    'anthropic-organization-id': '2d1f7c1e-6c5a-4c67-9d6f-2f3c6e6f0a11',
    'x-should-retry': 'true',
  }),
  body: (requestId) => ({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
    request_id: requestId,
  }),
}

const gemini: Answer = {
  platform: 'gcp.gemini',
  host: 'generativelanguage.googleapis.com',
  path: '/v1beta/models/gemini-3-pro:generateContent',
  models: ['gemini-3-pro', 'gemini-3-flash'],
  status: 429,
  headers: (_requestId, random) => ({
    'server-timing': `gfet4t7; dur=${random.below(900)}`,
    vary: 'Origin, X-Origin, Referer',
    'x-content-type-options': 'nosniff',
  }),
  body: (requestId, random) => ({
    error: {
      code: 429,
      message: `You exceeded your current quota, please check your plan and billing details. Please retry in ${random.below(60)}.${random.below(999)}s. Request ${requestId}`,
      status: 'RESOURCE_EXHAUSTED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [
            {
              quotaMetric: 'generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count',
              quotaId: 'GenerateContentPaidTierInputTokensPerModelPerMinute',
              quotaDimensions: { location: 'global', model: 'gemini-3-pro' },
              quotaValue: '2000000',
            },
          ],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${random.below(60)}s` },
      ],
    },
  }),
}

const bedrock: Answer = {
  platform: 'aws.bedrock',
  host: 'bedrock-runtime.eu-central-1.amazonaws.com',
  path: '/model/anthropic.claude-sonnet-4-5/invoke',
  models: ['anthropic.claude-sonnet-4-5'],
  status: 503,
  headers: (requestId) => ({
    'x-amzn-requestid': requestId,
    'x-amzn-errortype': 'ServiceUnavailableException:http://internal.amazon.com/coral/com.amazon.bedrock/',
  }),
  body: (requestId) => ({
    message: `Bedrock is unable to process your request. Request ID: ${requestId}`,
  }),
}

/** The attributes of one `ops.upstream_error` as the SDK for gateways emits them; about 2 KB as a row. */
export function upstreamErrorAttributes(requestId: string, random: Random): Attributes {
  const answer = random.pick([openAi, openAi, anthropic, gemini, bedrock])
  const upstreamRequestId = `${requestId}${random.hex(8)}`
  const body = JSON.stringify(answer.body(upstreamRequestId, random), null, 2)
  const headers = {
    date: 'Mon, 23 Nov 2026 09:00:00 GMT',
    'content-type': 'application/json',
    server: 'cloudflare',
    'cf-ray': `${random.hex(16)}-FRA`,
    'cf-cache-status': 'DYNAMIC',
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    'x-envoy-upstream-service-time': String(random.below(9000)),
    ...answer.headers(upstreamRequestId, random),
  }
  const model = random.pick(answer.models)
  return {
    'gen_ai.provider.name': answer.platform,
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': model,
    'gen_ai.request.stream': random.below(2) === 1,
    'ops.request.id': requestId,
    'ops.client_request.id': `client-${random.hex(24)}`,
    'ops.account.id': String(random.below(400)),
    'ops.account.name': `${answer.platform}-pool-${random.below(40)}`,
    'ops.group.id': String(random.below(12)),
    'user.id': String(random.below(90_000)),
    'ops.api_key.id': String(random.below(9000)),
    'client.address': `203.0.113.${random.below(255)}`,
    'ops.request.path': '/v1/chat/completions',
    'user_agent.original': 'OpenAI/JS 7.57.0',
    'ops.upstream.error.kind': 'http_error',
    'ops.upstream.model': model,
    'ops.upstream.request.id': upstreamRequestId,
    'ops.latency.upstream_ms': random.below(30_000),
    'http.response.status_code': answer.status,
    'http.request.resend_count': random.below(4),
    'server.address': answer.host,
    'url.full': `https://${answer.host}${answer.path}`,
    'exception.message': `${answer.status} from ${answer.platform}`,
    'http.response.body.content': body,
    'http.response.body.size': Buffer.byteLength(body),
    ...Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [`http.response.header.${name}`, [value]]),
    ),
  }
}

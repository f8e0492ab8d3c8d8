import { type Answer, eventStream, hexId, json, proxyPage, type UpstreamRequest } from './answer.ts'
import type { Outcome } from './outcomes.ts'

/** Messages as api.anthropic.com answers them. */
export function answerAnthropic(request: UpstreamRequest, outcome: Outcome): Answer {
  const id = hexId('req_', request.number)
  const headers = {
    'request-id': id,
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': '2026-11-23T08:00:00Z',
    'anthropic-ratelimit-input-tokens-limit': '400000',
    'anthropic-ratelimit-input-tokens-remaining': outcome === 'rate_limited' ? '0' : '398000',
    'anthropic-ratelimit-input-tokens-reset': '2026-11-23T08:00:17Z',
  }
  switch (outcome) {
    case 'rate_limited':
      return json(
        429,
        { ...headers, 'retry-after': '17' },
        failure(
          id,
          'rate_limit_error',
          "This request would exceed your organization's rate limit of 400,000 input tokens per minute.",
        ),
      )
    case 'quota_exhausted':
      return json(429, headers, {
        type: 'error',
        error: {
          type: 'rate_limit_error',
          message: 'You have reached your specified API usage limits. You will regain access on 2026-12-01.',
          details: { error_code: 'enforced_spend_limit_reached' },
        },
        request_id: id,
      })
    case 'overloaded':
    case 'unavailable':
      return json(
        529,
        { ...headers, 'x-should-retry': 'true' },
        failure(id, 'overloaded_error', 'Overloaded'),
      )
    case 'server_error':
      return json(500, headers, failure(id, 'api_error', 'Internal server error'))
    case 'proxy_page':
      return proxyPage(502, 'Bad Gateway')
    default:
      return request.stream ? streamed(request, headers, outcome) : completed(request, headers)
  }
}

function failure(id: string, type: string, message: string) {
  return { type: 'error', error: { type, message }, request_id: id }
}

function message(request: UpstreamRequest) {
  return { id: hexId('msg_', request.number), type: 'message', role: 'assistant', model: request.model }
}

function completed(request: UpstreamRequest, headers: Record<string, string>): Answer {
  return json(200, headers, {
    ...message(request),
    content: [{ type: 'text', text: 'Hello!' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 2 },
  })
}

function streamed(request: UpstreamRequest, headers: Record<string, string>, outcome: Outcome): Answer {
  const begun = [
    event('message_start', {
      message: {
        ...message(request),
        content: [],
        stop_reason: null,
        usage: { input_tokens: 9, output_tokens: 1 },
      },
    }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hello' } }),
  ]
  if (outcome === 'stream_error') {
    return eventStream(headers, [
      ...begun,
      event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ])
  }
  if (outcome === 'stream_break') return eventStream(headers, begun, true)
  return eventStream(headers, [
    ...begun,
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }),
    event('message_stop', {}),
  ])
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}

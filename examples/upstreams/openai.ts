import { type Answer, eventStream, hexId, json, proxyPage, type UpstreamRequest } from './answer.ts'
import type { Outcome } from './outcomes.ts'

/** Chat completions as api.openai.com answers them. */
export function answerOpenAi(request: UpstreamRequest, outcome: Outcome): Answer {
  const headers = {
    'x-request-id': hexId('req_', request.number),
    'openai-version': '2020-10-01',
    'openai-processing-ms': '41',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '30000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': outcome === 'rate_limited' ? '0' : '28914',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '6m0s',
  }
  switch (outcome) {
    case 'rate_limited':
      return json(
        429,
        { ...headers, 'retry-after': '20', 'retry-after-ms': '19820' },
        failure(
          'tokens',
          'rate_limit_exceeded',
          `Rate limit reached for ${request.model} in organization org-demo on tokens per min (TPM): Limit 30000, Used 29640, Requested 512. Please try again in 19.82s.`,
        ),
      )
    case 'quota_exhausted':
      return json(
        429,
        { 'x-request-id': headers['x-request-id'] },
        failure(
          'insufficient_quota',
          'insufficient_quota',
          'You exceeded your current quota, please check your plan and billing details.',
        ),
      )
    case 'server_error':
      return json(
        500,
        headers,
        failure(
          'server_error',
          null,
          'The server had an error while processing your request. Sorry about that!',
        ),
      )
    case 'unavailable':
    case 'overloaded':
      return json(
        503,
        { ...headers, 'retry-after': '5' },
        failure(
          'server_error',
          'server_is_overloaded',
          'That model is currently overloaded with other requests.',
        ),
      )
    case 'proxy_page':
      return proxyPage(502, 'Bad Gateway')
    default:
      return request.stream ? streamed(request, headers, outcome) : completed(request, headers)
  }
}

function failure(type: string, code: string | null, message: string) {
  return { error: { message, type, param: null, code } }
}

function completed(request: UpstreamRequest, headers: Record<string, string>): Answer {
  return json(200, headers, {
    id: hexId('chatcmpl-', request.number),
    object: 'chat.completion',
    created: 1_760_000_000,
    model: request.model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  })
}

function streamed(request: UpstreamRequest, headers: Record<string, string>, outcome: Outcome): Answer {
  const id = hexId('chatcmpl-', request.number)
  const chunks = ['Hel', 'lo', '!'].map((content) => {
    const choice = { index: 0, delta: { content }, finish_reason: null }
    return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', model: request.model, choices: [choice] })}\n\n`
  })
  if (outcome === 'stream_error') {
    const error = failure('server_error', null, 'The server had an error while processing your request.')
    return eventStream(headers, [...chunks.slice(0, 2), `data: ${JSON.stringify(error)}\n\n`])
  }
  if (outcome === 'stream_break') return eventStream(headers, chunks, true)
  return eventStream(headers, [...chunks, 'data: [DONE]\n\n'])
}

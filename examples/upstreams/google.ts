import { type Answer, eventStream, hexId, json, proxyPage, type UpstreamRequest } from './answer.ts'
import type { Outcome } from './outcomes.ts'

const typePrefix = 'type.googleapis.com/google.rpc.'

/** generateContent as generativelanguage.googleapis.com answers it. */
export function answerGemini(request: UpstreamRequest, outcome: Outcome): Answer {
  const headers = { 'x-goog-request-id': hexId('', request.number), server: 'scaffolding on HTTPServer2' }
  switch (outcome) {
    case 'rate_limited':
      return json(
        429,
        headers,
        failure(
          429,
          'RESOURCE_EXHAUSTED',
          `You exceeded your current quota. Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 10, model: ${request.model}\nPlease retry in 36.4s.`,
          [
            {
              '@type': `${typePrefix}QuotaFailure`,
              violations: [
                { quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier', quotaValue: '10' },
              ],
            },
            { '@type': `${typePrefix}RetryInfo`, retryDelay: '36s' },
          ],
        ),
      )
    case 'quota_exhausted':
      return json(
        429,
        headers,
        failure(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan.', [
          {
            '@type': `${typePrefix}QuotaFailure`,
            violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier', quotaValue: '250' }],
          },
        ]),
      )
    case 'server_error':
      return json(500, headers, failure(500, 'INTERNAL', 'An internal error has occurred. Please retry.'))
    case 'unavailable':
    case 'overloaded':
      return json(503, headers, [
        failure(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
      ])
    case 'proxy_page':
      return proxyPage(502, 'Server Error')
    default:
      return succeeded(request, headers, outcome, (content) => content)
  }
}

/** v1internal:generateContent as the Antigravity backend (cloudcode-pa.googleapis.com) answers it. */
export function answerAntigravity(request: UpstreamRequest, outcome: Outcome): Answer {
  const traceId = hexId('', request.number)
  const headers = { 'x-goog-request-id': traceId, 'x-cloudaicompanion-trace-id': traceId }
  switch (outcome) {
    case 'rate_limited':
      return json(
        429,
        { ...headers, 'retry-after': '8' },
        failure(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).', [
          {
            '@type': `${typePrefix}ErrorInfo`,
            reason: 'RATE_LIMIT_EXCEEDED',
            domain: 'cloudcode-pa.googleapis.com',
          },
          { '@type': `${typePrefix}RetryInfo`, retryDelay: '7.512s' },
        ]),
      )
    case 'quota_exhausted':
      return json(
        429,
        headers,
        failure(429, 'RESOURCE_EXHAUSTED', 'You have exhausted your capacity on this model.', [
          {
            '@type': `${typePrefix}ErrorInfo`,
            reason: 'QUOTA_EXHAUSTED',
            domain: 'cloudcode-pa.googleapis.com',
            metadata: { model: request.model, quotaResetDelay: '1h16m0.667s' },
          },
        ]),
      )
    case 'overloaded':
      return json(
        529,
        headers,
        failure(529, 'OVERLOADED', 'The model is overloaded. Please try again later.'),
      )
    case 'server_error':
      return json(500, headers, failure(500, 'INTERNAL', 'Internal error encountered.'))
    case 'unavailable':
      return json(
        503,
        headers,
        failure(503, 'UNAVAILABLE', `No capacity available for model ${request.model} on the server`, [
          { '@type': `${typePrefix}ErrorInfo`, reason: 'MODEL_CAPACITY_EXHAUSTED' },
        ]),
      )
    case 'proxy_page':
      return proxyPage(502, 'Server Error')
    default:
      return succeeded(request, headers, outcome, (content) => ({ response: content, traceId }))
  }
}

function failure(code: number, status: string, message: string, details?: readonly object[]) {
  return { error: { code, message, status, ...(details === undefined ? {} : { details }) } }
}

function succeeded(
  request: UpstreamRequest,
  headers: Record<string, string>,
  outcome: Outcome,
  wrap: (content: object) => object,
): Answer {
  if (!request.stream) return json(200, headers, wrap(content(request, 'Hello!', 'STOP')))
  const begun = [event(wrap(content(request, 'Hel'))), event(wrap(content(request, 'lo')))]
  if (outcome === 'stream_error') {
    return eventStream(headers, [...begun, event(failure(503, 'UNAVAILABLE', 'The service is unavailable.'))])
  }
  if (outcome === 'stream_break') return eventStream(headers, begun, true)
  return eventStream(headers, [...begun, event(wrap(content(request, '!', 'STOP')))])
}

function content(request: UpstreamRequest, text: string, finishReason?: string): object {
  const candidate = { content: { role: 'model', parts: [{ text }] }, index: 0, finishReason }
  return { candidates: [candidate], modelVersion: request.model, responseId: hexId('', request.number) }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

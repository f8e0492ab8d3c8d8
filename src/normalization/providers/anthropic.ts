import { type JsonObject, objectAt, textAt } from './json-object.ts'
import { readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser, ProviderReading } from './provider-parser.ts'

/**
 * Anthropic: `{"type":"error","error":{type,message,details},"request_id"}`. `details.error_code` tells a spend limit
 * from a rate limit; both are a 429 `rate_limit_error`. Source: platform.claude.com, errors.
 */
export const anthropic: ProviderParser = {
  read: readAnthropic,
  requestIdHeaders: [
    'request-id',
    'x-request-id',
    'anthropic-request-id',
    'x-oneapi-request-id',
    'x-amzn-requestid',
  ],
}

/** Whether a body is Anthropic's, whichever cloud it came through. */
export function isAnthropicError(body: JsonObject): boolean {
  return body.type === 'error' && textAt(objectAt(body, 'error'), 'type') !== ''
}

export function readAnthropic(body: JsonObject): ProviderReading {
  const reading = readOpenaiCompatible(body)
  reading.code ||= textAt(objectAt(objectAt(body, 'error'), 'details'), 'error_code')
  if (reading.type === 'conflict_error')
    Object.assign(reading, { category: 'invalid_request', retryable: true })
  return reading
}

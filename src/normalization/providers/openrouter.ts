import { untilResetMs } from '../retry-after.ts'
import { isJsonObject, type JsonObject, numberAt, objectAt, textAt } from './json-object.ts'
import { parseLenientJson } from './lenient-json.ts'
import { readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser, ProviderReading } from './provider-parser.ts'

/**
 * OpenRouter: `{"error":{code:number,message,metadata}}`. `metadata.raw` has what the provider behind it said,
 * `limit_source` which limit was hit. Its id header names the generation; there is none for the request.
 * Source: openrouter.ai/docs, errors and limits.
 */
export const openrouter: ProviderParser = {
  read(body, failure) {
    const reading = readOpenaiCompatible(body)
    const metadata = objectAt(objectAt(body, 'error'), 'metadata')
    reading.type ||= textAt(metadata, 'error_type') || textAt(metadata, 'limit_source')
    reading.message = messageOf(reading.message, metadata)
    reading.retryAfterMs ||= retryAfterOf(metadata, failure.nowMs)
    judge(reading, metadata)
    return reading
  },
  requestIdHeaders: ['x-generation-id', 'x-request-id'],
}

function judge(reading: ProviderReading, metadata: JsonObject): void {
  const limit = textAt(metadata, 'limit_source')
  if (limit === 'openrouter_in_flight_budget')
    Object.assign(reading, { category: 'rate_limited', retryable: true })
  else if (/_(?:budget|limit|credits)$/.test(limit.slice(0, 64))) reading.category = 'quota_exhausted'
  else if (/per-day/.test(reading.message.slice(0, 200))) reading.category = 'quota_exhausted'
  else if (Array.isArray(metadata.reasons)) reading.category = 'content_blocked'
}

/** "Provider returned error" says nothing: the provider's own words are in `raw`, as text or as its body. */
function messageOf(message: string, metadata: JsonObject): string {
  if (message !== '' && message !== 'Provider returned error') return message
  const { raw } = metadata
  const text = typeof raw === 'string' ? raw.trim() : ''
  const inner = text.startsWith('{') || text.startsWith('[') ? parseLenientJson(text) : raw
  const object = Array.isArray(inner) ? inner[0] : inner
  return (isJsonObject(object) ? readOpenaiCompatible(object).message : text) || message
}

function retryAfterOf(metadata: JsonObject, nowMs: number): number {
  const seconds = numberAt(metadata, 'retry_after_seconds')
  if (seconds > 0) return seconds * 1000
  const resetsAt = textAt(metadata, 'resets_at')
  if (resetsAt !== '') return untilResetMs(resetsAt, nowMs)
  const headers = objectAt(metadata, 'headers')
  if (textAt(headers, 'X-RateLimit-Remaining') !== '0') return numberAt(headers, 'Retry-After') * 1000
  return untilResetMs(textAt(headers, 'X-RateLimit-Reset'), nowMs)
}

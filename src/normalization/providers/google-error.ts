import type { ErrorCategory } from '../../event/upstream-error-event.ts'
import { durationMs } from '../duration-text.ts'
import { type JsonObject, objectAt, objectsAt, statusAt, textAt } from './json-object.ts'
import { emptyReading, type ProviderReading } from './provider-parser.ts'

const categoryOfStatus: ReadonlyMap<string, ErrorCategory> = new Map([
  ['UNAUTHENTICATED', 'auth'],
  ['PERMISSION_DENIED', 'auth'],
  ['INVALID_ARGUMENT', 'invalid_request'],
  ['FAILED_PRECONDITION', 'invalid_request'],
  ['OUT_OF_RANGE', 'invalid_request'],
  ['NOT_FOUND', 'invalid_request'],
  ['ALREADY_EXISTS', 'invalid_request'],
  ['UNIMPLEMENTED', 'invalid_request'],
  ['DEADLINE_EXCEEDED', 'timeout'],
  ['UNAVAILABLE', 'overloaded'],
  ['INTERNAL', 'server_error'],
  ['DATA_LOSS', 'server_error'],
  ['ABORTED', 'server_error'],
])

interface Details {
  reason: string
  quotaId: string
  isQuota: boolean
  retryAfterMs: number
  requestId: string
}

/**
 * `{"error":{code,message,status,details[]}}` of Google APIs. The type is the canonical status, the code the reason of
 * `ErrorInfo`, else the id of the quota, else the number.
 * Sources: google/rpc/error_details.proto; google.rpc.Status; ai.google.dev rate limits.
 */
export function readGoogleError(body: JsonObject): ProviderReading {
  const error = objectAt(body, 'error')
  const details = readDetails(error)
  const status = textAt(error, 'status')
  const reading = emptyReading()
  reading.type = /^[A-Z_]{1,64}$/.test(status) ? status : ''
  reading.code = details.reason || details.quotaId || textAt(error, 'code')
  reading.message = textAt(error, 'message')
  reading.bodyStatus = statusAt(error, 'code')
  reading.retryAfterMs = details.retryAfterMs
  reading.requestId = details.requestId
  reading.category = categoryOf(reading, details)
  return reading
}

function categoryOf(reading: ProviderReading, details: Details): ErrorCategory | '' {
  if (details.reason === 'MODEL_CAPACITY_EXHAUSTED') return 'overloaded'
  if (details.reason === 'API_KEY_INVALID') return 'auth'
  if (/^BILLING_/.test(details.reason)) return 'quota_exhausted'
  if (reading.type === 'RESOURCE_EXHAUSTED' || reading.bodyStatus === 429) {
    return details.isQuota || saysQuota(reading.message) ? 'quota_exhausted' : 'rate_limited'
  }
  return categoryOfStatus.get(reading.type) ?? ''
}

/**
 * Gemini says "exceeded your current quota" for the minute's limit, too; only a limit of 0, a daily quota or an
 * allowance that is gone make a quota of it.
 */
function saysQuota(message: string): boolean {
  return /\blimit: 0\b|per.?day\b|daily (?:quota|limit)|exhausted your (?:capacity|daily)|individual quota reached|spending cap|prepayment credits/i.test(
    message.slice(0, 4096),
  )
}

function readDetails(error: JsonObject): Details {
  const details: Details = { reason: '', quotaId: '', isQuota: false, retryAfterMs: 0, requestId: '' }
  for (const detail of objectsAt(error, 'details')) {
    const kind = textAt(detail, '@type')
    if (kind.endsWith('.RetryInfo')) details.retryAfterMs = durationMs(textAt(detail, 'retryDelay'), 1000)
    else if (kind.endsWith('.ErrorInfo')) readErrorInfo(detail, details)
    else if (kind.endsWith('.QuotaFailure')) readQuotaFailure(detail, details)
    else if (kind.endsWith('.RequestInfo')) details.requestId = textAt(detail, 'requestId')
  }
  return details
}

function readErrorInfo(detail: JsonObject, details: Details): void {
  const metadata = objectAt(detail, 'metadata')
  details.reason = textAt(detail, 'reason')
  details.isQuota ||= details.reason === 'QUOTA_EXHAUSTED' || isDaily(textAt(metadata, 'quota_limit'))
  details.retryAfterMs ||= durationMs(textAt(metadata, 'quotaResetDelay'), 1000)
}

/** Of several violated quotas the daily one decides: it stays violated when the minute is over. */
function readQuotaFailure(detail: JsonObject, details: Details): void {
  for (const violation of objectsAt(detail, 'violations')) {
    const id = textAt(violation, 'quotaId')
    if (!isDaily(id) && details.quotaId !== '') continue
    details.quotaId = id
    details.isQuota ||= isDaily(id)
  }
}

function isDaily(quotaId: string): boolean {
  return /per_?(?:day|month)/i.test(quotaId.slice(0, 256))
}

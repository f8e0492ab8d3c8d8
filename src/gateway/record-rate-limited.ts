import { recordUpstreamError } from './record-upstream-error.ts'
import { currentUpstreamContext, failRequest, type Identifier } from './upstream-context.ts'

export interface RateLimitDecision {
  /** What is over its limit: an upstream account that rests after a 429, or a client of the gateway. */
  readonly subject: 'account' | 'user' | 'api_key' | 'group' | 'client_ip'
  readonly message?: string | undefined
  /** When the subject may try again. */
  readonly retryAfterMs?: number | undefined
  /** For an account: which one, and on which platform. Default: those of the current request. */
  readonly platform?: string | undefined
  readonly model?: string | undefined
  readonly accountId?: Identifier | undefined
  readonly accountName?: string | undefined
}

/**
 * Records a rate-limit decision of the gateway itself, where no upstream was asked.
 *
 * An account that is passed over becomes an `ops.upstream_error` of kind `failover` with status 429, so that it is
 * found beside the answers that made it rest. A client over its limit makes the current request a failed one with
 * `is_business_limited`; its record follows when the request ends. Never throws.
 */
export function recordRateLimited(decision: RateLimitDecision): void {
  const message =
    decision.message ?? `rate limit of ${decision.subject.replace('_', ' ')} reached in the gateway`
  if (decision.subject === 'account') {
    recordUpstreamError(undefined, {
      kind: 'failover',
      statusCode: 429,
      errorType: 'gateway_rate_limited',
      message,
      retryAfterMs: decision.retryAfterMs,
      platform: decision.platform,
      model: decision.model,
      accountId: decision.accountId,
      accountName: decision.accountName,
      // Nothing was sent: not an attempt of its own among the retries.
      attempt: currentUpstreamContext()?.attemptCount,
      latencyMs: 0,
    })
    return
  }
  failRequest({ phase: 'routing', type: 'rate_limit_error', severity: 'P3', message, businessLimited: true })
}

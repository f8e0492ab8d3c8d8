import { OpsError } from '../errors.ts'
import type { RetryAttempt } from '../store/retry-attempts.ts'
import { settle } from './interrupted.ts'

export interface Limits {
  /** The new attempt. */
  readonly attempt: RetryAttempt
  readonly force: boolean
  readonly maxPerHour: number
}

const minIntervalMs = 10_000
const hourMs = 3_600_000

/**
 * Holds a new attempt against the others. `force` lets it follow the last one at once, and nothing else.
 * @returns the earlier attempt that was made with the same idempotency key, which takes the place of a new one.
 * @throws OpsError `idempotency_key_reused`, `retry_running`, `retry_too_soon`, `retry_limit_reached`
 */
export function checkLimits(
  others: readonly RetryAttempt[],
  { attempt, force, maxPerHour }: Limits,
): RetryAttempt | undefined {
  const nowMs = Date.now()
  const repeated = others.find((other) => isSameKey(other, attempt) && wasSent(other, nowMs))
  if (repeated !== undefined) {
    if (!isSameRequest(repeated, attempt))
      throw new OpsError('idempotency_key_reused', 'the Idempotency-Key was used for another retry')
    return repeated
  }
  const ofError = others.filter((other) => other.source_error_id === attempt.source_error_id)
  if (ofError.some((other) => isUnfinished(other, nowMs)))
    throw new OpsError('retry_running', 'a retry of this error is under way', {
      extra: { retry_after_seconds: 5 },
    })
  const lastEndedMs = Math.max(
    0,
    ...ofError
      .filter((other) => other.started_at > 0)
      .map(({ finished_at, started_at }) => Math.max(finished_at, started_at)),
  )
  const waitMs = lastEndedMs + minIntervalMs - nowMs
  if (waitMs > 0 && !force) {
    throw new OpsError(
      'retry_too_soon',
      `the last retry of this error ended less than ${minIntervalMs / 1000} s ago`,
      {
        extra: { retry_after_seconds: Math.ceil(waitMs / 1000) },
      },
    )
  }
  const ofHour = others.filter((other) => other.created_at > nowMs - hourMs && wasSent(other, nowMs))
  if (ofHour.length >= maxPerHour) {
    const oldestMs = Math.min(...ofHour.map((other) => other.created_at))
    throw new OpsError('retry_limit_reached', `there were ${ofHour.length} retries within the last hour`, {
      extra: { retry_after_seconds: Math.max(1, Math.ceil((oldestMs + hourMs - nowMs) / 1000)) },
    })
  }
  return undefined
}

/** Also true while it is not known yet whether it will be. */
function wasSent(attempt: RetryAttempt, nowMs: number): boolean {
  return attempt.started_at > 0 || isUnfinished(attempt, nowMs)
}

function isUnfinished(attempt: RetryAttempt, nowMs: number): boolean {
  return settle(attempt, nowMs).finished_at === 0
}

function isSameKey(a: RetryAttempt, b: RetryAttempt): boolean {
  return (
    b.idempotency_key !== '' &&
    a.idempotency_key === b.idempotency_key &&
    a.requested_by_user_id === b.requested_by_user_id
  )
}

function isSameRequest(a: RetryAttempt, b: RetryAttempt): boolean {
  return (
    a.source_error_id === b.source_error_id &&
    a.mode === b.mode &&
    a.pinned_account_id === b.pinned_account_id
  )
}

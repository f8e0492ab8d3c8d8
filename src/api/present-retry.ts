import { settle } from '../retry/interrupted.ts'
import type { RetryRecords } from '../store/queries/retry-results.ts'
import type { RetryAttempt } from '../store/retry-attempts.ts'

/** OpsRetryAttempt, with what OpsRetryResult has beside it. */
export function presentAttempt(stored: RetryAttempt, records: RetryRecords | undefined) {
  const attempt = settle(stored, Date.now())
  return {
    id: attempt.id,
    created_at: new Date(attempt.created_at).toISOString(),
    requested_by_user_id: textOf(attempt.requested_by_user_id),
    source_error_id: attempt.source_error_id,
    mode: attempt.mode,
    pinned_account_id: textOf(attempt.pinned_account_id),
    status: attempt.status,
    started_at: timeOf(attempt.started_at),
    finished_at: timeOf(attempt.finished_at),
    duration_ms: durationOf(attempt),
    result_request_id: textOf(records?.requestId ?? ''),
    result_error_id: textOf(records?.errorId ?? ''),
    error_message: textOf(attempt.error_message),
    used_account_id: textOf(attempt.used_account_id || (records?.accountId ?? '')),
    http_status_code: attempt.http_status_code,
    upstream_request_id: textOf(attempt.upstream_request_id),
    response_preview: textOf(attempt.response_preview),
    response_truncated: attempt.response_truncated,
  }
}

/** OpsRetryResult of an attempt that has ended. */
export function presentResult(attempt: RetryAttempt) {
  return {
    attempt_id: attempt.id,
    mode: attempt.mode,
    status: attempt.status,
    pinned_account_id: textOf(attempt.pinned_account_id),
    used_account_id: textOf(attempt.used_account_id),
    http_status_code: attempt.http_status_code,
    upstream_request_id: textOf(attempt.upstream_request_id),
    response_preview: textOf(attempt.response_preview),
    response_truncated: attempt.response_truncated,
    error_message: textOf(attempt.error_message),
    started_at: timeOf(attempt.started_at),
    finished_at: timeOf(attempt.finished_at),
    duration_ms: durationOf(attempt),
  }
}

const textOf = (text: string): string | null => (text === '' ? null : text)
const timeOf = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString())

function durationOf({ started_at, finished_at }: RetryAttempt): number | null {
  return started_at === 0 || finished_at === 0 ? null : Math.max(0, finished_at - started_at)
}

import { attemptVersions, type RetryAttempt, type RetryAttempts } from '../store/retry-attempts.ts'

const interrupted = 'the sidecar stopped during the retry; whether the gateway got the request is not known'
const notSent = 'the sidecar stopped before the retry was sent'

/** The attempt as it stands: one past its deadline has failed, as nobody runs it any more. */
export function settle(attempt: RetryAttempt, nowMs: number): RetryAttempt {
  const isUnfinished = attempt.status === 'queued' || attempt.status === 'running'
  return isUnfinished && nowMs >= attempt.deadline_at ? givenUp(attempt, attempt.deadline_at) : attempt
}

/**
 * Marks attempts as failed that a sidecar left unfinished: those of this data directory from before this start, as no
 * other process can have it, and any past their deadline. None is ever sent again.
 */
export async function failInterrupted(
  attempts: RetryAttempts,
  owner: string,
  startedAtMs: number,
): Promise<void> {
  for (const attempt of await attempts.unfinished()) {
    const isOurs = attempt.owner === owner && attempt.created_at < startedAtMs
    const settled = isOurs ? givenUp(attempt, startedAtMs) : settle(attempt, startedAtMs)
    if (settled !== attempt) await attempts.put(settled, attemptVersions.givenUp)
  }
}

function givenUp(attempt: RetryAttempt, atMs: number): RetryAttempt {
  return {
    ...attempt,
    status: 'failed',
    finished_at: Math.max(atMs, attempt.started_at),
    error_message: attempt.started_at > 0 ? interrupted : notSent,
  }
}

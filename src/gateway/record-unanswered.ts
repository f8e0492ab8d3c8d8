import { isCallerAbort } from './describe-error.ts'
import { openAttemptRecord } from './failed-attempt.ts'
import { beginObservedError, finishUpstreamError, recordObservedError } from './record-upstream-error.ts'
import { isBeyondTimeLimit, keepUndecided, takeRepeated } from './undecided-aborts.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/** Records a request that got no answer, unless its caller gave it up. */
export function recordUnanswered(error: unknown, details: UpstreamErrorDetails): void {
  if (!isCallerAbort(error)) {
    recordObservedError(error, details)
    return
  }
  const timedOut: UpstreamErrorDetails = {
    ...details,
    statusCode: 0,
    errorType: 'TimeoutError',
    message: 'no answer within the time limit of the client library',
  }
  if (isBeyondTimeLimit(details)) finishUpstreamError(beginObservedError(timedOut), undefined)
  else keepUndecided(timedOut)
}

/** Records the aborted request that this one repeats, if it does. Call it with every request as it begins. */
export function recordRepeated(details: UpstreamErrorDetails): void {
  const timedOut = takeRepeated(details)
  if (timedOut !== undefined) finishUpstreamError(openAttemptRecord(timedOut), undefined)
}

import { type AttemptFacts, describeAttempt } from './failed-attempt.ts'
import { type HeadersLike, headerValue } from './headers-like.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/**
 * The OpenAI and Anthropic client libraries enforce their time limit by an abort that looks just like their caller's.
 * Headers of theirs tell the two apart: the limit, in whole seconds rounded down, which OpenAI's sends only if it was
 * given with the request; and the number of tries before, as they repeat what timed out, but not what was given up.
 * Until a repetition, or the library's own error, says which it was, an abort is kept with its gateway request.
 */
const limitHeader = 'x-stainless-timeout'
const triesHeader = 'x-stainless-retry-count'

/** The library starts its timer a moment before the request is seen here. */
const toleranceMs = 100
const maxUndecided = 8

export function isBeyondTimeLimit(details: UpstreamErrorDetails): boolean {
  const limitSeconds = headerNumber(details, limitHeader)
  if (limitSeconds === undefined || details.startedAt === undefined) return false
  return performance.now() - details.startedAt + toleranceMs >= limitSeconds * 1_000
}

export function keepUndecided(details: UpstreamErrorDetails): void {
  const { context } = details
  if (context === undefined || headerNumber(details, triesHeader) === undefined) return
  if (context.undecided.length >= maxUndecided) return
  context.undecided = [...context.undecided, describeAttempt(undefined, details, context)]
}

/** The abort that turns out to have been a time limit, as `next` repeats its request. */
export function takeRepeated(next: UpstreamErrorDetails): AttemptFacts | undefined {
  const tries = headerNumber(next, triesHeader)
  if (tries === undefined) return undefined
  return take(
    next,
    ({ details }) =>
      String(details.url) === String(next.url) && headerNumber(details, triesHeader) === tries - 1,
  )
}

/** The abort that turns out to have been a time limit, as the library's error for it came. */
export function takeTimedOut({ context, error }: AttemptFacts): AttemptFacts | undefined {
  return isTimeout(error) ? take({ context }, () => true) : undefined
}

/** A client library's own name for no answer in time. */
export function isTimeout({ statusCode, errorType = '' }: AttemptFacts['error']): boolean {
  return statusCode === 0 && /timeout/i.test(errorType)
}

function take(
  { context }: Pick<UpstreamErrorDetails, 'context'>,
  isIt: (kept: AttemptFacts) => boolean,
): AttemptFacts | undefined {
  const taken = context?.undecided.findLast(isIt)
  if (context !== undefined && taken !== undefined) {
    context.undecided = context.undecided.filter((kept) => kept !== taken)
  }
  return taken
}

function headerNumber({ requestHeaders }: UpstreamErrorDetails, name: string): number | undefined {
  const value = headerValue(requestHeaders as HeadersLike | undefined, name)
  return value === undefined ? undefined : Number(value)
}

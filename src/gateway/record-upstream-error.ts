import { SpanKind } from '@opentelemetry/api'
import { upstreamErrorName } from '../event/selected-event.ts'
import { boundedBody, readLimitBytes } from './body-text.ts'
import { emitEvent } from './emit-event.ts'
import { errorMessageIn } from './error-message.ts'
import {
  type AttemptFacts,
  type AttemptRecord,
  describeAttempt,
  openAttemptRecord,
} from './failed-attempt.ts'
import { guarded } from './guard.ts'
import { trackPending } from './pending-work.ts'
import { readCloneBounded } from './read-body.ts'
import { markRecorded } from './recorded-marks.ts'
import { counters } from './telemetry-stats.ts'
import { isTimeout, takeTimedOut } from './undecided-aborts.ts'
import { currentUpstreamContext, type UpstreamContext } from './upstream-context.ts'
import { addResponseBody } from './upstream-error-attributes.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/**
 * Records one failed attempt at an upstream provider: `ops.upstream_error` of the event contract.
 *
 * `error` is whatever is at hand: a fetch `Response`, an error of undici, axios, the OpenAI or Anthropic SDK, a
 * network error, a broken stream's error. The body of a `Response` that was not read yet is read from a clone, up
 * to a limit in size and time, after this call has returned; the gateway can read its own copy as ever.
 * An error that was recorded for the same request before, by `instrumentFetch` say, is counted as a duplicate and
 * left at that. Returns at once and never throws.
 */
export function recordUpstreamError(error: unknown, details: UpstreamErrorDetails = {}): void {
  guarded(() => {
    const request = details.context ?? currentUpstreamContext()
    const isNew = markRecorded(error, request)
    const facts = isNew ? describeAttempt(error, details, request) : undefined
    if (facts === undefined || claimObserved(facts)) counters.duplicates += 1
    else finishWithBody(openAttemptRecord(takeTimedOut(facts) ?? facts), error)
  })
}

/** The same for what an instrumentation saw happen: always an attempt of its own. */
export function recordObservedError(error: unknown, details: UpstreamErrorDetails): void {
  guarded(() => {
    markRecorded(error, details.context)
    // A client library's error for a stream shares nothing with what was observed but the answer's headers.
    if (details.responseHeaders !== undefined) markRecorded(details.responseHeaders, details.context)
    finishWithBody(openAttemptRecord(describeAttempt(error, details, details.context)), error)
  })
}

/**
 * The first half of recording a failure seen on the wire. The client library's error for it shares nothing with what
 * was seen; when the gateway hands it in later, it is claimed.
 */
export function beginObservedError(details: UpstreamErrorDetails, error?: unknown): AttemptRecord {
  markRecorded(error, details.context)
  const record = openAttemptRecord(describeAttempt(error, details, details.context))
  record.summary.isObserved = true
  return record
}

function finishWithBody(record: AttemptRecord, error: unknown): void {
  const { facts, settings } = record
  const body = facts.details.responseBody ?? facts.error.body
  const unread =
    body === undefined && settings.responseBodies
      ? readCloneBounded(error, readLimitBytes(settings), settings.bodyTimeoutMs)
      : undefined
  if (unread === undefined) {
    finishUpstreamError(record, body)
    return
  }
  const finished = unread.then(({ bytes, sizeBytes }) => finishUpstreamError(record, bytes, sizeBytes))
  holdRequestOpen(facts.context, trackPending(finished))
}

/** Emits the attempt, when the body of its answer is at hand or given up. */
export function finishUpstreamError(record: AttemptRecord, body: unknown, bodySizeBytes = 0): void {
  const { facts, settings, attributes, summary } = record
  const bounded = settings.responseBodies ? boundedBody(body, settings, bodySizeBytes) : undefined
  if (bounded !== undefined) addResponseBody(attributes, bounded.text, bounded.sizeBytes)
  summary.message = errorMessageIn(bounded?.text) ?? facts.message
  summary.detail = bounded?.text.slice(0, maxDetailLength) ?? ''
  const isTaken = emitEvent({
    name: upstreamErrorName,
    attributes,
    at: facts.at,
    mode: record.mode,
    parent: record.parent,
    span: facts.details.span,
    ownSpan: {
      name:
        facts.details.method === undefined ? 'upstream attempt' : `${facts.details.method} upstream attempt`,
      kind: SpanKind.CLIENT,
      startedAt: facts.startedAt ?? facts.at,
      attributes: record.spanAttributes,
      statusMessage: summary.message,
    },
  })
  if (isTaken) counters.upstreamErrors += 1
}

/** What the request's final record repeats of the last answer. */
const maxDetailLength = 2_048

/**
 * True for a failure that was seen on the wire and comes again as a client library's error: the same status and
 * request id, if there is one, or the library's time limit. Each is claimed once, since upstreams may echo one id for
 * every attempt.
 */
function claimObserved({ context, upstreamRequestId, error }: AttemptFacts): boolean {
  if (context === undefined || (error.statusCode === 0 && !isTimeout(error))) return false
  const observed = context.attempts.find(
    (known) =>
      known.isObserved &&
      known.upstreamRequestId === upstreamRequestId &&
      known.statusCode === error.statusCode,
  )
  if (observed !== undefined) observed.isObserved = false
  return observed !== undefined
}

/** The final record of the request waits for `work`. */
export function holdRequestOpen(context: UpstreamContext | undefined, work: Promise<void>): void {
  if (context === undefined) return
  context.pending =
    context.pending === undefined ? work : Promise.all([context.pending, work]).then(() => undefined)
}

import { type Attributes, type Context, context as otelContext } from '@opentelemetry/api'
import { describeError, type ErrorFacts, requestIdFromHeaders } from './describe-error.ts'
import type { HeadersLike } from './headers-like.ts'
import { type EmitMode, type RecordingSettings, recordingSettings } from './recording-settings.ts'
import { requestParent } from './request-span.ts'
import type { FailedAttempt, UpstreamContext } from './upstream-context.ts'
import { attemptAttributes, attemptSpanAttributes } from './upstream-error-attributes.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/** What is known of a failed attempt: the error at hand, completed and overridden by the gateway's details. */
export interface AttemptFacts {
  readonly error: ErrorFacts
  readonly details: UpstreamErrorDetails
  readonly context: UpstreamContext | undefined
  readonly attempt: number
  readonly statusCode: number
  readonly midStream: boolean
  readonly kind: string
  /** Redacted. */
  readonly message: string
  readonly responseHeaders: HeadersLike | undefined
  readonly upstreamRequestId: string | undefined
  readonly at: number
  readonly startedAt: number | undefined
}

/** A failed attempt ready to be emitted but for the body of its answer. */
export interface AttemptRecord {
  readonly facts: AttemptFacts
  readonly settings: RecordingSettings
  readonly mode: EmitMode
  readonly parent: Context
  readonly attributes: Attributes
  readonly spanAttributes: Attributes
  /** The same attempt as the request's final record will tell it. */
  readonly summary: FailedAttempt
}

/**
 * Reads everything now: by the time that a body has been read, the gateway has moved on to its next account and the
 * context says so.
 */
export function describeAttempt(
  error: unknown,
  details: UpstreamErrorDetails,
  context: UpstreamContext | undefined,
): AttemptFacts {
  const facts = describeError(error)
  const midStream = details.midStream ?? facts.midStream ?? false
  const statusCode = details.statusCode ?? facts.statusCode
  const at = performance.now()
  const responseHeaders = (details.responseHeaders as HeadersLike | undefined) ?? facts.headers
  return {
    error: facts,
    details,
    context,
    attempt: details.attempt ?? context?.attemptCount ?? 0,
    statusCode,
    midStream,
    kind: details.kind ?? defaultKind(midStream, statusCode),
    message: recordingSettings().redaction.text(details.message ?? facts.message ?? ''),
    responseHeaders,
    upstreamRequestId:
      details.upstreamRequestId ?? facts.upstreamRequestId ?? requestIdFromHeaders(responseHeaders),
    at,
    startedAt: details.startedAt ?? (details.latencyMs === undefined ? undefined : at - details.latencyMs),
  }
}

/** Appends the attempt to its request, and prepares what will be emitted. */
export function openAttemptRecord(facts: AttemptFacts): AttemptRecord {
  const settings = recordingSettings()
  const mode = facts.details.emit ?? settings.emit
  return {
    facts,
    settings,
    mode,
    parent: facts.context === undefined ? otelContext.active() : requestParent(facts.context, mode),
    attributes: attemptAttributes(facts, settings),
    spanAttributes: attemptSpanAttributes(facts),
    summary: appendToRequest(facts),
  }
}

function defaultKind(midStream: boolean, statusCode: number): string {
  if (midStream) return 'stream_error'
  return statusCode === 0 ? 'request_error' : 'http_error'
}

/** Attempts of one request that are kept for its final record; a retry loop gone wild must not hold memory. */
const maxKeptAttempts = 32

function appendToRequest(facts: AttemptFacts): FailedAttempt {
  const { context, attempt, statusCode, kind, upstreamRequestId } = facts
  const summary: FailedAttempt = {
    attempt,
    statusCode,
    kind,
    upstreamRequestId,
    isObserved: false,
    message: '',
    detail: '',
  }
  if (context !== undefined) {
    const kept = context.attempts.length < maxKeptAttempts ? context.attempts : context.attempts.slice(1)
    context.attempts = [...kept, summary]
    context.attemptCount += 1
  }
  return summary
}

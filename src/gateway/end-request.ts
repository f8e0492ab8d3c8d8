import { SpanKind, trace } from '@opentelemetry/api'
import { requestErrorName } from '../event/selected-event.ts'
import { emitEvent } from './emit-event.ts'
import { guarded } from './guard.ts'
import { trackPending } from './pending-work.ts'
import { recordingSettings } from './recording-settings.ts'
import { requestErrorAttributes } from './request-error-attributes.ts'
import { isFailedRequest } from './request-failure.ts'
import { endOwnSpan, requestParent, spanName } from './request-span.ts'
import { counters } from './telemetry-stats.ts'
import type { UpstreamContext } from './upstream-context.ts'

/**
 * Ends a gateway request. An error answer is recorded once as `ops.request_error`; after a success nothing is.
 * Failed answers are those with a status of 400 and above, those that `failRequest` named, and those whose stream
 * broke after it had begun. `statusCode` is that of the answer to the client. Never throws.
 */
export function endRequest(context: UpstreamContext, statusCode: number): void {
  if (context.ended) return
  context.ended = true
  if (!isFailedRequest(context, statusCode)) {
    if (context.ownSpan !== undefined) guarded(() => endOwnSpan(context, performance.now(), undefined))
    return
  }
  const endedAt = performance.now()
  if (context.pending === undefined) guarded(() => emitRequestError(context, statusCode, endedAt))
  else trackPending(context.pending.then(() => emitRequestError(context, statusCode, endedAt)))
}

function emitRequestError(context: UpstreamContext, statusCode: number, endedAt: number): void {
  const settings = recordingSettings()
  const parent = requestParent(context, settings.emit)
  const attributes = requestErrorAttributes(context, statusCode, endedAt, settings)
  const message = String(attributes['ops.error.message'] ?? '')
  const isTaken = emitEvent({
    name: requestErrorName,
    attributes,
    at: endedAt,
    mode: settings.emit,
    parent,
    span: trace.getSpan(parent),
    ownSpan: {
      name: spanName(context),
      kind: SpanKind.SERVER,
      startedAt: context.startedAt,
      attributes: {},
      statusMessage: message,
    },
  })
  if (isTaken) counters.requestErrors += 1
  endOwnSpan(context, endedAt, message)
}

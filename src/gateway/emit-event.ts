import {
  type Attributes,
  type Context,
  logs,
  SeverityNumber,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { EmitMode } from './recording-settings.ts'
import { counters } from './telemetry-stats.ts'

const scopeName = 'ops-sidecar/gateway'

export interface EventToEmit {
  readonly name: string
  readonly attributes: Attributes
  /** `performance.now()` of the moment it happened. */
  readonly at: number
  readonly mode: EmitMode
  readonly parent: Context
  /** Put the event on this span, which stays open. */
  readonly span: Span | undefined
  /** Else on a span of its own, from `startedAt` to `at`. */
  readonly ownSpan: {
    readonly name: string
    readonly kind: SpanKind
    readonly startedAt: number
    readonly attributes: Attributes
    readonly statusMessage: string
  }
}

/**
 * Hands one event to OpenTelemetry's global API. Where a span is not recorded (a sampler said no) a log event takes
 * its place, so that sampling of traces does not lose errors.
 * @returns whether anything took it.
 */
export function emitEvent(event: EventToEmit): boolean {
  if (event.mode === 'span') return emitOnSpan(event) || emitOnOwnSpan(event) || emitLog(event, event.parent)
  return emitLog(event, spanOfLog(event))
}

/** A log event belongs to a span, too, where the request is traced: the one given, or one made for the attempt. */
function spanOfLog({ span, ownSpan, parent, at }: EventToEmit): Context {
  if (span?.isRecording() === true) return trace.setSpan(parent, span)
  if (trace.getSpan(parent)?.isRecording() !== true) return parent
  const own = startOwnSpan(ownSpan, parent)
  own.end(at)
  return trace.setSpan(parent, own)
}

function emitOnSpan(event: EventToEmit): boolean {
  if (event.span?.isRecording() !== true) return false
  event.span.addEvent(event.name, event.attributes, event.at)
  return true
}

function emitOnOwnSpan(event: EventToEmit): boolean {
  const span = startOwnSpan(event.ownSpan, event.parent)
  if (!span.isRecording()) return false
  span.addEvent(event.name, event.attributes, event.at)
  span.end(event.at)
  return true
}

function startOwnSpan(span: EventToEmit['ownSpan'], parent: Context): Span {
  const { name, kind, startedAt, attributes, statusMessage } = span
  const started = trace
    .getTracer(scopeName)
    .startSpan(name, { kind, startTime: startedAt, attributes }, parent)
  return started.setStatus({ code: SpanStatusCode.ERROR, message: statusMessage })
}

function emitLog(event: EventToEmit, context: Context): boolean {
  const logger = logs.getLogger(scopeName)
  const isEnabled = logger.enabled({
    context,
    severityNumber: SeverityNumber.ERROR,
    eventName: event.name,
  })
  if (!isEnabled) {
    counters.droppedUnrecorded += 1
    return false
  }
  logger.emit({
    eventName: event.name,
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    timestamp: performance.timeOrigin + event.at,
    attributes: event.attributes,
    context,
  })
  return true
}

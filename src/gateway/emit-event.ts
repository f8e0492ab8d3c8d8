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
  return (event.mode === 'span' && (emitOnSpan(event) || emitOnOwnSpan(event))) || emitLog(event)
}

function emitOnSpan(event: EventToEmit): boolean {
  if (event.span?.isRecording() !== true) return false
  event.span.addEvent(event.name, event.attributes, event.at)
  return true
}

function emitOnOwnSpan(event: EventToEmit): boolean {
  const { name, kind, startedAt, attributes, statusMessage } = event.ownSpan
  const tracer = trace.getTracer(scopeName)
  const span = tracer.startSpan(name, { kind, startTime: startedAt, attributes }, event.parent)
  if (!span.isRecording()) return false
  span.setStatus({ code: SpanStatusCode.ERROR, message: statusMessage })
  span.addEvent(event.name, event.attributes, event.at)
  span.end(event.at)
  return true
}

function emitLog(event: EventToEmit): boolean {
  const logger = logs.getLogger(scopeName)
  const isEnabled = logger.enabled({
    context: event.parent,
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
    context: event.parent,
  })
  return true
}

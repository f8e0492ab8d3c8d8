import { type Attributes, attributeNumber, attributeOf } from '../event/attribute.ts'
import {
  derivedAttribute,
  MalformedOtlpError,
  requestErrorName,
  type SelectedEvent,
  spanKindServer,
  type TakeEvent,
} from '../event/selected-event.ts'
import type { Enclosing, ExportScan } from './export-scan.ts'
import type { SpanWithEvents } from './span-events.ts'

const statusError = 2
const derived: Attributes = { keys: [derivedAttribute], values: ['server_span'] }

/** What an export has said of its traces: where upstream errors are, and which requests have a record of their own. */
export interface FailedTraces {
  note(event: SelectedEvent): void
  /** Traces with upstream errors whose gateway has emitted no record of the request. */
  unrecorded(): ReadonlySet<string>
  /** Whether an upstream error is on this span, or on a child of it. */
  isAbove(spanId: string): boolean
}

export function createFailedTraces(): FailedTraces {
  const failed = new Set<string>()
  const recorded = new Set<string>()
  const spans = new Set<string>()
  return {
    note({ name, traceId, spanId, span }) {
      if (traceId === '') return
      if (name === requestErrorName) {
        recorded.add(traceId)
        return
      }
      failed.add(traceId)
      spans.add(spanId)
      if (span && span.parentSpanId !== '') spans.add(span.parentSpanId)
    },
    unrecorded: () => failed.difference(recorded),
    isAbove: (spanId) => spans.has(spanId),
  }
}

/** How an encoding reads a span at the reader's position; each may throw MalformedOtlpError. */
export interface ServerSpanReader<Reader> {
  /** Of the trace id's value. */
  readonly readTraceId: (reader: Reader, end: number) => string
  /** Without its events. */
  readonly readSpan: (reader: Reader, end: number) => SpanWithEvents
}

/** The records of the failed requests of these traces, one for each SERVER span that a walk came by and that ended in error. */
export function findRequestErrors<Reader extends { position: number }>(
  { reader, serverSpans }: ExportScan<Reader>,
  { readTraceId, readSpan }: ServerSpanReader<Reader>,
  traces: ReadonlySet<string>,
): SelectedEvent[] {
  const found: SelectedEvent[] = []
  for (const { places, scope, resource } of serverSpans) {
    for (let i = 0; i < places.length; i += 4) {
      const [start = 0, end = 0, traceIdAt = 0, itemIndex = 0] = places.slice(i, i + 4)
      if (traceIdAt === 0) continue
      try {
        reader.position = traceIdAt
        if (!traces.has(readTraceId(reader, end))) continue
        reader.position = start
        const record = requestErrorOf(readSpan(reader, end), { itemIndex, scope, resource })
        if (record !== undefined) found.push(record)
      } catch (error) {
        // A span that nothing else looks into is broken: no reason to refuse the export.
        if (!(error instanceof MalformedOtlpError)) throw error
      }
    }
  }
  return found
}

/**
 * The record of a request that its gateway did not emit: of a SERVER span that ended in error, by its status or by the
 * answer's. Undefined for any other span.
 */
function requestErrorOf(source: SpanWithEvents, enclosing: Enclosing): SelectedEvent | undefined {
  const { traceId, spanId, span } = source
  const answered =
    attributeNumber(attributeOf(span.attributes, 'http.response.status_code')) ??
    attributeNumber(attributeOf(span.attributes, 'http.status_code')) ??
    0
  if (span.kind !== spanKindServer || (span.statusCode !== statusError && answered < 400)) return undefined
  return {
    signal: 'traces',
    name: requestErrorName,
    timeUnixNano: span.endTimeUnixNano || span.startTimeUnixNano,
    traceId,
    spanId,
    ordinal: 0,
    itemIndex: enclosing.itemIndex,
    attributes: derived,
    droppedAttributesCount: 0,
    span,
    body: undefined,
    scope: enclosing.scope(),
    resource: enclosing.resource(),
  }
}

/**
 * One record for each trace: of the span right above an upstream error, else of the innermost, which began last. A proxy
 * in front of the gateway has a SERVER span in the same trace.
 * @returns how many there are.
 */
export function takeRequestErrors(
  candidates: readonly SelectedEvent[],
  { isAbove }: Pick<FailedTraces, 'isAbove'>,
  take: TakeEvent,
): number {
  const byTrace = Map.groupBy(candidates, (candidate) => candidate.traceId)
  for (const ofTrace of byTrace.values()) {
    const [best] = ofTrace.toSorted(
      (a, b) => Number(isAbove(b.spanId)) - Number(isAbove(a.spanId)) || Number(startOf(b) - startOf(a)),
    )
    if (best) take(best)
  }
  return byTrace.size
}

const startOf = ({ span }: SelectedEvent): bigint => span?.startTimeUnixNano ?? 0n

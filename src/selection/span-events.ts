import type { Attributes } from '../event/attribute.ts'
import type { SpanOfEvent, TakeEvent } from '../event/selected-event.ts'
import { upstreamErrorName } from '../event/selected-event.ts'
import type { EventName } from './event-rule.ts'
import { isException, isProviderFailure } from './event-rule.ts'
import type { Enclosing } from './export-scan.ts'
import { countEqual } from './ordinal.ts'

/** A span event with a name of the rule. */
export interface NamedSpanEvent {
  readonly name: EventName
  readonly timeUnixNano: bigint
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
}

export interface SpanWithEvents {
  readonly traceId: string
  readonly spanId: string
  readonly span: SpanOfEvent
  /** In the order of the wire. */
  readonly events: readonly NamedSpanEvent[]
}

/**
 * Hands a span's events to `take`, exceptions only where the rule has them. An instrumentation that records
 * the exception beside our event tells of the same failure: then our event alone makes a row.
 */
export function selectSpanEvents(source: SpanWithEvents, enclosing: Enclosing, take: TakeEvent): void {
  const { traceId, spanId, span, events } = source
  const ordinals = ordinalsOf(events)
  const hasUpstreamError = events.some((event) => event.name === upstreamErrorName)
  for (let i = 0; i < events.length; i++) {
    const event = events[i] as NamedSpanEvent
    if (isException(event.name)) {
      if (hasUpstreamError) continue
      if (!isProviderFailure(event.attributes) && !isProviderFailure(span.attributes)) continue
    }
    take({
      signal: 'traces',
      name: event.name,
      timeUnixNano: event.timeUnixNano,
      traceId,
      spanId,
      ordinal: ordinals[i] as number,
      itemIndex: enclosing.itemIndex,
      attributes: event.attributes,
      droppedAttributesCount: event.droppedAttributesCount,
      span,
      body: undefined,
      scope: enclosing.scope(),
      resource: enclosing.resource(),
    })
  }
}

const onlyOne: readonly number[] = [0]

function ordinalsOf(events: readonly NamedSpanEvent[]): readonly number[] {
  if (events.length === 1) return onlyOne
  const seen = new Map<string, number>()
  return events.map(({ name, timeUnixNano }) => countEqual(seen, `${name} ${timeUnixNano}`))
}

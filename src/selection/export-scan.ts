import type { Attributes } from '../event/attribute.ts'
import type { ScopeOfEvent, TakeEvent } from '../event/selected-event.ts'
import type { EventRule } from './event-rule.ts'

/** One walk over one export request. `Reader` is the encoding's. */
export interface ExportScan<Reader> {
  readonly reader: Reader
  readonly rule: EventRule
  itemCount: number
  eventCount: number
  /** Called for each selected event while the walk goes on: an event that is not kept is young garbage. */
  readonly take: TakeEvent
  /** Log events by identity, to tell equals apart. */
  readonly seenLogEvents: Map<string, number>
  /** SERVER spans, group by group: which of them failed requests are is known only at the end. */
  readonly serverSpans: ServerSpans[]
  /** Where the value of the trace id begins in the span that was looked at last; 0 = it has none. */
  traceIdAt: number
}

/** The SERVER spans of one scope group. */
export interface ServerSpans extends Omit<Enclosing, 'itemIndex'> {
  /** For each: start, end, `traceIdAt` and item index, one after the other. */
  readonly places: readonly number[]
}

/** What a look at an item tells, as bits. */
export const mayHoldEvent = 1
export const mayBeServerSpan = 2

/**
 * What a signal does with one span or log record at the reader's position.
 *
 * An item is walked twice at most. `lookAt` passes it without making anything, counts its events, and has the bit
 * `mayHoldEvent` for every item that holds a selected event, rarely for others. Only then, and after its whole resource
 * group has been walked, does `select` read the item again: the wire may have resource and scope behind the items.
 * `end` is where the item ends, which JSON tells by itself.
 */
export interface ItemScanner<Reader> {
  readonly lookAt: (scan: ExportScan<Reader>, end: number) => number
  readonly select: (scan: ExportScan<Reader>, enclosing: Enclosing, end: number) => void
}

/** What encloses an item. The functions read on first use and move the reader. */
export interface Enclosing {
  readonly itemIndex: number
  readonly scope: () => ScopeOfEvent
  readonly resource: () => Attributes
}

export function createExportScan<Reader>(
  reader: Reader,
  rule: EventRule,
  take: TakeEvent,
): ExportScan<Reader> {
  return {
    reader,
    rule,
    itemCount: 0,
    eventCount: 0,
    take,
    seenLogEvents: new Map(),
    serverSpans: [],
    traceIdAt: 0,
  }
}

/** What was found in one scope group, as positions. */
export interface ScopeMatches {
  readonly scopes: readonly number[]
  /** Items that may hold an event: start, end and index of each. */
  readonly items: readonly number[]
  /** As in `ServerSpans`. */
  readonly servers: readonly number[]
}

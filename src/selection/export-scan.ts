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
}

/**
 * What a signal does with one span or log record at the reader's position.
 *
 * An item is walked twice at most. `mayMatch` passes it without making anything, counts its events, and is true
 * for every item that holds a selected event, rarely for others. Only then, and after its whole resource group
 * has been walked, does `select` read the item again: the wire may have resource and scope behind the items.
 * `end` is where the item ends, which JSON tells by itself.
 */
export interface ItemScanner<Reader> {
  readonly mayMatch: (scan: ExportScan<Reader>, end: number) => boolean
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
  return { reader, rule, itemCount: 0, eventCount: 0, take, seenLogEvents: new Map() }
}

/** Items that may match within one scope group; positions are starts, in protobuf pairs of start and end. */
export interface ScopeMatches {
  readonly scopes: readonly number[]
  readonly items: readonly number[]
  readonly itemIndexes: readonly number[]
}

/** Calls `read` once, on first use. */
export function lazily<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined
  return () => {
    value ??= { of: read() }
    return value.of
  }
}

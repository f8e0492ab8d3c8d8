import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Claim, RecentEvents } from './deduplication/recent-events.ts'
import type { ErrorCode } from './errors.ts'
import { encodeRowRecord, rowRecordBytes } from './event/row-record.ts'
import {
  MalformedOtlpError,
  requestErrorName,
  type SelectedEvent,
  type Selection,
  type Signal,
  upstreamErrorName,
} from './event/selected-event.ts'
import type { EncodedRow } from './event/tables.ts'
import type { UpstreamErrorEvent } from './event/upstream-error-event.ts'
import type { AppendResult, Journal } from './journal/journal.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Normalized } from './normalization/normalize-event.ts'
import type { ExportOutcome, ExportRequest, HandleExport } from './receiver/export-request.ts'

/** The hops between receiver and journal. */
export interface PipelineHops {
  readonly select: (signal: Signal, encoding: ExportRequest['encoding'], body: Uint8Array) => Selection
  readonly normalize: (event: SelectedEvent, nowMs: number) => Normalized
  readonly redact: (event: UpstreamErrorEvent) => UpstreamErrorEvent
  readonly encode: (event: UpstreamErrorEvent, signal: Signal) => EncodedRow
  readonly recent: RecentEvents
  readonly journal: Pick<Journal, 'append'>
  readonly maxRecordBytes: number
  /** How full the journal is, from 0 to 1. */
  readonly pressure: () => number
  /** Time that an export waits for the disk. */
  readonly ackTimeoutMs: number
}

/** Metadata is worth more than bodies: these go before exports are refused. */
const shedBodiesAbove = 0.75

type Refusal = Extract<AppendResult, { status: 'refused' }>['reason']

const refusals: Record<Refusal, [ErrorCode, string]> = {
  full: ['journal_full', 'the journal holds as much as it may'],
  disk_reserve: ['journal_full', 'the disk is nearly full'],
  queue_full: ['overloaded', 'too many rows wait for the disk'],
  record_too_large: [
    'body_too_large',
    'the upstream errors of this request are over the limit of one record',
  ],
  failed: ['journal_failed', 'the journal could not be written'],
  closed: ['shutting_down', 'the sidecar is shutting down'],
}

/**
 * The way of one export request: select, normalize, redact, encode, drop what came before, append; the answer is
 * given when the rows are durable.
 */
export function createPipeline(hops: PipelineHops, metrics: Metrics, log: Logger): HandleExport {
  return async ({ signal, encoding, body }): Promise<ExportOutcome> => {
    let selection: Selection
    try {
      selection = hops.select(signal, encoding, body)
    } catch (error) {
      if (error instanceof MalformedOtlpError)
        return { status: 'refused', code: 'malformed_otlp', message: error.message }
      throw error
    }

    const nowMs = Date.now()
    const withoutBodies = hops.pressure() > shedBodiesAbove
    const rows: EncodedRow[] = []
    const rejected: { reason: string; itemIndex: number }[] = []
    const upstreamErrors = selection.selected.filter((event) => event.name !== requestErrorName)
    for (const event of upstreamErrors) {
      const normalized = hops.normalize(event, nowMs)
      if (normalized.status === 'rejected') {
        rejected.push({ reason: normalized.reason, itemIndex: event.itemIndex })
        continue
      }
      const redacted = hops.redact(normalized.event)
      rows.push(hops.encode(withoutBodies ? shedBodies(redacted, signal, metrics) : redacted, signal))
    }

    const parts = splitRecords(rows, hops.maxRecordBytes)
    const appends = await Promise.all(parts.map((part) => appendNew(part, hops, metrics)))
    let appended = 0
    for (const append of appends) {
      // Parts that are durable stay so: the client repeats the request, and their rows are then duplicates.
      if (append.status === 'refused') return append
      appended += append.rows
    }

    metrics.receivedItems.inc({ signal }, selection.itemCount)
    metrics.receivedEvents.inc({ signal }, selection.eventCount)
    metrics.skippedEvents.inc({ signal }, selection.eventCount - upstreamErrors.length)
    metrics.duplicateEvents.inc({ signal }, rows.length - appended)
    for (const { reason } of rejected) metrics.rejectedEvents.inc({ signal, reason })
    if (rejected.length === 0) return { status: 'accepted', rejectedItems: 0, message: '' }
    const reasons = [...new Set(rejected.map((item) => item.reason))].join(', ')
    log.warn({ signal, rejected: rejected.length, reasons }, 'upstream errors rejected')
    return {
      status: 'accepted',
      rejectedItems: new Set(rejected.map((item) => item.itemIndex)).size,
      message: `${rejected.length} ${upstreamErrorName} events cannot be stored: ${reasons}`,
    }
  }
}

type Refused = Extract<ExportOutcome, { status: 'refused' }>
type Append = { readonly status: 'durable'; readonly rows: number } | Refused

/** Appends the rows that were not seen before; durable when all of them are, by this request or by another. */
async function appendNew(rows: readonly EncodedRow[], hops: PipelineHops, metrics: Metrics): Promise<Append> {
  const claim = hops.recent.claim(rows)
  const appended = claim.rows.length === 0 ? undefined : append(claim, hops, metrics)
  // The answer must come before the exporter gives up; what becomes durable later is found when it is sent again.
  const ended = Promise.all([appended, claim.othersDurable()])
  const result = await Promise.race([ended, sleep(hops.ackTimeoutMs, 'timeout' as const, { ref: false })])
  if (result === 'timeout') return { status: 'refused', code: 'overloaded', message: 'the disk is too slow' }
  const [refusal, othersDurable] = result
  if (refusal) return refusal
  // A copy of rows that another request was still writing is only as safe as that request.
  if (othersDurable) return { status: 'durable', rows: claim.rows.length }
  return {
    status: 'refused',
    code: 'journal_failed',
    message: 'the first copy of these events was not written',
  }
}

async function append(claim: Claim, hops: PipelineHops, metrics: Metrics): Promise<Refused | undefined> {
  const stopTimer = metrics.commitSeconds.startTimer()
  const result = await hops.journal.append(encodeRowRecord(claim.rows))
  stopTimer()
  if (result.status === 'refused') {
    claim.abandon()
    const [code, message] = refusals[result.reason]
    return { status: 'refused', code, message }
  }
  claim.settle()
  for (const row of claim.rows) metrics.pendingEvents.inc({ signal: row.signal })
  return undefined
}

/** The event without its bodies; their sizes stay. */
function shedBodies(event: UpstreamErrorEvent, signal: Signal, metrics: Metrics): UpstreamErrorEvent {
  if (event.request_body === '' && event.response_body === '') return event
  metrics.shedBodies.inc({ signal })
  const attributes = new Map(event.attributes).set('ops.shed', 'bodies')
  return { ...event, request_body: '', response_body: '', attributes }
}

/** Rows in groups that each fit a journal record. */
function splitRecords(rows: readonly EncodedRow[], maxBytes: number): EncodedRow[][] {
  const parts: EncodedRow[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const row of rows) {
    const size = rowRecordBytes(row)
    if (bytes + size > maxBytes) {
      parts.push([])
      bytes = rowRecordBytes()
    }
    parts.at(-1)?.push(row)
    bytes += size
  }
  return parts
}

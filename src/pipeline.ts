import type { Logger } from 'pino'
import type { DecodedExport } from './decoding/decode-export.ts'
import type { Claim, RecentEvents } from './deduplication/recent-events.ts'
import type { ErrorCode } from './errors.ts'
import { freeBytes } from './event/free-bytes.ts'
import { encodeRowRecord, rowRecordBytes } from './event/row-record.ts'
import { MalformedOtlpError, type Signal, upstreamErrorName } from './event/selected-event.ts'
import type { EncodedRow } from './event/tables.ts'
import type { AppendResult, Journal } from './journal/journal.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { ExportOutcome, ExportRequest, HandleExport } from './receiver/export-request.ts'

/** The hops between receiver and delivery. */
export interface PipelineHops {
  /** Select, normalize, redact, encode: in this thread or in another. */
  readonly decode: (
    signal: ExportRequest['signal'],
    encoding: ExportRequest['encoding'],
    body: Uint8Array,
    withoutBodies: boolean,
    serviceNamespaces: ExportRequest['serviceNamespaces'],
  ) => DecodedExport | Promise<DecodedExport>
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

type Refused = Extract<ExportOutcome, { status: 'refused' }>
type Append = { readonly status: 'durable'; readonly rows: number } | Refused

const refusals: Record<Extract<AppendResult, { status: 'refused' }>['reason'], [ErrorCode, string]> = {
  full: ['journal_full', 'the journal holds as much as it may'],
  disk_reserve: ['journal_full', 'the disk is nearly full'],
  queue_full: ['overloaded', 'too many rows wait for the disk'],
  record_too_large: ['body_too_large', 'an upstream error of this request is over the limit of one record'],
  failed: ['journal_failed', 'the journal could not be written'],
  closed: ['shutting_down', 'the sidecar is shutting down'],
}

/** The way of one export request: decode, drop what came before, append; the answer is given when the rows are durable. */
export function createPipeline(hops: PipelineHops, metrics: Metrics, log: Logger): HandleExport {
  return async ({ signal, encoding, body, releaseBody, serviceNamespaces }): Promise<ExportOutcome> => {
    let decoded: DecodedExport
    try {
      const withoutBodies = hops.pressure() > shedBodiesAbove
      decoded = await hops.decode(signal, encoding, body, withoutBodies, serviceNamespaces)
    } catch (error) {
      if (!(error instanceof MalformedOtlpError)) throw error
      return { status: 'refused', code: 'malformed_otlp', message: error.message }
    }
    releaseBody()

    const parts = splitRecords(decoded.rows, hops.maxRecordBytes).map((rows) => claimNew(rows, hops))
    decoded.releaseRows()
    const appends = await Promise.all(parts.map((part) => appendNew(signal, part, hops, metrics)))
    let appendedRows = 0
    for (const append of appends) {
      // Parts that are durable stay so: the client repeats the request, and their rows are then duplicates.
      if (append.status === 'refused') return append
      appendedRows += append.rows
    }

    metrics.receivedItems.inc({ signal }, decoded.itemCount)
    metrics.receivedEvents.inc({ signal }, decoded.eventCount - appendedRows)
    metrics.skippedEvents.inc({ signal }, decoded.eventCount - decoded.selectedCount)
    metrics.duplicateEvents.inc({ signal }, decoded.rows.length - appendedRows)
    metrics.shedBodies.inc({ signal }, decoded.shedCount)
    for (const { reason } of decoded.rejected) metrics.rejectedEvents.inc({ signal, reason })
    return outcomeOf(decoded, log)
  }
}

function outcomeOf({ rejected }: DecodedExport, log: Logger): ExportOutcome {
  if (rejected.length === 0) return { status: 'accepted', rejectedItems: 0, message: '' }
  const reasons = [...new Set(rejected.map((item) => item.reason))].join(', ')
  log.warn({ rejected: rejected.length, reasons }, 'upstream errors rejected')
  return {
    status: 'accepted',
    rejectedItems: new Set(rejected.map((item) => item.itemIndex)).size,
    message: `${rejected.length} ${upstreamErrorName} events cannot be stored: ${reasons}`,
  }
}

interface NewRows {
  readonly claim: Claim
  /** A journal record of the claimed rows; undefined when all were seen before. */
  readonly record: Buffer | undefined
}

function claimNew(rows: readonly EncodedRow[], hops: PipelineHops): NewRows {
  const claim = hops.recent.claim(rows)
  return { claim, record: claim.rows.length === 0 ? undefined : encodeRowRecord(claim.rows) }
}

/** Appends rows that were not seen before; durable when all of the export's are, by this request or by another. */
async function appendNew(
  signal: Signal,
  { claim, record }: NewRows,
  hops: PipelineHops,
  metrics: Metrics,
): Promise<Append> {
  const appended = record && append(signal, claim, record, hops, metrics)
  // The answer must come before the exporter gives up; what becomes durable later is found when it is sent again.
  const ended = await within(hops.ackTimeoutMs, Promise.all([appended, claim.othersDurable()]))
  if (ended === undefined) return { status: 'refused', code: 'overloaded', message: 'the disk is too slow' }
  const [refusal, othersDurable] = ended
  if (refusal) return refusal
  if (othersDurable) return { status: 'durable', rows: claim.rows.length }
  // A copy of rows that another request was still writing is only as safe as that request.
  return {
    status: 'refused',
    code: 'journal_failed',
    message: 'the first copy of these events was not written',
  }
}

async function append(
  signal: Signal,
  claim: Claim,
  record: Buffer,
  hops: PipelineHops,
  metrics: Metrics,
): Promise<Refused | undefined> {
  const stopTimer = metrics.commitSeconds.startTimer()
  const result = await hops.journal.append(record)
  stopTimer()
  freeBytes(record)
  if (result.status === 'refused') {
    claim.abandon()
    const [code, message] = refusals[result.reason]
    return { status: 'refused', code, message }
  }
  claim.settle()
  // Counted here, as they will be stored even if the rest of the export, and so its answer, fails.
  metrics.receivedEvents.inc({ signal }, claim.rows.length)
  metrics.pendingEvents.inc({ signal }, claim.rows.length)
  return undefined
}

/** The work's result, or undefined when it takes longer. */
function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs)
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
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

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { idKey, type RecentEvents } from '../deduplication/recent-events.ts'
import type { EncodedRow } from '../event/tables.ts'
import type { Journal, JournalRecord } from '../journal/journal.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createBackoff } from './backoff.ts'
import { type Checkpoint, type FrozenCycle, writeCheckpoint } from './checkpoint.ts'
import { writeDeadLetters } from './dead-letter.ts'
import {
  type BatchLimits,
  type BatchOfRows,
  cutBatches,
  newBatchIds,
  rowsOf,
  thawBatches,
  toBatch,
} from './freeze-cycle.ts'
import { isolateRefused } from './isolate-refused.ts'
import { reconcile } from './reconcile.ts'
import type { DeliveryStore } from './store-port.ts'

export interface DeliveryOptions {
  readonly journal: Pick<Journal, 'read' | 'waitForRecords' | 'release'>
  readonly store: DeliveryStore
  readonly recent: RecentEvents
  readonly checkpointPath: string
  readonly checkpoint: Checkpoint
  /** Records up to here were in the journal at start: their rows may be stored already. */
  readonly recoveredUpTo: number
  /**
   * Makes the store ready (tables, ids of what it has) before the first row is delivered; tried again while it fails.
   * Resolves to the horizon of `recent` once the recovered records are delivered.
   */
  prepare(): Promise<number>
  readonly deadLetterDirectory: string
  readonly limits: BatchLimits
  readonly maxWaitMs: number
  readonly metrics: Metrics
  readonly log: Logger
}

export interface DeliveryStatus {
  readonly delivered: number
  /** Why the store does not take rows now, or undefined while it does. */
  readonly failure: string | undefined
  readonly failingSinceMs: number | undefined
}

export interface Delivery {
  status(): DeliveryStatus
  /** Delivers what is in the journal until it is empty or `timeoutMs` is over, then ends. */
  stop(timeoutMs: number): Promise<void>
}

/**
 * Moves rows from the journal to the store, in order, one cycle at a time:
 *
 *     read records ─▶ leave out what is stored ─▶ cut into batches ─▶ freeze (checkpoint) ─▶ insert each ─▶ release
 *                                                                        │ restart              │ doubt
 *                                                                        └──────▶ reconcile ◀───┘
 */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { journal, store, recent, metrics, log, limits } = options
  const backoff = createBackoff(100, 10_000)
  const stopping = new AbortController()
  /** Ends a pause when the deadline of `stop` comes first. */
  const wake = new AbortController()
  let checkpoint = options.checkpoint
  let deadlineMs = Number.POSITIVE_INFINITY
  let failure: string | undefined
  let failingSinceMs: number | undefined
  let horizonMs = Number.POSITIVE_INFINITY
  let countedUpTo = 0

  const expired = () => Date.now() >= deadlineMs

  async function pause(reason: string): Promise<void> {
    if (failure === undefined) {
      failingSinceMs = Date.now()
      log.warn({ reason }, 'delivery is failing; rows wait in the journal')
    }
    failure = reason
    const ms = Math.min(backoff.nextMs(), Math.max(0, deadlineMs - Date.now()))
    await sleep(ms, undefined, { signal: wake.signal }).catch(() => {})
  }

  function succeeded(): void {
    if (failure !== undefined)
      log.info({ failed_ms: Date.now() - (failingSinceMs ?? 0) }, 'delivery works again')
    failure = undefined
    failingSinceMs = undefined
    backoff.reset()
  }

  async function nextRecords(): Promise<readonly JournalRecord[]> {
    await journal.waitForRecords(checkpoint.delivered, 1000)
    const first = await journal.read(checkpoint.delivered, { maxRecords: 1, maxBytes: 1 })
    const oldest = first[0]
    if (oldest === undefined) return []
    const waitMs = oldest.appendedAtMs + options.maxWaitMs - Date.now()
    if (waitMs > 0)
      await sleep(Math.min(waitMs, options.maxWaitMs), undefined, { signal: stopping.signal }).catch(() => {})
    return journal.read(checkpoint.delivered, { maxRecords: limits.maxRows, maxBytes: limits.maxBytes })
  }

  /** Rows that were in the journal at start become pending when they are first read. */
  function countRecovered(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.sequence > options.recoveredUpTo || record.sequence <= countedUpTo) continue
      countedUpTo = record.sequence
      for (const { signal } of rowsOf([record])) {
        metrics.recoveredEvents.inc({ signal })
        metrics.pendingEvents.inc({ signal })
      }
    }
  }

  /** Positions of rows that are stored already, or twice among these. */
  async function findExcluded(rows: readonly EncodedRow[], recovered: boolean): Promise<number[]> {
    const suspects = recovered ? rows : rows.filter((row) => row.createdAtMs <= recent.horizonMs)
    const stored = suspects.length === 0 ? new Set<string>() : await store.findStored(suspects)
    const seen = new Set<string>()
    const excluded: number[] = []
    for (const [position, row] of rows.entries()) {
      const key = idKey(row.eventId)
      if (stored.has(key) || seen.has(key)) excluded.push(position)
      seen.add(key)
    }
    return excluded
  }

  async function freeze(records: readonly JournalRecord[]): Promise<BatchOfRows[]> {
    countRecovered(records)
    const rows = rowsOf(records)
    const last = records.at(-1)?.sequence ?? checkpoint.delivered
    const recovered = (records[0]?.sequence ?? 0) <= options.recoveredUpTo
    if (recovered) for (const row of rows) recent.add(row)
    const excluded = await findExcluded(rows, recovered)
    const cut = cutBatches(rows, new Set(excluded), limits)
    const frozen: FrozenCycle = {
      after: checkpoint.delivered,
      upTo: last,
      ...limits,
      excluded,
      batches: newBatchIds(cut),
    }
    const next: Checkpoint = { ...checkpoint, frozen }
    await writeCheckpoint(options.checkpointPath, next)
    checkpoint = next
    for (const position of excluded) countEnded(rows[position] as EncodedRow, metrics.duplicateEvents)
    return cut.map((rowsOfBatch, index) => toBatch(frozen.batches[index]?.id as string, rowsOfBatch))
  }

  async function deliverBatch(batch: BatchOfRows, startsInDoubt: boolean): Promise<boolean> {
    let inDoubt = startsInDoubt
    while (!expired()) {
      const stopTimer = metrics.insertSeconds.startTimer()
      let result = inDoubt
        ? await reconcile(store, batch, (finding) => metrics.reconciles.inc({ finding }))
        : await store.insert(batch, batch.id)
      stopTimer()
      let refusedRows: ReadonlySet<EncodedRow> = new Set()
      metrics.inserts.inc({ outcome: result.status })
      if (result.status === 'refused') {
        const isolated = await isolateRefused(store, batch)
        result = isolated.result
        refusedRows = new Set(isolated.refused.map((item) => item.row))
        if (result.status === 'stored') await bury(isolated.refused)
      }
      if (result.status === 'stored') {
        for (const row of batch.rows) if (!refusedRows.has(row)) countEnded(row, metrics.storedEvents)
        metrics.batchRows.observe(batch.rowCount)
        succeeded()
        return true
      }
      if (result.status === 'unknown') inDoubt = true
      await pause(result.reason)
    }
    return false
  }

  async function bury(refused: Awaited<ReturnType<typeof isolateRefused>>['refused']): Promise<void> {
    for (const { row, reason } of refused) {
      await writeDeadLetters(options.deadLetterDirectory, [row], reason)
      countEnded(row, metrics.deadLetteredEvents)
    }
    if (refused.length > 0)
      log.error(
        { rows: refused.length, reason: refused[0]?.reason },
        'rows refused by the store: see ops-sidecar dead-letter list',
      )
  }

  function countEnded(row: EncodedRow, counter: Metrics['storedEvents']): void {
    counter.inc({ signal: row.signal })
    metrics.pendingEvents.dec({ signal: row.signal })
  }

  async function finish(upTo: number): Promise<void> {
    const next: Checkpoint = { version: 1, delivered: upTo, frozen: null }
    await writeCheckpoint(options.checkpointPath, next)
    checkpoint = next
    await journal.release(upTo)
    if (upTo >= options.recoveredUpTo) recent.settleHorizon(horizonMs)
  }

  /** The cycle that the last run left frozen, if it is whole. */
  async function thaw(frozen: FrozenCycle): Promise<BatchOfRows[] | undefined> {
    const records: JournalRecord[] = []
    let after = frozen.after
    while (after < frozen.upTo) {
      const more = await journal.read(after, { maxRecords: limits.maxRows, maxBytes: limits.maxBytes })
      const inside = more.filter((record) => record.sequence <= frozen.upTo)
      if (inside.length === 0) break
      records.push(...inside)
      after = inside.at(-1)?.sequence as number
    }
    countRecovered(records)
    const rows = rowsOf(records)
    for (const row of rows) recent.add(row)
    const batches = thawBatches(frozen, rows)
    for (const position of batches ? frozen.excluded : [])
      countEnded(rows[position] as EncodedRow, metrics.duplicateEvents)
    if (batches === undefined)
      log.error(
        'the frozen batches cannot be made again from the journal; their rows are looked up one by one',
      )
    return batches
  }

  async function deliverAll(batches: readonly BatchOfRows[], inDoubt: boolean, upTo: number): Promise<void> {
    for (const batch of batches) if (!(await deliverBatch(batch, inDoubt))) return
    await finish(upTo)
  }

  async function cycle(): Promise<void> {
    if (checkpoint.frozen) {
      const batches = await thaw(checkpoint.frozen)
      if (batches) return deliverAll(batches, true, checkpoint.frozen.upTo)
      checkpoint = { ...checkpoint, frozen: null }
    }
    const records = await nextRecords()
    if (records.length === 0) return
    const upTo = records.at(-1)?.sequence as number
    await deliverAll(await freeze(records), false, upTo)
  }

  async function prepare(): Promise<boolean> {
    while (!expired()) {
      try {
        horizonMs = await options.prepare()
        if (checkpoint.delivered >= options.recoveredUpTo) recent.settleHorizon(horizonMs)
        succeeded()
        return true
      } catch (error) {
        await pause(error instanceof Error ? error.message : String(error))
      }
    }
    return false
  }

  async function run(): Promise<void> {
    if (!(await prepare())) return
    while (!expired()) {
      try {
        if (stopping.signal.aborted && (await isEmpty())) return
        await cycle()
      } catch (error) {
        log.error({ err: error }, 'delivery cycle failed')
        await pause(String(error))
      }
    }
  }

  async function isEmpty(): Promise<boolean> {
    if (checkpoint.frozen) return false
    return (await journal.read(checkpoint.delivered, { maxRecords: 1, maxBytes: 1 })).length === 0
  }

  const running = run()
  return {
    status: () => ({ delivered: checkpoint.delivered, failure, failingSinceMs }),
    async stop(timeoutMs) {
      deadlineMs = Math.min(deadlineMs, Date.now() + timeoutMs)
      stopping.abort()
      const timer = setTimeout(() => wake.abort(), Math.max(0, deadlineMs - Date.now()))
      await running
      clearTimeout(timer)
    },
  }
}

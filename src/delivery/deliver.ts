import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { createIdSet } from '../deduplication/id-set.ts'
import { idKey, type RecentEvents } from '../deduplication/recent-events.ts'
import type { EncodedRow } from '../event/tables.ts'
import type { Journal, JournalRecord } from '../journal/journal.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createBackoff } from './backoff.ts'
import { type Checkpoint, type FrozenCycle, writeCheckpoint } from './checkpoint.ts'
import { countEnded, createDeliverBatch, type Pausing } from './deliver-batch.ts'
import {
  type BatchLimits,
  type BatchOfRows,
  cutBatches,
  newBatchIds,
  rowsOf,
  thawBatches,
  toBatch,
} from './freeze-cycle.ts'
import { createGatherRecords, type Pace } from './gather-records.ts'
import { createRetriedDeadLetters } from './retry-dead-letters.ts'
import type { DeliveryStore } from './store-port.ts'
import { eachInTurns } from './take-turns.ts'

export interface DeliveryOptions {
  readonly journal: Pick<Journal, 'append' | 'read' | 'waitForRecords' | 'release' | 'stats'>
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
  readonly pace: Pace
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

/** A cycle on its way: what is left of its batches. */
interface OpenCycle {
  readonly batches: BatchOfRows[]
  inDoubt: boolean
  readonly upTo: number
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
  let open: OpenCycle | undefined
  /** Missing records of the journal whose events were counted, or never pending. */
  let gapsSettled = journal.stats().sequenceGaps
  /** Records up to here were claimed when not all earlier events were known: their rows are looked up in the store. */
  let uncertainUpTo = Number.POSITIVE_INFINITY

  const pausing: Pausing = {
    expired: () => performance.now() >= deadlineMs,
    async pause(reason) {
      if (failure === undefined) {
        failingSinceMs = Date.now()
        log.warn({ reason }, 'delivery is failing; rows wait in the journal')
      }
      failure = reason
      const ms = Math.min(backoff.nextMs(), Math.max(0, deadlineMs - performance.now()))
      await sleep(ms, undefined, { signal: wake.signal }).catch(() => {})
    },
    succeeded() {
      if (failure !== undefined)
        log.info({ failed_ms: Date.now() - (failingSinceMs ?? 0) }, 'delivery works again')
      failure = undefined
      failingSinceMs = undefined
      backoff.reset()
    },
  }
  const { expired, pause, succeeded } = pausing
  const gather = createGatherRecords(journal, limits, options.pace, stopping.signal)
  const deliverBatch = createDeliverBatch(store, options.deadLetterDirectory, pausing, metrics, log)
  const retried = createRetriedDeadLetters(options.deadLetterDirectory, journal, metrics, log)

  async function nextRecords(): Promise<readonly JournalRecord[]> {
    const { records, durableSequence } = await gather(checkpoint.delivered)
    // The last records cannot be read any more, as the journal has reported: nothing is left to wait for.
    if (records.length === 0 && durableSequence > checkpoint.delivered) await finish(durableSequence)
    return records
  }

  /** Rows that were in the journal at start become pending when they are first read. */
  async function countRecovered(records: readonly JournalRecord[]): Promise<void> {
    for (const record of records) {
      if (record.sequence > options.recoveredUpTo || record.sequence <= countedUpTo) continue
      countedUpTo = record.sequence
      for (const { signal } of await rowsOf([record])) {
        metrics.recoveredEvents.inc({ signal })
        metrics.pendingEvents.inc({ signal })
      }
    }
  }

  /** Positions of rows that are stored already, or twice among these. */
  async function findExcluded(rows: readonly EncodedRow[], anyCanBeStored: boolean): Promise<number[]> {
    const suspects = anyCanBeStored ? rows : rows.filter((row) => row.createdAtMs <= recent.horizonMs)
    const stored = suspects.length === 0 ? new Set<string>() : await store.findStored(suspects)
    const seen = createIdSet(rows.length)
    const excluded: number[] = []
    await eachInTurns(rows, ({ bytes }, position) => {
      if (seen.has(bytes) || (stored.size > 0 && stored.has(idKey(bytes)))) excluded.push(position)
      seen.add(bytes)
      return 1
    })
    return excluded
  }

  function countDuplicates(rows: readonly EncodedRow[], positions: readonly number[]): void {
    const duplicates = positions.map((position) => rows[position] as EncodedRow)
    countEnded(metrics, duplicates, metrics.duplicateEvents)
  }

  /** Called when what the store and the journal had at start is in `recent`. */
  async function allKnown(): Promise<void> {
    if (uncertainUpTo !== Number.POSITIVE_INFINITY) return
    await recent.claimsEnded()
    uncertainUpTo = journal.stats().durableSequence
  }

  async function freeze(records: readonly JournalRecord[]): Promise<OpenCycle> {
    await countRecovered(records)
    const rows = await rowsOf(records)
    const last = records.at(-1)?.sequence ?? checkpoint.delivered
    const first = records[0]?.sequence ?? 0
    const recovered = first <= options.recoveredUpTo
    if (recovered) for (const row of rows) recent.add(row)
    if (last >= options.recoveredUpTo) await allKnown()
    const excluded = await findExcluded(rows, recovered || first <= retried.appendedUpTo)
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
    countDuplicates(rows, excluded)
    const batches = cut.map((rowsOfBatch, index) => toBatch(frozen.batches[index]?.id as string, rowsOfBatch))
    return { batches, inDoubt: false, upTo: last }
  }

  async function finish(upTo: number): Promise<void> {
    const next: Checkpoint = { version: 1, delivered: upTo, frozen: null }
    await writeCheckpoint(options.checkpointPath, next)
    checkpoint = next
    await journal.release(upTo)
    await countLost(upTo)
    if (upTo >= uncertainUpTo) recent.settleHorizon(horizonMs)
  }

  /** With nothing left in the journal, what is still pending was in records that the journal has reported as missing. */
  async function countLost(upTo: number): Promise<void> {
    if (journal.stats().sequenceGaps === gapsSettled) return
    const { values } = await metrics.pendingEvents.get()
    const { durableSequence, sequenceGaps } = journal.stats()
    if (durableSequence > upTo) return
    gapsSettled = sequenceGaps
    for (const { labels, value } of values) {
      if (labels.signal === undefined || value <= 0) continue
      metrics.lostEvents.inc({ signal: labels.signal }, value)
      metrics.pendingEvents.dec({ signal: labels.signal }, value)
    }
  }

  /** The cycle that the last run left frozen, if it is whole. */
  async function thaw(frozen: FrozenCycle): Promise<OpenCycle | undefined> {
    const records: JournalRecord[] = []
    let after = frozen.after
    while (after < frozen.upTo) {
      const more = await journal.read(after, { maxRecords: limits.maxRows, maxBytes: limits.maxBytes })
      const inside = more.filter((record) => record.sequence <= frozen.upTo)
      if (inside.length === 0) break
      records.push(...inside)
      after = inside.at(-1)?.sequence as number
    }
    await countRecovered(records)
    const rows = await rowsOf(records)
    for (const row of rows) recent.add(row)
    if (frozen.upTo >= options.recoveredUpTo) await allKnown()
    const batches = thawBatches(frozen, rows)
    if (batches === undefined) {
      log.error(
        'the frozen batches cannot be made again from the journal; their rows are looked up one by one',
      )
      return undefined
    }
    countDuplicates(rows, frozen.excluded)
    return { batches, inDoubt: true, upTo: frozen.upTo }
  }

  async function nextCycle(): Promise<OpenCycle | undefined> {
    if (checkpoint.frozen) {
      const thawed = await thaw(checkpoint.frozen)
      if (thawed) return thawed
      checkpoint = { ...checkpoint, frozen: null }
    }
    await retried.takeUp()
    const records = await nextRecords()
    return records.length === 0 ? undefined : freeze(records)
  }

  /** What a failure leaves of a cycle is gone on with, so that no batch is counted twice. */
  async function cycle(): Promise<void> {
    open ??= await nextCycle()
    if (open === undefined) return
    for (let batch = open.batches[0]; batch !== undefined; batch = open.batches[0]) {
      if (!(await deliverBatch(batch, open.inDoubt))) return
      open.batches.shift()
    }
    await finish(open.upTo)
    open = undefined
  }

  async function prepare(): Promise<boolean> {
    while (!expired()) {
      try {
        horizonMs = await options.prepare()
        if (checkpoint.delivered >= options.recoveredUpTo) await allKnown()
        if (checkpoint.delivered >= uncertainUpTo) recent.settleHorizon(horizonMs)
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
        if (open) open.inDoubt = true
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
      deadlineMs = Math.min(deadlineMs, performance.now() + timeoutMs)
      stopping.abort()
      const timer = setTimeout(() => wake.abort(), Math.max(0, deadlineMs - performance.now()))
      await running
      clearTimeout(timer)
    },
  }
}

import type { Logger } from 'pino'
import { signals } from '../event/selected-event.ts'
import type { EncodedRow } from '../event/tables.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type RefusedRow, writeDeadLetters } from './dead-letter.ts'
import type { BatchOfRows } from './freeze-cycle.ts'
import { type Isolated, isolateRefused } from './isolate-refused.ts'
import { reconcile } from './reconcile.ts'
import type { DeliveryStore } from './store-port.ts'

interface Attempt extends Isolated {
  /** Rows of the batch may be stored, so the next attempt must look. */
  readonly inDoubt: boolean
}

/** How delivery waits while the store does not take rows. */
export interface Pausing {
  /** True when the time for delivering is over. */
  expired(): boolean
  /** Waits, longer each time, and keeps the reason for `/readyz`. */
  pause(reason: string): Promise<void>
  succeeded(): void
}

/**
 * Delivers one batch: tries until it is stored, or its refused rows are in the dead-letter file.
 * @param inDoubt it may be stored already, in whole or in part.
 * @returns false when the time was over before.
 */
export type DeliverBatch = (batch: BatchOfRows, inDoubt: boolean) => Promise<boolean>

export function createDeliverBatch(
  store: DeliveryStore,
  deadLetterDirectory: string,
  { expired, pause, succeeded }: Pausing,
  metrics: Metrics,
  log: Logger,
): DeliverBatch {
  async function attempt(batch: BatchOfRows, inDoubt: boolean): Promise<Attempt> {
    const stopTimer = metrics.insertSeconds.startTimer()
    const result = inDoubt
      ? await reconcile(store, batch, (finding) => metrics.reconciles.inc({ finding }))
      : await store.insert(batch, batch.id)
    stopTimer()
    metrics.inserts.inc({ outcome: result.status })
    if (result.status !== 'refused') return { result, inDoubt: result.status === 'unknown', refused: [] }
    // Some halves can be stored when a later one is not: the whole batch must not be sent again as it is.
    return { ...(await isolateRefused(store, batch)), inDoubt: true }
  }

  async function bury(refused: readonly RefusedRow[]): Promise<void> {
    const [first] = refused
    if (first === undefined) return
    await writeDeadLetters(deadLetterDirectory, refused)
    countEnded(
      metrics,
      refused.map(({ row }) => row),
      metrics.deadLetteredEvents,
    )
    log.error(
      { rows: refused.length, reason: first.reason },
      'rows refused by the store: see ops-sidecar dead-letter list',
    )
  }

  return async (batch, startsInDoubt) => {
    let inDoubt = startsInDoubt
    while (!expired()) {
      const { result, refused, inDoubt: nowInDoubt } = await attempt(batch, inDoubt)
      if (result.status === 'stored') {
        await bury(refused)
        countEnded(metrics, withoutRefused(batch.rows, refused), metrics.storedEvents)
        metrics.batchRows.observe(batch.rowCount)
        succeeded()
        return true
      }
      inDoubt ||= nowInDoubt
      await pause(result.reason)
    }
    return false
  }
}

function withoutRefused(rows: readonly EncodedRow[], refused: readonly RefusedRow[]): readonly EncodedRow[] {
  if (refused.length === 0) return rows
  const buried = new Set(refused.map(({ row }) => row))
  return rows.filter((row) => !buried.has(row))
}

/** Counts rows out of those that are pending. */
export function countEnded(
  metrics: Metrics,
  rows: readonly EncodedRow[],
  counter: Metrics['storedEvents'],
): void {
  // Once for each signal: to count costs as much as to encode a few columns.
  for (const signal of signals) {
    const count = rows.reduce((sum, row) => (row.signal === signal ? sum + 1 : sum), 0)
    if (count === 0) continue
    counter.inc({ signal }, count)
    metrics.pendingEvents.dec({ signal }, count)
  }
}

import type { Logger } from 'pino'
import type { EncodedRow } from '../event/tables.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { writeDeadLetters } from './dead-letter.ts'
import type { BatchOfRows } from './freeze-cycle.ts'
import { isolateRefused } from './isolate-refused.ts'
import { reconcile } from './reconcile.ts'
import type { DeliveryStore } from './store-port.ts'

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
  async function attempt(batch: BatchOfRows, inDoubt: boolean) {
    const stopTimer = metrics.insertSeconds.startTimer()
    const result = inDoubt
      ? await reconcile(store, batch, (finding) => metrics.reconciles.inc({ finding }))
      : await store.insert(batch, batch.id)
    stopTimer()
    metrics.inserts.inc({ outcome: result.status })
    return result.status === 'refused' ? isolateRefused(store, batch) : { result, refused: [] }
  }

  async function bury(refused: Awaited<ReturnType<typeof attempt>>['refused']): Promise<void> {
    for (const { row, reason } of refused) {
      await writeDeadLetters(deadLetterDirectory, [row], reason)
      countEnded(metrics, row, metrics.deadLetteredEvents)
    }
    if (refused.length > 0) {
      const reason = refused[0]?.reason
      log.error(
        { rows: refused.length, reason },
        'rows refused by the store: see ops-sidecar dead-letter list',
      )
    }
  }

  return async (batch, startsInDoubt) => {
    let inDoubt = startsInDoubt
    while (!expired()) {
      const { result, refused } = await attempt(batch, inDoubt)
      if (result.status === 'stored') {
        await bury(refused)
        const buried = new Set(refused.map(({ row }) => row))
        for (const row of batch.rows) if (!buried.has(row)) countEnded(metrics, row, metrics.storedEvents)
        metrics.batchRows.observe(batch.rowCount)
        succeeded()
        return true
      }
      if (result.status === 'unknown') inDoubt = true
      await pause(result.reason)
    }
    return false
  }
}

/** Counts a row out of those that are pending. */
export function countEnded(metrics: Metrics, row: EncodedRow, counter: Metrics['storedEvents']): void {
  counter.inc({ signal: row.signal })
  metrics.pendingEvents.dec({ signal: row.signal })
}

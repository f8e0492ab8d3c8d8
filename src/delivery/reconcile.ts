import { randomUUID } from 'node:crypto'
import { idKey } from '../deduplication/recent-events.ts'
import { eventIdOf } from '../event/tables.ts'
import { type BatchOfRows, toBatch } from './freeze-cycle.ts'
import type { DeliveryStore, InsertResult } from './store-port.ts'

export type Finding = 'complete' | 'partial' | 'absent'

/**
 * Settles a batch whose insert ended in doubt. Wait until the doubtful insert is dead, then read the batch back:
 * - all rows there: nothing is sent again;
 * - none there: the same bytes under the same token, so that a copy still on its way is dropped by the store;
 * - still missing, or only some there: the missing ones under a token that the same rows always get, for the same reason;
 * - still missing: under a new token. The engine can have noted the tokens of earlier attempts and lost their rows, and
 *   then answers every repetition with success.
 * Each insert is read back. Last the rollups of the batch's buckets are brought in line with the rows: an insert that
 * was cut short may have left them ahead or behind.
 * @returns `unknown` when the store could not be asked, else the outcome of the last insert.
 */
export async function reconcile(
  store: DeliveryStore,
  batch: BatchOfRows,
  found: (finding: Finding) => void,
): Promise<InsertResult> {
  try {
    await store.waitUntilDead(batch)
    let missing = await readMissing(store, batch)
    found(missing.length === 0 ? 'complete' : missing.length === batch.rows.length ? 'absent' : 'partial')
    for (const tokenOf of [wholeToken, partToken, newToken]) {
      if (missing.length === 0) break
      const token = tokenOf(batch.id, missing, batch.rows)
      if (token === undefined) continue
      const inserted = await store.insert(toBatch(batch.id, missing), token)
      if (inserted.status !== 'stored') return inserted
      missing = await readMissing(store, batch)
    }
    if (missing.length > 0) return stillMissing(missing.length)
    await store.repairRollups(batch)
    return { status: 'stored' }
  } catch (error) {
    return { status: 'unknown', reason: String(error) }
  }
}

/** The rows of the batch that are not stored. */
export async function readMissing(store: DeliveryStore, batch: BatchOfRows): Promise<BatchOfRows['rows']> {
  const stored = await store.storedOf(batch)
  return batch.rows.filter((row) => !stored.has(idKey(row.bytes)))
}

function wholeToken(
  batchId: string,
  missing: BatchOfRows['rows'],
  all: BatchOfRows['rows'],
): string | undefined {
  return missing.length === all.length ? batchId : undefined
}

/** The same for the same rows of a batch. */
export function partToken(batchId: string, missing: BatchOfRows['rows']): string {
  return `${batchId}/${missing.slice(0, 1).map((row) => Buffer.from(eventIdOf(row)).toString('hex'))}/${missing.length}`
}

/** For rows that are known to be missing, while no insert of theirs is on its way: no token keeps them out. */
export function newToken(batchId: string): string {
  return `${batchId}/${randomUUID()}`
}

export function stillMissing(count: number): InsertResult {
  return { status: 'unknown', reason: `${count} rows are missing after they were inserted` }
}

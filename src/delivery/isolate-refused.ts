import type { RefusedRow } from './dead-letter.ts'
import { type BatchOfRows, toBatch } from './freeze-cycle.ts'
import { newToken, partToken, readMissing, stillMissing } from './reconcile.ts'
import type { DeliveryStore, InsertResult } from './store-port.ts'

export interface Isolated {
  /** `stored` when every row is either stored or among `refused`. */
  readonly result: InsertResult
  readonly refused: readonly RefusedRow[]
}

/**
 * Finds the rows for which the store refuses a batch, by halves, and stores the others. Halves are sent one after the
 * other; the first doubt ends it, and the caller reconciles the whole batch. Halves are those of the batch, whatever of
 * them is stored, and have tokens of their own: found again after a doubt, a half is dropped by the store if its first
 * insert comes late. Rows that are missing all the same are sent under new tokens, see {@link reconcile}.
 */
export async function isolateRefused(store: DeliveryStore, batch: BatchOfRows): Promise<Isolated> {
  try {
    let missing = await readMissing(store, batch)
    for (const tokenOf of [partToken, newToken]) {
      const { result, refused } = await insertByHalves(store, batch, missing, tokenOf)
      if (result.status !== 'stored') return { result, refused: [] }
      // A refusal can come after the rows were stored, from a rollup for one, which then lacks them.
      missing = await readMissing(store, batch)
      const reasons = new Map(refused.map((item) => [item.row, item]))
      const explained = missing.flatMap((row) => reasons.get(row) ?? [])
      if (explained.length < missing.length) continue
      await store.repairRollups(batch)
      return { result, refused: explained }
    }
    return { result: stillMissing(missing.length), refused: [] }
  } catch (error) {
    return { result: { status: 'unknown', reason: String(error) }, refused: [] }
  }
}

/** `stored` when each of the missing rows was either inserted or refused by itself. */
async function insertByHalves(
  store: DeliveryStore,
  batch: BatchOfRows,
  missing: BatchOfRows['rows'],
  tokenOf: (batchId: string, rows: BatchOfRows['rows']) => string,
): Promise<Isolated> {
  const refused: RefusedRow[] = []
  const isMissing = new Set(missing)

  async function insertRange(start: number, end: number): Promise<InsertResult> {
    const rows = batch.rows.slice(start, end).filter((row) => isMissing.has(row))
    const [first] = rows
    if (first === undefined) return { status: 'stored' }
    const result = await store.insert(toBatch(batch.id, rows), tokenOf(batch.id, rows))
    if (result.status !== 'refused') return result
    if (rows.length === 1) {
      refused.push({ row: first, reason: result.reason })
      return { status: 'stored' }
    }
    const middle = Math.ceil((start + end) / 2)
    const left = await insertRange(start, middle)
    return left.status === 'stored' ? insertRange(middle, end) : left
  }

  return { result: await insertRange(0, batch.rows.length), refused }
}

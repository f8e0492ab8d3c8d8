import type { EncodedRow } from '../event/tables.ts'
import type { RefusedRow } from './dead-letter.ts'
import { type BatchOfRows, toBatch } from './freeze-cycle.ts'
import { newToken, readMissing } from './reconcile.ts'
import type { DeliveryStore, InsertResult } from './store-port.ts'

export interface Isolated {
  /** `stored` when every row is either stored or among `refused`. */
  readonly result: InsertResult
  readonly refused: readonly RefusedRow[]
}

/**
 * Finds the rows for which the store refuses a batch, by halves, and stores the others. Halves are sent one after the
 * other; the first doubt ends it, and the caller reconciles the whole batch.
 */
export async function isolateRefused(store: DeliveryStore, batch: BatchOfRows): Promise<Isolated> {
  const refused: RefusedRow[] = []

  async function insertPart(rows: readonly EncodedRow[]): Promise<InsertResult> {
    const result = await store.insert(toBatch(batch.id, rows), newToken(batch.id))
    if (result.status !== 'refused') return result
    if (rows.length === 1) {
      refused.push({ row: rows[0] as EncodedRow, reason: result.reason })
      return { status: 'stored' }
    }
    return insertHalves(rows)
  }

  async function insertHalves(rows: readonly EncodedRow[]): Promise<InsertResult> {
    const middle = Math.ceil(rows.length / 2)
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      const result = await insertPart(half)
      if (result.status !== 'stored') return result
    }
    return { status: 'stored' }
  }

  try {
    const missing = await readMissing(store, batch)
    const result = missing.length === 0 ? ({ status: 'stored' } as const) : await insertPart(missing)
    if (result.status !== 'stored') return { result, refused: [] }
    // A refusal can come after the rows were stored, from a rollup for one, which then lacks them.
    const stillMissing = new Set(await readMissing(store, batch))
    await store.repairRollups(batch)
    return { result, refused: refused.filter(({ row }) => stillMissing.has(row)) }
  } catch (error) {
    return { result: { status: 'unknown', reason: String(error) }, refused: [] }
  }
}

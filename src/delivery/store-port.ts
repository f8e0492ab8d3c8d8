import type { Batch } from '../event/batch.ts'
import type { EncodedRow } from '../event/tables.ts'

export type InsertResult =
  | { readonly status: 'stored' }
  /** Nothing was sent, or the store said that it stored nothing: the same may be sent again. */
  | { readonly status: 'not_stored'; readonly reason: string }
  /** It may be stored, in whole or in part. */
  | { readonly status: 'unknown'; readonly reason: string }
  /** The store refuses these rows for what they are; repeating does not help. */
  | { readonly status: 'refused'; readonly reason: string }

/** What delivery asks of the store. All reads are of what is durably stored. */
export interface DeliveryStore {
  /** Inserts the batch as one block under a deduplication token. Never rejects. */
  insert(batch: Batch, token: string): Promise<InsertResult>
  /** Resolves when no insert of this batch is running any more. Rejects when that cannot be found out. */
  waitUntilDead(batch: Batch): Promise<void>
  /** The ids (16 bytes as latin1 text) of the batch's rows that are stored under its `batch_id`. */
  storedOf(batch: Batch): Promise<Set<string>>
  /** Which of these rows' ids are stored, by any batch. */
  findStored(rows: readonly EncodedRow[]): Promise<Set<string>>
  /** Brings the rollups of the batch's time buckets in line with the rows. */
  repairRollups(batch: Batch): Promise<void>
}
